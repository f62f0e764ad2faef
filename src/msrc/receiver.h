// A receiver as a program: on its standard input and output, as ssh starts it,
// or on a bundle in a file.
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "msrc/receiver_session.h"

namespace msrc {

struct ReceiverOptions {
  AdmissionConfig admission;
  // Our own executable is removed at once, and nothing is kept.
  bool no_cache = false;
};

// One exchange over descriptors 0 and 1; BLOCKS until it is over, and until a
// utility that was to run on has ended. The exit code. SIGHUP, SIGINT and
// SIGTERM are as good as a lost connection.
absl::StatusOr<int> ServeStdio(const ReceiverOptions& options);

// What a file made by `msrc --bundle` says is done here: its utility's output
// goes to ours. The exit code is the utility's, or what a host ends with.
absl::StatusOr<int> ApplyBundle(const ReceiverOptions& options,
                                const std::string& file);

}  // namespace msrc
