// Tracking by cgroups version 2; see tracking.h.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <memory>
#include <string>
#include <vector>

#include "isinit/tracking.h"

namespace isinit {

class CgroupTracking : public Tracking {
 public:
  // Unavailable where there is no such tree, or none we may write to.
  static absl::StatusOr<std::unique_ptr<CgroupTracking>> Make(
      sys::Loop& loop, sys::Reaper& reaper, const Options& options,
      Empty empty);
  ~CgroupTracking() override;

  Kind kind() const override { return Kind::kCgroup; }
  std::string Describe() const override;
  std::string Place() const override { return path_; }
  absl::StatusOr<sys::Fd> FolderFor(const std::string& tag,
                                    const Surroundings& surroundings) override;
  void Prepare(const std::vector<std::string>& tags) override;
  void AwaitPrepared() override;
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
  struct Group {
    bool made = false;   // its folder
    int watch = -1;      // of the inotify instance, while there is one
    int main = 0;        // a child of ours, or 0
    bool alive = false;  // Empty has not been told
    bool limited = false;
  };
  struct Preparing;
  CgroupTracking(sys::Loop& loop, sys::Reaper& reaper, Empty empty);
  void RemoveFolders();
  absl::Status Open(const std::string& path);
  std::string InTree(absl::string_view folder) const;
  absl::Status MakeGroup(const std::string& tag);
  void Watch(const std::string& tag, Group& group);
  void Unwatch(Group& group);
  void SetLimits(const std::string& tag, const Surroundings& surroundings,
                 Group& group);
  void HaveControllers();
  absl::Status MoveOut();
  bool Populated(const std::string& tag) const;
  void Changed();
  void LookAtAll();
  void Look(const std::string& tag);
  void SignalIn(const std::string& folder, int main, int signal, int behind,
                int depth, std::vector<int>* told);

  sys::Loop& loop_;
  sys::Reaper& reaper_;
  Empty empty_;
  std::string mount_;  // of the tree
  std::string root_;   // the part of it that is mounted; "" all
  std::string own_;    // our own place in it, from mount_ on
  std::string path_;   // the folder that holds the entries'
  sys::Fd folder_;     // the same, open
  sys::Fd inotify_;
  std::unique_ptr<Preparing> preparing_;
  absl::flat_hash_map<std::string, Group> groups_;
  absl::flat_hash_map<int, std::string> watches_;
  sys::Loop::Timer looking_ = 0;  // at those that cannot be watched
  bool asked_for_controllers_ = false;
  std::string no_limits_;  // why memory.max and the like cannot be set
};

}  // namespace isinit
