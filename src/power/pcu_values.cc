#include "power/pcu_values.h"

#include <absl/algorithm/container.h>
#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include "base/bytes.h"
#include "base/status.h"
#include "base/time.h"
#include "power/limits.h"
#include "power/spec_settings.h"
#include "power/ways.h"
#include "text/utf8.h"

namespace power {
namespace {

constexpr size_t kSha256Bytes = 32;

bool IsControl(char c) { return absl::ascii_iscntrl(c); }

absl::Status Wrong(const DeviceLine& line, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(
      "device ", text::Clean(line.name.substr(0, 80)), ": ", what));
}

// The transport that a port of a TCP device means. Language 1 has only telnet,
// which every connection of powerman's is looked through for.
std::string TransportOf(int port, const Specification* spec) {
  if (spec == nullptr || spec->transports.empty()) return "telnet";
  Pcu plain;
  for (const Way& way : WaysOf(plain, *spec)) {
    if (way.port == port) return way.transport;
  }
  return spec->transports.front();
}

absl::Status SetNetworkAddress(const DeviceLine& line,
                               const Specification* spec, Pcu& pcu) {
  const size_t colon = line.address.rfind(':');
  if (colon == std::string::npos) {
    return Wrong(line,
                 absl::StrCat("'", text::Clean(line.address.substr(0, 80)),
                              "' is no HOST:PORT, tty or \"COMMAND |&\""));
  }
  absl::string_view host(line.address);
  const absl::string_view digits = host.substr(colon + 1);
  host = host.substr(0, colon);
  if (absl::ConsumePrefix(&host, "[") && !absl::ConsumeSuffix(&host, "]")) {
    return Wrong(line, "a [ without a ]");
  }
  int port = 0;
  if (!absl::SimpleAtoi(digits, &port) || port < 1 || port > 65535) {
    return Wrong(line, absl::StrCat("'", text::Clean(digits.substr(0, 80)),
                                    "' is no port"));
  }
  if (host.empty()) return Wrong(line, "no host in front of the port");
  if (const std::string problem = TextProblem(host); !problem.empty()) {
    return Wrong(line, absl::StrCat("the host ", problem));
  }
  pcu.host = std::string(host);
  pcu.ways = {{TransportOf(port, spec), port}};
  for (const absl::string_view flag :
       absl::StrSplit(line.flags, ',', absl::SkipEmpty())) {
    if (flag != "quiet") {
      return Wrong(line,
                   absl::StrCat("the flag '", text::Clean(flag.substr(0, 80)),
                                "' is unknown"));
    }
  }
  pcu.terminal = line.flags;
  return absl::OkStatus();
}

absl::Status SetProgramFlag(const DeviceLine& line, absl::string_view flag,
                            Pcu& pcu) {
  if (flag == "helper external") {
    pcu.program_external = true;
  } else if (flag == "tls-insecure") {
    pcu.tls_insecure = true;
  } else if (absl::ConsumePrefix(&flag, "tls-pin ")) {
    const std::optional<std::string> pin = ParseTlsPin(flag);
    if (!pin.has_value()) return Wrong(line, "tls-pin is no SHA-256");
    pcu.tls_pin = *pin;
  } else {
    return Wrong(line,
                 "a program's flags are \"helper external\", \"tls-insecure\" "
                 "and \"tls-pin PIN\"");
  }
  return absl::OkStatus();
}

// powerman splits at white space, and nothing else.
absl::Status SetProgram(const DeviceLine& line, size_t end, Pcu& pcu) {
  const std::string command = line.address.substr(0, end);
  pcu.program =
      absl::StrSplit(command, absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty());
  if (pcu.program.empty()) return Wrong(line, "no command in front of |&");
  for (const std::string& word : pcu.program) {
    if (absl::StrContains(word, '\0')) return Wrong(line, "a NUL in a command");
  }
  for (const absl::string_view flag : absl::StrSplit(
           line.flags, absl::ByAnyChar(","), absl::SkipWhitespace())) {
    TRY(SetProgramFlag(line, absl::StripAsciiWhitespace(flag), pcu));
  }
  pcu.ways = {{"exec"}};
  return absl::OkStatus();
}

}  // namespace

std::string NameProblem(absl::string_view name) {
  if (name.empty()) return "is empty";
  if (name.size() > kMaxNameBytes) {
    return absl::StrCat("is longer than ", kMaxNameBytes, " bytes");
  }
  if (absl::c_any_of(name, IsControl) || !text::IsUtf8(name)) {
    return "holds bytes that are no text";
  }
  if (name.find_first_of(" ,/[]") != absl::string_view::npos) {
    return "holds a blank, a comma, a slash or a bracket";
  }
  if (name[0] == '@' || name[0] == '-' || absl::StartsWith(name, "pcu:")) {
    return "begins as something else does: @, - or pcu:";
  }
  return "";
}

std::string TextProblem(absl::string_view value) {
  if (value.size() > kMaxNameBytes) {
    return absl::StrCat("is longer than ", kMaxNameBytes, " bytes");
  }
  if (absl::c_any_of(value, IsControl) || !text::IsUtf8(value)) {
    return "holds bytes that are no text";
  }
  return "";
}

absl::StatusOr<SecretSource> ParseSecretSource(absl::string_view text) {
  using Kind = SecretSource::Kind;
  constexpr std::pair<absl::string_view, Kind> kPrefixes[] = {
      {"store:", Kind::kStore},
      {"file:", Kind::kFile},
      {"env:", Kind::kEnv},
      {"cred:", Kind::kCred},
      {"cmd:", Kind::kProgram}};
  SecretSource source = {Kind::kStore};
  for (const auto& [prefix, kind] : kPrefixes) {
    if (!absl::ConsumePrefix(&text, prefix)) continue;
    source.kind = kind;
    break;
  }
  source.text = std::string(text);
  if (text.empty()) return absl::InvalidArgumentError("nothing is named");
  if (absl::StrContains(text, '\0')) {
    return absl::InvalidArgumentError("a NUL in the name");
  }
  switch (source.kind) {
    case Kind::kStore:
      if (const std::string problem = NameProblem(text); !problem.empty()) {
        return absl::InvalidArgumentError(
            absl::StrCat("the name of the secret ", problem));
      }
      break;
    case Kind::kFile:
      if (text[0] != '/') {
        return absl::InvalidArgumentError("file: needs an absolute path");
      }
      break;
    case Kind::kEnv:
      if (absl::StrContains(text, '=')) {
        return absl::InvalidArgumentError("env: needs the name of a variable");
      }
      break;
    case Kind::kCred:
      if (absl::StrContains(text, '/') || text == "." || text == "..") {
        return absl::InvalidArgumentError("cred: needs the name of a file");
      }
      break;
    case Kind::kNone:
    case Kind::kProgram:
    case Kind::kPrompt:
    case Kind::kClear:
      break;
  }
  return source;
}

std::optional<std::string> ParseTlsPin(absl::string_view text) {
  absl::StatusOr<std::string> bytes;
  if (absl::ConsumePrefix(&text, "sha256//")) {
    bytes = base::FromBase64(text);
  } else {
    bytes = base::FromHex(absl::StrReplaceAll(text, {{":", ""}}));
  }
  if (!bytes.ok() || bytes->size() != kSha256Bytes) return std::nullopt;
  return base::Hex(*bytes);
}

bool IsSerialSetting(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ',');
  int baud = 0;
  if (parts.size() > 2 || parts[0].empty() ||
      !absl::SimpleAtoi(parts[0], &baud) || baud < 50 || baud > 4'000'000) {
    return false;
  }
  if (parts.size() == 1) return true;
  const std::string frame = absl::AsciiStrToLower(parts[1]);
  return frame.size() == 3 && absl::StrContains("78", frame[0]) &&
         absl::StrContains("neo", frame[1]) &&
         absl::StrContains("12", frame[2]);
}

bool IsWayIn(absl::string_view word) {
  return IsTransport(word) || word == "ribcl";
}

bool LooksLikeUnit(absl::string_view word) {
  if (word == "ms" || word == "s" || word == "m" || word == "h") return true;
  return word.size() > 1 && (word[0] == 'm' || word[0] == 'h') &&
         absl::ascii_isdigit(word[1]);
}

std::optional<absl::Duration> SpanOf(absl::Duration seconds,
                                     absl::string_view unit) {
  if (unit.empty() || unit == "s") return seconds;
  if (unit == "ms") return seconds / 1000;
  absl::Duration rest = absl::ZeroDuration();
  if (unit.size() > 1) {
    const auto parsed = base::ParseDuration(unit.substr(1));
    if (!parsed.ok()) return std::nullopt;
    rest = *parsed;
  }
  return seconds * (unit[0] == 'm' ? 60 : 3600) + rest;
}

absl::StatusOr<Pcu> PcuOf(const DeviceLine& line, const Specification* spec) {
  Pcu pcu;
  pcu.name = line.name;
  pcu.where = line.where;
  pcu.model = line.specification;
  if (const size_t end = line.address.find("|&"); end != std::string::npos) {
    const absl::Status status = SetProgram(line, end, pcu);
    if (!status.ok()) return status;
  } else if (absl::StartsWith(line.address, "/")) {
    pcu.host = line.address;
    pcu.serial = line.flags.empty() ? kDefaultSerial : line.flags;
    pcu.ways = {{"serial"}};
    if (!TextProblem(pcu.host).empty() || !IsSerialSetting(pcu.serial)) {
      return Wrong(line,
                   absl::StrCat("'", text::Clean(pcu.serial.substr(0, 80)),
                                "' is no setting of a line: 9600,8n1"));
    }
  } else {
    const absl::Status status = SetNetworkAddress(line, spec, pcu);
    if (!status.ok()) return status;
  }
  return pcu;
}

}  // namespace power
