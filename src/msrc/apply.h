// Carries out a plan, or nothing of it: what fails undoes all that was done
// before, in the opposite order. Whoever is killed meanwhile leaves at each
// path the old or the new whole thing.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/status.h>

#include <functional>
#include <string>
#include <vector>

#include "msrc/apply_plan.h"
#include "msrc/staging.h"

namespace msrc {

class Application {
 public:
  // `staging` and what `root` is of outlive this. `before` as in Staging.
  Application(int root, Staging& staging, std::function<void()> before);

  // Of another folder that is the same, before anything is done.
  void SetRoot(int root) { root_ = root; }
  // The staged file, link or folder that a kPlace or kReplace step of the
  // target puts in its place.
  void SetStaged(size_t target, Staged staged) {
    staged_[target] = std::move(staged);
  }
  // Everything staged on stable storage.
  absl::Status Sync();
  // The steps, in order. When one fails, none has been done: the status says
  // which and why, and what could not be put back, if anything.
  absl::Status Run(const std::vector<Step>& steps);
  // What is in the folders it has touched on stable storage.
  absl::Status SyncFolders();
  // As if it had not run; for whoever finds out later that all was in vain.
  absl::Status Undo();

 private:
  struct Done {
    enum class What { kMade, kPlaced, kExchanged, kReplaced, kSet, kRemoved };
    What what;
    std::string path;
    Staged staged = {};          // where the old one is
    Attributes attributes = {};  // the old ones
  };

  absl::Status Do(const Step& step);
  absl::Status MakeFolder(const Step& step);
  absl::Status Place(const Step& step);
  absl::Status Replace(const Step& step);
  absl::Status SetAttributes(const Step& step);
  absl::Status Remove(const Step& step);
  absl::Status UndoOne(const Done& done);

  int root_;
  Staging& staging_;
  std::function<void()> before_;
  absl::flat_hash_map<size_t, Staged> staged_;
  std::vector<Done> done_;
};

}  // namespace msrc
