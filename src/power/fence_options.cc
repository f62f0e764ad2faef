#include "power/fence_options.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/str_split.h>

#include <map>

#include "base/status.h"
#include "power/limits.h"
#include "text/utf8.h"

namespace power {
namespace {

constexpr size_t kMaxHosts = 1024;
constexpr int kMaxSeconds = 24 * 3600;
constexpr int kMaxRetries = 100;

struct Parameter {
  const char* name;
  const char* option;   // "-o, --action=[action]"
  const char* type;     // of metadata: string, integer, second, boolean, select
  const char* value;    // if it is not given; "" for none
  const char* meaning;  // for people
  const char* obsoletes = "";  // an older name for it
  bool is_required = false;
};

constexpr Parameter kParameters[] = {
    {"action", "-o, --action=[action]", "string", "reboot",
     "What to do: on, off, reboot, status, monitor, list, list-status, "
     "metadata or validate-all",
     "", true},
    {"plug", "-n, --plug=[host]", "string", "",
     "The host, as the inventory of pcu-reboot names it", "port"},
    {"inventory", "-c, --inventory=[file]", "string", "",
     "The inventory of pcu-reboot, if it is not where it always is"},
    {"method", "-m, --method=[method]", "select", "onoff",
     "Reboot by off and on in two sessions, or in one; either way off is read "
     "back"},
    {"quiet", "-q, --quiet", "boolean", "", "Say nothing on standard error"},
    {"verbose", "-v, --verbose", "boolean", "",
     "Show what is said to the controller"},
    {"plug_separator", "--plug-separator=[char]", "string", ",",
     "What stands between hosts, if there are several"},
    {"separator", "-C, --separator=[char]", "string", ",",
     "What stands between the columns of list"},
    {"delay", "--delay=[seconds]", "second", "0",
     "Seconds to wait before anything is switched"},
    {"disable_timeout", "--disable-timeout=[true/false]", "string", "",
     "Whether only the inventory's limits hold"},
    {"login_timeout", "--login-timeout=[seconds]", "second", "5",
     "Seconds until the controller lets us in"},
    {"power_timeout", "--power-timeout=[seconds]", "second", "20",
     "Seconds until the state has to follow a command"},
    {"power_wait", "--power-wait=[seconds]", "second", "0",
     "Seconds to wait between off and on"},
    {"shell_timeout", "--shell-timeout=[seconds]", "second", "3",
     "Seconds for each step of a dialogue; if it is not given, the model's"},
    {"retry_on", "--retry-on=[attempts]", "integer", "1",
     "How often on is tried again"},
    {"stonith_status_sleep", "--stonith-status-sleep=[seconds]", "second", "1",
     "Taken and not looked at: the inventory says how often to read"},
};

// Keys that mean one of the above, or nothing here.
constexpr std::pair<const char*, const char*> kOtherNames[] = {
    {"port", "plug"}, {"option", "action"}, {"nodename", "host"}};

constexpr std::pair<const char*, FenceAction> kActions[] = {
    {"on", FenceAction::kOn},
    {"off", FenceAction::kOff},
    {"reboot", FenceAction::kReboot},
    {"status", FenceAction::kStatus},
    {"monitor", FenceAction::kMonitor},
    {"list", FenceAction::kList},
    {"list-status", FenceAction::kListStatus},
    {"metadata", FenceAction::kMetadata},
    {"meta-data", FenceAction::kMetadata},
    {"validate-all", FenceAction::kValidateAll},
};

bool NeedsHost(FenceAction action) {
  return action == FenceAction::kOn || action == FenceAction::kOff ||
         action == FenceAction::kReboot || action == FenceAction::kStatus;
}

std::string Xml(absl::string_view text) {
  return absl::StrReplaceAll(
      text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

// Pairs as they are used: by today's names, the last of each.
using Values = std::map<std::string, std::string, std::less<>>;

absl::Status Wrong(absl::string_view key, absl::string_view value,
                   absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat(key, ": '", text::Clean(value.substr(0, 80)), "' ", what));
}

absl::StatusOr<int> Number(const Values& values, absl::string_view key,
                           int unset, int most) {
  const auto found = values.find(key);
  if (found == values.end()) return unset;
  int number = 0;
  if (!absl::SimpleAtoi(found->second, &number) || number < 0 ||
      number > most) {
    return Wrong(key, found->second,
                 absl::StrCat("is no number from 0 to ", most));
  }
  return number;
}

absl::StatusOr<absl::Duration> Span(const Values& values, absl::string_view key,
                                    int unset) {
  TRY_ASSIGN(const int seconds, Number(values, key, unset, kMaxSeconds));
  return absl::Seconds(seconds);
}

bool IsYes(absl::string_view value) {
  for (const char* yes : {"1", "yes", "on", "true"}) {
    if (absl::EqualsIgnoreCase(value, yes)) return true;
  }
  return false;
}

// A switch without a value is one that was given.
bool IsSet(const Values& values, absl::string_view key) {
  const auto found = values.find(key);
  return found != values.end() &&
         (found->second.empty() || IsYes(found->second));
}

bool IsKnown(absl::string_view key) {
  if (key == "host") return true;
  for (const Parameter& p : kParameters) {
    if (key == p.name) return true;
  }
  return false;
}

Values Sort(const FencePairs& pairs, std::vector<std::string>* warnings) {
  Values values;
  for (const auto& [given, value] : pairs) {
    std::string key = absl::StrReplaceAll(given, {{"-", "_"}});
    for (const auto& [other, today] : kOtherNames) {
      if (key == other) key = today;
    }
    if (IsKnown(key)) {
      values[key] = value;
    } else {
      warnings->push_back(
          absl::StrCat(text::Clean(given.substr(0, 80)), ": is not known"));
    }
  }
  return values;
}

std::string ValueOf(const Values& values, absl::string_view key,
                    absl::string_view unset) {
  const auto found = values.find(key);
  return found == values.end() ? std::string(unset) : found->second;
}

absl::StatusOr<FenceAction> ActionOf(const Values& values) {
  const std::string word = ValueOf(values, "action", "reboot");
  for (const auto& [name, action] : kActions) {
    if (absl::EqualsIgnoreCase(word, name)) return action;
  }
  return Wrong("action", word, "is none");
}

absl::StatusOr<std::vector<std::string>> HostsOf(const Values& values) {
  // A cluster manager says which of its members it means, too; the plug is
  // what it is called here.
  const std::string text = ValueOf(values, "plug", ValueOf(values, "host", ""));
  const std::string separator = ValueOf(values, "plug_separator", ",");
  std::vector<std::string> hosts;
  if (separator.empty()) return Wrong("plug_separator", "", "is none");
  for (const absl::string_view host :
       absl::StrSplit(text, separator, absl::SkipEmpty())) {
    hosts.emplace_back(absl::StripAsciiWhitespace(host));
    if (hosts.size() > kMaxHosts) {
      return Wrong("plug", text, "names too many hosts");
    }
  }
  return hosts;
}

absl::Status ReadTimes(const Values& values, FenceOptions* options) {
  TRY_ASSIGN(options->delay, Span(values, "delay", 0));
  TRY_ASSIGN(options->power_wait, Span(values, "power_wait", 0));
  TRY_ASSIGN(options->power_timeout, Span(values, "power_timeout", 20));
  TRY_ASSIGN(options->login_timeout, Span(values, "login_timeout", 5));
  TRY_ASSIGN(const absl::Duration shell, Span(values, "shell_timeout", 3));
  if (values.contains("shell_timeout")) options->shell_timeout = shell;
  TRY_ASSIGN(options->retry_on, Number(values, "retry_on", 1, kMaxRetries));
  for (auto* time : {&options->power_timeout, &options->login_timeout,
                     &options->shell_timeout}) {
    // Zero is none, as in other fence agents.
    if (*time == absl::ZeroDuration()) time->reset();
    if (IsYes(ValueOf(values, "disable_timeout", ""))) time->reset();
  }
  return absl::OkStatus();
}

void AddParameter(const Parameter& p, absl::string_view name,
                  absl::string_view attributes, std::string* out) {
  const absl::string_view type = p.type;
  absl::StrAppend(out, "\t<parameter name=\"", name,
                  "\" unique=\"0\" required=\"", p.is_required ? "1" : "0",
                  "\"", attributes, ">\n");
  absl::StrAppend(out, "\t\t<getopt mixed=\"", Xml(p.option), "\" />\n");
  absl::StrAppend(out, "\t\t<content type=\"", type, "\"");
  if (*p.value != '\0') {
    absl::StrAppend(out, " default=\"", Xml(p.value), "\"");
  }
  if (type == "select") {
    absl::StrAppend(out, " >\n\t\t\t<option value=\"onoff\" />\n",
                    "\t\t\t<option value=\"cycle\" />\n\t\t</content>\n");
  } else {
    absl::StrAppend(out, " />\n");
  }
  absl::StrAppend(out, "\t\t<shortdesc lang=\"en\">", Xml(p.meaning),
                  "</shortdesc>\n\t</parameter>\n");
}

}  // namespace

absl::StatusOr<FencePairs> ParseFenceInput(absl::string_view text) {
  if (text.size() > kMaxFenceInputBytes) {
    return absl::InvalidArgumentError("the options are too long");
  }
  if (absl::StrContains(text, '\0')) {
    return absl::InvalidArgumentError("the options hold a NUL");
  }
  FencePairs pairs;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    const size_t equals = line.find('=');
    absl::string_view value;
    if (equals != absl::string_view::npos) {
      value = absl::StripAsciiWhitespace(line.substr(equals + 1));
    }
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    pairs.emplace_back(absl::StripAsciiWhitespace(line.substr(0, equals)),
                       value);
  }
  return pairs;
}

absl::StatusOr<FenceOptions> ReadFenceOptions(const FencePairs& pairs) {
  FenceOptions options;
  const Values values = Sort(pairs, &options.warnings);
  TRY_ASSIGN(options.action, ActionOf(values));
  TRY_ASSIGN(options.hosts, HostsOf(values));
  TRY(ReadTimes(values, &options));
  options.separator = ValueOf(values, "separator", ",");
  options.inventory = ValueOf(values, "inventory", "");
  options.quiet = IsSet(values, "quiet");
  options.verbose = IsSet(values, "verbose");
  const std::string method = ValueOf(values, "method", "onoff");
  if (method != "onoff" && method != "cycle") {
    return Wrong("method", method, "is neither onoff nor cycle");
  }
  options.one_session = method == "cycle";
  if (NeedsHost(options.action) && options.hosts.empty()) {
    return absl::InvalidArgumentError("plug: a host is missing");
  }
  return options;
}

std::string FenceMetadata() {
  std::string out =
      "<?xml version=\"1.0\" ?>\n"
      "<resource-agent name=\"fence_pcu\" shortdesc=\"Fence agent for the "
      "power controllers of pcu-reboot\" >\n"
      "<longdesc>fence_pcu switches hosts by the power controllers that the "
      "inventory of pcu-reboot names: outlet strips and the hosts' own "
      "controllers, of any protocol. Off is a success only once it was read "
      "back, of every power supply of the host. Credentials are the "
      "inventory's; none are taken here.</longdesc>\n"
      "<vendor-url></vendor-url>\n<parameters>\n";
  for (const Parameter& p : kParameters) {
    if (*p.obsoletes == '\0') {
      AddParameter(p, p.name, "", &out);
      continue;
    }
    AddParameter(p, p.name, absl::StrCat(" obsoletes=\"", p.obsoletes, "\""),
                 &out);
    AddParameter(p, p.obsoletes, " deprecated=\"1\"", &out);
  }
  absl::StrAppend(&out, "</parameters>\n<actions>\n",
                  "\t<action name=\"on\" automatic=\"0\" />\n");
  for (const char* action : {"off", "reboot", "status", "list", "list-status",
                             "monitor", "metadata", "validate-all"}) {
    absl::StrAppend(&out, "\t<action name=\"", action, "\" />\n");
  }
  absl::StrAppend(&out, "</actions>\n</resource-agent>\n");
  return out;
}

std::vector<std::string> FenceKeys() {
  std::vector<std::string> keys;
  for (const Parameter& p : kParameters) keys.emplace_back(p.name);
  return keys;
}

}  // namespace power
