// ptbw without -m: holds some tokens of a pool for the life of a command.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "fanout/pool_text.h"

namespace fanout {

// Which pool: that behind a socket, or by the stack in the environment.
struct PoolChoice {
  std::optional<std::string> socket;
  int depth = 0;  // levels further out than the innermost
};

struct PtbwClientOptions {
  PoolChoice pool;
  std::vector<std::string> command;
  std::string name;  // the command's argv[0]; "" for its own
  int min = 1;       // tokens it needs
  int max = 1;       // and takes if they are free
  // How long to wait for them; zero: not at all, but for the pool's answer.
  absl::Duration wait = absl::InfiniteDuration();
  bool append = false;  // tokens as arguments, too
  bool finish = false;  // ask the pool to end afterwards
  // When we are killed the command goes on and keeps the tokens. Otherwise it
  // is killed with us.
  bool keep = false;
  bool quiet = false;
};

// The exit code: the command's, 128+N after signal N. NotFound (66) when there
// is no pool; ResourceExhausted (71) for a command that is not there;
// OutOfRange when the pool never has as many tokens; DeadlineExceeded (75) when
// they were not free in time; Aborted when the pool is lost before that. `say`
// gets lines for standard error.
absl::StatusOr<int> RunPtbwClient(
    const PtbwClientOptions& options,
    const std::function<void(absl::string_view)>& say);

// The table of a pool, and what its holders are running. `finish`: asks it to
// end, too. BLOCKS, for 10 s at most. Errors as above.
absl::StatusOr<PoolTable> LookAtPool(const PoolChoice& pool, bool with_commands,
                                     bool finish);

}  // namespace fanout
