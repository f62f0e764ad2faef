// What it means to replace one table by another: which entries are new, which
// are gone, which must be started again for what changed, and which need not.
// What runs is not known here: who knows looks at the answer. Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <string>
#include <vector>

#include "isinit/table.h"

namespace isinit {

enum class Change {
  kUnchanged,
  kAdded,      // or was off before
  kGone,       // a process of it is stopped
  kTurnedOff,  // likewise
  kMoved,      // is of another group now: likewise, and then it is new
  // What its process was started with is different now.
  kRestart,    // a respawn: it is stopped, and started as it is now
  kNextStart,  // one that is not respawned, or says reload=keep
  kLive,       // anything else: counts from now on, nothing is stopped for it
};

struct EntryChange {
  std::string tag;
  Change change = Change::kUnchanged;
  // What differs: "command", "levels", "mode" and names of attributes. None
  // for those that are new or gone.
  std::vector<absl::string_view> what = {};
};

struct TablePlan {
  // Those that are gone in the order of the old table, then all of the new
  // table in its order.
  std::vector<EntryChange> entries;
  // Names of `:::` lines that differ.
  std::vector<absl::string_view> settings;

  bool changes_nothing() const;
};
TablePlan PlanTable(const Table& before, const Table& after);

// Whether what has changed counts only when we start again.
bool NeedsOurRestart(absl::string_view setting);

// A line for each that changes: "web: command, user: it is started again".
std::vector<std::string> PlanLines(const TablePlan& plan);

}  // namespace isinit
