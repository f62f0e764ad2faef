#include "wire/parcel.h"

#include <absl/strings/match.h>

#include <catch2/catch.hpp>
#include <set>

#include "base/limits.h"
#include "unit/wire/testing.h"

using namespace wire_test;  // NOLINT: it is this test's other half

namespace {

const TrustsEverybody kEverybody;

wire::Receiver Server() {
  return {.principals = {"server:mcfeely"}, .trust = &kEverybody};
}

std::string SmallParcel() {
  return wire::Seal(JobDraft(), NumberedSigner(1)).value();
}

std::string LongText(size_t bytes) {
  std::string text;
  for (int i = 0; text.size() < bytes; i++) absl::StrAppend(&text, i, " ");
  text.resize(bytes);
  return text;
}

absl::Status OpenStatus(absl::string_view parcel, absl::Time now) {
  return wire::Open(parcel, Server(), now).status();
}

}  // namespace

TEST_CASE("parcel: what was sealed is opened", "[wire]") {
  const NumberedSigner signer(1);
  for (size_t n : {0, 1, 200, 255, 256, 4096, 1 << 20}) {
    wire::Draft draft = JobDraft();
    draft.body = LongText(n);
    const std::string parcel = wire::Seal(draft, signer).value();
    const wire::Opened opened =
        wire::Open(parcel, Server(), SigningTime()).value();
    CHECK(opened.body == draft.body);
    CHECK(opened.header.kind == pb::JOB);
    CHECK(opened.header.id == draft.id);
    CHECK(opened.header.signed_at == SigningTime());
    CHECK(opened.header.sender == signer.public_key());
    CHECK(opened.header.audience == wire::AudienceOf("server:mcfeely"));
    CHECK(opened.header.compressed == (n >= 256));
    CHECK(opened.header.body_bytes == n);
    CHECK(opened.principals == std::vector<std::string>{"anybody"});
    CHECK(*wire::ParcelLength(parcel) == parcel.size());
    CHECK(*wire::ParcelLength(parcel.substr(0, 16)) == parcel.size());
  }
}

TEST_CASE("parcel: every kind has its namespace and comes back", "[wire]") {
  std::set<absl::string_view> names;
  int kinds = 0;
  for (int kind = -1; kind < 300; kind++) {
    const wire::KindRules* rules = wire::RulesOf(kind);
    REQUIRE((rules != nullptr) == (kind != 0 && pb::Kind_IsValid(kind)));
    if (rules == nullptr) continue;
    kinds++;
    names.insert(rules->name);
    CHECK(rules->kind == kind);
    CHECK(absl::EndsWith(rules->name_space, "@fleetbox"));
    CHECK(rules->max_body_bytes <= base::kMaxManifestBytes);
    wire::Draft draft = JobDraft();
    draft.kind = rules->kind;
    const NumberedSigner signer(1);
    TrustTable trust;
    trust.Add(signer.public_key(), rules->name_space, "ops");
    wire::Receiver receiver = Server();
    receiver.trust = &trust;
    CHECK(wire::Open(*wire::Seal(draft, signer), receiver, SigningTime())
              ->header.kind == kind);
  }
  CHECK(kinds == pb::Kind_ARRAYSIZE - 1);
  CHECK(static_cast<int>(names.size()) == kinds);
}

TEST_CASE("parcel: the bytes are those of wire-format(7)", "[wire]") {
  CHECK(base::Hex(SmallParcel()) + "\n" == Fixture("parcels/golden.hex"));
}

TEST_CASE("parcel: the audience is BLAKE2b-256 of the principal", "[wire]") {
  CHECK(wire::AudienceOf("") == std::string(32, '\0'));
  // printf server:mcfeely | b2sum -l 256
  CHECK(base::Hex(wire::AudienceOf("server:mcfeely")) ==
        "7a87d0b46602777f14eea6e69a5aa3485ed1a97bbc27654f54db00cd37de7a6c");
}

TEST_CASE("parcel: a body over its kind's limit is not sealed", "[wire]") {
  wire::Draft draft = JobDraft();
  draft.body = std::string(base::kMaxBodyBytes + 1, 'x');
  const absl::Status status = wire::Seal(draft, NumberedSigner(1)).status();
  CHECK(absl::IsInvalidArgument(status));
  draft.kind = pb::MANIFEST;
  CHECK(wire::Seal(draft, NumberedSigner(1)).ok());
}

TEST_CASE("parcel: a signer that fails is heard", "[wire]") {
  class Broken : public NumberedSigner {
   public:
    Broken() : NumberedSigner(1) {}
    absl::StatusOr<std::string> Sign(absl::string_view) const override {
      return absl::UnavailableError("the agent went away");
    }
  };
  CHECK(wire::Seal(JobDraft(), Broken()).status() ==
        absl::UnavailableError("the agent went away"));
}

TEST_CASE("parcel: a flipped bit anywhere is refused", "[wire]") {
  const std::string parcel = SmallParcel();
  REQUIRE(OpenStatus(parcel, SigningTime()).ok());
  for (size_t n = 0; n < parcel.size(); n++) {
    for (int bit = 0; bit < 8; bit++) {
      std::string flipped = parcel;
      flipped[n] ^= 1 << bit;
      INFO("byte " << n << " bit " << bit);
      CHECK_FALSE(OpenStatus(flipped, SigningTime()).ok());
    }
  }
}

TEST_CASE(
    "parcel: a flipped bit in a compressed body is refused before it is "
    "decompressed",
    "[wire]") {
  wire::Draft draft = JobDraft();
  draft.body = LongText(2000);
  const std::string parcel = wire::Seal(draft, NumberedSigner(1)).value();
  for (size_t n = wire::kParcelHeaderBytes; n < parcel.size(); n++) {
    std::string flipped = parcel;
    flipped[n] ^= 1;
    CHECK(absl::IsUnauthenticated(OpenStatus(flipped, SigningTime())));
  }
}

TEST_CASE("parcel: one cut off at any length, or longer, is refused",
          "[wire]") {
  const std::string parcel = SmallParcel();
  for (size_t n = 0; n < parcel.size(); n++) {
    CHECK(absl::IsInvalidArgument(
        OpenStatus(absl::string_view(parcel).substr(0, n), SigningTime())));
  }
  CHECK(absl::IsInvalidArgument(OpenStatus(parcel + '\0', SigningTime())));
  CHECK(absl::IsInvalidArgument(OpenStatus(parcel + parcel, SigningTime())));
}

TEST_CASE("parcel: lengths of 4 GiB and beyond the kind's are refused",
          "[wire]") {
  std::string parcel = SmallParcel();
  for (size_t at : {8, 12}) {
    std::string huge = parcel;
    huge.replace(at, 4, "\xff\xff\xff\xff");
    CHECK(absl::IsInvalidArgument(OpenStatus(huge, SigningTime())));
    CHECK_FALSE(wire::ParcelLength(huge).ok());
  }
  parcel.replace(8, 8, "\xff\xff\xff\xff\xff\xff\xff\xff");
  CHECK(OpenStatus(parcel, SigningTime()).message() ==
        "step 1 (header): a body of 4294967295 bytes; kind job allows "
        "16777216");
}

TEST_CASE("parcel: a signed parcel for another kind needs that kind's trust",
          "[wire]") {
  const NumberedSigner signer(1);
  TrustTable trust;
  trust.Add(signer.public_key(), "tell@fleetbox", "ops");
  wire::Receiver receiver = Server();
  receiver.trust = &trust;

  wire::Draft draft = JobDraft();
  const absl::Status status =
      wire::Open(*wire::Seal(draft, signer), receiver, SigningTime()).status();
  CHECK(absl::IsPermissionDenied(status));
  CHECK(status.message() ==
        absl::StrCat("step 4 (trust): ", wire::Fingerprint(signer.public_key()),
                     ": not in table"));

  // Signed for tell, and then made a job.
  draft.kind = pb::TELL;
  std::string parcel = *wire::Seal(draft, signer);
  REQUIRE(wire::Open(parcel, receiver, SigningTime()).ok());
  parcel[4] = pb::JOB;
  CHECK(absl::IsPermissionDenied(
      wire::Open(parcel, receiver, SigningTime()).status()));
  trust.Add(signer.public_key(), "inject@fleetbox", "ops");
  CHECK(absl::IsUnauthenticated(
      wire::Open(parcel, receiver, SigningTime()).status()));
}

TEST_CASE("parcel: a stranger's signature under a trusted key is refused",
          "[wire]") {
  const NumberedSigner trusted(1), stranger(2);
  std::string parcel = *wire::Seal(JobDraft(), stranger);
  parcel.replace(40, 32, std::string(trusted.public_key().view()));
  const absl::Status status = OpenStatus(parcel, SigningTime());
  CHECK(absl::IsUnauthenticated(status));
  CHECK(status.message() ==
        absl::StrCat(
            "step 5 (signature): ", wire::Fingerprint(trusted.public_key()),
            " (anybody): not its signature in inject@fleetbox"));
}

TEST_CASE("parcel: one for somebody else is refused", "[wire]") {
  const NumberedSigner signer(1);
  wire::Draft draft = JobDraft();
  draft.audience = "server:other";
  const std::string theirs = *wire::Seal(draft, signer);
  const absl::Status status = OpenStatus(theirs, SigningTime());
  CHECK(absl::IsPermissionDenied(status));
  CHECK(status.message() == absl::StrCat("step 2 (audience): ",
                                         wire::Fingerprint(signer.public_key()),
                                         ": it is for somebody else"));
  wire::Receiver both = Server();
  both.principals.push_back("server:other");
  CHECK(wire::Open(theirs, both, SigningTime()).ok());

  draft.audience = "";
  const std::string anyone = *wire::Seal(draft, signer);
  CHECK(OpenStatus(anyone, SigningTime()).ok());
  wire::Receiver nobody = Server();
  nobody.principals = {};
  CHECK(wire::Open(anyone, nobody, SigningTime()).ok());
  CHECK_FALSE(wire::Open(theirs, nobody, SigningTime()).ok());
  // No name is not a name that everybody's parcels are for.
  nobody.principals = {""};
  CHECK_FALSE(wire::Open(theirs, nobody, SigningTime()).ok());
}

TEST_CASE("parcel: whoever only looks takes any audience and nothing else",
          "[wire]") {
  wire::Receiver looker = {.trust = &kEverybody, .any_audience = true};
  std::string parcel = SmallParcel();
  CHECK(wire::Open(parcel, looker, SigningTime()).ok());
  parcel.back() ^= 1;
  CHECK_FALSE(wire::Open(parcel, looker, SigningTime()).ok());
}

TEST_CASE("parcel: clocks may differ by exactly five minutes", "[wire]") {
  const NumberedSigner signer(1);
  wire::Draft draft = JobDraft();
  const absl::Duration tick = absl::Milliseconds(1);
  for (bool stored : {true, false}) {
    draft.kind = stored ? pb::JOB : pb::DISPATCH;
    const std::string parcel = *wire::Seal(draft, signer);
    const absl::Time at = SigningTime();
    CHECK(OpenStatus(parcel, at - absl::Minutes(5)).ok());
    CHECK(OpenStatus(parcel, at + absl::Minutes(5)).ok());
    CHECK(
        OpenStatus(parcel, at - absl::Minutes(5) - tick).message() ==
        absl::StrCat("step 3 (clock): ", wire::Fingerprint(signer.public_key()),
                     ": signed 5m1ms in the future, at "
                     "2025-01-31T10:15:04.120Z"));
    const absl::Status late = OpenStatus(parcel, at + absl::Minutes(5) + tick);
    CHECK(late.ok() == stored);
    CHECK((stored || absl::IsFailedPrecondition(late)));
    CHECK(OpenStatus(parcel, at + absl::Hours(24 * 3650)).ok() == stored);
  }
}

TEST_CASE("parcel: checks come in the order of wire-format(7)", "[wire]") {
  // Everything is wrong with it; mending one thing shows the next step.
  const NumberedSigner signer(1);
  TrustTable trust;
  wire::Receiver receiver = {.principals = {"server:other"}, .trust = &trust};
  wire::Draft draft = JobDraft();
  draft.body = LongText(1000);
  std::string parcel = *wire::Seal(draft, signer);
  parcel[5] = 3;
  parcel.back() ^= 1;
  absl::Time now = SigningTime() - absl::Hours(1);
  const auto step = [&] {
    const absl::Status s = wire::Open(parcel, receiver, now).status();
    return std::string(s.message().substr(0, s.message().find(':')));
  };
  CHECK(step() == "step 1 (header)");
  parcel[5] = 1;
  CHECK(step() == "step 2 (audience)");
  receiver.principals = {"server:mcfeely"};
  CHECK(step() == "step 3 (clock)");
  now = SigningTime();
  CHECK(step() == "step 4 (trust)");
  trust.Add(signer.public_key(), "inject@fleetbox", "ops");
  CHECK(step() == "step 5 (signature)");
  parcel.back() ^= 1;
  CHECK(step() == "");
}

TEST_CASE("parcel: local rights replace trust, not the signature", "[wire]") {
  wire::Receiver receiver = {.principals = {"server:mcfeely"},
                             .local_peer = "local:root"};
  std::string parcel = SmallParcel();
  const wire::Opened opened =
      wire::Open(parcel, receiver, SigningTime()).value();
  CHECK(opened.principals == std::vector<std::string>{"local:root"});
  parcel.back() ^= 1;
  CHECK(absl::IsUnauthenticated(
      wire::Open(parcel, receiver, SigningTime()).status()));
}

TEST_CASE("parcel: an id that was seen is refused for the clock window",
          "[wire]") {
  wire::ReplayGuard guard;
  wire::Draft draft = JobDraft();
  draft.kind = pb::DISPATCH;
  const std::string parcel = *wire::Seal(draft, NumberedSigner(1));
  const wire::Header header = *wire::ParseHeader(parcel);
  const absl::Time start = SigningTime() - absl::Minutes(5);
  CHECK(guard.Check(header, start).ok());
  // As long as its time of signing lets it in, its id does not.
  for (absl::Duration later :
       {absl::ZeroDuration(), absl::Minutes(5), absl::Minutes(10)}) {
    CHECK(OpenStatus(parcel, start + later).ok());
    CHECK(absl::IsAlreadyExists(guard.Check(header, start + later)));
  }
  CHECK(guard.size() == 1);
  wire::Header of_another = header;
  of_another.sender = NumberedSigner(2).public_key();
  wire::ReplayGuard same_id = guard;
  CHECK(same_id.Check(of_another, start).ok());
  wire::Header other = header;
  other.id = NumberedId(7);
  const absl::Time after = start + absl::Minutes(10) + absl::Milliseconds(1);
  CHECK_FALSE(OpenStatus(parcel, after).ok());
  CHECK(guard.Check(other, after).ok());
  CHECK(guard.size() == 1);
}
