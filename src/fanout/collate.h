// Decides whose section may be written to a collated stream now.
//
// A section is what one client, or one task, writes. It asks for the stream by
// reporting how far it is; the stream is granted to one section at a time and
// stays with it until that section is closed. Pure: it is told what happened
// and answers who is granted.
//
//   opened ──report──► waiting ──Next──► granted ──Close──► gone
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace fanout {

enum class CollateOrder {
  kFirstReady,  // the furthest of those that report, the first among equals
  kFinished,    // only finished sections, in that order; and full ones, last
  kPlace,       // by place: 0, 1, 2 ..., each when it is the turn of its place
};

// How far a section is, in rising order of its claim.
enum class Ready { kNot, kWillRun, kHasData, kFull, kFinished };

class Collate {
 public:
  using Section = int64_t;
  // Under kPlace: of a section that has none. It is granted when the section
  // whose turn it is does not want the stream yet.
  static constexpr int64_t kNoPlace = -1;
  explicit Collate(CollateOrder order) : order_(order) {}

  // `place` matters for kPlace alone: every place is opened once, in any
  // order; Skip stands for one that has no section.
  Section Open(int64_t place = 0);
  void Skip(int64_t place);
  // A report that is no higher than an earlier one changes nothing.
  void Report(Section section, Ready ready);
  // It has written all, or will not come. Frees the stream if it held it.
  void Close(Section section);

  // Grants the stream if it is free and somebody may have it: that section, to
  // be told so. None when nothing changes. Call after each of the above.
  std::optional<Section> Next();
  std::optional<Section> holder() const { return holder_; }
  bool empty() const { return sections_.empty(); }

 private:
  struct State {
    Ready ready = Ready::kNot;
    int64_t place = 0;
    int64_t reported = 0;  // when it came to this claim
  };
  // Whether its claim lets it have the stream, but for places.
  bool Waits(const State& state) const;
  void PassTurns();  // over places that are through

  CollateOrder order_;
  std::map<Section, State> sections_;
  // Who waits: by falling claim, then by when it was reported.
  std::set<std::pair<std::pair<int, int64_t>, Section>> waiting_;
  // Not yet through; none where nobody is to come.
  std::map<int64_t, std::optional<Section>> places_;
  int64_t turn_ = 0;  // of which place
  Section next_section_ = 0;
  int64_t next_report_ = 0;
  std::optional<Section> holder_;
};

}  // namespace fanout
