// What McFeely's store holds: how its keys are written and its values packed.
// queue.h lists the keys. Pure.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/ids.h"
#include "mcfeely/job.h"
#include "wire/messages.pb.h"

namespace mcfeely {

// Tasks in a head, and in each part of a bigger job. Whatever happens to a task
// writes its table anew; more tables are more keys to be read back.
inline constexpr uint32_t kTasksInTable = 32;
// Of jobs whose head does not say.
inline constexpr uint32_t kTasksInFormerTable = 512;
// Of a signed parcel in one value: with the format byte it is the most there
// may be.
inline constexpr size_t kTextPieceBytes = (512 << 10) - 1;
// Of a job's notes, in its head.
inline constexpr size_t kKeptNotes = 50;
// Of a task's attempts, in its TaskRuns.
inline constexpr size_t kKeptAttempts = 20;

// The keys of the queue with a name.
class Keys {
 public:
  explicit Keys(absl::string_view queue);
  std::string Seq() const;
  std::string Step() const;
  std::string Parcels() const;  // prefix of the following
  std::string Parcel(const base::ParcelId& id) const;
  std::string Idempotencies() const;  // prefix
  std::string Idempotency(absl::string_view principal,
                          absl::string_view key) const;
  std::string Jobs() const;                // prefix
  std::string Job(base::JobId job) const;  // prefix
  std::string Head(base::JobId job) const;
  std::string Part(base::JobId job, uint64_t n) const;
  std::string Text(base::JobId job, uint64_t n) const;
  std::string Runs(base::JobId job) const;  // prefix
  std::string Run(base::JobId job, base::TaskIndex task) const;
  std::string Mails() const;  // prefix
  // Of the report on the job's end when n is 0.
  std::string Mail(base::JobId job, uint64_t n) const;
  std::string AllEnded() const;  // prefix
  std::string Ended(absl::Time when, base::JobId job) const;

  // A key below Jobs(), taken apart; none when it is not one of ours.
  struct JobKey {
    enum class Kind { kHead, kPart, kText, kRun } kind;
    base::JobId job;
    uint64_t number;  // but for kHead
  };
  std::optional<JobKey> ParseJobKey(absl::string_view key) const;
  std::optional<base::ParcelId> ParseParcel(absl::string_view key) const;
  struct EndedKey {
    int64_t ms;
    base::JobId job;
  };
  std::optional<EndedKey> ParseEnded(absl::string_view key) const;
  std::string AllOperations() const;  // prefix
  std::string Operation(const base::ParcelId& id) const;
  std::optional<base::ParcelId> ParseOperation(absl::string_view key) const;
  std::string AllDrained() const;  // prefix
  std::string Drained(absl::string_view host) const;

 private:
  std::string root_;  // "main/"
};

// Numbers as values.
std::string PackNumber(uint64_t n);
absl::StatusOr<uint64_t> UnpackNumber(absl::string_view value);

// Messages as values. Unpacking: InvalidArgument.
std::string PackMessage(const google::protobuf::MessageLite& message);
absl::Status UnpackMessage(absl::string_view value,
                           google::protobuf::MessageLite& message);

// The job a signed parcel asks for. The parcel was checked when it was
// accepted; here only its form is.
absl::StatusOr<Job> JobOfParcel(absl::string_view parcel);

}  // namespace mcfeely
