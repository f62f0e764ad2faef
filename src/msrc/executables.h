// The executables that a controller can bring to hosts: its own, and those that
// a folder ($MSRC_RECV_DIR) has for other platforms, as
// fleetbox-SYSTEM-MACHINE, e.g. fleetbox-Linux-aarch64.
#pragma once

#include <absl/status/statusor.h>

#include <memory>
#include <string>
#include <vector>

#include "msrc/remote_start.h"

namespace msrc {

class Executables {
 public:
  // `folder` "": our own alone. `own`: where that is, as it is run, even if
  // another has taken its place on the disk. Reads and hashes all; BLOCKS.
  // NotFound for a folder that is none.
  static absl::StatusOr<Executables> Find(
      const std::string& folder, const std::string& own = "/proc/self/exe");

  // Our own first.
  const std::vector<RemoteExecutable>& list() const { return list_; }
  // What goes over the line for this platform (" ": our own), behind the line
  // of RemoteContentLine. Kept until the end of the run: many want it at once.
  // NotFound.
  using Bytes =
      std::shared_ptr<const std::string>;  // others: those who send it
  absl::StatusOr<Bytes> For(const std::string& platform, bool zstd);

 private:
  absl::Status Add(std::string platform, std::string path);

  std::vector<RemoteExecutable> list_;
  struct File {
    std::string path;
    Bytes plain, packed;
  };
  std::vector<File> files_;  // as list_
};

}  // namespace msrc
