// A parcel: one message, compressed and signed, that can be stored, relayed
// through somebody who is not trusted, and checked years later.
//
//   offset size
//        0    4  "FBP1"
//        4    1  kind (wire/messages.proto)
//        5    1  flags: bit 0, the body is one zstd frame; others zero
//        6    2  zero
//        8    4  body length as sent, little endian
//       12    4  body length once decompressed, little endian
//       16    8  time of signing, milliseconds since 1970, little endian
//       24   16  parcel id, random
//       40   32  sender's Ed25519 public key
//       72   32  audience: BLAKE2b-256 of the receiver's principal, or zeros
//      104    n  body
//    104+n   64  Ed25519 signature, SSHSIG over bytes [0, 104+n) in the
//                namespace of the kind
//
// A receiver checks, in this order, and looks at nothing of the body before the
// signature is good: (1) sizes and magic, (2) audience, (3) clock, (4) the key
// may do this at the signing time, (5) signature, (6) decompression, (7) parse,
// (8) every field, (9) not seen before. Open does 1 to 6; the message's owner 7
// and 8 and, for stored kinds, 9; ReplayGuard does 9 for the others.
#pragma once

#include <absl/container/flat_hash_set.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>
#include <absl/types/span.h>

#include <array>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "wire/messages.pb.h"
#include "wire/sshsig.h"

namespace wire {

using Kind = fleetbox::wire::Kind;

inline constexpr size_t kParcelHeaderBytes = 104;
inline constexpr size_t kSignatureBytes = 64;

struct KindRules {
  Kind kind;
  absl::string_view name;        // "job"
  absl::string_view name_space;  // "inject@fleetbox"
  size_t max_body_bytes;         // once decompressed
  // Stored kinds may be checked long after they were signed; their id is the
  // key of what they create. Others must be at most 5 minutes old and new.
  bool stored;
};
// Null for a number that is no kind.
const KindRules* RulesOf(int kind);
// All of them, in order of number.
absl::Span<const KindRules> AllKinds();
// The namespace of a channel's hello; the others stand in AllKinds.
inline constexpr absl::string_view kChannelNamespace = "channel@fleetbox";

// The audience field for a principal; 32 zero bytes for "".
std::string AudienceOf(absl::string_view principal);

// What the header says, before anything of it is believed.
struct Header {
  Kind kind;
  bool compressed;
  size_t wire_bytes, body_bytes;
  absl::Time signed_at;
  base::ParcelId id;
  PublicKey sender;
  std::string audience;  // 32 bytes
};
// Step 1. InvalidArgument.
absl::StatusOr<Header> ParseHeader(absl::string_view parcel);
// Whole length of the parcel that begins with `start` (at least 16 bytes of
// it), for those who read a stream; checks magic, kind and limits.
absl::StatusOr<size_t> ParcelLength(absl::string_view start);

struct Draft {
  Kind kind;
  std::string body;      // the serialised message
  std::string audience;  // principal, or "" for anyone
  base::ParcelId id;     // random, chosen by the caller
  absl::Time now;
};
// InvalidArgument when the body is over the kind's limit; else the signer's.
absl::StatusOr<std::string> Seal(const Draft& draft, const Signer& signer);

// Who may do what. keys::AllowedSigners is one.
class Trust {
 public:
  virtual ~Trust() = default;
  // The principals whose key this is, that may sign in `name_space` at `when`.
  // PermissionDenied with the reason (unknown key, wrong namespace, expired).
  virtual absl::StatusOr<std::vector<std::string>> Principals(
      const PublicKey& key, absl::string_view name_space,
      absl::Time when) const = 0;
};

struct Receiver {
  // Who we are: every principal that an audience may name.
  std::vector<std::string> principals = {};
  const Trust* trust = nullptr;
  // Set when the channel's other end has the local rights (a unix socket and
  // uid 0, our own uid or the group fleetbox): any key may then sign. One that
  // the trust file does not know counts as this, e.g. "local:root".
  std::string local_peer = {};
  // Set by those who only look: takes parcels for anybody.
  bool any_audience = false;
};

struct Opened {
  Header header;
  std::vector<std::string> principals;  // the sender's; at least one
  std::string body;                     // decompressed
};
// Steps 1 to 6. Each refusal has its own message that names the step, and from
// step 2 on the sender's fingerprint: InvalidArgument (1, 6), PermissionDenied
// (2, 4), Unauthenticated (5), FailedPrecondition (3).
absl::StatusOr<Opened> Open(absl::string_view parcel, const Receiver& receiver,
                            absl::Time now);

// Step 9 for kinds that are not stored: remembers ids for the clock window.
class ReplayGuard {
 public:
  // AlreadyExists if this id was seen within the window.
  absl::Status Check(const Header& header, absl::Time now);
  size_t size() const { return seen_.size(); }

 private:
  // By sender, so that nobody can use up an id that somebody else is to use.
  using Key = std::pair<std::array<uint8_t, 32>, base::ParcelId>;
  absl::flat_hash_set<Key> seen_;
  std::deque<std::pair<absl::Time, Key>> order_;  // until when
};

}  // namespace wire
