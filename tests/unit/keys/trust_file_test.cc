#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "keys/allowed_signers.h"
#include "keys/openssh_key.h"
#include "sys/file.h"
#include "unit/wire/testing.h"

namespace {

using wire_test::NumberedSigner;
using wire_test::SigningTime;

constexpr char kInject[] = "inject@fleetbox";

std::string Line(const char* who, uint8_t number) {
  return absl::StrCat(who, " ",
                      wire::SshLine(NumberedSigner(number).public_key()), "\n");
}

struct Bench {
  sys::TemporaryFolder folder = sys::TemporaryFolder::Make("trust").value();
  std::string path = folder.path() + "/allowed_signers";

  void Put(absl::string_view text) {
    REQUIRE(sys::ReplaceFile(path, text).ok());
  }
  // A time long ago, so that the file counts as settled.
  void Age(int64_t seconds) {
    const timespec times[2] = {{seconds, 0}, {seconds, 0}};
    REQUIRE(utimensat(-1, path.c_str(), times, 0) == 0);
  }
};

bool Trusts(const keys::TrustFile& trust, uint8_t number) {
  return trust
      .Principals(NumberedSigner(number).public_key(), kInject, SigningTime())
      .ok();
}

}  // namespace

TEST_CASE("trust file: without one nobody is trusted", "[keys]") {
  Bench b;
  keys::TrustFile trust(b.path);
  const absl::Status status =
      trust.Principals(NumberedSigner(1).public_key(), kInject, SigningTime())
          .status();
  CHECK(absl::IsPermissionDenied(status));
  CHECK(status.message() ==
        absl::StrCat("nobody is trusted: ", b.path, ": there is no such file"));
  CHECK_FALSE(trust.Refresh());
  b.Put(Line("a", 1));
  CHECK(trust.Refresh());
  CHECK(Trusts(trust, 1));
  REQUIRE(sys::RemoveFile(b.path).ok());
  CHECK(trust.Refresh());
  CHECK_FALSE(Trusts(trust, 1));
}

TEST_CASE("trust file: a revoked key stops working at the next parcel",
          "[keys]") {
  Bench b;
  b.Put(Line("a", 1) + Line("b", 2));
  keys::TrustFile trust(b.path);
  const NumberedSigner signer(1);
  const std::string parcel = *wire::Seal(wire_test::JobDraft(), signer);
  const wire::Receiver receiver = {.principals = {"server:mcfeely"},
                                   .trust = &trust};
  REQUIRE(wire::Open(parcel, receiver, SigningTime()).ok());
  b.Put(Line("b", 2));
  CHECK(trust.Refresh());
  const absl::Status status =
      wire::Open(parcel, receiver, SigningTime()).status();
  CHECK(absl::IsPermissionDenied(status));
  CHECK(status.message() ==
        absl::StrCat("step 4 (trust): ", wire::Fingerprint(signer.public_key()),
                     ": the key is not known"));
  CHECK(Trusts(trust, 2));
}

TEST_CASE("trust file: one that does not parse trusts nobody and says why",
          "[keys]") {
  Bench b;
  b.Put(Line("a", 1));
  keys::TrustFile trust(b.path);
  REQUIRE(Trusts(trust, 1));
  b.Put(Line("a", 1) + "b cert-authority ssh-ed25519 AAAA\n");
  CHECK(trust.Refresh());
  const absl::Status status =
      trust.Principals(NumberedSigner(1).public_key(), kInject, SigningTime())
          .status();
  CHECK(absl::IsPermissionDenied(status));
  CHECK(absl::StartsWith(status.message(), absl::StrCat("nobody is trusted: ",
                                                        b.path, ": line 2: ")));
  b.Put(Line("a", 1));
  CHECK(trust.Refresh());
  CHECK(Trusts(trust, 1));
}

TEST_CASE("trust file: it names whom a line is about, and nobody else",
          "[keys]") {
  Bench b;
  b.Put(absl::StrCat(Line("host:a,host:b", 1), Line("host:*", 2)));
  keys::TrustFile trust(b.path);
  CHECK(trust.Names("host:a"));
  CHECK(trust.Names("host:b"));
  CHECK(trust.Names("host:*"));
  CHECK_FALSE(trust.Names("host:c"));
  b.Put(Line("host:b", 1));
  CHECK(trust.Refresh());
  CHECK_FALSE(trust.Names("host:a"));
  CHECK(trust.Names("host:b"));
  b.Put("nonsense");
  CHECK(trust.Refresh());
  CHECK_FALSE(trust.Names("host:b"));
}

TEST_CASE("trust file: nothing changed is no news", "[keys]") {
  Bench b;
  b.Put(Line("a", 1));
  keys::TrustFile trust(b.path);
  CHECK_FALSE(trust.Refresh());
  b.Put(Line("a", 1));  // another inode, the same text
  CHECK_FALSE(trust.Refresh());
  b.Age(1000);
  CHECK_FALSE(trust.Refresh());
  CHECK_FALSE(trust.Refresh());
  CHECK(Trusts(trust, 1));
}

TEST_CASE("trust file: a change within the clock's tick is seen", "[keys]") {
  Bench b;
  for (int i = 0; i < 20; i++) {
    // Written in place: same size, same inode, and often the same time.
    FILE* file = fopen(b.path.c_str(), "w");
    REQUIRE(file != nullptr);
    fputs(Line("a", 1).c_str(), file);
    fclose(file);
    keys::TrustFile trust(b.path);
    REQUIRE(Trusts(trust, 1));
    file = fopen(b.path.c_str(), "w");
    fputs(Line("a", 2).c_str(), file);
    fclose(file);
    CHECK(trust.Refresh());
    CHECK_FALSE(Trusts(trust, 1));
    CHECK(Trusts(trust, 2));
  }
}

TEST_CASE("trust file: the path given, then FLEETBOX_TRUST", "[keys]") {
  Bench b;
  setenv("FLEETBOX_TRUST", b.path.c_str(), 1);
  CHECK(keys::TrustFile("").path() == b.path);
  CHECK(keys::TrustFile("/elsewhere").path() == "/elsewhere");
  unsetenv("FLEETBOX_TRUST");
}

TEST_CASE("trust file: a line is added once", "[keys]") {
  Bench b;
  b.path = b.folder.path() + "/new/folder/trust";
  keys::AllowedSigner signer;
  signer.principals = {"a"};
  signer.key = NumberedSigner(1).public_key();
  REQUIRE(keys::AddSigner(b.path, signer).ok());
  CHECK(sys::Stat(b.path)->mode == 0644);
  keys::TrustFile trust(b.path);
  CHECK(Trusts(trust, 1));
  CHECK(absl::IsAlreadyExists(keys::AddSigner(b.path, signer)));
  signer.principals = {"b"};
  CHECK(keys::AddSigner(b.path, signer).ok());
  CHECK(*sys::ReadFile(b.path) == Line("a", 1) + Line("b", 1));
}

TEST_CASE("trust file: nothing is added to one that does not parse", "[keys]") {
  Bench b;
  b.Put("nonsense\n");
  keys::AllowedSigner signer;
  signer.principals = {"a"};
  signer.key = NumberedSigner(1).public_key();
  CHECK(absl::IsInvalidArgument(keys::AddSigner(b.path, signer)));
  CHECK(*sys::ReadFile(b.path) == "nonsense\n");
}
