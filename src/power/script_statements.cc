// The statements of ScriptRunner that send, tell states and fail: none of them
// waits.
#include <absl/algorithm/container.h>
#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>

#include "power/credential_form.h"
#include "power/limits.h"
#include "power/plug_range.h"
#include "power/script_runner.h"

namespace power {

using Kind = Statement::Kind;

void ScriptRunner::SendBytes(std::string bytes, ScriptLine& line) {
  sent_ += bytes.size();
  if (sent_ > kMaxSentBytes) {
    return FailWith(FailureClass::kConfig,
                    absl::StrCat("sends more than ", kMaxSentBytes, " bytes"),
                    script_.where);
  }
  if (!bytes.empty()) line.out.push_back(SendText{std::move(bytes)});
}

void ScriptRunner::Send(const Statement& s, ScriptLine& line) {
  if (line.closed) {
    return FailClosed(*line.closed, "all was sent", s.where);
  }
  const bool refuses = script_.verb == Verb::kVerify;
  if (s.kind == Kind::kConfirm) confirmation_reached_ = true;
  if (Switches(script_.verb) && (!confirms_ || s.kind == Kind::kConfirm)) {
    maybe_executed_ = true;
  }
  switch (s.kind) {
    case Kind::kSend:
      return SendBytes(WithPlugs(s.text), line);
    case Kind::kConfirm:
      return SendBytes(WithPlugs(refuses ? s.no : s.text), line);
    case Kind::kSendUser:
      return SendBytes(EncodedUser(line.device.user, s.form) + s.text, line);
    case Kind::kSendMatch:
      return SendBytes(GroupText(s.group).value_or("") + s.text, line);
    default:  // kSendSecret; One sends us nothing else
      line.out.push_back(SendSecret{s.form});
      return SendBytes(s.text, line);
  }
}

std::string ScriptRunner::WithPlugs(absl::string_view format) const {
  std::string out;
  const std::vector<std::string>& plugs = frames_.back().plugs;
  for (size_t at = 0; at < format.size(); at++) {
    if (format[at] != '%') {
      out += format[at];
      continue;
    }
    at++;
    if (at >= format.size() || format[at] != 's') {
      out += '%';
    } else if (plugs.size() == 1) {
      out += plugs[0];
    } else if (plugs.size() > 1) {
      out += FoldRange(plugs);
    }
  }
  return out;
}

std::optional<std::string> ScriptRunner::GroupText(int group) const {
  const size_t index = static_cast<size_t>(group);
  return index < groups_.size() ? groups_[index] : std::nullopt;
}

// What the device wrote goes into a message for people.
std::string ScriptRunner::WithGroups(absl::string_view text,
                                     const ScriptLine& line) const {
  std::string out;
  for (size_t at = 0; at < text.size(); at++) {
    size_t digits = at + 1;
    int group = 0;
    while (text[at] == '$' && digits < text.size() && group < 100 &&
           absl::ascii_isdigit(text[digits])) {
      group = group * 10 + (text[digits++] - '0');
    }
    if (digits == at + 1) {
      out += text[at];
      continue;
    }
    RecentText printable(line.device.hidden());
    printable.Append(GroupText(group).value_or(""));
    out += printable.Text();
    at = digits - 1;
  }
  return out;
}

void ScriptRunner::FailStatement(const Statement& s, const ScriptLine& line) {
  std::string text = WithGroups(s.text, line);
  if (text.empty()) {
    text = absl::StrCat("the device says '", WithGroups("$0", line), "'");
  }
  FailWith(s.failure_class, text, s.where);
}

PlugReport& ScriptRunner::Report(const std::string& plug) {
  for (PlugReport& report : reports_) {
    if (report.plug == plug) return report;
  }
  reports_.push_back({plug});
  return reports_.back();
}

void ScriptRunner::SetPlugState(const Statement& s, const ScriptLine& line) {
  const std::vector<std::string>& plugs = frames_.back().plugs;
  std::optional<std::string> plug;
  if (s.literal_plug) plug = s.text;
  if (s.plug_group) plug = GroupText(*s.plug_group);
  if (!plug && !plugs.empty()) plug = plugs.front();
  const std::optional<std::string> value = GroupText(s.group);
  // What the device says of plugs that nobody knows is no news.
  if (!plug || !value ||
      absl::c_none_of(line.device.plugs, [&](const DevicePlug& known) {
        return known.name == *plug;
      })) {
    return;
  }
  PlugReport& report = Report(*plug);
  report.value = Redacted(*value, line.device.hidden());
  report.state = PlugState::kUnknown;
  for (const Interpretation& i :
       s.interpretations.empty() ? specification_.states : s.interpretations) {
    if (!i.pattern.Matches(*value)) continue;
    report.state = i.state;
    return;
  }
}

void ScriptRunner::SetResult(const Statement& s, const ScriptLine& line) {
  const std::optional<std::string> plug = GroupText(*s.plug_group);
  const std::optional<std::string> value = GroupText(s.group);
  if (!plug || !value ||
      absl::c_none_of(line.device.plugs, [&](const DevicePlug& known) {
        return known.name == *plug;
      })) {
    return;
  }
  PlugReport& report = Report(*plug);
  report.value = Redacted(*value, line.device.hidden());
  if (absl::c_any_of(s.successes, [&](const Pattern& success) {
        return success.Matches(*value);
      })) {
    report.failure.reset();
    return;
  }
  report.failure = {
      FailureClass::kDevice,
      absl::StrCat("the device says '",
                   WithGroups(absl::StrCat("$", s.group), line), "'"),
      maybe_executed_};
}

}  // namespace power
