// The letter about a job: what is mailed when it ends, or when a person must
// look at a task. The layout is the original's, with times, attempts and the
// end of a failed task's output added.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "net/mail.h"
#include "wire/messages.pb.h"

namespace mcfeely {

// `job` with attempts and outputs (Queue::View). The date is the job's end, so
// that a repeated letter is the same letter. `to` has the addresses that are
// mailed to; it may be empty.
net::Letter MakeReport(const fleetbox::wire::JobView& job,
                       const fleetbox::wire::PendingReport& report,
                       const std::string& from, const std::string& host);

// The program that the address "exec:NAME" names; none of any other address.
std::optional<absl::string_view> NotifyName(absl::string_view address);
// What such a program gets on its stdin: the letter as an object "report", and
// "job" as `mcfeely-server show --json` prints it.
std::string ReportJson(const fleetbox::wire::JobView& job,
                       const fleetbox::wire::PendingReport& report,
                       const net::Letter& letter);

// The last `count` lines of a text; "" of an empty one.
std::string LastLines(absl::string_view text, size_t count);

}  // namespace mcfeely
