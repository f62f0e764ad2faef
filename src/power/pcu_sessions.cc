#include "power/pcu_sessions.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <optional>

#include "base/status.h"
#include "sys/clock.h"

namespace power {
namespace {

// Nobody tells when another process lets go: it is asked for again and again.
constexpr absl::Duration kPollLock = absl::Milliseconds(25);

}  // namespace

PcuSessions::PcuSessions(
    sys::Loop& loop, std::string folder,
    std::function<bool(absl::string_view pcu)> is_connected)
    : loop_(loop),
      locks_(std::move(folder)),
      is_connected_(std::move(is_connected)) {}

PcuSessions::~PcuSessions() {
  for (const auto& [key, place] : places_) loop_.Cancel(place.timer);
}

PcuSessions::Wait PcuSessions::Ask(Want want, Got got) {
  const Key key = {want.end_point.address, want.end_point.port};
  const Wait id = ++last_wait_;
  keys_of_pcu_[want.pcu].insert(key);
  places_[key].pcus.insert(want.pcu);
  places_[key].waiting.push_back(
      {.id = id, .want = std::move(want), .got = std::move(got)});
  waits_[id] = key;
  Pump(key);
  return id;
}

void PcuSessions::Withdraw(Wait wait) {
  const auto at = waits_.find(wait);
  if (at == waits_.end()) return;
  const Key key = at->second;
  waits_.erase(at);
  std::deque<Waiting>& waiting = places_[key].waiting;
  waiting.erase(
      std::remove_if(waiting.begin(), waiting.end(),
                     [wait](const Waiting& w) { return w.id == wait; }),
      waiting.end());
  Pump(key);
}

absl::StatusOr<int> PcuSessions::Take(Place& place, const Want& want) {
  const auto use = [&](int number, Held& held) {
    held.is_busy = true;
    held.users.insert(want.user);
    held.pcus.insert(want.pcu);
    return number;
  };
  for (auto& [number, held] : place.held) {
    if (!held.is_busy) return use(number, held);
  }
  absl::Status status =
      absl::UnavailableError("is in use by another request of this process");
  for (int number = 0; number < std::max(want.sessions, 1); ++number) {
    if (place.held.count(number) > 0) continue;
    status = locks_.Take(want.end_point, number);
    if (status.ok()) return use(number, place.held[number]);
  }
  return status;
}

// Serves those in front, as far as there are sessions.
void PcuSessions::Pump(const Key& key) {
  loop_.Cancel(std::exchange(places_[key].timer, 0));
  while (!places_[key].waiting.empty()) {
    Place& place = places_[key];
    const Waiting& first = place.waiting.front();
    const absl::StatusOr<int> session = Take(place, first.want);
    const absl::Time now = sys::SteadyNow();
    if (absl::IsUnavailable(session.status()) && now < first.want.until) {
      // Those behind it may have less time.
      absl::Time at = now + kPollLock;
      for (const Waiting& w : place.waiting) at = std::min(at, w.want.until);
      place.timer = loop_.At(std::max(at, now + absl::Milliseconds(1)),
                             [this, key] { Pump(key); });
      break;
    }
    const Waiting served = std::move(place.waiting.front());
    place.waiting.pop_front();
    waits_.erase(served.id);
    served.got(session);
  }
  // Whoever waits behind, and for whom it is too late.
  std::deque<Waiting> late;
  std::deque<Waiting>& waiting = places_[key].waiting;
  const absl::Time now = sys::SteadyNow();
  for (auto at = waiting.begin(); at != waiting.end();) {
    if (at->want.until > now) {
      ++at;
      continue;
    }
    waits_.erase(at->id);
    late.push_back(std::move(*at));
    at = waiting.erase(at);
  }
  for (const Waiting& w : late) {
    w.got(absl::UnavailableError("is in use by other requests"));
  }
  LetGoIfUnused(key);
}

void PcuSessions::GiveBack(const EndPoint& end_point, int session) {
  const Key key = {end_point.address, end_point.port};
  const auto place = places_.find(key);
  if (place == places_.end()) return;
  const auto held = place->second.held.find(session);
  if (held == place->second.held.end()) return;
  held->second.is_busy = false;
  Pump(key);
}

void PcuSessions::Leave(User user, absl::string_view pcu) {
  const auto keys = keys_of_pcu_.find(pcu);
  if (keys == keys_of_pcu_.end()) return;
  for (const Key& key : std::set<Key>(keys->second)) {
    for (auto& [number, held] : places_[key].held) held.users.erase(user);
    LetGoIfUnused(key);
  }
}

void PcuSessions::Disconnected(absl::string_view pcu) {
  const auto keys = keys_of_pcu_.find(pcu);
  if (keys == keys_of_pcu_.end()) return;
  for (const Key& key : std::set<Key>(keys->second)) LetGoIfUnused(key);
}

void PcuSessions::LetGoIfUnused(const Key& key) {
  const auto at = places_.find(key);
  if (at == places_.end()) return;
  Place& place = at->second;
  for (auto held = place.held.begin(); held != place.held.end();) {
    const bool is_used =
        held->second.is_busy || !held->second.users.empty() ||
        std::any_of(held->second.pcus.begin(), held->second.pcus.end(),
                    [&](const std::string& pcu) { return is_connected_(pcu); });
    if (is_used) {
      ++held;
      continue;
    }
    locks_.LetGo({key.first, key.second}, held->first);
    held = place.held.erase(held);
  }
  if (!place.held.empty() || !place.waiting.empty()) return;
  loop_.Cancel(place.timer);
  for (const std::string& pcu : place.pcus) {
    keys_of_pcu_[pcu].erase(key);
    if (keys_of_pcu_[pcu].empty()) keys_of_pcu_.erase(pcu);
  }
  places_.erase(at);
}

}  // namespace power
