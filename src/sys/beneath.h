// Files below a folder, reached by paths from outside: no symbolic link is
// followed in any part of a path, and nothing above the folder is reached, even
// if somebody moves folders and makes links meanwhile.
//
// Paths are relative, without empty parts, "." and ".."; other ones are
// InvalidArgument. A link, or something that is no folder, where a folder must
// be is FailedPrecondition, naming that part. A folder is given by a descriptor
// of it (O_PATH is enough), which must stay open during the call.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sys/fd.h"

namespace sys {

// open(2) of `path`. What is there may have any type: for files that strangers
// can make, use O_NONBLOCK, as a named pipe waits for its other end, and look
// with Stat. `mode` counts only with O_CREAT.
absl::StatusOr<Fd> OpenBeneath(int folder, const std::string& path, int flags,
                               int mode = 0);
// The same part by part, as it is done where the kernel has no openat2(2)
// (before Linux 5.6) or somebody filters it.
absl::StatusOr<Fd> OpenBeneathByParts(int folder, const std::string& path,
                                      int flags, int mode = 0);

// A path and the folder it is in, open: for the calls that take the two.
struct ParentBeneath {
  Fd folder;         // O_PATH
  std::string name;  // in it
};
absl::StatusOr<ParentBeneath> OpenParentBeneath(int folder,
                                                const std::string& path);

// Makes the folder `path` and its missing parents, with `mode` less the umask.
// Returns the paths of those that it made, uppermost first; none of them stays
// if it fails.
absl::StatusOr<std::vector<std::string>> MakeFoldersBeneath(
    int folder, const std::string& path, int mode = 0755);

// What is known of a file besides its content; what is absent is left alone.
struct FileAttributes {
  std::optional<uint32_t> mode = {};  // 07777; exactly, whatever the umask
  std::optional<uint32_t> uid = {}, gid = {};
  std::optional<absl::Time> mtime = {};
};
// Sets them for what is at `path`. A link gets no mode.
absl::Status SetAttributesBeneath(int folder, const std::string& path,
                                  const FileAttributes& attributes);

}  // namespace sys
