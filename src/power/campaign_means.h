// What all campaigns of a process share: engines, with the connections they
// keep, the sessions with PCUs, the journal, secrets, and threads.
#pragma once

#include <absl/time/time.h>

#include <functional>
#include <string>

#include "power/controllers.h"
#include "power/journal.h"
#include "power/pcu_sessions.h"
#include "power/secret_source.h"
#include "sys/loop.h"
#include "sys/pool.h"

namespace power {

class CampaignMeans {
 public:
  // The loop outlives it.
  CampaignMeans(sys::Loop& loop, const std::string& run_folder,
                const std::string& state_folder, const SecretPlaces& secrets);
  ~CampaignMeans();
  CampaignMeans(const CampaignMeans&) = delete;

  // Logs out of all devices, for good. `done` comes once: when nobody is
  // connected any more, when a device takes too long, or when that is given up;
  // perhaps from within. It may be the end of us.
  void LogOut(std::function<void()> done);
  // Nobody is waited for any more, now or later.
  void GiveUpLogOut();

  Controllers controllers;
  sys::Pool pool;
  PcuSessions sessions;
  Journal journal;
  SecretReader reader;
  PcuSessions::User last_user = 0;

 private:
  void LookWhoIsLeft();

  sys::Loop& loop_;
  std::function<void()> logged_out_ = {};
  absl::Time log_out_by_ = absl::InfiniteFuture();
  bool has_given_up_ = false;
  sys::Loop::Timer timer_ = 0;
};

}  // namespace power
