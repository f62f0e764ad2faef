// What a controller and a relay say to each other: many streams of bytes over
// one channel, each to an ssh that the relay runs for one host. Pure.
//
// A message is one data frame of the channel: kind, stream (4 bytes, little
// endian), and
//
//   controller  kOpen     words: what to run (RelayOpen)
//               kData     bytes for the host
//               kNew      the same, which the relay keeps: they may go to
//               others kKept     the hash of bytes that it has kept: for this
//               host, too kClose    nothing more follows, and soon nobody
//               listens
//   relay       kData     bytes of the host
//               kErrors   what ssh has said
//               kEnded    its exit code (4 bytes), behind all of its bytes
//   both        kTaken    so many bytes (4 bytes) have gone where they belong
//
// A stream has kRelayWindow bytes under way each way: whoever is slow has
// others wait for nothing, and the memory of both ends is bounded. What a relay
// keeps is bounded, too, and both ends know by the same rule what that is.
//
// A relay is believed nothing but how connections fare: what goes through it is
// signed, or checked by hashes that are.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "wire/content_hash.h"

namespace msrc {

inline constexpr size_t kRelayWindow = 512 << 10;
inline constexpr size_t kMaxRelayDataBytes = 256 << 10;
inline constexpr size_t kMaxRelayWordsBytes = 128 << 10;
inline constexpr size_t kMaxRelayWords = 1000;
inline constexpr size_t kMaxRelayStreams = 1000;
inline constexpr size_t kRelayKeptBytes = 32 << 20;

enum class RelayKind : uint8_t {
  kOpen = 1,
  kData = 2,
  kNew = 3,
  kKept = 4,
  kClose = 5,
  kErrors = 6,
  kEnded = 7,
  kTaken = 8
};

// The call of one host.
struct RelayOpen {
  std::vector<std::string> ssh;  // at least one word
  std::string login, host;       // login: may be empty
  std::vector<std::string> command;
  friend bool operator==(const RelayOpen&, const RelayOpen&) = default;
};

struct RelayMessage {
  RelayKind kind = RelayKind::kData;
  uint32_t stream = 0;
  std::string bytes = {};  // kData, kNew, kErrors
  wire::Hash hash{};       // kKept
  uint32_t number = 0;     // kEnded, kTaken
  RelayOpen open = {};     // kOpen
  friend bool operator==(const RelayMessage&, const RelayMessage&) = default;
};
std::string EncodeRelay(const RelayMessage& message);
// InvalidArgument: none of these, or beyond its limits.
absl::StatusOr<RelayMessage> ParseRelay(absl::string_view bytes);

// How much of one direction of a stream is under way, at the end that sends or
// at the one that receives.
class RelayFlow {
 public:
  size_t room() const { return kRelayWindow - under_way_; }
  // So many bytes are sent, or have come. InvalidArgument: more than may be.
  absl::Status Add(size_t bytes);
  // The other end says, or is told, that so many have been taken.
  // InvalidArgument: more than were under way.
  absl::Status Take(size_t bytes);
  size_t under_way() const { return under_way_; }

 private:
  size_t under_way_ = 0;
};

// What a relay keeps, as the controller knows it, too: the latest of what was
// sent as new, up to kRelayKeptBytes.
class RelayStore {
 public:
  // `bytes` are null where only the name counts. What is there already stays as
  // it is.
  void Keep(const wire::Hash& hash, size_t size,
            std::shared_ptr<const std::string> bytes);
  bool Has(const wire::Hash& hash) const { return kept_.contains(hash); }
  // Null when it is not there.
  std::shared_ptr<const std::string> Find(const wire::Hash& hash) const;
  size_t bytes() const { return bytes_; }

 private:
  struct Kept {
    size_t size = 0;
    std::shared_ptr<const std::string> bytes;  // others: who sends them now
  };
  absl::flat_hash_map<wire::Hash, Kept> kept_;
  std::deque<wire::Hash> order_;  // the oldest first
  size_t bytes_ = 0;
};

}  // namespace msrc
