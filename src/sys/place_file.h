// Puts files and links below a folder so that there is the old or the new whole
// thing at every moment: written under a name of its own first, then, when the
// caller is sure of it, renamed into place. See sys/beneath.h for the paths.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <string>

#include "sys/beneath.h"
#include "sys/fd.h"

namespace sys {

// A new file that is not in its place yet. Unless it gets there, it is removed
// when this goes out of scope.
//
//   StagedFile file = StagedFile::Make(staging.get());
//   file.Write(0, "..."); ...
//   file.Settle({.mode = 0644, ...});   // once its hash is known to be right
//   file.Place(root.get(), "etc/motd");
class StagedFile {
 public:
  enum class Durable { kNo, kYes };  // whether it is synced before it is placed

  // An empty file of mode 0600 in the folder `staging`, which must be on the
  // file system where it is to be placed, and stay open as long as this lives.
  static absl::StatusOr<StagedFile> Make(int staging,
                                         Durable durable = Durable::kYes);
  StagedFile(StagedFile&& other) noexcept;
  StagedFile& operator=(StagedFile&& other) noexcept;
  ~StagedFile();

  // In any order; what is skipped is zeros.
  absl::Status Write(int64_t offset, absl::string_view bytes);
  // For reading it back. -1 once it is settled.
  int fd() const { return fd_.get(); }
  // The content is whole: sets the attributes, syncs and closes it. A staged
  // file takes no descriptor from here on, so there may be many.
  absl::Status Settle(const FileAttributes& attributes);
  // Renames it to `path` below `root`, in place of a file or link that is
  // there. A folder that is there is FailedPrecondition. Only when settled.
  absl::Status Place(int root, const std::string& path);

 private:
  StagedFile(int staging, std::string name, Fd fd, Durable durable)
      : staging_(staging),
        name_(std::move(name)),
        fd_(std::move(fd)),
        durable_(durable) {}

  int staging_;
  std::string name_;  // in staging_; empty once there is nothing to remove
  Fd fd_;
  Durable durable_;
};

// Makes the symbolic link `path` below `root`, in place of a file or link that
// is there. Where it leads is not looked at.
absl::Status PlaceLink(int root, int staging, const std::string& path,
                       const std::string& target);

}  // namespace sys
