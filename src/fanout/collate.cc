#include "fanout/collate.h"

#include "base/status.h"

namespace fanout {
namespace {

// std::set sorts upwards: the strongest claim has to be the smallest key.
std::pair<int, int64_t> Key(Ready ready, int64_t reported) {
  return {-static_cast<int>(ready), reported};
}

}  // namespace

Collate::Section Collate::Open(int64_t place) {
  const Section section = next_section_++;
  State& state = sections_[section];
  state.place = place;
  if (order_ == CollateOrder::kPlace && place != kNoPlace) {
    MUST(place >= turn_);
    MUST(places_.emplace(place, section).second);
  }
  return section;
}

void Collate::Skip(int64_t place) {
  if (order_ != CollateOrder::kPlace) return;
  MUST(place >= turn_);
  MUST(places_.emplace(place, std::nullopt).second);
  PassTurns();
}

void Collate::Report(Section section, Ready ready) {
  auto found = sections_.find(section);
  if (found == sections_.end() || ready <= found->second.ready) return;
  State& state = found->second;
  waiting_.erase({Key(state.ready, state.reported), section});
  state.ready = ready;
  // Differs: among equals the original went by a rule of its own for names.
  state.reported = next_report_++;
  if (holder_ != section && Waits(state)) {
    waiting_.insert({Key(ready, state.reported), section});
  }
}

void Collate::Close(Section section) {
  auto found = sections_.find(section);
  if (found == sections_.end()) return;
  const State state = found->second;
  sections_.erase(found);
  waiting_.erase({Key(state.ready, state.reported), section});
  if (holder_ == section) holder_.reset();
  if (order_ == CollateOrder::kPlace && state.place != kNoPlace) {
    places_[state.place] = std::nullopt;
    PassTurns();
  }
}

std::optional<Collate::Section> Collate::Next() {
  if (holder_) return std::nullopt;
  if (order_ == CollateOrder::kPlace) {
    auto place = places_.find(turn_);
    if (place != places_.end() &&
        sections_[*place->second].ready != Ready::kNot) {
      return holder_ = place->second;
    }
  }
  if (waiting_.empty()) return std::nullopt;
  holder_ = waiting_.begin()->second;
  waiting_.erase(waiting_.begin());
  return holder_;
}

bool Collate::Waits(const State& state) const {
  switch (order_) {
    case CollateOrder::kFirstReady:
      return true;
    case CollateOrder::kFinished:
      // One that is full would never finish: it waits for room.
      return state.ready >= Ready::kFull;
    case CollateOrder::kPlace:
      return state.place == kNoPlace;
  }
  return false;
}

void Collate::PassTurns() {
  for (auto place = places_.find(turn_);
       place != places_.end() && !place->second; place = places_.find(turn_)) {
    places_.erase(place);
    ++turn_;
  }
}

}  // namespace fanout
