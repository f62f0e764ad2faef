// The digest of a file's content.
#pragma once

#include <absl/status/statusor.h>

#include <atomic>
#include <string>

#include "wire/content_hash.h"

namespace msrc {

// Of what is left to read of `fd`. `buffer` is for many files: to make a large
// one costs more than to read a small file. Cancelled while `*stop`, which may
// be null. `start`, unless null, becomes the first bytes, at most 8. Names no
// file.
absl::StatusOr<wire::ContentDigest> DigestOfFd(int fd, wire::Cut cut,
                                               std::string& buffer,
                                               const std::atomic<bool>* stop,
                                               std::string* start = nullptr);

}  // namespace msrc
