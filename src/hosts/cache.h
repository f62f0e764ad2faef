// What a cache directory gives for a host: its recipe is expanded like any
// other text, make runs in the directory, and what it prints is the text.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <functional>
#include <string>

#include "hosts/operands.h"
#include "hosts/stream.h"
#include "sys/child.h"

namespace hosts {

// How an expansion failed: 1000 and the exit code of m4 or make, or 2000 and a
// signal. A `status` of 0 is success.
struct Failure {
  int status = 0;
  std::string why;  // "m4: exits code 9"
};

// Before or after the expansion of a recipe for `host`, whose target is
// `target`.
std::string TargetFor(const Operand& cache, const Table& table, size_t host);

// Expands the recipe in `stream`, which has all other definitions but the
// attributes: `define_host` adds those. The recipe is kept as `recipe_path`,
// which is removed again.
absl::StatusOr<Failure> RunCache(
    const Streams& streams, const Operand& cache, Stream& stream, size_t host,
    const std::string& recipe_path,
    const std::function<void(Stream&)>& define_host, std::string* output);

// 1000 + code, or 2000 + signal; "NAME: exits code N", "NAME: ended by
// SIGTERM".
Failure FailureOf(absl::string_view name, const sys::Ended& ended);

// PermissionDenied in safe mode, unless --allow-cache was given.
absl::Status MayUseCaches(const Streams& streams);

}  // namespace hosts
