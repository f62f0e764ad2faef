// Messages to bytes and back, with the limits that hold for all of them.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <google/protobuf/message_lite.h>

#include <string>

#include "base/limits.h"
#include "base/status.h"

namespace wire {

// Fields at the top of one message. Sixteen megabytes of empty submessages
// would become gigabytes in memory; the largest honest message is a job with
// base::kMaxTasks tasks and the requirements among them.
inline constexpr size_t kMaxMessageFields = 1'200'000;
inline constexpr int kMaxMessageDepth = 16;

// Replaces the content of `message`. InvalidArgument when `bytes` are not such
// a message, or are more than `max_bytes`.
absl::Status ParseInto(absl::string_view bytes, size_t max_bytes,
                       google::protobuf::MessageLite& message);

template <typename T>
absl::StatusOr<T> Parse(absl::string_view bytes,
                        size_t max_bytes = base::kMaxBodyBytes) {
  T message;
  TRY(ParseInto(bytes, max_bytes, message));
  return message;
}

// The bytes of a message; the same message gives the same bytes within one
// version of the program.
std::string Serialize(const google::protobuf::MessageLite& message);

}  // namespace wire
