// The disk of a World, and what it needs to be one.

#include <absl/strings/str_cat.h>

#include "base/bytes.h"
#include "wire/message.h"
#include "world.h"

namespace mcfeely {

namespace pb = fleetbox::wire;

store::Outcome FakeDisk::Apply(const store::Transaction& txn) {
  store::Outcome outcome{store::Outcome::Kind::kRefused, revision_, {}};
  outcome.why = store::CheckLimits(txn);
  if (!outcome.why.ok()) return outcome;
  for (const store::Condition& c : txn.conditions) {
    const auto found = entries_.find(c.key);
    const bool there = found != entries_.end();
    const bool holds = c.kind == store::Condition::Kind::kAbsent ? !there
                       : c.kind == store::Condition::Kind::kPresent
                           ? there
                           : there && found->second == c.value;
    if (!holds) return outcome;
  }
  if (begin != nullptr) begin(txn);
  for (const store::Operation& o : txn.operations) {
    if (watch != nullptr) watch(o);
    if (o.kind == store::Operation::Kind::kPut) {
      entries_[o.key] = o.value;
    } else {
      entries_.erase(o.key);
    }
  }
  outcome.kind = store::Outcome::Kind::kApplied;
  outcome.revision = ++revision_;
  return outcome;
}

absl::StatusOr<store::Entry> FakeDisk::Get(absl::string_view key) {
  const auto found = entries_.find(std::string(key));
  if (found == entries_.end()) return absl::NotFoundError("no such key");
  return store::Entry{.key = found->first, .value = found->second};
}

absl::StatusOr<store::RangeResult> FakeDisk::Range(absl::string_view first,
                                                   absl::string_view last,
                                                   int64_t limit) {
  store::RangeResult result;
  result.revision = revision_;
  for (auto it = entries_.lower_bound(std::string(first));
       it != entries_.end() && (last.empty() || it->first < last); ++it) {
    if (limit > 0 && static_cast<int64_t>(result.entries.size()) == limit) {
      result.more = true;
      break;
    }
    result.entries.push_back({.key = it->first, .value = it->second});
  }
  return result;
}

// The world commits through Apply; of the rest a queue has no need.
void FakeDisk::Commit(store::Transaction, std::function<void(store::Outcome)>) {
  abort();
}
int64_t FakeDisk::Watch(absl::string_view, store::Revision,
                        std::function<void(store::WatchBatch)>) {
  abort();
}
void FakeDisk::Unwatch(int64_t) { abort(); }
absl::StatusOr<store::Lease> FakeDisk::MakeLease(absl::Duration) { abort(); }
absl::Status FakeDisk::KeepAlive(store::Lease) { abort(); }
absl::Status FakeDisk::Revoke(store::Lease) { abort(); }
absl::Status FakeDisk::Compact(store::Revision) { abort(); }
absl::StatusOr<store::EngineStatus> FakeDisk::Status() { abort(); }

std::string FakeParcel(const base::ParcelId& id, const Job& job) {
  const std::string body = wire::Serialize(ToMessage(job));
  std::string parcel = "FBP1";
  parcel += static_cast<char>(pb::JOB);
  parcel += '\0';
  base::PutLe16(parcel, 0);
  base::PutLe32(parcel, static_cast<uint32_t>(body.size()));
  base::PutLe32(parcel, static_cast<uint32_t>(body.size()));
  base::PutLe64(parcel, 1'700'000'000'000);
  absl::StrAppend(&parcel, id.view(), std::string(32, 'k'),
                  std::string(32, '\0'), body, std::string(64, 's'));
  return parcel;
}

}  // namespace mcfeely
