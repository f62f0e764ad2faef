// The file in which keys and their memories survive, for any number of
// processes at once: each update takes a lock, learns what others have added
// since, and appends. oue/state_log.h says how the file looks.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <string>
#include <utility>

#include "oue/state_log.h"
#include "sys/fd.h"
#include "sys/file.h"

namespace oue {

class StateFile {
 public:
  // Opens the file, which is made when missing. Without `lock` nobody is kept
  // from doing so at the same time. FailedPrecondition when it is none of ours.
  static absl::StatusOr<StateFile> Open(const std::string& path, bool lock);
  // Visits the entries of a file that is there, and leaves it as it is.
  // NotFound.
  static absl::Status Read(const std::string& path, bool lock,
                           const VisitEntry& visit);

  // Begins an update: locks, and visits the entries that were added since the
  // last one, of the first all. If another file has taken this one's place,
  // those of that.
  absl::Status Begin(const VisitEntry& visit);
  // Within an update: adds a batch, durably. When it fails, nothing has
  // happened; ResourceExhausted when the disk is full.
  absl::Status Append(absl::string_view content);
  // Within an update: whether most of the file is memories that are no more,
  // when `bytes` of entries are not, and it can be written anew.
  bool IsWasteful(uint64_t bytes) const;
  // Within an update, in place of Append: a file that holds just these entries
  // takes this one's place. It has the owner and the mode of this one, or it
  // fails.
  absl::Status Replace(absl::string_view content);
  void End();

  // What the file is, to be compared with another.
  absl::StatusOr<sys::FileInfo> Info() const { return sys::Stat(fd_.get()); }

 private:
  StateFile(std::string path, bool lock, sys::Fd fd)
      : path_(std::move(path)), lock_(lock), fd_(std::move(fd)) {}
  absl::Status Lock();
  absl::StatusOr<bool> WasReplaced() const;
  absl::Status CatchUp(const VisitEntry& visit);
  absl::Status Write(absl::string_view content);

  std::string path_;
  bool lock_;
  sys::Fd fd_;
  uint64_t good_ = 0;  // bytes of the header and whole batches, all visited
};

}  // namespace oue
