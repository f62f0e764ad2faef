// Limits of what a receiver is asked to do, beside those of base/limits.h;
// limits(7) says the same for people.
#pragma once

#include <absl/time/time.h>

#include <cstddef>
#include <cstdint>

namespace msrc {

// Texts longer than that are not compared line by line.
inline constexpr int64_t kMaxDiffBytes = 256 << 10;
// Of all differences in one answer.
inline constexpr size_t kMaxDiffsBytes = 8 << 20;
// Names below a folder that everything unlisted is removed from.
inline constexpr size_t kMaxWalkedNames = 1'000'000;
inline constexpr uint32_t kDefaultMaxPrune = 25;
inline constexpr size_t kMaxIgnoreWords = 10'000;
inline constexpr size_t kMaxSentBytes = 64 << 20;  // a list of sent files

inline constexpr absl::Duration kMaxLockWait = absl::Hours(1);
inline constexpr absl::Duration kDefaultLockWait = absl::Minutes(1);

// Below this no hashes are kept: reading is quick enough.
inline constexpr int64_t kMinCachedTreeBytes = 64 << 20;
inline constexpr size_t kMaxCachedHashes = 500'000;

// A utility.
inline constexpr size_t kMaxWords = 10'000;
inline constexpr size_t kMaxWordsBytes = 1 << 20;
inline constexpr size_t kMaxTerminalTypeBytes = 64;
inline constexpr uint32_t kMaxTerminalSide = 10'000;  // columns, lines
inline constexpr size_t kMaxOutputInFlight = 1 << 20;
inline constexpr size_t kMaxInputWaiting = 1 << 20;
inline constexpr absl::Duration kKillAfter = absl::Seconds(10);

// Whoever calls a receiver must say what it is to do.
inline constexpr absl::Duration kDeliveryTime = absl::Minutes(5);

inline constexpr size_t kMaxLimitsFileBytes = 1 << 20;
inline constexpr size_t kMaxLimitsRules = 10'000;

inline constexpr absl::Duration kKeepReceivers = absl::Hours(24 * 90);
// What a delivery that was interrupted has got.
inline constexpr absl::Duration kKeepLeft = absl::Hours(24);
inline constexpr absl::Duration kKeepRuns = absl::Hours(24 * 30);

}  // namespace msrc
