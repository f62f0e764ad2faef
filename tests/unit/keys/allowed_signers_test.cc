#include "keys/allowed_signers.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "unit/wire/testing.h"

namespace {

using wire_test::NumberedSigner;
using wire_test::SigningTime;
using Names = std::vector<std::string>;

const char kInject[] = "inject@fleetbox";

std::string Key(uint8_t number) {
  return wire::SshLine(NumberedSigner(number).public_key());
}

absl::StatusOr<Names> Who(const std::string& text, uint8_t number = 1,
                          absl::string_view name_space = kInject,
                          absl::Time when = SigningTime()) {
  absl::StatusOr<keys::AllowedSigners> file = keys::AllowedSigners::Parse(text);
  if (!file.ok()) return file.status();
  return file->Principals(NumberedSigner(number).public_key(), name_space,
                          when);
}

std::string Trouble(const std::string& text) {
  const absl::Status status = keys::AllowedSigners::Parse(text).status();
  CHECK(absl::IsInvalidArgument(status));
  return std::string(status.message());
}

}  // namespace

TEST_CASE("allowed signers: the principals of a key's lines are its own",
          "[keys]") {
  const std::string text = absl::StrCat(
      "# who may do what\n\n   \n", "ops@example.com,alice ", Key(1),
      " a comment\n", "\tbob ", Key(2), "\r\n", "carol,alice ", Key(1), "\n");
  CHECK(*Who(text, 1) == Names{"ops@example.com", "alice", "carol"});
  CHECK(*Who(text, 2) == Names{"bob"});
  CHECK(Who(text, 3).status() ==
        absl::PermissionDeniedError("the key is not known"));
  CHECK(Who("", 1).status().code() == absl::StatusCode::kPermissionDenied);
}

TEST_CASE("allowed signers: principals may be quoted and be patterns",
          "[keys]") {
  CHECK(*Who("\"ops@example.com,a b\" " + Key(1)) ==
        Names{"ops@example.com", "a b"});
  CHECK(*Who("*@example.com,host:web? " + Key(1)) ==
        Names{"*@example.com", "host:web?"});
}

TEST_CASE("allowed signers: namespaces are patterns with exclusions",
          "[keys]") {
  const auto allows = [](const std::string& list, absl::string_view ns) {
    return Who("a namespaces=\"" + list + "\" " + Key(1), 1, ns).ok();
  };
  CHECK(allows("inject@fleetbox", kInject));
  CHECK(allows("tell@fleetbox,inject@fleetbox", kInject));
  CHECK(allows("*@fleetbox", kInject));
  CHECK(allows("*", kInject));
  CHECK_FALSE(allows("tell@fleetbox", kInject));
  CHECK_FALSE(allows("inject", kInject));
  CHECK_FALSE(allows("file", kInject));
  CHECK_FALSE(allows("*,!inject@fleetbox", kInject));
  CHECK_FALSE(allows("!inject@fleetbox,*", kInject));
  CHECK(allows("!tell@fleetbox,*", kInject));
  CHECK_FALSE(allows("!tell@fleetbox", kInject));
  CHECK(Who("a namespaces=\"tell@fleetbox\" " + Key(1)).status().message() ==
        "the key of a is not trusted for inject@fleetbox");
}

TEST_CASE("allowed signers: a key is good between its times only", "[keys]") {
  const std::string text =
      "a valid-after=\"20250101\",valid-before=\"202502011030\" " + Key(1);
  const auto ok = [&](const char* time) {
    return Who(text, 1, kInject, base::ParseTime(time).value()).ok();
  };
  CHECK_FALSE(ok("2024-12-31T23:59:59.999Z"));
  CHECK(ok("2025-01-01T00:00:00Z"));
  CHECK(ok("2025-02-01T10:30:00Z"));
  CHECK_FALSE(ok("2025-02-01T10:30:00.001Z"));
  CHECK(Who(text, 1, kInject, absl::UnixEpoch()).status().message() ==
        "the key of a is not valid before 2025-01-01T00:00:00.000Z");
  CHECK(Who(text, 1, kInject, absl::FromUnixSeconds(2000000000))
            .status()
            .message() == "the key of a expired at 2025-02-01T10:30:00.000Z");
  // One line expired, another did not.
  CHECK(*Who(text + "\nb " + Key(1), 1, kInject,
             absl::FromUnixSeconds(2000000000)) == Names{"b"});
}

TEST_CASE("allowed signers: times are read as ssh-keygen writes them",
          "[keys]") {
  const absl::Time at = base::ParseTime("2025-01-31T10:15:00Z").value();
  CHECK(*keys::ParseSignerTime("202501311015") == at);
  CHECK(*keys::ParseSignerTime("202501311015Z") == at);
  CHECK(*keys::ParseSignerTime("20250131101504Z") == at + absl::Seconds(4));
  CHECK(*keys::ParseSignerTime("20250131") ==
        at - absl::Hours(10) - absl::Minutes(15));
  for (const char* bad :
       {"", "Z", "2025", "2025013", "20250131101", "202501311015045",
        "20250132", "20251301", "20250431", "20250229", "2025013124",
        "202501312400", "202501311060", "20250131101560", "2025-01-31",
        "20250131ZZ", " 20250131", "always", "00000000"}) {
    CHECK_FALSE(keys::ParseSignerTime(bad).ok());
  }
}

TEST_CASE("allowed signers: keys of other types are passed over", "[keys]") {
  const std::string text = absl::StrCat(
      "a ecdsa-sha2-nistp256 AAAAE2VjZHNh comment\n",
      "b namespaces=\"file\" ssh-rsa AAAAB3NzaC1yc2E=\n",
      "c sk-ssh-ed25519@openssh.com AAAAB3NzaC1yc2E=\n", "d ", Key(1), "\n");
  CHECK(keys::AllowedSigners::Parse(text)->signers().size() == 1);
  CHECK(*Who(text) == Names{"d"});
  CHECK(Trouble("a ssh-rsa ****") == "line 1: the key is not base64");
  CHECK(Trouble("a ssh-rsa") == "line 1: there is no key");
}

TEST_CASE("allowed signers: what is wrong names its line", "[keys]") {
  const std::string k = " " + Key(1);
  CHECK(Trouble("a" + k + "\nb cert-authority" + k) ==
        "line 2: 'cert-authority': cert-authority: certificates are not "
        "supported");
  CHECK(Trouble("a no-such-thing" + k) ==
        "line 1: 'no-such-thing': unknown option");
  CHECK(Trouble("a namespaces=\"a\",namespaces=\"b\"" + k) ==
        "line 1: 'namespaces': given twice");
  CHECK(Trouble("a valid-after=\"20250101\",valid-after=\"20250101\"" + k) ==
        "line 1: 'valid-after': given twice");
  CHECK(Trouble("a valid-before=20250101" + k) ==
        "line 1: 'valid-before': its value must stand in double quotes");
  CHECK(Trouble("a namespaces=\"\"" + k) ==
        "line 1: 'namespaces': an empty namespace");
  CHECK(Trouble("a namespaces=\"a" + k) == "line 1: a quote is not closed");
  CHECK(Trouble("\"a" + k) == "line 1: a quote is not closed");
  CHECK(Trouble("a,,b" + k) == "line 1: an empty principal");
  CHECK(Trouble("!a,*" + k) ==
        "line 1: '!a': excluding a principal is not supported");
  CHECK(Trouble("\"\vb\"" + k) ==
        "line 1: '\\x0bb': control characters in a name");
  CHECK(Trouble("\va" + k) == "line 1: '\\x0ba': control characters in a name");
  CHECK(Trouble("a\"b c\"" + k) == "line 1: a quote inside the principals");
  CHECK(Trouble("a valid-after=\"20250102\",valid-before=\"20250101\"" + k) ==
        "line 1: valid-before is not later than valid-after");
  CHECK(Trouble("a") == "line 1: there is no key");
  CHECK(Trouble("a ssh-ed25519") == "line 1: there is no key");
  CHECK(Trouble("a namespaces=\"x\"") == "line 1: there is no key");
  CHECK(Trouble(Key(1)) != "");  // a public key without its principal
  CHECK(absl::StartsWith(Trouble("a ssh-ed25519 AAAA"), "line 1: "));
  CHECK(Trouble(std::string("a\0b", 3) + k) == "line 1: a zero byte");
}

TEST_CASE("allowed signers: an option's name may be in capitals", "[keys]") {
  CHECK(*Who("a Namespaces=\"*\",VALID-AFTER=\"20250101Z\" " + Key(1)) ==
        Names{"a"});
}

TEST_CASE("allowed signers: limits are kept", "[keys]") {
  const std::string k = " " + Key(1);
  CHECK(Who(std::string(255, 'a') + k).ok());
  CHECK_FALSE(Who(std::string(256, 'a') + k).ok());
  const std::string filler(base::kMaxTrustLineBytes, 'c');
  CHECK(Trouble("a" + k + " " + filler) == "line 1: longer than 16384 bytes");
  CHECK_FALSE(keys::AllowedSigners::Parse(
                  std::string(base::kMaxTrustFileBytes + 1, '\n'))
                  .ok());
}

TEST_CASE("allowed signers: ten thousand keys are all found", "[keys]") {
  std::string text;
  for (int n = 0; n < 10'000; n++) {
    wire::PublicKey key;
    memcpy(key.bytes.data(), &n, sizeof n);
    absl::StrAppend(&text, "host:h", n, " ", wire::SshLine(key), "\n");
  }
  const keys::AllowedSigners file = keys::AllowedSigners::Parse(text).value();
  for (int n : {0, 1, 4999, 9999}) {
    wire::PublicKey key;
    memcpy(key.bytes.data(), &n, sizeof n);
    CHECK(*file.Principals(key, kInject, SigningTime()) ==
          Names{absl::StrCat("host:h", n)});
  }
}

TEST_CASE("allowed signers: a written line reads back the same", "[keys]") {
  keys::AllowedSigner signer;
  signer.principals = {"host:web1", "a b"};
  signer.namespaces = {"result@fleetbox", "channel@fleetbox"};
  signer.valid_before = base::ParseTime("2030-01-02T03:04:05Z").value();
  signer.key = NumberedSigner(1).public_key();
  signer.comment = "web1's";
  const std::string line = keys::FormatSigner(signer).value();
  CHECK(line ==
        "\"host:web1,a b\" "
        "namespaces=\"result@fleetbox,channel@fleetbox\","
        "valid-before=\"20300102030405Z\" " +
            Key(1) + " web1's\n");
  CHECK(*Who(line, 1, "channel@fleetbox") == Names{"host:web1", "a b"});
}

TEST_CASE("allowed signers: a name that would change its line is not written",
          "[keys]") {
  for (const char* name :
       {"", "#a", "a,b", "a\nb", "a\"b", "!a", "\"", "a\rb", "\va"}) {
    keys::AllowedSigner signer;
    signer.principals = {name};
    signer.key = NumberedSigner(1).public_key();
    INFO(name);
    CHECK_FALSE(keys::FormatSigner(signer).ok());
    signer.principals = {"a"};
    signer.namespaces = {absl::StrCat(name, "\" b=\"")};
    CHECK_FALSE(keys::FormatSigner(signer).ok());
  }
  keys::AllowedSigner signer;
  signer.principals = {"a"};
  signer.key = NumberedSigner(1).public_key();
  signer.comment = "x\nb ssh-ed25519 AAAA";
  CHECK_FALSE(keys::FormatSigner(signer).ok());
}
