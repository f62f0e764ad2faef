// What entries say of each other, of groups and of levels: whether it is all
// there, and whether nobody waits for himself. Pure.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/strings/string_view.h>

#include <string>
#include <utility>

#include "isinit/table.h"
#include "isinit/table_lines.h"

namespace isinit {

// What the reader knows beyond the table.
struct ReadingNotes {
  // Where something stands that is not said in an entry's own line: an
  // attribute by its tag and key, "boot" and "allow" by their group.
  absl::flat_hash_map<std::pair<std::string, std::string>, int> lines;
  // Tags and groups of lines that were left out: they are no news.
  absl::flat_hash_set<std::string> lost_tags, lost_groups;

  int LineOf(absl::string_view name, absl::string_view key,
             int otherwise) const;
};

// Tells of names that do not exist and of cycles. What leads nowhere or closes
// a cycle is taken out of the table, the entry stays: afterwards every name in
// `after` and `needs` is of an entry of the same group that runs in levels, in
// `needs_groups` of a group, in `log` of an entry; nothing waits for itself, by
// way of others either, nor, being a wait or a test, for what stands behind it.
void CheckOrder(Table& table, const ReadingNotes& notes, Problems& problems);

}  // namespace isinit
