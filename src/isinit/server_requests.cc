// What clients ask, on our socket and from other hosts, and what they are told.

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <utility>

#include "base/status.h"
#include "cli/report.h"
#include "isinit/permission.h"
#include "isinit/server_state.h"
#include "isinit/status_file.h"
#include "isinit/status_view.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/process.h"

namespace isinit {

namespace wire_pb = fleetbox::wire;
using wire_pb::IsinitAnswer;
using wire_pb::IsinitRequest;

namespace {

// Exit codes of clients (isinit(8)).
constexpr size_t kMaxLogBytes = 64 << 20;
constexpr int kTestFailed = 1, kNoSuch = 66, kTryLater = 75, kNotPermitted = 77,
              kBadTable = 78;

Operate::Verb OperateVerb(IsinitRequest::Verb verb) {
  switch (verb) {
    case IsinitRequest::START:
      return Operate::Verb::kStart;
    case IsinitRequest::STOP:
      return Operate::Verb::kStop;
    case IsinitRequest::RESTART:
      return Operate::Verb::kRestart;
    default:
      return Operate::Verb::kSignal;
  }
}

}  // namespace

int ExitCodeOf(Answer::Kind kind) {
  switch (kind) {
    case Answer::Kind::kProgress:
    case Answer::Kind::kDone:
      return 0;
    case Answer::Kind::kTestFailed:
      return kTestFailed;
    case Answer::Kind::kSuperseded:
      return kTryLater;
    case Answer::Kind::kNoGroup:
    case Answer::Kind::kNoEntry:
      return kNoSuch;
    case Answer::Kind::kRefused:
      return kTryLater;
  }
  return 0;
}

void ServerState::Reply(uint64_t client, const IsinitAnswer& answer) {
  if (answer.last()) waiting.erase(client);
  if (client >= Remote::kFirstClient) {
    if (remote != nullptr) remote->Answer(client, answer);
  } else {
    control->Answer(client, answer);
  }
}

void ServerState::Say(uint64_t client, int code, absl::string_view text) {
  IsinitAnswer answer;
  answer.set_last(true);
  answer.set_exit_code(code);
  answer.set_text(std::string(text));
  Reply(client, answer);
}

void ServerState::Gone(uint64_t client) { waiting.erase(client); }

void ServerState::Asked(uint64_t client, const Caller& caller,
                        const IsinitRequest& request) {
  waiting[client] = {request, caller.name};
  if (!caller.all && !MayAsk(*table, caller.uid, caller.gid, request)) {
    sys::Log("client.refused",
             {{"who", caller.name},
              {"verb", IsinitRequest::Verb_Name(request.verb())}});
    Say(client, kNotPermitted, absl::StrCat("not permitted for ", caller.name));
    return;
  }
  switch (request.verb()) {
    case IsinitRequest::TELL:
      AskedTell(client, request);
      break;
    case IsinitRequest::STATUS:
      AskedStatus(client, request);
      break;
    case IsinitRequest::REREAD:
      AskedReread(client, request);
      break;
    case IsinitRequest::START:
    case IsinitRequest::STOP:
    case IsinitRequest::RESTART:
    case IsinitRequest::SIGNAL:
      AskedEntry(client, request);
      break;
    case IsinitRequest::LOG:
      AskedLog(client, request);
      break;
    case IsinitRequest::WAIT:
      if (!table->HasGroup(request.group())) {
        Say(client, kNoSuch, absl::StrCat("no such group: ", request.group()));
      } else {
        AnswerWaiting();
      }
      break;
    case IsinitRequest::UPGRADE:
      if (request.wait()) {
        Say(client, 0, absl::StrCat("upgraded: ", cli::VersionText()));
      } else {
        BeginUpgrade(client);
      }
      break;
    case IsinitRequest::HALT:
      sys::Log("halt.asked", {{"who", caller.name}});
      BeginEnd(std::nullopt);
      break;
    case IsinitRequest::POWER:
      AskedPower(client, request);
      break;
    case IsinitRequest::PUSH:
      AskedPush(client, request);
      break;
    case IsinitRequest::TABLE: {
      Say(client, 0,
          absl::StrCat("generation ", generation, " ",
                       absl::BytesToHexString(source.hash()).substr(0, 16), " ",
                       source.file(),
                       source.problems().empty() ? "" : " (has errors)"));
      break;
    }
    default:
      Say(client, 65, "that is no request of ours");
  }
}

void ServerState::AskedTell(uint64_t client, const IsinitRequest& request) {
  // Whoever sends the original's line reads the table again with "0 0".
  if (request.group() == "0" && request.level() == "0" &&
      !table->HasGroup("0")) {
    AskedReread(client, request);
    return;
  }
  const Tell tell = {.group = request.group(),
                     .level = request.level(),
                     .again = request.again(),
                     .client = client};
  if (request.token() != 0) {
    uint64_t& highest = tokens[request.group()];
    if (request.token() < highest) {
      Say(client, kNotPermitted,
          absl::StrCat("token ", request.token(), " is older than ", highest));
      return;
    }
    if (!request.dry_run()) highest = request.token();
  }
  // As ever, a tell looks at the table first; one that is faulty or gone
  // changes nothing, and the tell is for the last good one.
  if (!request.dry_run()) Reread(false, nullptr).IgnoreError();
  if (request.dry_run()) {
    if (!table->HasGroup(request.group())) {
      Say(client, kNoSuch, absl::StrCat("no such group: ", request.group()));
      return;
    }
    const std::vector<std::string> lines = supervision.Explain(tell);
    Say(client, 0,
        lines.empty() ? "nothing to do" : absl::StrJoin(lines, "\n"));
    return;
  }
  sys::Log("tell.asked", {{"group", tell.group},
                          {"level", tell.level},
                          {"who", waiting[client].who}});
  Feed(tell);
}

void ServerState::AskedStatus(uint64_t client, const IsinitRequest& request) {
  IsinitAnswer answer;
  answer.set_last(true);
  *answer.mutable_status() = MakeStatus(request.lines());
  std::vector<std::string> groups;
  for (const wire_pb::IsinitGroupView& g : answer.status().group()) {
    groups.push_back(absl::StrCat(
        g.name(), " ", g.level().empty() ? "-" : g.level(), " ", g.state()));
  }
  answer.set_text(absl::StrJoin(groups, ", "));
  Reply(client, answer);
}

void ServerState::AskedReread(uint64_t client, const IsinitRequest& request) {
  std::string text;
  const absl::Status status = Reread(request.dry_run(), &text);
  if (!status.ok()) {
    Say(client, kBadTable, status.message());
    return;
  }
  Say(client, 0, text.empty() ? "the table is as it was" : text);
}

void ServerState::AskedEntry(uint64_t client, const IsinitRequest& request) {
  sys::Log("entry.told", {{"tag", request.tag()},
                          {"verb", IsinitRequest::Verb_Name(request.verb())},
                          {"who", waiting[client].who}});
  Feed(Operate{.verb = OperateVerb(request.verb()),
               .tag = request.tag(),
               .signal = static_cast<int>(request.signal()),
               .client = client});
  if (waiting.contains(client)) Say(client, 0, "accepted");
}

// The last lines that are in memory, or more of them from the file.
std::string ServerState::LastLines(const std::string& tag, size_t count) {
  const std::vector<std::string> tail = logs->ReportOf(tag).tail;
  std::vector<std::string> lines = tail;
  if (count > tail.size()) {
    const absl::StatusOr<std::string> text =
        sys::ReadFile(logs->PathOf(tag), kMaxLogBytes);
    if (text.ok() && !text->empty()) {
      lines = absl::StrSplit(absl::StripSuffix(*text, "\n"), '\n');
    }
  }
  if (lines.size() > count) lines.erase(lines.begin(), lines.end() - count);
  return lines.empty() ? "" : absl::StrCat(absl::StrJoin(lines, "\n"), "\n");
}

void ServerState::AskedLog(uint64_t client, const IsinitRequest& request) {
  if (!supervision.View(request.tag()).has_value()) {
    Say(client, kNoSuch, absl::StrCat("no such entry: ", request.tag()));
    return;
  }
  IsinitAnswer answer;
  answer.set_log(LastLines(request.tag(), request.lines()));
  answer.set_last(!request.follow());
  Reply(client, answer);
}

// What an entry printed just now, for whoever follows it.
void ServerState::Printed(const std::string& tag, absl::string_view lines) {
  std::vector<uint64_t> followers;
  for (const auto& [client, w] : waiting) {
    if (w.request.verb() == IsinitRequest::LOG && w.request.tag() == tag) {
      followers.push_back(client);
    }
  }
  IsinitAnswer answer;
  answer.set_log(std::string(lines));
  for (uint64_t client : followers) Reply(client, answer);
}

void ServerState::AskedPower(uint64_t client, const IsinitRequest& request) {
  if (!config.process_one) {
    Say(client, 69, "isinit does not run this machine: it is not process 1");
    return;
  }
  switch (request.power()) {
    case IsinitRequest::REBOOT:
      power = Power::kReboot;
      break;
    case IsinitRequest::STOP_MACHINE:
      power = Power::kHalt;
      break;
    case IsinitRequest::KEXEC:
      power = Power::kKexec;
      break;
    default:
      power = Power::kPowerOff;
  }
  sys::Log("power.asked", {{"what", std::string(PowerWord(*power))},
                           {"who", waiting[client].who}});
  Say(client, 0, absl::StrCat(PowerWord(*power), ": accepted"));
  BeginEnd(power);
}

void ServerState::AskedPush(uint64_t client, const IsinitRequest& request) {
  if (request.generation() <= generation) {
    Say(client, kBadTable,
        absl::StrCat("generation ", request.generation(),
                     " is not higher than ", generation));
    return;
  }
  const Reading reading = ReadTable(request.table(), config.compat);
  if (!reading.ok()) {
    Say(client, kBadTable, ProblemLines(reading, "table"));
    return;
  }
  const std::vector<std::string> plan = supervision.Explain(*reading.table);
  if (!request.dry_run()) {
    const absl::Status replaced = source.Replace(request.table());
    if (!replaced.ok()) {
      Say(client, cli::ExitCode(replaced), replaced.message());
      return;
    }
    generation = request.generation();
    SaveRecord();
    sys::Log("table.pushed",
             {{"generation", generation}, {"who", waiting[client].who}});
    Reread(false, nullptr).IgnoreError();
  }
  Say(client, 0, plan.empty() ? "nothing to do" : absl::StrJoin(plan, "\n"));
}

// Our own client takes the end of the connection for it, as it wants us gone.
void ServerState::AnswerHalted() {
  std::vector<uint64_t> clients;
  for (const auto& [client, w] : waiting) {
    if (w.request.verb() == IsinitRequest::HALT) clients.push_back(client);
  }
  for (uint64_t client : clients) Say(client, 0, "everything is stopped");
}

// Whoever waits for a group's state, and finds it.
void ServerState::AnswerWaiting() {
  std::vector<std::pair<uint64_t, std::string>> found;
  std::optional<std::vector<GroupView>> groups;
  for (const auto& [client, w] : waiting) {
    if (w.request.verb() != IsinitRequest::WAIT) continue;
    if (!groups.has_value()) groups = supervision.Groups();
    for (const GroupView& g : *groups) {
      if (g.name != w.request.group()) continue;
      const std::string word(InitstatWord(g));
      if (word != w.request.state()) continue;
      found.push_back({client, absl::StrCat(g.name, " ", g.level, " ", word)});
    }
  }
  for (const auto& [client, text] : found) Say(client, 0, text);
}

wire_pb::IsinitStatus ServerState::MakeStatus(size_t log_lines) {
  wire_pb::IsinitStatus status;
  const absl::Time now = sys::SteadyNow();
  status.set_pid(sys::MyPid());
  status.set_up_ms(absl::ToInt64Milliseconds(now - started_at));
  status.set_software(cli::VersionText());
  status.set_host(host);
  status.set_table(source.file());
  status.set_table_hash(source.hash());
  status.set_generation(generation);
  for (const std::string& p : source.problems()) status.add_problem(p);
  status.set_tracking(tracking->Describe());
  for (const auto& [what, why] : troubles) status.add_trouble(why);
  for (const GroupView& group : supervision.Groups()) {
    wire_pb::IsinitGroupView view = MakeGroupView(group, now);
    for (int i = 0; i < view.entry_size(); i++) {
      wire_pb::IsinitEntryView& e = *view.mutable_entry(i);
      if (group.entries[i].tree) {
        for (int pid : tracking->Processes(e.tag())) e.add_process(pid);
      }
      e.set_text(readiness->StatusOf(e.tag()));
      const LogWriter::Report report = logs->ReportOf(e.tag());
      e.set_dropped_lines(report.dropped + report.lost);
      if (log_lines == 0) continue;
      for (const std::string& line : report.tail) e.add_log(line);
    }
    *status.add_group() = std::move(view);
  }
  return status;
}

}  // namespace isinit
