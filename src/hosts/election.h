// Which hosts are elected, and in what order: one m4 stream decides.
#pragma once

#include <absl/status/statusor.h>

#include <cstddef>
#include <vector>

#include "hosts/stream.h"

namespace hosts {

// Elected hosts, in order. Of those that are `admitted`, -E keeps some, each
// of them puts out the guards (-G), and the words of all that output which are
// names of admitted hosts are the elected: the order of the output, each once.
//
// Fails with what m4exit said, or 70, when the stream fails; with --strict, 65
// when tests or guards elect nobody.
absl::StatusOr<std::vector<size_t>> Elect(const Streams& streams,
                                          const std::vector<bool>& admitted);

}  // namespace hosts
