// How the changes of one transaction are laid out in one row of the table
// `chg`. In the order they were made, each is
//
//   1 byte  0: deleted, 1: put
//   le32    bytes of the key, and the key
//   and for a put
//   le64    revision at which the key was created
//   le64    lease, 0 for none
//   le32    bytes of the value, and the value
//
// The row's number is the revision. One row a transaction, since a second
// insertion for each operation would cost as much as the operation itself;
// with the values, since a watcher is told of every change as it was made,
// also of one that was overwritten since.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <string>
#include <vector>

#include "store/engine.h"

namespace store {

void PackPut(std::string& row, absl::string_view key, absl::string_view value,
             Revision created, Lease lease);
void PackDelete(std::string& row, absl::string_view key);

// The changes of keys with `prefix` in the row of `revision`. DataLoss when
// it is not such a row.
absl::StatusOr<std::vector<Change>> UnpackChanges(Revision revision,
                                                  absl::string_view row,
                                                  absl::string_view prefix);

}  // namespace store
