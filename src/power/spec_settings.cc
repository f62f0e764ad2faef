#include "power/spec_settings.h"

#include <absl/algorithm/container.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "power/limits.h"
#include "power/snmp_table.h"

namespace power {
namespace {

// http and https talk to a web server behind httppower's prompt; exec runs a
// program; manual is a person.
constexpr absl::string_view kTransports[] = {
    "ssh",  "telnet",  "tcp", "tls",   "serial", "exec",   "http", "https",
    "ipmi", "redfish", "amt", "ribcl", "snmp",   "manual", "wol"};
constexpr absl::string_view kBlocks[] = {"snmp", "http", "redfish",
                                         "ipmi", "amt",  "ribcl"};
constexpr int kMaxSessions = 1000;
constexpr int kMaxPort = 65535;

void ReadTransports(TokenStream& in, Specification& spec) {
  bool any = false;
  while (in.token().kind == DeviceToken::Kind::kWord &&
         IsTransport(in.token().text)) {
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

std::vector<Setting> ReadSettings(TokenStream& in, absl::string_view behind,
                                  int depth) {
  std::vector<Setting> settings;
  if (!in.Expect("{", behind)) return settings;
  if (depth > kMaxBlockDepth) {
    in.Error("depth", "blocks are nested too deeply");
    while (!in.AtEnd()) in.Take();
  }
  while (in.token().kind == DeviceToken::Kind::kWord) {
    Setting setting;
    setting.where = in.token().where;
    setting.name = in.Take().text;
    // A line is a word and its values: words are values only on that line.
    while (true) {
      const DeviceToken& token = in.token();
      using Kind = Setting::Value::Kind;
      if (token.kind == DeviceToken::Kind::kNumber) {
        setting.values.push_back({Kind::kNumber, in.Take().text});
      } else if (token.kind == DeviceToken::Kind::kString) {
        setting.values.push_back({Kind::kString, in.Take().text});
      } else if (token.kind == DeviceToken::Kind::kWord &&
                 token.where.line == setting.where.line &&
                 token.where.file == setting.where.file) {
        setting.values.push_back({Kind::kWord, in.Take().text});
      } else {
        break;
      }
    }
    if (in.token().IsMark("{")) {
      setting.inside = ReadSettings(in, setting.name, depth + 1);
      if (setting.inside.empty()) {
        in.problems().Error(
            setting.where, "block",
            absl::StrCat("the block of ", setting.name, " is empty"));
      }
    }
    settings.push_back(std::move(setting));
  }
  in.Expect("}", behind);
  return settings;
}

void ReadDeclaration(TokenStream& in, Specification& spec) {
  Setting block;
  block.where = in.token().where;
  block.name = in.Take().text;
  if (spec.Block(block.name) != nullptr) {
    in.problems().Error(block.where, "block",
                        absl::StrCat("a second block ", block.name));
  }
  block.inside = ReadSettings(in, block.name, 1);
  if (block.name == "snmp" && IsSnmpTable(block)) {
    const auto table = ReadSnmpTable(block, spec.name);
    if (!table.ok()) {
      in.problems().Error(block.where, "snmp",
                          std::string(table.status().message()));
    }
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
         ReadSpan(in, "poll", spec.poll) ||
         ReadSpan(in, "off-time", spec.off_time);
}

}  // namespace

bool IsTransport(absl::string_view word) {
  return absl::c_linear_search(kTransports, word);
}

bool ReadSpecSetting(TokenStream& in, Specification& spec) {
  if (in.token().language < 2) return false;
  if (in.token().kind == DeviceToken::Kind::kWord &&
      absl::c_linear_search(kBlocks, in.token().text)) {
    ReadDeclaration(in, spec);
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
  } else if (in.TakeWord("state")) {
    if (const auto state = ReadState(in)) spec.states.push_back(*state);
  } else {
    return false;
  }
  return true;
}

}  // namespace power
