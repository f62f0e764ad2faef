// What is in a folder, and its names moved about: the pieces that an exchange
// of whole trees is made of. A folder is given by a descriptor of it (O_PATH is
// enough) and a name in it, which is one part of a path: nothing here follows a
// link. See sys/beneath.h for how to get to a folder.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sys/fd.h"

namespace sys {

struct Item {
  enum class Type { kNothing, kFile, kFolder, kLink, kOther };
  Type type = Type::kNothing;
  uint32_t mode = 0;  // permission and set-id bits; 0 for links
  uint32_t uid = 0, gid = 0;
  int64_t bytes = 0;
  int64_t mtime_ns = 0, ctime_ns = 0;
  uint64_t device = 0, inode = 0;
  std::string target = {};  // links
};
// What is there; kNothing is ok.
absl::StatusOr<Item> LookAt(int folder, const std::string& name);
// The names in it, sorted, without "." and ".."; ResourceExhausted when there
// are more than `max`.
absl::StatusOr<std::vector<std::string>> NamesIn(int folder, size_t max);

// Which mount a folder is on: nothing is renamed or linked from one to another,
// even if both show the same device.
struct Mount {
  uint64_t device = 0, id = 0;
  friend auto operator<=>(const Mount&, const Mount&) = default;
};
absl::StatusOr<Mount> MountOf(int folder);

// Renames; what was at `to_name` is gone. A folder takes the place of an empty
// one only.
absl::Status Move(int folder, const std::string& name, int to_folder,
                  const std::string& to_name);
// AlreadyExists when there is something at `to_name`.
absl::Status MoveToNew(int folder, const std::string& name, int to_folder,
                       const std::string& to_name);
// Each takes the other's place, in one step. Unimplemented where the kernel or
// the file system cannot.
absl::Status Exchange(int folder, const std::string& name, int to_folder,
                      const std::string& to_name);
// A second name for what is at `name`, also for a link itself.
absl::Status LinkTo(int folder, const std::string& name, int to_folder,
                    const std::string& to_name);
absl::Status MakeLink(int folder, const std::string& name,
                      const std::string& target);
// Makes one folder, with this mode less the umask: AlreadyExists.
absl::Status MakeFolder(int folder, const std::string& name, uint32_t mode);
// Removes one name, that of an empty folder too; ok if there is none.
absl::Status Remove(int folder, const std::string& name);
// With all that is below; nothing on another mount is touched.
absl::Status RemoveAll(int folder, const std::string& name);
// Written to stable storage: the names in it.
absl::Status SyncNames(int folder);

}  // namespace sys
