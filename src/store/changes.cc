#include "store/changes.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <utility>

#include "base/bytes.h"

namespace store {
namespace {

constexpr char kDeleted = 0;
constexpr char kPut = 1;

void PackBytes(std::string& row, absl::string_view bytes) {
  base::PutLe32(row, static_cast<uint32_t>(bytes.size()));
  row.append(bytes.data(), bytes.size());
}

}  // namespace

void PackPut(std::string& row, absl::string_view key, absl::string_view value,
             Revision created, Lease lease) {
  row += kPut;
  PackBytes(row, key);
  base::PutLe64(row, static_cast<uint64_t>(created));
  base::PutLe64(row, static_cast<uint64_t>(lease));
  PackBytes(row, value);
}

void PackDelete(std::string& row, absl::string_view key) {
  row += kDeleted;
  PackBytes(row, key);
}

absl::StatusOr<std::vector<Change>> UnpackChanges(Revision revision,
                                                  absl::string_view row,
                                                  absl::string_view prefix) {
  std::vector<Change> changes;
  const auto damaged = [revision] {
    return absl::DataLossError(
        absl::StrCat("the changes of revision ", revision, " are damaged"));
  };
  base::Reader reader(row);
  while (!reader.AtEnd()) {
    const uint8_t kind = reader.U8();
    const absl::string_view key = reader.Bytes(reader.Le32());
    Change change;
    change.deleted = kind == kDeleted;
    absl::string_view value;
    if (kind == kPut) {
      change.entry.created = static_cast<Revision>(reader.Le64());
      change.entry.modified = revision;
      change.entry.lease = static_cast<Lease>(reader.Le64());
      value = reader.Bytes(reader.Le32());
    } else if (kind != kDeleted) {
      return damaged();
    }
    if (!reader.ok()) return damaged();
    if (!absl::StartsWith(key, prefix)) continue;
    change.key = std::string(key);
    change.entry.key = change.key;
    change.entry.value = std::string(value);
    changes.push_back(std::move(change));
  }
  return changes;
}

}  // namespace store
