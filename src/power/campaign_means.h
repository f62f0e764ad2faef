// What all campaigns of a process share: engines, with the connections they
// keep, the sessions with PCUs, the journal, secrets, and threads.
#pragma once

#include <memory>
#include <string>

#include "power/controllers.h"
#include "power/journal.h"
#include "power/pcu_sessions.h"
#include "power/secret_source.h"
#include "sys/loop.h"
#include "sys/pool.h"

namespace power {

struct CampaignMeans {
  // The loop outlives it.
  CampaignMeans(sys::Loop& loop, const std::string& run_folder,
                const std::string& state_folder, const SecretPlaces& secrets);
  CampaignMeans(const CampaignMeans&) = delete;

  Controllers controllers;
  sys::Pool pool;
  PcuSessions sessions;
  Journal journal;
  SecretReader reader;
  PcuSessions::User last_user = 0;
};

}  // namespace power
