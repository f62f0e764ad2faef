#include "mcfeely/records.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/time.h"
#include "wire/compress.h"
#include "wire/message.h"
#include "wire/parcel.h"

namespace mcfeely {
namespace {

constexpr size_t kDigits = 16;
// The largest message in a value: a former table of 512 tasks with the longest
// reasons; or a task's runs.
constexpr size_t kMaxRecordBytes = 1 << 20;

// Numbers in keys have a fixed width: byte order is numeric order.
std::string Digits(uint64_t n) {
  return absl::StrCat(absl::Hex(n, absl::kZeroPad16));
}

bool TakeDigits(absl::string_view* text, uint64_t* n) {
  if (text->size() < kDigits) return false;
  *n = 0;
  for (const char c : text->substr(0, kDigits)) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (c < 'a' || c > 'f')) return false;
    *n = *n << 4 | static_cast<uint64_t>(digit ? c - '0' : c - 'a' + 10);
  }
  text->remove_prefix(kDigits);
  return true;
}

std::optional<base::ParcelId> ParseId(absl::string_view key,
                                      absl::string_view prefix) {
  if (!absl::ConsumePrefix(&key, prefix)) return std::nullopt;
  const absl::StatusOr<std::string> bytes = base::FromHex(key);
  base::ParcelId id;
  if (!bytes.ok() || bytes->size() != id.bytes.size()) return std::nullopt;
  return base::ParcelId::From(*bytes);
}

}  // namespace

Keys::Keys(absl::string_view queue) : root_(absl::StrCat(queue, "/")) {}

std::string Keys::Seq() const { return root_ + "seq"; }
std::string Keys::Step() const { return root_ + "step"; }
std::string Keys::Parcels() const { return root_ + "parcel/"; }
std::string Keys::Parcel(const base::ParcelId& id) const {
  return absl::StrCat(root_, "parcel/", base::Hex(id.view()));
}
std::string Keys::Idempotencies() const { return root_ + "key/"; }
std::string Keys::Idempotency(absl::string_view principal,
                              absl::string_view key) const {
  return absl::StrCat(root_, "key/", principal, absl::string_view("\0", 1),
                      key);
}
std::string Keys::Jobs() const { return root_ + "job/"; }
std::string Keys::Job(base::JobId job) const {
  return absl::StrCat(root_, "job/", Digits(job.value), "/");
}
std::string Keys::Head(base::JobId job) const { return Job(job) + "head"; }
std::string Keys::Part(base::JobId job, uint64_t n) const {
  return absl::StrCat(Job(job), "part/", Digits(n));
}
std::string Keys::Text(base::JobId job, uint64_t n) const {
  return absl::StrCat(Job(job), "text/", Digits(n));
}
std::string Keys::Runs(base::JobId job) const { return Job(job) + "run/"; }
std::string Keys::Run(base::JobId job, base::TaskIndex task) const {
  return absl::StrCat(Job(job), "run/", Digits(task.value));
}
std::string Keys::Mails() const { return root_ + "mail/"; }
std::string Keys::Mail(base::JobId job, uint64_t n) const {
  return absl::StrCat(root_, "mail/", Digits(job.value), ".", Digits(n));
}
std::string Keys::AllEnded() const { return root_ + "ended/"; }
std::string Keys::Ended(absl::Time when, base::JobId job) const {
  const uint64_t ms = static_cast<uint64_t>(base::ToMillis(when));
  return absl::StrCat(root_, "ended/", Digits(ms), ".", Digits(job.value));
}

std::optional<Keys::JobKey> Keys::ParseJobKey(absl::string_view key) const {
  JobKey parsed{};
  if (!absl::ConsumePrefix(&key, root_) || !absl::ConsumePrefix(&key, "job/") ||
      !TakeDigits(&key, &parsed.job.value) || !absl::ConsumePrefix(&key, "/")) {
    return std::nullopt;
  }
  if (key == "head") {
    parsed.kind = JobKey::Kind::kHead;
    return parsed;
  }
  if (absl::ConsumePrefix(&key, "part/")) {
    parsed.kind = JobKey::Kind::kPart;
  } else if (absl::ConsumePrefix(&key, "text/")) {
    parsed.kind = JobKey::Kind::kText;
  } else if (absl::ConsumePrefix(&key, "run/")) {
    parsed.kind = JobKey::Kind::kRun;
  } else {
    return std::nullopt;
  }
  if (!TakeDigits(&key, &parsed.number) || !key.empty()) return std::nullopt;
  return parsed;
}

std::optional<base::ParcelId> Keys::ParseParcel(absl::string_view key) const {
  return ParseId(key, Parcels());
}

std::optional<Keys::EndedKey> Keys::ParseEnded(absl::string_view key) const {
  uint64_t ms;
  EndedKey ended;
  if (!absl::ConsumePrefix(&key, AllEnded()) || !TakeDigits(&key, &ms) ||
      !absl::ConsumePrefix(&key, ".") || !TakeDigits(&key, &ended.job.value) ||
      !key.empty() || ms > static_cast<uint64_t>(INT64_MAX)) {
    return std::nullopt;
  }
  ended.ms = static_cast<int64_t>(ms);
  return ended;
}

std::string Keys::AllOperations() const { return root_ + "op/"; }
std::string Keys::Operation(const base::ParcelId& id) const {
  return absl::StrCat(root_, "op/", base::Hex(id.view()));
}
std::optional<base::ParcelId> Keys::ParseOperation(
    absl::string_view key) const {
  return ParseId(key, AllOperations());
}

std::string Keys::AllDrained() const { return root_ + "drained/"; }
std::string Keys::Drained(absl::string_view host) const {
  return absl::StrCat(root_, "drained/", host);
}

std::string PackNumber(uint64_t n) { return Digits(n); }

absl::StatusOr<uint64_t> UnpackNumber(absl::string_view value) {
  uint64_t n;
  if (!TakeDigits(&value, &n) || !value.empty()) {
    return absl::InvalidArgumentError("not a number of 16 digits");
  }
  return n;
}

std::string PackMessage(const google::protobuf::MessageLite& message) {
  return wire::PackValue(wire::Serialize(message));
}

absl::Status UnpackMessage(absl::string_view value,
                           google::protobuf::MessageLite& message) {
  TRY_ASSIGN(const std::string bytes,
             wire::UnpackValue(value, kMaxRecordBytes));
  return wire::ParseInto(bytes, kMaxRecordBytes, message);
}

absl::StatusOr<Job> JobOfParcel(absl::string_view parcel) {
  TRY_ASSIGN(const wire::Header header, wire::ParseHeader(parcel));
  if (header.kind != fleetbox::wire::JOB) {
    return absl::InvalidArgumentError("the parcel holds no job");
  }
  const absl::string_view sent =
      parcel.substr(wire::kParcelHeaderBytes, header.wire_bytes);
  fleetbox::wire::Job message;
  if (header.compressed) {
    TRY_ASSIGN(const std::string body,
               wire::Decompress(sent, header.body_bytes));
    TRY(wire::ParseInto(body, base::kMaxBodyBytes, message));
  } else {
    TRY(wire::ParseInto(sent, base::kMaxBodyBytes, message));
  }
  return FromMessage(message);
}

}  // namespace mcfeely
