// What another host was asked to switch, in the journal of the one that has
// asked: who, by way of whom, and what came of it as far as that was told.
#pragma once

#include <absl/status/status.h>
#include <absl/strings/string_view.h>

#include <map>
#include <string>
#include <vector>

#include "power/journal.h"
#include "power/relay_answer.h"
#include "sys/loop.h"

namespace power {

class RelayJournal {
 public:
  // The loop outlives it.
  RelayJournal(sys::Loop& loop, const std::string& folder, Action action,
               std::string via);

  // These are to be switched.
  void Begin(const std::vector<RelayTally::Host>& hosts);
  void End(size_t host, const HostResult& result);
  // It was sent, and that was the last that was heard: not even which hosts
  // the targets are.
  void Unheard(absl::string_view targets, absl::string_view why);
  // Turns the loop until all of it is written; the first failure.
  absl::Status Finish();

 private:
  std::vector<RecordId> BeginThese(std::vector<JournalHost> hosts);

  sys::Loop& loop_;
  Journal journal_;
  const Action action_;
  const std::string via_, login_;
  struct Open {
    RecordId id;
    std::string host;
  };
  std::map<size_t, Open> open_;
  absl::Status failure_;
};

}  // namespace power
