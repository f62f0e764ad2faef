#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <algorithm>

#include "base/limits.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/time.h"
#include "cli/applet.h"
#include "cli/paint.h"
#include "cli/report.h"
#include "keys/allowed_signers.h"
#include "keys/openssh_key.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/users.h"
#include "text/columns.h"
#include "text/json.h"
#include "wire/parcel.h"
#include "wire/sshsig.h"

namespace {

absl::StatusOr<int> New(const cli::Call& call);
absl::StatusOr<int> Show(const cli::Call& call);
absl::StatusOr<int> Fingerprint(const cli::Call& call);
absl::StatusOr<int> Trust(const cli::Call& call);
absl::StatusOr<int> List(const cli::Call& call);

constexpr auto kNewOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'c', "comment", "TEXT", "a comment to keep with the key"},
      {'f', "force", "", "replace a key that is already there"},
  });
});
constexpr auto kTrustOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'n', "namespaces", "LIST", "what the key may do; else everything"},
      {0, "valid-after", "TIME", "refuse signatures made before"},
      {0, "valid-before", "TIME", "refuse signatures made after"},
      {'t', "trust", "FILE", "the trust file"},
  });
});
constexpr auto kListOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'j', "json", "", "print JSON"},
      {'t', "trust", "FILE", "the trust file"},
  });
});
constexpr cli::Verb kVerbs[] = {
    {"new", "[-f] [-c TEXT] FILE", "make a key pair", kNewOptions, New},
    {"show", "FILE", "print the public half of a key file", {}, Show},
    {"fingerprint",
     "FILE",
     "print a key's fingerprint; '-' is standard input",
     {},
     Fingerprint},
    {"trust", "[OPTION ...] PRINCIPAL",
     "trust the public key on standard input", kTrustOptions, Trust},
    {"list", "[-j] [-t FILE]", "print who is trusted for what", kListOptions,
     List},
};

}  // namespace

extern constinit const cli::Applet applet_fleetbox_key = {
    .name = "fleetbox-key",
    .summary = "make, show and trust keys",
    .usage = "VERB [OPTION ...] [FILE | PRINCIPAL]",
    .verbs = kVerbs,
};

namespace {

// As ssh-keygen -l prints it.
std::string FingerprintLine(const wire::PublicKey& key,
                            absl::string_view comment) {
  return absl::StrCat("256 ", wire::Fingerprint(key), " ",
                      comment.empty() ? "no comment" : comment, " (ED25519)\n");
}

absl::StatusOr<int> New(const cli::Call& call) {
  TRY_ASSIGN(const std::string file, call.OnlyOperand("FILE"));
  std::string comment = call.Get("comment");
  if (!call.Has("comment")) {
    const absl::StatusOr<sys::Account> account = sys::FindAccount(sys::MyUid());
    comment = absl::StrCat(account.ok() ? account->name : "user", "@",
                           sys::HostName());
  }
  const keys::KeyPair pair = keys::NewKeyPair(comment);
  TRY(keys::WriteKeyFiles(file, pair, call.Has("force")));
  cli::Print(FingerprintLine(pair.public_key(), comment));
  return 0;
}

absl::StatusOr<int> Show(const cli::Call& call) {
  TRY_ASSIGN(const std::string file, call.OnlyOperand("FILE"));
  std::string comment;
  TRY_ASSIGN(const wire::PublicKey key, keys::ReadPublicHalf(file, &comment));
  cli::Print(absl::StrCat(wire::SshLine(key), comment.empty() ? "" : " ",
                          comment, "\n"));
  return 0;
}

absl::StatusOr<wire::PublicKey> KeyOnStandardInput(std::string* comment) {
  TRY_ASSIGN(const std::string line, sys::ReadFd(0, base::kMaxKeyFileBytes));
  absl::StatusOr<wire::PublicKey> key = keys::ParsePublicKeyLine(line, comment);
  if (!key.ok()) return base::Context(key.status(), "standard input");
  return key;
}

absl::StatusOr<int> Fingerprint(const cli::Call& call) {
  TRY_ASSIGN(const std::string file, call.OnlyOperand("FILE"));
  std::string comment;
  TRY_ASSIGN(const wire::PublicKey key,
             file == "-" ? KeyOnStandardInput(&comment)
                         : keys::ReadPublicHalf(file, &comment));
  cli::Print(FingerprintLine(key, comment));
  return 0;
}

// A pattern that matches none of our namespaces is a slip: the key could do
// nothing with it, and nobody would be told.
absl::Status CheckNamespace(absl::string_view pattern) {
  std::vector<std::string> all = {std::string(wire::kChannelNamespace)};
  for (const wire::KindRules& kind : wire::AllKinds()) {
    all.emplace_back(kind.name_space);
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  absl::ConsumePrefix(&pattern, "!");
  for (const std::string& name_space : all) {
    if (base::GlobMatch(pattern, name_space)) return absl::OkStatus();
  }
  return cli::UsageError(absl::StrCat(
      "--namespaces: '", pattern, "' is none of ", absl::StrJoin(all, ", ")));
}

absl::Status TimeOption(const cli::Call& call, absl::string_view option,
                        std::optional<absl::Time>& moment) {
  if (!call.Has(option)) return absl::OkStatus();
  const absl::StatusOr<absl::Time> time =
      keys::ParseSignerTime(call.Get(option));
  if (!time.ok()) {
    return cli::UsageError(
        absl::StrCat("--", option, ": ", time.status().message()));
  }
  moment = *time;
  return absl::OkStatus();
}

absl::StatusOr<int> Trust(const cli::Call& call) {
  keys::AllowedSigner signer;
  TRY_ASSIGN(const std::string principal, call.OnlyOperand("PRINCIPAL"));
  signer.principals = {principal};
  if (call.Has("namespaces")) {
    signer.namespaces = absl::StrSplit(call.Get("namespaces"), ',');
    for (const std::string& n : signer.namespaces) TRY(CheckNamespace(n));
  }
  TRY(TimeOption(call, "valid-after", signer.valid_after));
  TRY(TimeOption(call, "valid-before", signer.valid_before));
  TRY_ASSIGN(signer.key, KeyOnStandardInput(&signer.comment));
  const keys::TrustFile trust(call.Get("trust"));
  TRY(keys::AddSigner(trust.path(), signer));
  cli::Print(absl::StrCat(trust.path(), ": ", principal, " ",
                          wire::Fingerprint(signer.key), "\n"));
  return 0;
}

absl::string_view State(const keys::AllowedSigner& signer, absl::Time now) {
  if (signer.valid_before && now > *signer.valid_before) return "expired";
  if (signer.valid_after && now < *signer.valid_after) return "not yet";
  return "good";
}

std::string Json(const std::vector<keys::AllowedSigner>& signers,
                 absl::Time now) {
  text::JsonWriter json(text::JsonWriter::Layout::kPretty);
  const auto strings = [&](absl::string_view key,
                           const std::vector<std::string>& list) {
    json.Key(key).BeginArray();
    for (const std::string& s : list) json.String(s);
    json.EndArray();
  };
  const auto moment = [&](absl::string_view key,
                          const std::optional<absl::Time>& time) {
    json.Key(key);
    time ? json.String(base::FormatTime(*time)) : json.Null();
  };
  json.BeginArray();
  for (const keys::AllowedSigner& signer : signers) {
    json.BeginObject();
    json.Key("line").Int(signer.line);
    strings("principals", signer.principals);
    strings("namespaces", signer.namespaces);
    moment("valid_after", signer.valid_after);
    moment("valid_before", signer.valid_before);
    json.Key("state").String(State(signer, now));
    json.Key("fingerprint").String(wire::Fingerprint(signer.key));
    json.Key("comment").String(signer.comment);
    json.EndObject();
  }
  json.EndArray();
  return json.Take();
}

absl::StatusOr<int> List(const cli::Call& call) {
  TRY(call.NoOperands());
  const keys::TrustFile trust(call.Get("trust"));
  TRY(trust.error());
  const absl::Time now = sys::WallNow();
  if (call.Has("json")) {
    cli::Print(Json(trust.signers(), now));
    return 0;
  }
  const cli::Paint paint(1);
  const auto date = [](const std::optional<absl::Time>& time) {
    return time ? absl::FormatTime("%Y-%m-%d %H:%M:%S", *time,
                                   absl::UTCTimeZone())
                : std::string("-");
  };
  text::Columns table({"PRINCIPAL", "MAY", "FROM", "UNTIL", "STATE", "KEY"});
  for (const keys::AllowedSigner& signer : trust.signers()) {
    const absl::string_view state = State(signer, now);
    table.Add(
        {absl::StrJoin(signer.principals, ","),
         signer.namespaces.empty() ? "everything"
                                   : absl::StrJoin(signer.namespaces, ","),
         date(signer.valid_after), date(signer.valid_before),
         text::Cell(std::string(state), state == "good" ? "" : paint.red()),
         wire::Fingerprint(signer.key)});
  }
  cli::Print(table.Text());
  return 0;
}

}  // namespace
