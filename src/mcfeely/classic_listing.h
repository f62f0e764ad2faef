// The queue as the original's mcfeely-qread printed it. Pure.
#pragma once

#include <absl/time/time.h>

#include <string>

#include "wire/messages.pb.h"

namespace mcfeely {

//   #JOB [(failed) ]TIME
//           DESCRIPTION  FAILURE  SUCCESS
//    task NAME (aR): HOST COMM ARGUMENT...
//             waiters: NAME NAME...
//
// TIME, in `zone`, is when the job was injected, as ctime(3) writes it; a (d
// once it is done) is the task's state, R how many tasks it requires. What is
// not printable is escaped.
std::string FormatClassic(const fleetbox::wire::JobView& job,
                          absl::TimeZone zone);

}  // namespace mcfeely
