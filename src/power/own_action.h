// What the journal is told: who we are, what we do, and what came of it.
#pragma once

#include <absl/time/time.h>

#include <string>

#include "power/host_result.h"
#include "power/journal_record.h"
#include "power/outcome.h"

namespace power {

// Whether that goes into the journal.
bool IsJournaled(Action action);

// The account somebody has logged in as, also behind sudo; "" if it has no
// name.
std::string LoginName();

// What came of it.
JournalEnd EndOf(const HostResult& result, absl::Time now);

// What this process, and whoever has started it, begins now.
JournalAction OwnAction(absl::Time now, Action action, std::string login);

}  // namespace power
