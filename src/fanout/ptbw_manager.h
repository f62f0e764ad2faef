// ptbw -m: runs a utility, and lends tokens to all it starts.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace fanout {

struct PtbwManagerOptions {
  // Empty: $SHELL. {":"}: none; serve until a client asks for the end.
  std::vector<std::string> utility;
  std::string name;  // the utility's argv[0]; "" for its own
  int tasks = 0;     // -J: groups of tokens that are of use; 0: not said
  std::optional<int> group;  // -R: tokens a request is expected to be for
  // A file of tokens, "-" for the pool around us, or a pool's socket; none for
  // integers.
  std::optional<std::string> source;
  int depth = 0;  // which outer pool "-" is
  // The socket's name: absolute, or in the private folder.
  std::optional<std::string> socket;
  bool detached = false;
  bool quiet = false;
  bool finish_outer = false;  // ask the pool we borrow from to end
  int weight = 1;             // each token is in the table so many times
  absl::Duration lease = absl::InfiniteDuration();
  bool enforce = false;  // SIGTERM for holders beyond the lease
  bool watch = false;    // the file is read again when it changes, and on HUP
  bool legacy_status = false;  // 76 for a pool that was asked to end
  bool job_server = false;     // tokens for make as well
  bool counter = false;        // numbers as well
};

// The exit code: the utility's, 128+N after signal N. InvalidArgument (65) for
// tables that are of no use; ResourceExhausted (71) for a utility that is not
// there, and a socket that is in use; NotFound (66) for a source that is not
// there; Aborted when the pool we borrow from is lost before it has lent.
// `say` gets lines for standard error.
absl::StatusOr<int> RunPtbwManager(
    const PtbwManagerOptions& options,
    const std::function<void(absl::string_view)>& say);

}  // namespace fanout
