#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/time.h"
#include "cli/applet.h"
#include "cli/report.h"
#include "keys/allowed_signers.h"
#include "msrc/receiver.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "text/columns.h"
#include "text/json.h"
#include "wire/body.h"
#include "wire/parcel.h"
#include "wire/sshsig.h"

namespace {

absl::StatusOr<int> Show(const cli::Call& call);
absl::StatusOr<int> Check(const cli::Call& call);
absl::StatusOr<int> Export(const cli::Call& call);
absl::StatusOr<int> Import(const cli::Call& call);
absl::StatusOr<int> Apply(const cli::Call& call);

constexpr cli::Option kAudience = {'a', "audience", "PRINCIPAL",
                                   "check as this receiver; else as anybody"};
constexpr cli::Option kAt = {0, "at", "TIME",
                             "check as of this moment instead of now"};
constexpr cli::Option kTrust = {'t', "trust", "FILE", "the trust file"};
constexpr cli::Option kForce = {'f', "force", "",
                                "replace files that are already there"};

constexpr auto kShowOptions = cli::Options([] {
  return std::to_array<cli::Option>(
      {{'j', "json", "", "print JSON"}, kAudience, kTrust, kAt});
});
constexpr auto kCheckOptions = cli::Options([] {
  return std::to_array<cli::Option>({kAudience, kTrust, kAt});
});
constexpr auto kFileOptions =
    cli::Options([] { return std::to_array<cli::Option>({kForce}); });
constexpr auto kApplyOptions = cli::Options([] {
  return std::to_array<cli::Option>(
      {{0, "require-signed", "", "let in only keys that the trust file names"},
       {'t', "trust", "FILE", "the trust file; lets in only keys it names"},
       {0, "principal", "NAME",
        "who we are: a bundle must be for us; else host:HOSTNAME"},
       {0, "no-cache", "", "keep nothing here"}});
});

constexpr cli::Verb kVerbs[] = {
    {"show", "[OPTION ...] FILE", "print a parcel and whether it is accepted",
     kShowOptions, Show},
    {"check", "[OPTION ...] FILE", "check a parcel as a receiver does",
     kCheckOptions, Check},
    {"export", "[-f] FILE", "write FILE.signed and FILE.sig for ssh-keygen",
     kFileOptions, Export},
    {"import", "[-f] FILE", "make FILE of FILE.signed and FILE.sig",
     kFileOptions, Import},
    {"apply", "[OPTION ...] FILE", "do what a bundle made by msrc says",
     kApplyOptions, Apply},
};

}  // namespace

extern constinit const cli::Applet applet_fleetbox_parcel = {
    .name = "fleetbox-parcel",
    .summary = "show, check and export signed parcels",
    .usage = "VERB [OPTION ...] FILE",
    .exits =
        "65  it is no parcel, or its content is malformed\n"
        "77  the parcel is refused\n"
        "other codes of apply are those of msrc-recv --apply\n",
    .verbs = kVerbs,
};

namespace {

// A parcel in a file and what a receiver would make of it.
struct Checked {
  wire::Header header;
  // The principals that sent it; or why it is refused.
  absl::StatusOr<wire::Opened> opened = absl::InternalError("not checked");
  // Its body, if the signature is good, whoever made it; or why there is none.
  absl::StatusOr<std::vector<wire::BodyField>> body =
      absl::InternalError("not checked");
};

// Fewer at the end of the file.
absl::StatusOr<std::string> ReadBytes(int fd, size_t bytes) {
  std::string read_bytes(bytes, '\0');
  size_t have = 0;
  while (have < bytes) {
    const ssize_t n = read(fd, read_bytes.data() + have, bytes - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::SysError("read");
    if (n == 0) break;
    have += static_cast<size_t>(n);
  }
  read_bytes.resize(have);
  return read_bytes;
}

// Behind a bundle stand its contents, of any length.
absl::StatusOr<std::string> ReadParcel(const std::string& file) {
  sys::Fd opened;
  if (file != "-") {
    TRY_ASSIGN(opened, sys::Open(file, O_RDONLY | O_CLOEXEC));
  }
  const int fd = file == "-" ? 0 : opened.get();
  TRY_ASSIGN(std::string start, ReadBytes(fd, wire::kParcelHeaderBytes));
  const absl::StatusOr<size_t> length = wire::ParcelLength(start);
  const bool is_bundle =
      length.ok() && start.size() > 4 && start[4] == fleetbox::wire::BUNDLE;
  if (!is_bundle) {
    TRY_ASSIGN(const std::string rest, sys::ReadFd(fd, base::kMaxFrameBytes));
    return start + rest;
  }
  TRY_ASSIGN(const std::string rest,
             ReadBytes(fd, *length - std::min(*length, start.size())));
  return start + rest;
}

absl::StatusOr<Checked> CheckFile(const cli::Call& call) {
  TRY_ASSIGN(const std::string file, call.OnlyOperand("FILE"));
  absl::Time now = sys::WallNow();
  if (call.Has("at")) {
    const absl::StatusOr<absl::Time> at = base::ParseTime(call.Get("at"));
    if (!at.ok()) {
      return cli::UsageError(absl::StrCat("--at: ", at.status().message()));
    }
    now = *at;
  }
  TRY_ASSIGN(const std::string parcel, ReadParcel(file));
  Checked checked;
  const absl::StatusOr<wire::Header> header = wire::ParseHeader(parcel);
  if (!header.ok()) return base::Context(header.status(), file);
  checked.header = *header;

  const keys::TrustFile trust(call.Get("trust"));
  const std::vector<std::string> audience = call.All("audience");
  checked.opened = wire::Open(parcel,
                              {.principals = audience,
                               .trust = &trust,
                               .any_audience = audience.empty()},
                              now);
  // Whether the bytes are what the sender signed has nothing to do with who
  // that is: anybody's key will do, at the moment it says it signed.
  const absl::StatusOr<wire::Opened> content =
      checked.opened.ok()
          ? checked.opened
          : wire::Open(parcel, {.local_peer = "anybody", .any_audience = true},
                       checked.header.signed_at);
  if (!content.ok()) {
    checked.body = absl::IsUnauthenticated(content.status())
                       ? absl::UnauthenticatedError("its signature is not good")
                       : absl::InvalidArgumentError("it does not decompress");
    return checked;
  }
  checked.body = wire::BodyFields(checked.header.kind, content->body);
  if (!checked.body.ok() && checked.opened.ok()) {
    checked.opened =
        base::Context(checked.body.status(),
                      absl::StrCat("step 7 (parse): ",
                                   wire::Fingerprint(checked.header.sender)));
  }
  return checked;
}

// The header's facts as name and value, for people and programs alike.
std::vector<std::pair<std::string, std::string>> Facts(
    const wire::Header& header, const std::vector<std::string>& asked) {
  const wire::KindRules& rules = *wire::RulesOf(header.kind);
  std::string audience = base::Hex(header.audience);
  if (header.audience == wire::AudienceOf("")) audience = "anyone";
  for (const std::string& principal : asked) {
    if (header.audience == wire::AudienceOf(principal)) audience = principal;
  }
  return {{"kind", std::string(rules.name)},
          {"namespace", std::string(rules.name_space)},
          {"id", base::Hex(header.id.view())},
          {"signed", base::FormatTime(header.signed_at)},
          {"sender", wire::Fingerprint(header.sender)},
          {"audience", audience}};
}

std::string Json(const Checked& checked,
                 const std::vector<std::string>& audience) {
  text::JsonWriter json(text::JsonWriter::Layout::kPretty);
  json.BeginObject();
  for (const auto& [name, value] : Facts(checked.header, audience)) {
    json.Key(name).String(value);
  }
  json.Key("body_bytes").Int(static_cast<int64_t>(checked.header.body_bytes));
  json.Key("wire_bytes").Int(static_cast<int64_t>(checked.header.wire_bytes));
  json.Key("compressed").Bool(checked.header.compressed);
  json.Key("accepted").Bool(checked.opened.ok());
  if (checked.opened.ok()) {
    json.Key("principals").BeginArray();
    for (const std::string& p : checked.opened->principals) json.String(p);
    json.EndArray();
  } else {
    json.Key("refused").String(checked.opened.status().message());
  }
  if (checked.body.ok()) {
    json.Key("body").BeginObject();
    for (const wire::BodyField& field : *checked.body) {
      json.Key(field.path).String(field.value);
    }
    json.EndObject();
  }
  json.EndObject();
  return json.Take();
}

absl::StatusOr<int> Show(const cli::Call& call) {
  TRY_ASSIGN(const Checked checked, CheckFile(call));
  const std::vector<std::string> audience = call.All("audience");
  if (call.Has("json")) {
    cli::Print(Json(checked, audience));
    return 0;
  }
  const wire::Header& header = checked.header;
  text::Columns facts;
  for (const auto& [name, value] : Facts(header, audience)) {
    facts.Add({name, value});
  }
  facts.Add({"body", header.compressed
                         ? absl::StrCat(header.body_bytes, " bytes, ",
                                        header.wire_bytes, " compressed")
                         : absl::StrCat(header.body_bytes, " bytes")});
  if (checked.opened.ok()) {
    facts.Add({"accepted",
               absl::StrCat("from ",
                            absl::StrJoin(checked.opened->principals, ","))});
  } else {
    facts.Add({"refused", std::string(checked.opened.status().message())});
  }
  cli::Print(absl::StrCat(facts.Text(), "\n"));
  if (!checked.body.ok()) {
    cli::Print(
        absl::StrCat("no body: ", checked.body.status().message(), "\n"));
    return 0;
  }
  if (!checked.opened.ok()) {
    cli::Print("UNTRUSTED: signed with the sender's key, and refused\n");
  }
  text::Columns body;
  for (const wire::BodyField& field : *checked.body) {
    body.Add({field.path, base::Escape(field.value)});
  }
  cli::Print(body.Text());
  return 0;
}

absl::StatusOr<int> Check(const cli::Call& call) {
  TRY_ASSIGN(const Checked checked, CheckFile(call));
  const absl::Status& status = checked.opened.status();
  if (status.ok()) {
    cli::Print(absl::StrCat("accepted from ",
                            absl::StrJoin(checked.opened->principals, ","),
                            "\n"));
    return 0;
  }
  if (absl::IsInvalidArgument(status)) {
    return base::Context(status, call.operands[0]);
  }
  // One code for every refusal: a script asks whether, a person reads why.
  return cli::FailWith(77,
                       absl::StrCat(call.operands[0], ": ", status.message()));
}

absl::Status Write(const cli::Call& call, const std::string& path,
                   absl::string_view content) {
  return call.Has("force") ? sys::ReplaceFile(path, content)
                           : sys::CreateFile(path, content);
}

absl::StatusOr<int> Export(const cli::Call& call) {
  TRY_ASSIGN(const std::string file, call.OnlyOperand("FILE"));
  TRY_ASSIGN(const std::string parcel,
             sys::ReadFile(file, base::kMaxFrameBytes));
  const absl::StatusOr<wire::Header> header = wire::ParseHeader(parcel);
  if (!header.ok()) return base::Context(header.status(), file);
  const absl::string_view name_space = wire::RulesOf(header->kind)->name_space;
  const size_t signed_bytes = parcel.size() - wire::kSignatureBytes;
  TRY(Write(call, absl::StrCat(file, ".signed"),
            absl::string_view(parcel).substr(0, signed_bytes)));
  TRY(Write(call, absl::StrCat(file, ".sig"),
            wire::SshsigArmor(header->sender, name_space,
                              absl::string_view(parcel).substr(signed_bytes))));
  cli::Print(absl::StrCat("ssh-keygen -Y verify -f allowed_signers ",
                          "-I PRINCIPAL -n ", name_space, " -s ", file,
                          ".sig < ", file, ".signed\n"));
  return 0;
}

absl::StatusOr<int> Import(const cli::Call& call) {
  TRY_ASSIGN(const std::string file, call.OnlyOperand("FILE"));
  const std::string signed_file = absl::StrCat(file, ".signed");
  const std::string sig_file = absl::StrCat(file, ".sig");
  TRY_ASSIGN(std::string parcel,
             sys::ReadFile(signed_file, base::kMaxFrameBytes));
  TRY_ASSIGN(const std::string armored,
             sys::ReadFile(sig_file, base::kMaxKeyFileBytes));
  const absl::StatusOr<wire::Sshsig> sig = wire::SshsigParse(armored);
  if (!sig.ok()) return base::Context(sig.status(), sig_file);
  const bool good = wire::SshsigVerify(*sig, parcel);
  parcel += sig->signature;
  const absl::StatusOr<wire::Header> header = wire::ParseHeader(parcel);
  if (!header.ok()) return base::Context(header.status(), signed_file);
  const absl::string_view name_space = wire::RulesOf(header->kind)->name_space;
  absl::string_view why;
  if (!good)
    why = "not a good signature";
  else if (sig->key != header->sender)
    why = "not the sender's signature";
  else if (sig->name_space != name_space)
    why = "made in another namespace";
  else if (sig->hash != "sha512")
    why = "made with another hash than sha512";
  if (!why.empty()) {
    return absl::UnauthenticatedError(absl::StrCat(sig_file, ": ", why, ": ",
                                                   wire::Fingerprint(sig->key),
                                                   " in ", sig->name_space));
  }
  TRY(Write(call, file, parcel));
  return 0;
}

absl::StatusOr<int> Apply(const cli::Call& call) {
  TRY_ASSIGN(const std::string file, call.OnlyOperand("FILE"));
  msrc::ReceiverOptions options;
  options.admission.require_signed = call.Has("require-signed");
  options.admission.trust = call.Get("trust");
  options.admission.principal = call.Get("principal");
  options.no_cache = call.Has("no-cache");
  return msrc::ApplyBundle(options, file);
}

}  // namespace
