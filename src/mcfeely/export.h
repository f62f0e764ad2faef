// The open jobs of a queue nobody runs, as job files that mcfeely-inject
// accepts.
#pragma once

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>

#include <string>

#include "mcfeely/job.h"
#include "wire/messages.pb.h"

namespace mcfeely {

// What is left of `job`, flat: tasks that are done, have failed or were skipped
// stand in comments, with what became of them. The file's key is the job's, or
// made of its parcel's id, so that it makes one job however often it is handed
// in. FailedPrecondition when a task that must not be repeated has an attempt
// whose fate is unknown: nobody but a person can say what is left. Pure.
absl::StatusOr<std::string> FormatExport(const Job& job,
                                         const fleetbox::wire::JobView& view);

// Reads the queue in `folder` and hands each open job's number and file, or why
// there is none, to `take`. Changes nothing. Unavailable, naming the pid, when
// a server has the queue.
absl::Status ExportQueue(
    const std::string& folder,
    absl::FunctionRef<absl::Status(uint64_t job, absl::StatusOr<std::string>)>
        take);

}  // namespace mcfeely
