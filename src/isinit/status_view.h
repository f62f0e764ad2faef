// How things stand: from what Supervision knows to what travels, and from there
// to what people and programs are shown.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <string>
#include <vector>

#include "isinit/supervision.h"
#include "wire/messages.pb.h"

namespace isinit {

// "idle", "starting", "up", "paused", "finished", "given-up", "stopping".
absl::string_view EntryStateWord(EntryState state);

fleetbox::wire::IsinitEntryView MakeEntryView(const EntryView& entry,
                                              absl::Time now);
fleetbox::wire::IsinitGroupView MakeGroupView(const GroupView& group,
                                              absl::Time now);

struct StatusStyle {
  absl::string_view bold, dim, good, bad, warn;  // of text::Cell
  size_t columns = 0;                            // of the terminal; 0: no limit
  bool logs = false;                             // the last lines, too
};
// A line for each group, and one for each of its entries.
std::string StatusText(const fleetbox::wire::IsinitStatus& status,
                       const StatusStyle& style);
std::string StatusJson(const fleetbox::wire::IsinitStatus& status);
// "GROUP LEVEL STATE" lines, as Cluster::Init's clinit -v prints them.
std::string GroupLines(const fleetbox::wire::IsinitStatus& status);
// Keeps only the named groups and entries. False when a name is none of them.
bool Select(fleetbox::wire::IsinitStatus& status,
            const std::vector<std::string>& names, std::string* unknown);

}  // namespace isinit
