// What is to be put in place, whole and checked, under names of its own: in a
// folder .msrc-RUN in the folder that a delivery is for, and in another one on
// each other mount below it, as nothing can be renamed from one to another.
//
// Whatever ends us, what we leave behind is recognised by its name, and dead if
// nobody has it locked: the next run removes it.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "msrc/steps.h"
#include "sys/fd.h"
#include "sys/tree.h"

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

// Removes from a folder what runs that are dead have left there.
void RemoveLeftovers(int folder);

class Staging {
 public:
  // `root` stays open as long as this lives. `before` is called before every
  // change of the file system, for tests; may be null.
  Staging(int root, std::string run_hex, std::function<void()> before);
  ~Staging();  // removes what is left of it

  // A free name on the mount on which `path` is to be.
  absl::StatusOr<Staged> NameFor(const std::string& path);

  // Writing a file: Make, Write in any order, Finish with its length. What is
  // zeros over a whole block, and what is not written, becomes a hole. It has
  // mode 0600 until it is settled.
  absl::StatusOr<sys::Fd> Make(const Staged& staged);
  static absl::Status Write(int fd, int64_t offset, absl::string_view bytes);
  static absl::Status Finish(int fd, int64_t bytes);
  // Gives a file or a link its attributes.
  static absl::Status Settle(const Staged& staged, const Attributes& attributes,
                             bool sync);

  // Removes all of it; a failure is a reason for a warning only.
  absl::Status Clear();

 private:
  absl::StatusOr<StagingFolder*> MakeIn(const std::string& parent);
  const int root_;
  const std::string run_;
  std::function<void()> before_;
  // By mount, and by the folder that something is to be in.
  std::map<sys::Mount, std::unique_ptr<StagingFolder>> folders_;
  absl::flat_hash_map<std::string, StagingFolder*> known_;
  int last_name_ = 0;
};

}  // namespace msrc
