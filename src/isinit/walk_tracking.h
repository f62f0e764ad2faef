// Tracking by looking through /proc, with or without being the subreaper; see
// tracking.h.
//
// As a subreaper we see every orphan of ours become our child, before we are
// told of its parent's end: so the tree of an entry is what descends from those
// children of ours that are its own, and it is empty when there are none. What
// is nobody's child of ours (a process of a former life; all but the main
// process without a subreaper) is found by its session and by ISINIT_TAG, held
// by pidfds, and looked for again whenever one of these ends.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <memory>
#include <string>
#include <vector>

#include "isinit/tracking.h"
#include "sys/other_process.h"
#include "sys/process_list.h"

namespace isinit {

class WalkTracking : public Tracking {
 public:
  WalkTracking(sys::Loop& loop, sys::Reaper& reaper, const Options& options,
               bool subreaper, Empty empty);
  ~WalkTracking() override;

  Kind kind() const override {
    return subreaper_ ? Kind::kSubreaper : Kind::kSession;
  }
  std::string Describe() const override;
  void Added(const std::string& tag, int pid) override;
  absl::Status Adopt(const std::string& tag, int pid,
                     uint64_t start_ticks) override;
  std::vector<std::string> AdoptRest(
      const std::vector<std::string>& tags) override;
  bool NothingLeft(const std::string& tag) override;
  void Signal(const std::string& tag, int signal, int behind) override;
  void Kill(const std::string& tag) override;
  std::vector<int> Processes(const std::string& tag) override;
  bool Owns(const std::string& tag, int pid) override;
  void Forget(const std::string& tag) override;

 private:
  struct Tree {
    int main = 0;             // a child of ours, or 0
    bool alive = false;       // Empty has not been told
    bool by_session = false;  // it has what is no descendant of ours
    absl::flat_hash_set<int> sessions;
    absl::flat_hash_set<int> children;  // of ours; its main process too
    absl::flat_hash_map<int, sys::OtherProcess> held;
  };
  // All processes, and who is whose child.
  struct Everybody {
    std::vector<sys::ProcessInfo> all;
    absl::flat_hash_map<int, size_t> at;                  // by pid
    absl::flat_hash_map<int, std::vector<size_t>> below;  // by parent
  };
  static Everybody LookAtAll();

  void LookAtChildren();
  std::string TagOf(const sys::ProcessInfo& info) const;
  void AfterEnds();
  void Check(const std::string& tag);
  bool Hold(const std::string& tag, Tree& tree);
  void LetGo(Tree& tree);
  void Over(Tree& tree);
  const Everybody& Snapshot();
  std::vector<sys::ProcessInfo> MembersOf(const std::string& tag,
                                          const Tree& tree,
                                          const Everybody& everybody) const;
  void SignalMembers(const std::vector<sys::ProcessInfo>& members, int signal,
                     int behind, absl::flat_hash_set<int>* told);

  sys::Loop& loop_;
  sys::Reaper& reaper_;
  const bool subreaper_;
  const std::string socket_;
  Empty empty_;
  absl::flat_hash_map<std::string, Tree> trees_;
  absl::flat_hash_map<int, std::string> sessions_;  // whose
  absl::flat_hash_map<int, std::string> children_;  // whose; "" nobody's
  Everybody snapshot_;                              // of this turn of the loop
  bool snapshot_taken_ = false;
  std::shared_ptr<bool> alive_;  // what is posted looks at it
};

}  // namespace isinit
