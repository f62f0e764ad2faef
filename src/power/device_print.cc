#include "power/device_print.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>

#include "power/spec_settings.h"

namespace power {
namespace {

using Kind = Statement::Kind;

class Writer {
 public:
  // Takes one more line at the depth that has been reached.
  void Line(absl::string_view text) {
    out_.append(static_cast<size_t>(depth_) * 4, ' ');
    absl::StrAppend(&out_, text, "\n");
  }
  void Open(absl::string_view text) {
    Line(absl::StrCat(text, " {"));
    depth_++;
  }
  void Close() {
    depth_--;
    Line("}");
  }
  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
  int depth_ = 0;
};

std::string Interpretations(const Statement& s) {
  std::string text;
  for (const Interpretation& i : s.interpretations) {
    absl::StrAppend(&text, " ", Word(i.state), "=",
                    DeviceString(i.pattern.text()));
  }
  return text;
}

std::string Suffix(const Statement& s) {
  return s.text.empty() ? "" : absl::StrCat(" ", DeviceString(s.text));
}

std::string Credential(absl::string_view name, const Statement& s) {
  return absl::StrCat(name,
                      s.form == SecretForm::kForm  ? " form"
                      : s.form == SecretForm::kXml ? " xml"
                                                   : "",
                      Suffix(s));
}

std::string RunText(const Statement& s) {
  std::string text = "run";
  for (const std::string& word : s.words) {
    absl::StrAppend(&text, " ", word.empty() ? "address" : DeviceString(word));
  }
  return text;
}

std::string SetResultText(const Statement& s) {
  std::string text = absl::StrCat("setresult $", *s.plug_group, " $", s.group);
  for (const Pattern& success : s.successes) {
    absl::StrAppend(&text, " success=", DeviceString(success.text()));
  }
  return text;
}

std::string SetPlugStateText(const Statement& s) {
  return absl::StrCat("setplugstate ",
                      s.literal_plug ? DeviceString(s.text) + " " : "",
                      s.plug_group ? absl::StrCat("$", *s.plug_group, " ") : "",
                      "$", s.group, Interpretations(s));
}

// One that has no block.
std::string PlainText(const Statement& s) {
  switch (s.kind) {
    case Kind::kSend:
      return absl::StrCat("send ", DeviceString(s.text));
    case Kind::kExpect:
      return absl::StrCat("expect ", DeviceString(s.pattern.text()),
                          s.span ? " within " + SecondsText(*s.span) : "");
    case Kind::kDelay:
      return absl::StrCat("delay ", SecondsText(*s.span));
    case Kind::kSetPlugState:
      return SetPlugStateText(s);
    case Kind::kSetResult:
      return SetResultText(s);
    case Kind::kSendUser:
      return Credential("send-user", s);
    case Kind::kSendSecret:
      return Credential("send-secret", s);
    case Kind::kSendMatch:
      return absl::StrCat("send-match $", s.group, Suffix(s));
    case Kind::kAgain:
      return s.times ? absl::StrCat("again max ", *s.times) : "again";
    case Kind::kFail:
      return absl::StrCat("fail ", Word(s.failure_class), Suffix(s));
    case Kind::kConfirm:
      return absl::StrCat("confirm ", DeviceString(s.text), " ",
                          DeviceString(s.no));
    case Kind::kSetNative:
      return "set-native";
    case Kind::kReconnect:
      return absl::StrCat("reconnect ", SecondsText(*s.span));
    case Kind::kRun:
      return RunText(s);
    case Kind::kForEachPlug:
    case Kind::kForEachNode:
    case Kind::kIfOn:
    case Kind::kIfOff:
    case Kind::kExpectAny:
      return "";
  }
  return "";
}

absl::string_view BlockName(Kind kind) {
  if (kind == Kind::kForEachPlug) return "foreachplug";
  if (kind == Kind::kForEachNode) return "foreachnode";
  return kind == Kind::kIfOn ? "ifon" : "ifoff";
}

void Write(const std::vector<Statement>& body, Writer& out);

void WriteBranches(const Statement& s, Writer& out) {
  out.Open("expectany");
  for (const Branch& branch : s.branches) {
    switch (branch.kind) {
      case Branch::Kind::kPattern:
        out.Open(DeviceString(branch.pattern.text()));
        break;
      case Branch::Kind::kAfter:
        out.Open(absl::StrCat("after ", SecondsText(branch.after)));
        break;
      case Branch::Kind::kClosed:
        out.Open("closed");
        break;
    }
    Write(branch.body, out);
    out.Close();
  }
  out.Close();
}

void Write(const std::vector<Statement>& body, Writer& out) {
  for (const Statement& s : body) {
    const std::string plain = PlainText(s);
    if (!plain.empty()) {
      out.Line(plain);
    } else if (s.kind == Kind::kExpectAny) {
      WriteBranches(s, out);
    } else {
      out.Open(BlockName(s.kind));
      Write(s.body, out);
      out.Close();
    }
  }
}

void WriteSettings(const std::vector<Setting>& settings, Writer& out) {
  for (const Setting& setting : settings) {
    std::string line = setting.name;
    for (const Setting::Value& value : setting.values) {
      absl::StrAppend(&line, " ",
                      value.kind == Setting::Value::Kind::kString
                          ? DeviceString(value.text)
                          : value.text);
    }
    out.Line(line);
  }
}

void WriteSpan(absl::string_view name, std::optional<absl::Duration> span,
               Writer& out) {
  if (span) out.Line(absl::StrCat(name, " ", SecondsText(*span)));
}

void WriteExtensions(const Specification& spec, Writer& out) {
  if (!spec.transports.empty()) {
    std::string line = "transport";
    for (const std::string& t : spec.transports) absl::StrAppend(&line, " ", t);
    out.Line(line);
  }
  for (const auto& [transport, port] : spec.ports) {
    out.Line(
        absl::StrCat("port ", transport, transport.empty() ? "" : " ", port));
  }
  if (!spec.alternative.empty()) {
    out.Line(absl::StrCat("alternative ", DeviceString(spec.alternative)));
  }
  if (spec.tls) out.Line(absl::StrCat("tls ", *spec.tls ? "yes" : "no"));
  if (spec.interleave) {
    out.Line(absl::StrCat("interleave ", *spec.interleave ? "yes" : "no"));
  }
  if (spec.native_cycle) {
    out.Line(absl::StrCat(
        "native-cycle ",
        *spec.native_cycle == CycleTrust::kSafe ? "safe" : "unsafe"));
  }
  if (spec.sessions) out.Line(absl::StrCat("sessions ", *spec.sessions));
  if (spec.secret_length) {
    out.Line(absl::StrCat("secret-length ", *spec.secret_length));
  }
  WriteSpan("step-timeout", spec.step_timeout, out);
  WriteSpan("settle", spec.settle, out);
  WriteSpan("poll", spec.poll, out);
  WriteSpan("hold", spec.hold, out);
  WriteSpan("off-time", spec.off_time, out);
  for (const Interpretation& i : spec.states) {
    out.Line(absl::StrCat("state ", DeviceString(i.pattern.text()), " = ",
                          Word(i.state)));
  }
  for (const SettingsBlock& block : spec.blocks) {
    out.Open(block.name);
    WriteSettings(block.lines, out);
    out.Close();
  }
}

void WriteSpecification(const Specification& spec, Writer& out) {
  out.Open(absl::StrCat("specification ", DeviceString(spec.name)));
  if (spec.timeout > absl::ZeroDuration()) {
    out.Line(absl::StrCat("timeout ", SecondsText(spec.timeout)));
  }
  if (spec.ping_period > absl::ZeroDuration()) {
    out.Line(absl::StrCat("pingperiod ", SecondsText(spec.ping_period)));
  }
  WriteExtensions(spec, out);
  if (!spec.plugs.empty()) {
    std::string line = "plug name {";
    for (const std::string& plug : spec.plugs) {
      absl::StrAppend(&line, " ", DeviceString(plug));
    }
    out.Line(line + " }");
  }
  for (const Script& script : spec.scripts) {
    out.Open(absl::StrCat("script ", ScriptName(script.verb, script.form)));
    Write(script.body, out);
    out.Close();
  }
  out.Close();
}

void WriteLines(const DeviceFile& file, Writer& out) {
  for (const std::string& listen : file.listens) {
    out.Line(absl::StrCat("listen ", DeviceString(listen)));
  }
  if (file.tcp_wrappers) {
    out.Line(absl::StrCat("tcpwrappers ", *file.tcp_wrappers ? "yes" : "no"));
  }
  if (!file.plug_log_level.empty()) {
    out.Line(
        absl::StrCat("plug_log_level ", DeviceString(file.plug_log_level)));
  }
  for (const DeviceLine& line : file.devices) {
    out.Line(absl::StrCat(
        "device ", DeviceString(line.name), " ",
        DeviceString(line.specification), " ", DeviceString(line.address),
        line.flags.empty() ? "" : " " + DeviceString(line.flags)));
  }
  for (const HostLine& line : file.hosts) {
    out.Line(absl::StrCat("node ", DeviceString(line.names), " ",
                          DeviceString(line.device),
                          line.plugs ? " " + DeviceString(*line.plugs) : ""));
  }
  for (const AliasLine& line : file.aliases) {
    out.Line(absl::StrCat("alias ", DeviceString(line.name), " ",
                          DeviceString(line.hosts)));
  }
}

// The letter behind the backslash, or 0.
char EscapeLetter(char c) {
  switch (c) {
    case '\a':
      return 'a';
    case '\b':
      return 'b';
    case '\033':
      return 'e';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    case '\v':
      return 'v';
    case '"':
      return '"';
    case '\\':
      return '\\';
  }
  return '\0';
}

}  // namespace

std::string DeviceString(absl::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (const char letter = EscapeLetter(c); letter != '\0') {
      out += '\\';
      out += letter;
    } else if (c < ' ' || c == '\177') {
      absl::StrAppendFormat(&out, "\\%03o", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string SecondsText(absl::Duration span) {
  absl::Duration rest;
  const int64_t seconds = absl::IDivDuration(span, absl::Seconds(1), &rest);
  std::string text = absl::StrCat(seconds);
  const int64_t nanoseconds = absl::ToInt64Nanoseconds(rest);
  if (nanoseconds == 0) return text;
  absl::StrAppendFormat(&text, ".%09d", nanoseconds);
  return text.substr(0, text.find_last_not_of('0') + 1);
}

std::string SpecificationText(const Specification& spec) {
  DeviceFile file;
  file.specifications.push_back(spec);
  return DeviceFileText(file);
}

std::string DeviceFileText(const DeviceFile& file) {
  Writer out;
  if (std::any_of(file.specifications.begin(), file.specifications.end(),
                  [](const Specification& s) { return s.language > 1; })) {
    out.Line("language 2");
  }
  WriteLines(file, out);
  for (const Specification& spec : file.specifications) {
    WriteSpecification(spec, out);
  }
  return out.Take();
}

}  // namespace power
