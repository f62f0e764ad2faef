#include "power/relay_journal.h"

#include <absl/time/time.h>

#include <utility>

#include "power/own_action.h"
#include "sys/clock.h"

namespace power {

RelayJournal::RelayJournal(sys::Loop& loop, const std::string& folder,
                           Action action, std::string via)
    : loop_(loop),
      journal_(loop, folder),
      action_(action),
      via_(std::move(via)),
      login_(LoginName()) {}

std::vector<RecordId> RelayJournal::BeginThese(std::vector<JournalHost> hosts) {
  JournalAction own = OwnAction(sys::WallNow(), action_, login_);
  own.via = via_;
  return journal_.Begin(own, std::move(hosts),
                        [this](const Journal::Begun& begun) {
                          if (failure_.ok()) failure_ = begun.status;
                        });
}

void RelayJournal::Begin(const std::vector<RelayTally::Host>& hosts) {
  if (!IsJournaled(action_) || hosts.empty()) return;
  std::vector<JournalHost> begun;
  for (const RelayTally::Host& host : hosts) {
    begun.push_back({.name = host.name, .feeds = host.feeds});
  }
  const std::vector<RecordId> ids = BeginThese(std::move(begun));
  for (size_t host = 0; host < hosts.size(); ++host) {
    open_[host] = {.id = ids[host], .host = hosts[host].name};
  }
}

void RelayJournal::End(size_t host, const HostResult& result) {
  auto open = open_.extract(host);
  if (open.empty()) return;
  JournalEnd end = EndOf(result, sys::WallNow());
  if (result.outcome == HostOutcome::kUnknown) {
    end.before.clear();
    end.after.clear();
  }
  journal_.End(std::move(open.mapped().id), std::move(open.mapped().host),
               std::move(end));
}

void RelayJournal::Unheard(absl::string_view targets, absl::string_view why) {
  if (!IsJournaled(action_)) return;
  const std::string name(targets);
  journal_.End(BeginThese({{.name = name}}).front(), name,
               {.at = sys::WallNow(),
                .outcome = std::string(Word(HostOutcome::kUnknown)),
                .detail = std::string(why)});
}

absl::Status RelayJournal::Finish() {
  while (!journal_.is_idle()) loop_.Turn(absl::Seconds(1));
  return failure_;
}

}  // namespace power
