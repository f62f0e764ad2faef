// What is in a parcel's body, for people: each field of its message with the
// path that leads to it.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <string>
#include <vector>

#include "wire/parcel.h"

namespace wire {

struct BodyField {
  std::string path;   // "task.0.argument.1"; positions from 0
  std::string value;  // bytes as they are: escape them before printing
};

// The fields that are set, in the order of messages.proto. A kind whose message
// is not defined yet has one field, "bytes". InvalidArgument when `body` is not
// the kind's message. Look at `body` only after its signature is good.
absl::StatusOr<std::vector<BodyField>> BodyFields(Kind kind,
                                                  absl::string_view body);

}  // namespace wire
