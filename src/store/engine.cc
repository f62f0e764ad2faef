#include "store/engine.h"

#include <absl/strings/str_cat.h>

#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "sys/clock.h"
#include "sys/loop.h"

namespace store {
namespace {

absl::Status TooMany(size_t count, absl::string_view of, size_t limit) {
  return absl::InvalidArgumentError(absl::StrCat(
      "a transaction of ", count, " ", of, ", where ", limit, " is the most"));
}

// Adds what a key and a value weigh to `bytes`, or says what is wrong.
absl::Status Weigh(absl::string_view key, absl::string_view value,
                   size_t* bytes) {
  // etcd has no empty key either.
  if (key.empty()) return absl::InvalidArgumentError("an empty key");
  if (key.size() > base::kMaxStoreKeyBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a key of ", key.size(), " bytes, where ",
                     base::kMaxStoreKeyBytes, " is the most"));
  }
  if (value.size() > base::kMaxStoreValueBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a value of ", value.size(), " bytes, where ",
                     base::kMaxStoreValueBytes, " is the most"));
  }
  *bytes += key.size() + value.size();
  return absl::OkStatus();
}

}  // namespace

Condition Absent(std::string key) {
  return {Condition::Kind::kAbsent, std::move(key), 0, ""};
}
Condition Present(std::string key) {
  return {Condition::Kind::kPresent, std::move(key), 0, ""};
}
Condition ModifiedAt(std::string key, Revision r) {
  return {Condition::Kind::kModifiedAt, std::move(key), r, ""};
}
Condition ValueIs(std::string key, std::string value) {
  return {Condition::Kind::kValueIs, std::move(key), 0, std::move(value)};
}

Operation Put(std::string key, std::string value, Lease lease) {
  return {Operation::Kind::kPut, std::move(key), std::move(value), lease};
}
Operation Delete(std::string key) {
  return {Operation::Kind::kDelete, std::move(key), "", 0};
}

absl::Status CheckLimits(const Transaction& txn) {
  if (txn.operations.size() > base::kMaxTxnOperations) {
    return TooMany(txn.operations.size(), "operations",
                   base::kMaxTxnOperations);
  }
  if (txn.conditions.size() > base::kMaxTxnConditions) {
    return TooMany(txn.conditions.size(), "conditions",
                   base::kMaxTxnConditions);
  }
  size_t bytes = 0;
  for (const Condition& c : txn.conditions) TRY(Weigh(c.key, c.value, &bytes));
  for (const Operation& o : txn.operations) TRY(Weigh(o.key, o.value, &bytes));
  if (bytes > base::kMaxTxnBytes) {
    return TooMany(bytes, "bytes", base::kMaxTxnBytes);
  }
  return absl::OkStatus();
}

std::string PrefixEnd(absl::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == '\xff') end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(end.back() + 1);
  return end;
}

absl::Status NoSuchKey() { return absl::NotFoundError("no such key"); }
absl::Status NoSuchLease(Lease lease) {
  return absl::NotFoundError(absl::StrCat("lease ", lease, " has ended"));
}
absl::Status FutureRevision(Revision asked, Revision newest) {
  return absl::InvalidArgumentError(absl::StrCat(
      "revision ", asked, " is yet to come; the newest is ", newest));
}

Surroundings SurroundingsOf(sys::Loop& loop) {
  return {
      .post = [&loop](std::function<void()> f) { loop.Post(std::move(f)); },
      .now = [] { return sys::SteadyNow(); },
      .at = [&loop](absl::Time when,
                    std::function<void()> f) { loop.At(when, std::move(f)); },
  };
}

}  // namespace store
