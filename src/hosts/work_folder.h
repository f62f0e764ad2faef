// The private folder of a run: made (0700, under $TMPDIR) when it is first
// needed, removed with all it holds when the run ends, also by a signal.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <memory>
#include <optional>
#include <string>

#include "sys/file.h"
#include "sys/loop.h"
#include "sys/signals.h"

namespace hosts {

class WorkFolder {
 public:
  static constexpr absl::string_view kPrefix = "hxtf";
  enum class Signals {
    // Once there is a folder, HUP, INT and TERM wait: the run asks whether one
    // does, ends, and exits as if it had ended by it.
    kHere,
    kElsewhere,  // the run looks after signals, and the folder, by itself
  };

  explicit WorkFolder(Signals signals) : signals_(signals) {}
  WorkFolder(const WorkFolder&) = delete;

  // Its path. Not from several threads before it has been called once.
  absl::StatusOr<std::string> Path();
  // The path, or "" as long as it has not been needed.
  const std::string& PathIfMade() const { return path_; }
  // Of Signals::kHere: the signal that waits; 0 for none.
  int WaitingSignal() const;
  // Makes a file of that name in it: its path. AlreadyExists.
  absl::StatusOr<std::string> Write(absl::string_view name,
                                    absl::string_view content, int mode = 0600);

 private:
  Signals signals_;
  // Made before the folder, and gone after it.
  std::unique_ptr<sys::Loop> loop_;
  std::unique_ptr<sys::Signals> waiting_;
  std::optional<sys::TemporaryFolder> folder_;
  std::string path_;
};

// What a file shall be, besides its content.
struct FileLook {
  int mode = 0600;
  // -1: leave it ours. The group is copied where we may; the owner for root.
  int64_t uid = -1, gid = -1;
};

// Makes a new file in a private folder. AlreadyExists.
absl::Status WritePrivateFile(const std::string& path,
                              absl::string_view content, const FileLook& look);

}  // namespace hosts
