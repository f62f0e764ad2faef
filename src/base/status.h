// Errors are values: every function that can fail returns absl::Status or
// absl::StatusOr. A message is a lower-case phrase without a full stop; each
// level adds in front what only it knows.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <utility>

namespace base {

// `status` with "what: " in front of its message; ok stays ok.
absl::Status Context(const absl::Status& status, absl::string_view what);

// The status of a system call that has just failed: "what: No such file or
// directory". Reads errno, so it comes right after the call. Follows Abseil's
// table but for EINVAL, which here is our mistake (Internal), and EIO, which is
// DataLoss; a full disk or quota is ResourceExhausted.
absl::Status SysError(absl::string_view what);
// The same for an error number that was kept.
absl::Status SysError(int error_number, absl::string_view what);

// Ends the process with file and line when a condition of our own is broken
// and going on would spoil data. Not for errors that can happen.
#define MUST(condition) \
  ((condition) ? void() : ::base::MustFailed(#condition, __FILE__, __LINE__))
[[noreturn]] void MustFailed(const char* condition, const char* file, int line);

inline const absl::Status& StatusOf(const absl::Status& s) { return s; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& s) {
  return s.status();
}

}  // namespace base

#define BASE_JOIN_(a, b) a##b
#define BASE_JOIN(a, b) BASE_JOIN_(a, b)

// Returns from the function with the status of `expression` unless it is ok.
#define TRY(expression)                                      \
  do {                                                       \
    auto&& try_status = (expression);                        \
    if (!try_status.ok()) return base::StatusOf(try_status); \
  } while (0)

// TRY_ASSIGN(T name, expression): the value, or returns with the status.
#define TRY_ASSIGN(declaration, ...) \
  TRY_ASSIGN_(BASE_JOIN(try_value_, __LINE__), declaration, __VA_ARGS__)
#define TRY_ASSIGN_(value, declaration, ...) \
  auto value = (__VA_ARGS__);                \
  if (!value.ok()) return value.status();    \
  declaration = *std::move(value)
