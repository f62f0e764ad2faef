#include "power/pcu_block.h"

#include <absl/algorithm/container.h>
#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/strip.h>

#include <set>

#include "base/bytes.h"
#include "base/time.h"
#include "power/limits.h"
#include "power/pcu_values.h"
#include "power/spec_settings.h"

namespace power {
namespace {

constexpr int kMaxSessions = 1000;
constexpr int kMaxPort = 65535;

// What begins something else: a block that is not closed ends in front of it.
constexpr absl::string_view kOutside[] = {
    "pcu",   "group",  "parent",      "protect",        "specification",
    "alias", "listen", "tcpwrappers", "plug_log_level", "device"};

struct TextSetting {
  absl::string_view name;
  std::string Pcu::*field;
};
constexpr TextSetting kTexts[] = {
    {"model", &Pcu::model}, {"host", &Pcu::host}, {"ip", &Pcu::ip},
    {"user", &Pcu::user},   {"site", &Pcu::site}, {"system", &Pcu::system},
};
struct SpanSetting {
  absl::string_view name;
  std::optional<absl::Duration> Pcu::*field;
};
constexpr SpanSetting kSpans[] = {
    {"stagger", &Pcu::stagger},
    {"off-time", &Pcu::off_time},
    {"settle", &Pcu::settle},
    {"poll", &Pcu::poll},
    {"state-timeout", &Pcu::state_timeout},
    {"hold", &Pcu::hold},
    {"step-timeout", &Pcu::step_timeout},
    {"linger", &Pcu::linger},
};
struct FlagSetting {
  absl::string_view name;
  bool Pcu::*field;
};
constexpr FlagSetting kFlags[] = {
    {"keep", &Pcu::keep},
    {"trust-first-use", &Pcu::trust_first_use},
    {"legacy-crypto", &Pcu::legacy_crypto},
    {"tls-insecure", &Pcu::tls_insecure},
};

// A word out of a few, which may be written as a string or a number as well.
struct ChoiceSetting {
  absl::string_view name;
  std::string Pcu::*field;
  absl::Span<const absl::string_view> values;
};
constexpr absl::string_view kVersions[] = {"1", "2c", "3"};
constexpr absl::string_view kDigests[] = {"md5",    "sha",    "sha224",
                                          "sha256", "sha384", "sha512"};
constexpr absl::string_view kPrivacies[] = {"none", "des", "aes"};
constexpr absl::string_view kSuites[] = {"3", "17"};
const ChoiceSetting kChoices[] = {
    {"snmp-version", &Pcu::snmp_version, kVersions},
    {"snmp-digest", &Pcu::snmp_digest, kDigests},
    {"snmp-privacy", &Pcu::snmp_privacy, kPrivacies},
    {"suite", &Pcu::cipher_suite, kSuites},
};

class Block {
 public:
  Block(TokenStream& in, Pcu& pcu, std::vector<AssignmentLine>& hosts)
      : in_(in), pcu_(pcu), hosts_(hosts) {}
  void Read();

 private:
  void Setting();
  bool Simple(const std::string& name);
  void Hosts(const Where& where);
  void Ports();
  void Span(const std::string& name, std::optional<absl::Duration>& out);
  void Flag(bool& out);
  void Choice(const ChoiceSetting& setting);
  void Secret(const std::string& name, SecretSource& out);
  void Pin();
  void Tty();
  void Program();
  void Helper();
  void Shared();
  // The token behind a setting, if it stands on the same line.
  bool IsWordOnLine(const Where& where) const {
    return in_.token().kind == DeviceToken::Kind::kWord &&
           in_.token().where.line == where.line;
  }

  TokenStream& in_;
  Pcu& pcu_;
  std::vector<AssignmentLine>& hosts_;
  std::set<std::string> seen_;
};

void Block::Read() {
  if (!in_.Expect("{", "the name of the PCU")) return;
  while (!in_.AtEnd() && !in_.token().IsMark("}") &&
         !(in_.token().kind == DeviceToken::Kind::kWord &&
           absl::c_linear_search(kOutside, in_.token().text))) {
    Setting();
  }
  in_.Expect("}", absl::StrCat("the block of PCU ",
                               base::Escape(pcu_.name.substr(0, 80))));
}

void Block::Setting() {
  const DeviceToken word = in_.Take();
  if (word.kind != DeviceToken::Kind::kWord) {
    in_.problems().Error(
        word.where, "syntax",
        absl::StrCat("'", base::Escape(word.text.substr(0, 80)),
                     "' stands where a setting of a PCU should"));
    return;
  }
  if (word.Is("node")) return Hosts(word.where);
  if (word.Is("shared")) return Shared();
  if (!seen_.insert(word.text).second) {
    in_.problems().Error(word.where, "duplicate-setting",
                         absl::StrCat(word.text, " given twice"));
  }
  if (word.Is("ports")) return Ports();
  if (word.Is("secret")) return Secret(word.text, pcu_.secret);
  if (word.Is("privacy-secret")) return Secret(word.text, pcu_.privacy_secret);
  if (word.Is("tls-pin")) return Pin();
  if (word.Is("tty")) return Tty();
  if (word.Is("program")) return Program();
  if (word.Is("helper")) return Helper();
  if (word.Is("sessions")) {
    pcu_.sessions = in_.Count("sessions", kMaxSessions);
    return;
  }
  if (Simple(word.text)) return;
  in_.problems().Error(word.where, "syntax",
                       absl::StrCat("'", base::Escape(word.text.substr(0, 80)),
                                    "' is no setting of a PCU"));
  if (in_.token().IsMark("{")) in_.SkipBlock();
  // What belongs to it would only be told once more.
  while (!in_.AtEnd() && in_.token().where.line == word.where.line &&
         in_.token().kind != DeviceToken::Kind::kWord &&
         !in_.token().IsMark("}")) {
    in_.Take();
  }
}

bool Block::Simple(const std::string& name) {
  for (const TextSetting& setting : kTexts) {
    if (setting.name != name) continue;
    const Where where = in_.token().where;
    const auto text = in_.String(name);
    if (!text) return true;
    if (const std::string problem = TextProblem(*text); !problem.empty()) {
      in_.problems().Error(where, "value", absl::StrCat(name, " ", problem));
      return true;
    }
    pcu_.*setting.field = *text;
    return true;
  }
  for (const SpanSetting& setting : kSpans) {
    if (setting.name != name) continue;
    Span(name, pcu_.*setting.field);
    return true;
  }
  for (const FlagSetting& setting : kFlags) {
    if (setting.name != name) continue;
    Flag(pcu_.*setting.field);
    return true;
  }
  for (const ChoiceSetting& setting : kChoices) {
    if (setting.name != name) continue;
    Choice(setting);
    return true;
  }
  return false;
}

void Block::Hosts(const Where& where) {
  AssignmentLine line;
  line.where = where;
  line.pcu = pcu_.name;
  const auto names = in_.String("node");
  if (!names) return;
  line.names = *names;
  if (in_.token().kind == DeviceToken::Kind::kString) {
    line.plugs = in_.Take().text;
  }
  hosts_.push_back(std::move(line));
}

// ports ssh 2222 telnet try-all
void Block::Ports() {
  while (in_.token().kind == DeviceToken::Kind::kWord &&
         IsWayIn(in_.token().text)) {
    const DeviceToken word = in_.Take();
    Way way;
    way.transport = word.text;
    if (in_.token().kind == DeviceToken::Kind::kNumber) {
      way.port = in_.Count(word.text, kMaxPort);
    }
    if (absl::c_any_of(pcu_.ways, [&](const Way& w) { return w == way; })) {
      in_.problems().Error(word.where, "duplicate-setting",
                           absl::StrCat(word.text, " given twice"));
    } else {
      pcu_.ways.push_back(std::move(way));
    }
  }
  if (pcu_.ways.empty()) in_.Missing("a way in (ssh, telnet, ...)", "ports");
  if (in_.TakeWord("try-all")) pcu_.try_all = true;
}

// 0.5s, 8s, 1m30s; a number alone is seconds.
void Block::Span(const std::string& name, std::optional<absl::Duration>& out) {
  const Where where = in_.token().where;
  const std::string number = in_.token().text;
  const auto seconds = in_.Seconds(name);
  if (!seconds) return;
  std::string unit;
  if (IsWordOnLine(where) && LooksLikeUnit(in_.token().text)) {
    unit = in_.Take().text;
  }
  const auto span = SpanOf(*seconds, unit);
  if (!span || *span > kMaxDeviceSpan) {
    in_.problems().Error(
        where, "number",
        absl::StrCat(base::Escape(absl::StrCat(number, unit)).substr(0, 80),
                     " is no span of time up to a day"));
    return;
  }
  out = *span;
}

// A flag alone means yes.
void Block::Flag(bool& out) {
  if (in_.TakeWord("no")) {
    out = false;
    return;
  }
  in_.TakeWord("yes");
  out = true;
}

void Block::Choice(const ChoiceSetting& setting) {
  const Where where = in_.token().where;
  std::string text = in_.token().text;
  if (in_.token().kind == DeviceToken::Kind::kMark || in_.AtEnd()) {
    return in_.Missing("a value", setting.name);
  }
  const bool number = in_.Take().kind == DeviceToken::Kind::kNumber;
  // 2c without quotes is a number and a word.
  if (number && IsWordOnLine(where) && in_.token().Is("c")) {
    text += in_.Take().text;
  }
  if (text == "2") text = "2c";
  if (text == "sha1") text = "sha";
  if (!absl::c_linear_search(setting.values, text)) {
    in_.problems().Error(
        where, "value",
        absl::StrCat(setting.name, " '", base::Escape(text.substr(0, 80)),
                     "' is none of those that there are"));
    return;
  }
  pcu_.*setting.field = text;
}

void Block::Secret(const std::string& name, SecretSource& out) {
  const Where where = in_.token().where;
  if (in_.TakeWord("prompt")) {
    out = {SecretSource::Kind::kPrompt};
    return;
  }
  if (in_.TakeWord("clear")) {
    if (const auto text = in_.String("clear")) {
      out = {SecretSource::Kind::kClear, *text};
    }
    return;
  }
  const auto text = in_.String(name);
  if (!text) return;
  const auto source = ParseSecretSource(*text);
  if (source.ok()) {
    out = *source;
  } else {
    in_.problems().Error(where, "secret",
                         absl::StrCat(name, ": ", source.status().message()));
  }
}

void Block::Pin() {
  const Where where = in_.token().where;
  const auto text = in_.String("tls-pin");
  if (!text) return;
  const auto pin = ParseTlsPin(*text);
  if (pin) {
    pcu_.tls_pin = *pin;
  } else {
    in_.problems().Error(where, "value",
                         "tls-pin is no SHA-256: 64 hexadecimal digits, or "
                         "sha256// and 44 characters of base64");
  }
}

void Block::Tty() {
  const Where where = in_.token().where;
  const auto path = in_.String("tty");
  if (!path) return;
  pcu_.host = *path;
  pcu_.serial = kDefaultSerial;
  if (in_.token().kind == DeviceToken::Kind::kString) {
    pcu_.serial = in_.Take().text;
  }
  if (!absl::StartsWith(*path, "/") || !TextProblem(*path).empty()) {
    in_.problems().Error(where, "address", "tty is no absolute path");
  }
  if (!IsSerialSetting(pcu_.serial)) {
    in_.problems().Error(
        where, "flags",
        absl::StrCat("'", base::Escape(pcu_.serial.substr(0, 80)),
                     "' is no setting of a line: 9600,8n1"));
  }
}

void Block::Program() {
  while (in_.token().kind == DeviceToken::Kind::kString) {
    pcu_.program.push_back(in_.Take().text);
  }
  if (pcu_.program.empty()) in_.Missing("a string", "program");
}

void Block::Helper() {
  if (in_.TakeWord("external")) {
    pcu_.program_external = true;
  } else if (!in_.TakeWord("built-in")) {
    in_.Missing("external or built-in", "helper");
  }
}

void Block::Shared() {
  bool any = false;
  while (in_.token().kind == DeviceToken::Kind::kString) {
    any = true;
    pcu_.shared_plugs.push_back(in_.Take().text);
  }
  if (!any) in_.Missing("a string", "shared");
}

}  // namespace

void ReadPcuBlock(TokenStream& in, Pcu& pcu,
                  std::vector<AssignmentLine>& hosts) {
  Block(in, pcu, hosts).Read();
}

}  // namespace power
