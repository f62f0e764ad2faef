// What a scheduler knows of hosts that are called, and of those out of reach.

#include <absl/strings/str_cat.h>

#include "mcfeely/scheduler_state.h"

namespace mcfeely {

void Scheduler::SetCalled(absl::btree_set<std::string> hosts) {
  state_->called = std::move(hosts);
  for (auto& [name, host] : state_->hosts) {
    host.called = state_->called.contains(name);
  }
}

void Scheduler::State_::Want(SchedulerHost& host) {
  if (!host.called || host.wanted) return;
  host.wanted = true;
  wanted.insert(host.name);
}

std::vector<std::string> Scheduler::TakeWanted() {
  if (state_->wanted.empty()) return {};
  std::vector<std::string> names(state_->wanted.begin(), state_->wanted.end());
  state_->wanted.clear();
  for (const std::string& name : names) {
    const auto found = state_->hosts.find(name);
    if (found != state_->hosts.end()) found->second.wanted = false;
  }
  return names;
}

// One letter for each job: of what it would run there first.
void Scheduler::State_::Handle(const HostRefused& e) {
  const auto found = hosts.find(e.host);
  if (found == hosts.end() || found->second.connected) return;
  absl::btree_map<uint64_t, uint32_t> first;  // of each job
  const auto look = [&first](const HostQueue& queue) {
    for (const ReadyKey& key : queue.ready) {
      const auto [at, is_new] = first.emplace(key.since.job, key.since.task);
      if (!is_new) at->second = std::min(at->second, key.since.task);
    }
  };
  look(found->second.plain);
  for (const auto& [name, queue] : found->second.classes) look(queue);
  for (const auto& [id, t] : first) {
    OpenJob& job = *Find(id);
    if (WarnAt(job, t) == absl::InfiniteFuture()) continue;
    timers.erase(MomentOf(job, t, LimitAt(job, t)));
    job.status(t).reason = AwayWords(e.host);
    Warn(job, t);
    const absl::Time limit = LimitAt(job, t);
    if (limit < absl::InfiniteFuture()) timers.insert(MomentOf(job, t, limit));
  }
}

bool Scheduler::HasWork(const std::string& host) const {
  const auto found = state_->hosts.find(host);
  return found != state_->hosts.end() &&
         !(found->second.open.empty() && found->second.ready == 0);
}

void Scheduler::SetAway(const std::string& host, std::string why,
                        absl::Time again) {
  if (Connected(host)) return;
  why.resize(std::min(why.size(), kMaxReasonBytes));
  state_->away[host] = {std::move(why), again};
}

std::string Scheduler::AwayWords(const std::string& host) const {
  return state_->AwayWords(host);
}

absl::Time Scheduler::AwayUntil(const std::string& host) const {
  const auto found = state_->away.find(host);
  return found == state_->away.end() ? absl::InfiniteFuture()
                                     : found->second.again;
}

std::string Scheduler::State_::AwayWords(const std::string& host) const {
  const auto found = away.find(host);
  if (found == away.end()) return absl::StrCat(host, " is not connected");
  return absl::StrCat(host, " cannot be reached: ", found->second.why);
}

}  // namespace mcfeely
