#include "power/powerman_protocol.h"

#include <absl/container/flat_hash_map.h>
#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>
#include <utility>

#include "power/host_list.h"
#include "power/limits.h"
#include "power/plug_range.h"
#include "text/utf8.h"

namespace power {
namespace {

// Of a line that is not whole: what is at its ends is not counted.
constexpr size_t kMaxKeptBytes = kMaxPowermanLineBytes + 64;

constexpr const char* kHelp[] = {
    "nodes              - query node list",
    "device [<nodes>]   - query power control device status",
    "status [<nodes>]   - query power status",
    "on <nodes>         - power on",
    "off <nodes>        - power off",
    "cycle <nodes>      - power cycle",
    "reset <nodes>      - hardware reset (if available)",
    "temp [<nodes>]     - query temperature (if available)",
    "beacon [<nodes>]   - query beacon status (if available)",
    "flash <nodes>      - set beacon to ON (if available)",
    "unflash <nodes>    - set beacon to OFF (if available)",
    "telemetry          - toggle telemetry display",
    "exprange           - toggle host range expansion",
    "help               - display help",
    "quit               - logout",
};

struct HostCommand {
  const char* word;
  Verb verb;
  bool may_be_all;
};
// In this order: powermand takes the first that fits.
constexpr HostCommand kHostCommands[] = {
    {"on", Verb::kOn, false},
    {"off", Verb::kOff, false},
    {"cycle", Verb::kCycle, false},
    {"reset", Verb::kReset, false},
    {"flash", Verb::kBeaconOn, false},
    {"unflash", Verb::kBeaconOff, false},
    {"status", Verb::kStatus, true},
    {"temp", Verb::kStatusTemp, true},
    {"beacon", Verb::kStatusBeacon, true},
};

// The word behind `command`, be there a blank between them or not, as scanf
// sees it. None if the line does not begin with it, or ends there.
std::optional<absl::string_view> WordBehind(absl::string_view command,
                                            absl::string_view line) {
  if (!absl::StartsWith(line, command)) return std::nullopt;
  line = absl::StripLeadingAsciiWhitespace(line.substr(command.size()));
  const size_t end =
      std::find_if(line.begin(), line.end(), absl::ascii_isspace) -
      line.begin();
  if (end == 0) return std::nullopt;
  return line.substr(0, end);
}

bool IsOrBegins(absl::string_view line, absl::string_view command) {
  return absl::StartsWithIgnoreCase(line, command);
}

// powerman knows four reasons.
absl::string_view Reason(const PlugResult& result) {
  constexpr absl::string_view kConnect = "connect timeout";
  constexpr absl::string_view kLogin = "login timeout";
  if (!result.failure) return "action aborted due to previous action timeout";
  switch (result.failure->failure_class) {
    case FailureClass::kUnreachable:
      return kConnect;
    case FailureClass::kAuth:
    case FailureClass::kHostKey:
    case FailureClass::kTls:
      return kLogin;
    case FailureClass::kTimeout:
      if (absl::StrContains(result.failure->text, "connect")) return kConnect;
      if (absl::StrContains(result.failure->text, "login")) return kLogin;
      break;
    default:
      break;
  }
  return "action timed out waiting for expected response";
}

// What powerman's words leave out.
std::string Diagnosis(const PlugResult& result) {
  if (!result.failure) return absl::StrCat("not tried: ", result.remark);
  if (result.failure->failure_class == FailureClass::kTimeout) return "";
  return absl::StrCat(Word(result.failure->failure_class), ": ",
                      result.failure->text);
}

absl::string_view LinkWord(ServiceDevice::Link link) {
  switch (link) {
    case ServiceDevice::Link::kConnected:
      return "connected";
    case ServiceDevice::Link::kConnecting:
      return "connecting";
    case ServiceDevice::Link::kDisconnected:
      break;
  }
  return "disconnected";
}

}  // namespace

PowermanSession::Effects PowermanSession::Opened() {
  Say(1, kPowermanVersion);
  Prompt();
  return Take();
}

PowermanSession::Effects PowermanSession::Received(absl::string_view bytes) {
  while (!bytes.empty() && !quit_) {
    const size_t end = bytes.find('\n');
    const absl::string_view piece = bytes.substr(0, end);
    if (line_.size() + piece.size() > kMaxKeptBytes) {
      too_long_ = true;
      line_.clear();
    }
    if (!too_long_) absl::StrAppend(&line_, piece);
    if (end == absl::string_view::npos) break;
    bytes.remove_prefix(end + 1);
    const std::string line = std::exchange(line_, {});
    Line(line);
    too_long_ = false;
  }
  return Take();
}

PowermanSession::Effects PowermanSession::ReceivedAll() {
  heard_all_ = true;
  return Take();
}

void PowermanSession::Line(absl::string_view line) {
  // powermand's lines are C strings.
  line = absl::StripAsciiWhitespace(line.substr(0, line.find('\0')));
  if (too_long_ || line.size() >= kMaxPowermanLineBytes) {
    Say(203, "Command too long");
  } else if (command_) {
    return Say(208, "Command in progress");
  } else if (!AboutUs(line) && !AboutHosts(line)) {
    Say(201, "Unknown command");
  }
  if (!out_.start && !quit_) Prompt();
}

bool PowermanSession::AboutUs(absl::string_view line) {
  if (IsOrBegins(line, "help")) {
    for (const char* text : kHelp) Say(301, text);
    Say(103, "Query complete");
  } else if (IsOrBegins(line, "nodes")) {
    Nodes();
  } else if (IsOrBegins(line, "telemetry")) {
    telemetry_ = !telemetry_;
    Say(104, absl::StrCat("Telemetry ", telemetry_ ? "ON" : "OFF"));
  } else if (IsOrBegins(line, "exprange")) {
    expands_ = !expands_;
    Say(105, absl::StrCat("Hostrange expansion ", expands_ ? "ON" : "OFF"));
  } else if (IsOrBegins(line, "quit")) {
    quit_ = true;
    Say(101, "Goodbye");
  } else {
    return false;
  }
  return true;
}

bool PowermanSession::AboutHosts(absl::string_view line) {
  for (const HostCommand& command : kHostCommands) {
    if (const auto word = WordBehind(command.word, line)) {
      Begin(command.verb, word);
      return true;
    }
    if (command.may_be_all && IsOrBegins(line, command.word)) {
      Begin(command.verb, std::nullopt);
      return true;
    }
  }
  if (!IsOrBegins(line, "device")) return false;
  Devices(WordBehind("device", line));
  return true;
}

// All of them exist; or the client has been told what is wrong.
std::optional<std::vector<std::string>> PowermanSession::HostsOf(
    absl::string_view list) {
  absl::StatusOr<std::vector<std::string>> names =
      ParseHostList(list, kMaxPowermanHosts);
  if (!names.ok()) {
    Say(205, "Hostlist error: invalid range");
    return std::nullopt;
  }
  std::vector<std::string> hosts, of_groups, unknown;
  hosts.reserve(names->size());
  for (std::string& name : *names) {
    if (const std::vector<std::string>* group = directory_.Group(name)) {
      if (of_groups.size() + group->size() > kMaxPowermanHosts) {
        Say(205, "Hostlist error: too many hosts");
        return std::nullopt;
      }
      of_groups.insert(of_groups.end(), group->begin(), group->end());
    } else if (directory_.HasHost(name)) {
      hosts.push_back(std::move(name));
    } else {
      unknown.push_back(text::Clean(name));
    }
  }
  if (!unknown.empty()) {
    Say(209, absl::StrCat("No such nodes: ", FoldInOrder(unknown)));
    return std::nullopt;
  }
  hosts.insert(hosts.end(), of_groups.begin(), of_groups.end());
  return hosts;
}

void PowermanSession::Begin(Verb verb, std::optional<absl::string_view> list) {
  std::optional<std::vector<std::string>> hosts =
      list ? HostsOf(*list) : directory_.Hosts();
  if (!hosts) return;
  ServiceOrder order = {
      .verb = verb, .telemetry = telemetry_, .who = "powerman"};
  Command command = {.verb = verb};
  command.places.reserve(hosts->size());
  order.hosts.reserve(hosts->size());
  absl::flat_hash_map<absl::string_view, size_t> places;
  places.reserve(hosts->size());
  for (const std::string& host : *hosts) {
    const auto [at, is_new] = places.try_emplace(host, places.size());
    if (is_new) order.hosts.push_back(host);
    command.places.push_back(at->second);
  }
  if (order.hosts.empty() || !directory_.Can(verb, order.hosts)) {
    return Say(213, "Command cannot be handled by power control device(s)");
  }
  command.hosts = *std::move(hosts);
  command.answers.resize(order.hosts.size());
  command_ = std::move(command);
  out_.start = std::move(order);
}

void PowermanSession::Nodes() {
  std::vector<std::string> hosts = directory_.Hosts();
  if (!expands_) {
    Say(306, FoldRange(std::move(hosts)));
  } else {
    SortHosts(&hosts);
    for (const std::string& host : hosts) Say(307, host);
  }
  Say(103, "Query complete");
}

void PowermanSession::Devices(std::optional<absl::string_view> list) {
  absl::flat_hash_set<std::string> wanted;
  if (list) {
    // Neither groups nor unknown names are told of here.
    const auto names = ParseHostList(*list, kMaxPowermanHosts);
    if (!names.ok()) return Say(205, "Hostlist error: invalid range");
    wanted.insert(names->begin(), names->end());
  }
  for (const ServiceDevice& device : directory_.Devices()) {
    const auto is_wanted = [&](const std::string& host) {
      return wanted.contains(host);
    };
    if (list &&
        std::none_of(device.hosts.begin(), device.hosts.end(), is_wanted)) {
      continue;
    }
    Say(304, absl::StrFormat(
                 "%s: state=%s reconnects=%03d actions=%03d type=%s hosts=%s",
                 device.name, LinkWord(device.link), device.reconnects,
                 device.actions, device.model, FoldRange(device.hosts)));
  }
  Say(103, "Query complete");
}

PowermanSession::Effects PowermanSession::Telemetry(absl::string_view line) {
  if (command_) Say(305, text::Clean(line));
  return Take();
}

PowermanSession::Effects PowermanSession::Result(const ServiceResult& result) {
  if (!command_) return Take();
  command_->answers.at(result.place) = {
      .is_heard = true, .state = result.result.after, .value = result.value};
  if (result.result.outcome) return Take();
  command_->has_errors = true;
  const std::string told =
      absl::StrCat(result.device, ": ", Reason(result.result));
  if (command_->told.insert(told).second) Say(308, text::Clean(told));
  const std::string diagnosis = Diagnosis(result.result);
  if (!diagnosis.empty()) {
    Say(309, text::Clean(absl::StrCat(result.host, ": ", diagnosis)));
  }
  return Take();
}

PowermanSession::Effects PowermanSession::Ended() {
  if (!command_) return Take();
  Report();
  command_.reset();
  Prompt();
  return Take();
}

void PowermanSession::Report() {
  // A host that nothing was heard of is no success.
  for (const Answer& answer : command_->answers) {
    if (!answer.is_heard) command_->has_errors = true;
  }
  const bool has_errors = command_->has_errors;
  if (!IsQuery(command_->verb)) {
    return has_errors ? Say(210, "Command completed with errors")
                      : Say(102, "Command completed successfully");
  }
  if (command_->verb == Verb::kStatusTemp) {
    Temperatures();
  } else {
    States();
  }
  has_errors ? Say(211, "Query completed with errors")
             : Say(103, "Query complete");
}

void PowermanSession::States() {
  std::vector<std::string> on, off, unknown;
  for (size_t i = 0; i < command_->hosts.size(); ++i) {
    const std::string& host = command_->hosts[i];
    const PlugState state = AnswerTo(i).state;
    std::vector<std::string>& list = state == PlugState::kOn    ? on
                                     : state == PlugState::kOff ? off
                                                                : unknown;
    if (!expands_) {
      list.push_back(host);
    } else {
      Say(303, absl::StrCat(host, &list == &on    ? ": on"
                                  : &list == &off ? ": off"
                                                  : ": unknown"));
    }
  }
  if (expands_) return;
  Say(302, absl::StrCat("on:      ", FoldRange(std::move(on))));
  Say(302, absl::StrCat("off:     ", FoldRange(std::move(off))));
  Say(302, absl::StrCat("unknown: ", FoldRange(std::move(unknown))));
}

void PowermanSession::Temperatures() {
  std::vector<std::string> unknown;
  for (size_t i = 0; i < command_->hosts.size(); ++i) {
    const std::string& host = command_->hosts[i];
    const std::string& value = AnswerTo(i).value;
    if (value.empty()) {
      unknown.push_back(host);
    } else {
      Say(303, absl::StrCat(host, ": ", text::Clean(value)));
    }
  }
  if (unknown.empty()) return;
  Say(303, absl::StrCat(FoldRange(std::move(unknown)), ": unknown"));
}

void PowermanSession::Say(int code, absl::string_view text) {
  absl::StrAppend(&out_.send, absl::Dec(code, absl::kZeroPad3), " ", text,
                  "\r\n");
}

PowermanSession::Effects PowermanSession::Take() {
  out_.close = quit_ || (heard_all_ && !command_);
  return std::exchange(out_, {});
}

}  // namespace power
