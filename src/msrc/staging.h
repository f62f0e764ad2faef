// What is to be put in place, whole and checked, under names of its own: in a
// folder .msrc-RUN in the folder that a delivery is for, and in another one on
// each other mount below it, as nothing can be renamed from one to another.
//
// Whatever ends us, what we leave behind is recognised by its name, and dead if
// nobody has it locked: the next run removes it, once it has taken what it can
// use: contents that have come, which are in files that are called by what they
// should be. Nothing else is believed of them.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "msrc/apply_plan.h"
#include "sys/fd.h"
#include "sys/tree.h"
#include "wire/content_hash.h"

namespace msrc {

// One of the folders.
struct StagingFolder {
  std::string parent;  // in which it is, below the root; "" is the root
  std::string name;
  sys::Fd parent_fd, fd;  // fd has the lock
};

// A name in one of them; `folder` belongs to the Staging.
struct Staged {
  StagingFolder* folder = nullptr;
  std::string name;
};

// What a staged content is called.
std::string ContentName(const wire::Hash& hash);
// What it is that is left beside a folder, by an interrupted delivery that
// would have had to make the folder.
std::string LeftName(const std::string& into);

// Removes from a folder what runs that are dead have left there. With `spare`,
// contents that are younger than a day stay: they may be of use for another.
void RemoveLeftovers(int folder, bool spare = false);
void RemoveLeftover(int folder, const std::string& name, bool spare = false);

class Staging {
 public:
  // `root` stays open as long as this lives. `before` is called before every
  // change of the file system, for tests; may be null.
  Staging(int root, std::string run_hex, std::function<void()> before);
  ~Staging();  // removes what is left of it

  // Contents that are lacking, by ContentName; before the first name is asked
  // for. What dead runs have left of them is moved to where we stage.
  void Lack(absl::flat_hash_set<std::string> names) {
    lacking_ = std::move(names);
  }
  // The same for the dead run's folder `name` in `parent`, which is not where
  // they are looked for: once there is a folder on its mount.
  void TakeFrom(int parent, const std::string& name);

  // A free name on the mount on which `path` is to be.
  absl::StatusOr<Staged> NameFor(const std::string& path);
  // That of a content, of which something may be left.
  absl::StatusOr<Staged> NameForContent(const std::string& path,
                                        const wire::Hash& hash);
  // What was left of it; NotFound.
  absl::StatusOr<sys::Fd> OpenLeft(const Staged& staged);
  void Drop(const Staged& staged);

  // Writing a file: Make, Write in any order, Finish with its length. What is
  // zeros over a whole block, and what is not written, becomes a hole. It has
  // mode 0600 until it is settled.
  absl::StatusOr<sys::Fd> Make(const Staged& staged);
  static absl::Status Write(int fd, int64_t offset, absl::string_view bytes);
  // The same over what may be there already.
  static absl::Status WriteOver(int fd, int64_t offset,
                                absl::string_view bytes);
  // As many bytes as there are, at most buffer.size().
  static absl::StatusOr<absl::string_view> Read(int fd, int64_t offset,
                                                std::string& buffer);
  static absl::Status Finish(int fd, int64_t bytes);
  // Gives a file or a link its attributes.
  static absl::Status Settle(const Staged& staged, const Attributes& attributes,
                             bool sync);

  // Removes all of it; a failure is a reason for a warning only.
  absl::Status Clear();
  // Removes all of it but contents, which are for the next run. When the root
  // is about to go, they go to `beside` as `name`; -1: it stays.
  void Leave(int beside, const std::string& name);

 private:
  absl::StatusOr<StagingFolder*> MakeIn(const std::string& parent);
  absl::StatusOr<StagingFolder*> FolderFor(const std::string& path);
  void TakeAll(StagingFolder& to);
  void TakeSome(int parent, const std::string& name, StagingFolder& to);
  static bool LeaveIn(const StagingFolder& folder);
  const int root_;
  const std::string run_;
  std::function<void()> before_;
  // By mount, and by the folder that something is to be in.
  std::map<sys::Mount, std::unique_ptr<StagingFolder>> folders_;
  absl::flat_hash_map<std::string, StagingFolder*> known_;
  absl::flat_hash_set<std::string> lacking_;
  int last_name_ = 0;
};

}  // namespace msrc
