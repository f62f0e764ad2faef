#include "wire/parcel.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <sodium.h>

#include <algorithm>
#include <cstring>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/time.h"
#include "wire/compress.h"
#include "wire/sodium.h"

namespace wire {
namespace {

namespace pb = fleetbox::wire;

constexpr absl::string_view kMagic = "FBP1";
constexpr uint8_t kCompressed = 1;
constexpr uint64_t kLatestMs = 253'402'300'799'999;  // the end of year 9999

// Where the fields stand; wire/parcel.h draws it.
enum : size_t {
  kKindAt = 4,
  kFlagsAt = 5,
  kZeroAt = 6,
  kWireBytesAt = 8,
  kBodyBytesAt = 12,
  kSignedAt = 16,
  kIdAt = 24,
  kSenderAt = 40,
  kAudienceAt = 72,
};
constexpr size_t kStartBytes = 16;  // what ParcelLength needs

// Answers to an operator come from the server, in the namespace in which it
// also talks to agents; an agent's first parcel is one of its reports.
constexpr KindRules kKinds[] = {
    {pb::JOB, "job", "inject@fleetbox", base::kMaxBodyBytes, true},
    {pb::CONTROL, "control", "inject@fleetbox", base::kMaxBodyBytes, false},
    {pb::DISPATCH, "dispatch", "dispatch@fleetbox", base::kMaxBodyBytes, false},
    {pb::RESULTS, "results", "result@fleetbox", base::kMaxBodyBytes, false},
    {pb::TELL, "tell", "tell@fleetbox", base::kMaxBodyBytes, false},
    {pb::EVENT, "event", "event@fleetbox", base::kMaxBodyBytes, true},
    {pb::MANIFEST, "manifest", "bundle@fleetbox", base::kMaxManifestBytes,
     false},
    {pb::REQUEST, "request", "power@fleetbox", base::kMaxBodyBytes, false},
    {pb::REPLY, "reply", "dispatch@fleetbox", base::kMaxBodyBytes, false},
    {pb::QUERY, "query", "inject@fleetbox", base::kMaxBodyBytes, false},
    {pb::ANNOUNCE, "announce", "result@fleetbox", base::kMaxBodyBytes, false},
    {pb::TOLD, "told", "result@fleetbox", base::kMaxBodyBytes, false},
    {pb::DELIVERY, "delivery", "bundle@fleetbox", base::kMaxManifestBytes,
     false},
    {pb::UTILITY, "utility", "bundle@fleetbox", base::kMaxBodyBytes, false},
    {pb::BUNDLE, "bundle", "bundle@fleetbox", base::kMaxManifestBytes, true},
    {pb::POWERED, "powered", "result@fleetbox", base::kMaxBodyBytes, false},
};

// A refusal: "step 4 (trust): SHA256:... (ops@example.com): why". The
// fingerprint is made only here, as most parcels are good.
absl::Status Refuse(absl::StatusCode code, absl::string_view step,
                    const Header& header,
                    const std::vector<std::string>& principals,
                    absl::string_view why) {
  std::string who;
  if (!principals.empty()) {
    who = absl::StrCat(" (", absl::StrJoin(principals, ","), ")");
  }
  return absl::Status(code, absl::StrCat(step, ": ", Fingerprint(header.sender),
                                         who, ": ", why));
}

absl::Status BadHeader(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("step 1 (header): ", why));
}

}  // namespace

absl::Span<const KindRules> AllKinds() { return kKinds; }

const KindRules* RulesOf(int kind) {
  for (const KindRules& rules : kKinds) {
    if (rules.kind == kind) return &rules;
  }
  return nullptr;
}

std::string AudienceOf(absl::string_view principal) {
  std::string audience(crypto_generichash_BYTES, '\0');
  if (principal.empty()) return audience;
  NeedSodium();
  crypto_generichash(reinterpret_cast<unsigned char*>(audience.data()),
                     audience.size(),
                     reinterpret_cast<const unsigned char*>(principal.data()),
                     principal.size(), nullptr, 0);
  return audience;
}

absl::StatusOr<size_t> ParcelLength(absl::string_view start) {
  if (start.size() < kStartBytes) {
    return BadHeader(absl::StrCat("cut off after ", start.size(), " bytes"));
  }
  if (start.substr(0, kMagic.size()) != kMagic) {
    return BadHeader("not a parcel of this version");
  }
  const int kind = static_cast<uint8_t>(start[kKindAt]);
  const KindRules* rules = RulesOf(kind);
  if (rules == nullptr) return BadHeader(absl::StrCat("unknown kind ", kind));
  const uint8_t flags = start[kFlagsAt];
  if ((flags & ~kCompressed) != 0) {
    return BadHeader(absl::StrCat("reserved flags are set: ", flags));
  }
  if (base::Le16(&start[kZeroAt]) != 0) {
    return BadHeader("reserved bytes are not zero");
  }
  const size_t wire_bytes = base::Le32(&start[kWireBytesAt]);
  const size_t body_bytes = base::Le32(&start[kBodyBytesAt]);
  if (body_bytes > rules->max_body_bytes) {
    return BadHeader(absl::StrCat("a body of ", body_bytes, " bytes; kind ",
                                  rules->name, " allows ",
                                  rules->max_body_bytes));
  }
  if (flags == 0 && wire_bytes != body_bytes) {
    return BadHeader(absl::StrCat("not compressed, yet its lengths differ: ",
                                  wire_bytes, " and ", body_bytes));
  }
  if (flags != 0 && wire_bytes >= body_bytes) {
    return BadHeader(absl::StrCat("compressed, yet not smaller: ", wire_bytes,
                                  " and ", body_bytes));
  }
  return kParcelHeaderBytes + wire_bytes + kSignatureBytes;
}

absl::StatusOr<Header> ParseHeader(absl::string_view parcel) {
  TRY_ASSIGN(const size_t length, ParcelLength(parcel));
  if (parcel.size() != length) {
    return BadHeader(
        absl::StrCat(parcel.size(), " bytes where its header says ", length));
  }
  Header header;
  header.kind = static_cast<Kind>(parcel[kKindAt]);
  header.compressed = parcel[kFlagsAt] == kCompressed;
  header.wire_bytes = base::Le32(&parcel[kWireBytesAt]);
  header.body_bytes = base::Le32(&parcel[kBodyBytesAt]);
  const uint64_t signed_ms = base::Le64(&parcel[kSignedAt]);
  if (signed_ms > kLatestMs) return BadHeader("signed after the year 9999");
  header.signed_at = base::FromMillis(static_cast<int64_t>(signed_ms));
  header.id =
      base::ParcelId::From(parcel.substr(kIdAt, sizeof(header.id.bytes)));
  if (header.id.empty()) return BadHeader("its id is zero");
  memcpy(header.sender.bytes.data(), &parcel[kSenderAt],
         header.sender.bytes.size());
  header.audience =
      std::string(parcel.substr(kAudienceAt, crypto_generichash_BYTES));
  return header;
}

absl::StatusOr<std::string> Seal(const Draft& draft, const Signer& signer) {
  const KindRules* rules = RulesOf(draft.kind);
  MUST(rules != nullptr && !draft.id.empty());
  const std::string& body = draft.body;
  if (body.size() > rules->max_body_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a ", rules->name, " of ", body.size(), " bytes; at most ",
                     rules->max_body_bytes, " can be sent"));
  }
  // One buffer for the whole parcel: the body is compressed into its place.
  std::string parcel;
  parcel.reserve(kParcelHeaderBytes + body.size() + kSignatureBytes);
  parcel.append(kMagic.data(), kMagic.size());
  parcel += static_cast<char>(draft.kind);
  parcel += '\0';  // flags and wire length: below, once they are known
  base::PutLe16(parcel, 0);
  base::PutLe32(parcel, static_cast<uint32_t>(body.size()));
  base::PutLe32(parcel, static_cast<uint32_t>(body.size()));
  base::PutLe64(parcel, static_cast<uint64_t>(base::ToMillis(draft.now)));
  absl::StrAppend(&parcel, draft.id.view(), signer.public_key().view(),
                  AudienceOf(draft.audience));

  size_t frame_bytes = 0;
  if (body.size() >= base::kMinCompressBytes) {
    parcel.resize(kParcelHeaderBytes + body.size());
    frame_bytes = CompressInto(body, &parcel[kParcelHeaderBytes]);
  }
  if (frame_bytes != 0) {
    parcel.resize(kParcelHeaderBytes + frame_bytes);
    std::string length;
    base::PutLe32(length, static_cast<uint32_t>(frame_bytes));
    memcpy(&parcel[kWireBytesAt], length.data(), length.size());
    parcel[kFlagsAt] = kCompressed;
  } else {
    parcel.resize(kParcelHeaderBytes);
    parcel.append(body);
  }
  TRY_ASSIGN(const std::string signature,
             SshsigSign(signer, parcel, rules->name_space));
  parcel.append(signature);
  return parcel;
}

absl::StatusOr<Opened> Open(absl::string_view parcel, const Receiver& receiver,
                            absl::Time now) {
  Opened opened;
  TRY_ASSIGN(opened.header, ParseHeader(parcel));
  const Header& header = opened.header;
  const KindRules& rules = *RulesOf(header.kind);
  std::vector<std::string>& principals = opened.principals;

  bool for_us = receiver.any_audience || header.audience == AudienceOf("");
  for (const std::string& principal : receiver.principals) {
    for_us = for_us ||
             (!principal.empty() && header.audience == AudienceOf(principal));
  }
  if (!for_us) {
    return Refuse(absl::StatusCode::kPermissionDenied, "step 2 (audience)",
                  header, principals, "it is for somebody else");
  }

  const absl::Duration age = now - header.signed_at;
  if (-age > base::kMaxClockAhead) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "step 3 (clock)",
                  header, principals,
                  absl::StrCat("signed ", base::FormatDuration(-age),
                               " in the future, at ",
                               base::FormatTime(header.signed_at)));
  }
  if (!rules.stored && age > base::kMaxClockBehind) {
    return Refuse(
        absl::StatusCode::kFailedPrecondition, "step 3 (clock)", header,
        principals,
        absl::StrCat("signed ", base::FormatDuration(age), " ago, at ",
                     base::FormatTime(header.signed_at)));
  }

  MUST(receiver.trust != nullptr || !receiver.local_peer.empty());
  absl::StatusOr<std::vector<std::string>> who = std::vector<std::string>();
  if (receiver.trust != nullptr) {
    who = receiver.trust->Principals(header.sender, rules.name_space,
                                     header.signed_at);
  }
  if (who.ok() && !who->empty()) {
    principals = *std::move(who);
  } else if (!receiver.local_peer.empty()) {
    principals.push_back(receiver.local_peer);
  } else {
    return Refuse(absl::StatusCode::kPermissionDenied, "step 4 (trust)", header,
                  principals,
                  who.ok() ? "nobody's key" : who.status().message());
  }

  const size_t signed_bytes = kParcelHeaderBytes + header.wire_bytes;
  if (!SshsigVerify(header.sender, parcel.substr(0, signed_bytes),
                    rules.name_space, parcel.substr(signed_bytes))) {
    return Refuse(absl::StatusCode::kUnauthenticated, "step 5 (signature)",
                  header, principals,
                  absl::StrCat("not its signature in ", rules.name_space));
  }

  const absl::string_view body =
      parcel.substr(kParcelHeaderBytes, header.wire_bytes);
  if (!header.compressed) {
    opened.body = std::string(body);
    return opened;
  }
  absl::StatusOr<std::string> content = Decompress(body, header.body_bytes);
  if (!content.ok()) {
    return Refuse(absl::StatusCode::kInvalidArgument, "step 6 (decompression)",
                  header, principals, content.status().message());
  }
  opened.body = *std::move(content);
  return opened;
}

absl::Status ReplayGuard::Check(const Header& header, absl::Time now) {
  while (!order_.empty() && order_.front().first < now) {
    seen_.erase(order_.front().second);
    order_.pop_front();
  }
  // A parcel from the future may come again until its time of signing is
  // behind us by the whole window.
  const absl::Time until = now + base::kMaxClockAhead + base::kMaxClockBehind;
  const Key key = {header.sender.bytes, header.id};
  if (!seen_.insert(key).second) {
    return absl::AlreadyExistsError(absl::StrCat(
        "step 9 (replay): ", Fingerprint(header.sender), ": parcel ",
        base::Hex(header.id.view()), " has been here before"));
  }
  order_.emplace_back(until, key);
  return absl::OkStatus();
}

}  // namespace wire
