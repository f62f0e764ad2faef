// Requests of other hosts that were carried out, so that none is twice: one
// empty file for each, as long as its parcel could still be taken for a new
// one. The memory outlives us and is shared by all processes that take such
// requests, whatever line they come by.
#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include <string>
#include <utility>

#include "wire/parcel.h"

namespace power {

class SeenRequests {
 public:
  explicit SeenRequests(std::string folder) : folder_(std::move(folder)) {}
  // AlreadyExists when the sender's request of this id was seen, here or by
  // another process; ResourceExhausted when there are too many. Else it is now,
  // durably.
  absl::Status Check(const wire::Header& header, absl::Time now);

 private:
  absl::Status Tidy(absl::Time now);

  const std::string folder_;
};

}  // namespace power
