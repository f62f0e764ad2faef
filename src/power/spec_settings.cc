#include "power/spec_settings.h"

#include <absl/algorithm/container.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "power/limits.h"
#include "power/snmp_families.h"
#include "power/snmp_table.h"
#include "text/utf8.h"

namespace power {
namespace {

// http and https talk to a web server behind httppower's prompt; exec runs a
// program; manual is a person.
constexpr absl::string_view kTransports[] = {
    "ssh",   "telnet", "tcp",     "tls", "serial", "exec", "http",
    "https", "ipmi",   "redfish", "amt", "ribcl",  "snmp", "manual"};
constexpr int kMaxSessions = 1000;
constexpr int kMaxPort = 65535;

bool IsBlock(absl::string_view word) {
  return word == "snmp" || word == "ipmi";
}

void ReadTransports(TokenStream& in, Specification& spec) {
  bool any = false;
  while (in.token().kind == DeviceToken::Kind::kWord &&
         IsTransport(in.token().text)) {
    // What is named already, and may have a block, is where that begins.
    if (IsBlock(in.token().text) &&
        absl::c_linear_search(spec.transports, in.token().text)) {
      break;
    }
    const DeviceToken word = in.Take();
    any = true;
    if (absl::c_linear_search(spec.transports, word.text)) {
      in.problems().Error(
          word.where, "transport",
          absl::StrCat("transport ", word.text, " given twice"));
    } else {
      spec.transports.push_back(word.text);
    }
  }
  if (!any) in.Missing("a way in (ssh, telnet, tcp, ...)", "transport");
}

void ReadPort(TokenStream& in, Specification& spec) {
  std::string transport;
  if (in.token().kind == DeviceToken::Kind::kWord &&
      IsTransport(in.token().text)) {
    transport = in.Take().text;
  }
  if (const auto port = in.Count("port", kMaxPort)) {
    spec.ports.emplace_back(transport, *port);
  }
}

std::optional<bool> YesOrNo(TokenStream& in, absl::string_view behind) {
  if (in.TakeWord("yes")) return true;
  if (in.TakeWord("no")) return false;
  in.Missing("yes or no", behind);
  return std::nullopt;
}

void ReadCycleTrust(TokenStream& in, Specification& spec) {
  if (in.TakeWord("safe")) {
    spec.native_cycle = CycleTrust::kSafe;
  } else if (in.TakeWord("unsafe")) {
    spec.native_cycle = CycleTrust::kUnsafe;
  } else {
    in.Missing("safe or unsafe", "native-cycle");
  }
}

// Lines of a word and its values: words are values only on that line.
std::vector<Setting> ReadSettings(TokenStream& in, absl::string_view behind) {
  std::vector<Setting> settings;
  if (!in.Expect("{", behind)) return settings;
  while (in.token().kind == DeviceToken::Kind::kWord) {
    Setting setting;
    const DeviceToken word = in.Take();
    setting.name = word.text;
    while (true) {
      const DeviceToken& token = in.token();
      using Kind = Setting::Value::Kind;
      if (token.kind == DeviceToken::Kind::kNumber) {
        setting.values.push_back({Kind::kNumber, in.Take().text});
      } else if (token.kind == DeviceToken::Kind::kString) {
        setting.values.push_back({Kind::kString, in.Take().text});
      } else if (token.kind == DeviceToken::Kind::kWord &&
                 token.where.line == word.where.line &&
                 token.where.file == word.where.file) {
        setting.values.push_back({Kind::kWord, in.Take().text});
      } else {
        break;
      }
    }
    settings.push_back(std::move(setting));
  }
  in.Expect("}", behind);
  return settings;
}

absl::Status CheckIpmi(const SettingsBlock& block) {
  for (const Setting& line : block.lines) {
    const bool are_suites =
        line.name == "suites" && !line.values.empty() &&
        absl::c_all_of(line.values, [](const Setting::Value& value) {
          return value.text == "17" || value.text == "3";
        });
    if (!are_suites) {
      return absl::InvalidArgumentError(
          "in a block of ipmi there are suites, which are 17 and 3");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckSnmp(const SettingsBlock& block, absl::string_view name) {
  if (IsSnmpTable(block)) return ReadSnmpTable(block, name).status();
  for (const Setting& line : block.lines) {
    if (line.name != "family" || line.values.size() != 1) {
      return absl::InvalidArgumentError(
          "in a block of snmp there are get and set, or a family");
    }
    const std::string& family = line.values.front().text;
    if (FindSnmpFamily(family) == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", text::Clean(family), "' is no family of strips"));
    }
  }
  return absl::OkStatus();
}

void ReadBlock(TokenStream& in, Specification& spec) {
  SettingsBlock block;
  block.where = in.token().where;
  block.name = in.Take().text;
  if (spec.Block(block.name) != nullptr) {
    in.problems().Error(block.where, "block",
                        absl::StrCat("a second block ", block.name));
  }
  block.lines = ReadSettings(in, block.name);
  const absl::Status checked =
      block.name == "snmp" ? CheckSnmp(block, spec.name) : CheckIpmi(block);
  if (!checked.ok()) {
    in.problems().Error(block.where, block.name,
                        std::string(checked.message()));
  }
  if (spec.Block(block.name) == nullptr) {
    spec.blocks.push_back(std::move(block));
  }
}

bool ReadSpan(TokenStream& in, absl::string_view name,
              std::optional<absl::Duration>& out) {
  if (!in.TakeWord(name)) return false;
  if (const auto span = in.Seconds(name)) out = span;
  return true;
}

bool ReadSpans(TokenStream& in, Specification& spec) {
  return ReadSpan(in, "step-timeout", spec.step_timeout) ||
         ReadSpan(in, "settle", spec.settle) ||
         ReadSpan(in, "poll", spec.poll) || ReadSpan(in, "hold", spec.hold) ||
         ReadSpan(in, "off-time", spec.off_time);
}

}  // namespace

bool IsTransport(absl::string_view word) {
  return absl::c_linear_search(kTransports, word);
}

bool ReadSpecSetting(TokenStream& in, Specification& spec) {
  if (in.token().language < 2) return false;
  if (in.token().kind == DeviceToken::Kind::kWord && IsBlock(in.token().text)) {
    ReadBlock(in, spec);
    return true;
  }
  if (ReadSpans(in, spec)) return true;
  if (in.TakeWord("transport")) {
    ReadTransports(in, spec);
  } else if (in.TakeWord("port")) {
    ReadPort(in, spec);
  } else if (in.TakeWord("alternative")) {
    spec.alternative = in.String("alternative").value_or("");
  } else if (in.TakeWord("tls")) {
    spec.tls = YesOrNo(in, "tls");
  } else if (in.TakeWord("interleave")) {
    spec.interleave = YesOrNo(in, "interleave");
  } else if (in.TakeWord("native-cycle")) {
    ReadCycleTrust(in, spec);
  } else if (in.TakeWord("sessions")) {
    if (const auto n = in.Count("sessions", kMaxSessions)) spec.sessions = n;
  } else if (in.TakeWord("secret-length")) {
    const auto n = in.Count("secret-length", kMaxSecretBytes);
    if (n) spec.secret_length = n;
  } else if (in.TakeWord("state")) {
    if (const auto state = ReadState(in)) spec.states.push_back(*state);
  } else {
    return false;
  }
  return true;
}

}  // namespace power
