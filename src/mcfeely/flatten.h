// From a job as written to the flat job: names resolved, groups replaced by
// their members, barriers by what they wait for, the subset taken. Pure.
#pragma once

#include "mcfeely/jobfile.h"
#include "mcfeely/jobfile_model.h"

namespace mcfeely {

// Errors go to `errors`; the job is of use only when there are none.
Job Flatten(Draft draft, const JobOptions& options, JobErrors& errors);

}  // namespace mcfeely
