// Who we are, for the journal.
#pragma once

#include <absl/time/time.h>

#include <string>

#include "power/journal_record.h"
#include "power/outcome.h"

namespace power {

// Whether that goes into the journal.
bool IsJournaled(Action action);

// The account somebody has logged in as, also behind sudo; "" if it has no
// name.
std::string LoginName();

// A new record, of this process and whoever has started it.
JournalRecord OwnRecord(absl::Time now, const std::string& login);

}  // namespace power
