// Every limit on what comes from hosts to msrc's controller; limits(7) says the
// same for people.
#pragma once

#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>

namespace msrc {

// What a host may print before its receiver speaks, and a line of the talk.
inline constexpr size_t kMaxRemoteNoiseBytes = 64 << 10;
inline constexpr size_t kMaxRemoteLineBytes = 4 << 10;

// A message of a receiver: the lists of a delivery of base::kMaxManifestEntries
// entries, and diffs.
inline constexpr size_t kMaxReceiverMessageBytes = 32 << 20;
inline constexpr size_t kMaxWarnings = 1000;
inline constexpr size_t kMaxErrorTextBytes = 1000;
inline constexpr size_t kNonceBytes = 16;
// Of the contents and of a utility's input: what is under way to one host, and
// of a utility's output from one.
inline constexpr size_t kUnderWayBytes = 1 << 20;
// Of a utility's input that is in no file, and so is copied to one.
inline constexpr size_t kMaxCopiedInputBytes = size_t{1} << 30;
// An operator's interrupt: the receiver kills the utility after 10 seconds.
inline constexpr absl::Duration kCancelTime = absl::Seconds(15);

inline constexpr size_t kMaxRunJournalBytes = 256 << 20;

}  // namespace msrc
