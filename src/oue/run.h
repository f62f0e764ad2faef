// oue as a whole: files in, the answer out, the state kept.
//
// The answer is written when it fills a piece, and whatever there is of it
// before a read that would wait: the first line of a slow stream is out before
// the second comes in, and a fast one costs no write for each line.
//
// With a state, each such piece is one update: what it adds is stored first,
// and then printed, so that no two processes print the same key.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <functional>

#include "oue/options.h"

namespace oue {

// Where the answer goes.
struct Face {
  std::function<void(absl::string_view)> print;
  std::function<void()> flush;
  std::function<bool()> failed;  // nothing printed from now on arrives
  std::function<void(const absl::Status&)> warn;
};

// `filter` as ReadOptions returns it. Returns the exit code: 1 when a file
// could not be read, each with a warning.
absl::StatusOr<int> Run(const Options& options, FilterOptions filter,
                        const Face& face);

}  // namespace oue
