#include <absl/strings/escaping.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>

#include "base/status.h"
#include "base/time.h"
#include "cli/applet.h"
#include "cli/paint.h"
#include "cli/report.h"
#include "isinit/attribute_values.h"
#include "isinit/client.h"
#include "isinit/fleet.h"
#include "isinit/reaper.h"
#include "isinit/rescue_prompt.h"
#include "isinit/server.h"
#include "isinit/status_view.h"
#include "isinit/table.h"
#include "isinit/table_source.h"
#include "net/local_relay.h"
#include "sys/become.h"
#include "sys/child.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/process.h"
#include "sys/signals.h"
#include "sys/terminal.h"
#include "sys/users.h"

namespace {

namespace wire_pb = fleetbox::wire;
using wire_pb::IsinitAnswer;
using wire_pb::IsinitRequest;

absl::StatusOr<int> Run(const cli::Call& call);
bool IsFirstOfMachine();
absl::StatusOr<int> RunTell(const cli::Call& call);
absl::StatusOr<int> RunStatus(const cli::Call& call);
absl::StatusOr<int> RunCheck(const cli::Call& call);
absl::StatusOr<int> RunReread(const cli::Call& call);
absl::StatusOr<int> RunEntry(const cli::Call& call);
absl::StatusOr<int> RunKill(const cli::Call& call);
absl::StatusOr<int> RunLog(const cli::Call& call);
absl::StatusOr<int> RunWait(const cli::Call& call);
absl::StatusOr<int> RunUpgrade(const cli::Call& call);
absl::StatusOr<int> RunPush(const cli::Call& call);
absl::StatusOr<int> RunDrift(const cli::Call& call);
absl::StatusOr<int> RunAsk(const cli::Call& call);
absl::StatusOr<int> RunShellVerb(const cli::Call& call);

constexpr auto kOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'c', "config", "TABLE", "the table"},
      {'s', "socket", "PATH", "the server's socket"},
      {'d', "server", "", "be the server, in the foreground"},
      {'D', "detach", "", "be the server, in the background"},
      {'k', "kill", "", "stop everything, then the server"},
      {'v', "verbose", "", "print the groups' states; log each step"},
      {'n', "no-start", "", "do not start a server"},
      {'H', "hosts", "HOSTS", "ask the servers of these hosts"},
      {'r', "run-dir", "DIR", "the server's folder", "/run/isinit"},
      {'N', "name", "NAME", "the name of this host"},
      {'l', "listen", "ADDR", "take signed requests there"},
      {'i', "identity", "FILE", "the key to sign with"},
      {0, "trust", "FILE", "whose keys are trusted"},
      {0, "compat", "", "read the table as the originals did"},
      {0, "pid1", "", "do what process 1 does"},
      {0, "ready-fd", "N", "write the socket's path here when it is there"},
      {0, "relay", "", "carry standard input and output to the server"},
      {0, "probe", "", "say whether an upgrade's record can be taken over"},
  });
});
constexpr auto kTellOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'w', "wait", "[TIME]", "return when the level is reached", "",
       "forever"},
      {'a', "again", "", "run once more what has finished"},
      {0, "dry-run", "", "only say what would be done"},
      {0, "batch", "N", "with -H: so many hosts at a time, or N%"},
      {0, "stop-on-fail", "N", "with -H: end after so many failures", "0"},
      {0, "all-or-none", "", "with -H: ask every host first if it would"},
  });
});
constexpr auto kStatusOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'l', "long", "", "the last lines each entry printed, too"},
      {'j', "json", "", "for programs"},
  });
});
constexpr auto kRereadOptions = cli::Options([] {
  return std::to_array<cli::Option>(
      {{0, "dry-run", "", "only say what would be done"}});
});
constexpr auto kLogOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'f', "follow", "", "go on as it prints"},
      {'n', "lines", "N", "this many of the last", "20"},
  });
});
constexpr auto kWaitOptions = cli::Options([] {
  return std::to_array<cli::Option>(
      {{0, "timeout", "TIME", "wait at most this long"}});
});
constexpr auto kPushOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'g', "generation", "N", "the table's number"},
      {0, "dry-run", "", "only say what would be done"},
  });
});

constexpr cli::Verb kVerbs[] = {
    {"tell",
     "[-a] [--dry-run] [--wait[=TIME]] [--batch N] [--stop-on-fail N] "
     "[--all-or-none] GROUP LEVEL",
     "tell a group its level", kTellOptions, RunTell},
    {"status", "[-lj] [GROUP|TAG ...]", "how things stand", kStatusOptions,
     RunStatus},
    {"check",
     "[TABLE]",
     "say everything that is wrong with a table",
     {},
     RunCheck},
    {"reread", "[--dry-run]", "read the table again", kRereadOptions,
     RunReread},
    {"start", "TAG", "start an entry", {}, RunEntry},
    {"stop", "TAG", "stop an entry", {}, RunEntry},
    {"restart", "TAG", "stop and start an entry", {}, RunEntry},
    {"kill", "SIGNAL TAG", "send a signal to an entry", {}, RunKill},
    {"log", "[-f] [-n N] TAG", "what an entry printed", kLogOptions, RunLog},
    {"wait", "[--timeout TIME] GROUP STATE", "until a group is in a state",
     kWaitOptions, RunWait},
    {"upgrade", "", "the server executes its file anew", {}, RunUpgrade},
    {"push", "--generation N TABLE", "give a table", kPushOptions, RunPush},
    {"drift", "", "which table is in force", {}, RunDrift},
    {"ask",
     "COMMAND [ARGUMENT ...]",
     "wait for Enter, then execute",
     {},
     RunAsk},
    {"shell", "", "a shell, or a prompt of our own", {}, RunShellVerb},
};

}  // namespace

extern constinit const cli::Applet applet_isinit = {
    .name = "isinit",
    .summary = "start and stop groups of processes by level",
    .usage =
        "[-nv] [-c TABLE] [-s SOCKET] [GROUP] [LEVEL]\n"
        "-d|-D [OPTION ...]\n"
        "-k [-s SOCKET]\n"
        "[-H HOSTS] VERB [ARGUMENT ...]\n"
        "-- COMMAND [ARGUMENT ...]",
    .options = kOptions,
    .links = "init telinit clinit",
    .exits =
        "1   the level is reached, but a test failed; the table has errors\n"
        "66  there is no such group or entry\n"
        "69  there is no server\n"
        "75  not reached in time, or told another level meanwhile\n"
        "78  the table has errors\n"
        "125, 126, 127  the command behind -- could not be run\n",
    .verbs = kVerbs,
    .run = Run,
    .insists = IsFirstOfMachine,
};

// Differs: the original's client started a server whenever there was none, for
// `-k` too. Here only a tell does, and rereading.

namespace {

constexpr absl::Duration kAnswerTime = absl::Seconds(30);
constexpr absl::Duration kHaltTime = absl::Minutes(2);

// The kernel hands its first process the words that mean nothing to itself
// (bootparam(7)). They must not be the end of the machine.
bool IsFirstOfMachine() {
  return sys::MyPid() == 1 &&
         isinit::FindSituation() != isinit::Situation::kContainer;
}

isinit::ServerConfig ConfigOf(const cli::Call& call) {
  isinit::ServerConfig config;
  config.table = call.Get("config");
  config.socket = call.Get("socket");
  config.run_folder = call.Get("run-dir");
  config.host = call.Get("name");
  config.listen = call.All("listen");
  config.identity = call.Get("identity");
  config.trust = call.Get("trust");
  config.compat = call.Has("compat");
  return config;
}

std::string OwnName(const cli::Call& call) {
  return call.Has("name") ? call.Get("name") : sys::HostName();
}

// ---------------------------------------------------------------------------
// Asking

isinit::FleetOptions FleetOptionsOf(const cli::Call& call) {
  isinit::FleetOptions options;
  options.identity = call.Get("identity");
  options.trust = call.Get("trust");
  return options;
}

std::string LastText(const isinit::FleetOutcome& o) {
  if (!o.text.empty()) return o.text;
  return o.code == 0 ? "ok" : absl::StrCat("exit ", o.code);
}

void PrintForHost(absl::string_view host, absl::string_view text) {
  for (absl::string_view line :
       absl::StrSplit(absl::StripTrailingAsciiWhitespace(text), '\n')) {
    cli::Print(absl::StrCat(host, ": ", line, "\n"));
  }
}

// Shows what an answer holds besides its last word. False: enough.
using Show = std::function<bool(absl::string_view host, const IsinitAnswer&)>;

absl::StatusOr<int> AskHosts(const cli::Call& call,
                             const IsinitRequest& request,
                             isinit::FleetOptions options, const Show& show) {
  TRY_ASSIGN(const std::vector<isinit::FleetHost> hosts,
             isinit::ParseFleet(call.Get("hosts")));
  TRY_ASSIGN(const std::vector<isinit::FleetOutcome> outcomes,
             isinit::AskFleet(hosts, request, options,
                              [&](size_t i, const isinit::FleetOutcome& o) {
                                bool shown = false;
                                for (const IsinitAnswer& a : o.answers) {
                                  shown |= a.exit_code() <= 1 && show &&
                                           show(hosts[i].name, a);
                                }
                                if (o.code == 0 && shown) return;
                                PrintForHost(hosts[i].name, LastText(o));
                                cli::Flush();
                              }));
  for (size_t i = 0; i < hosts.size(); i++) {
    if (!outcomes[i].asked) PrintForHost(hosts[i].name, "not asked");
  }
  return isinit::WorstCode(outcomes);
}

absl::StatusOr<int> AskHere(const cli::Call& call, const IsinitRequest& request,
                            absl::Duration patience, const Show& show) {
  const std::string socket = isinit::SocketOf(ConfigOf(call));
  const bool watched = cli::IsCapableTerminal(1);
  std::string text;
  cli::Flush();
  const absl::StatusOr<int> code = isinit::Ask(
      socket, request, sys::SteadyNow() + patience, [&](const IsinitAnswer& a) {
        const bool shown = a.exit_code() <= 1 && show && show("", a);
        if (a.last()) {
          text = shown ? "" : a.text();
        } else if (watched && !shown && !a.text().empty()) {
          cli::Print(absl::StrCat(a.text(), "\n"));
          cli::Flush();
        }
        return !cli::PrintFailed();
      });
  if (absl::IsUnavailable(code.status())) {
    return cli::FailWith(69, code.status().message());
  }
  TRY(code);
  if (*code > 1) return cli::FailWith(*code, text);
  if (!text.empty()) cli::Print(absl::StrCat(text, "\n"));
  return *code;
}

absl::StatusOr<int> AskServer(const cli::Call& call,
                              const IsinitRequest& request,
                              const Show& show = nullptr) {
  if (call.Has("hosts")) {
    return AskHosts(call, request, FleetOptionsOf(call), show);
  }
  return AskHere(call, request, kAnswerTime, show);
}

// ---------------------------------------------------------------------------
// The server

absl::StatusOr<int> RunInForeground(const isinit::ServerConfig& config) {
  TRY_ASSIGN(const isinit::ServerEnd end, isinit::RunServer(config));
  return end.code;
}

// Returns when the server can be told something; its own last words, should it
// fail before that, are on our standard error.
absl::StatusOr<int> StartDetached(isinit::ServerConfig config) {
  TRY_ASSIGN(auto ready, sys::Pipe());
  cli::Flush();
  const pid_t pid = fork();
  if (pid < 0) return base::SysError("fork");
  if (pid == 0) {
    setsid();
    ready.first.Reset();
    config.ready_fd = ready.second.Release();
    config.detached = true;
    return RunInForeground(config);
  }
  ready.second.Reset();
  char byte;
  ssize_t n;
  while ((n = read(ready.first.get(), &byte, 1)) < 0 && errno == EINTR) {
  }
  if (n == 1) return 0;
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status)
                                                       : 70;
}

// A server for whoever tells it something when there is none. The code of one
// that could not be started, else 0.
absl::StatusOr<int> StartIfMissing(const cli::Call& call) {
  if (call.Has("no-start") || call.Has("hosts") || call.program == "clinit" ||
      call.program == "telinit") {
    return 0;
  }
  const isinit::ServerConfig config = ConfigOf(call);
  if (isinit::IsThere(isinit::SocketOf(config))) return 0;
  cli::Flush();
  // A process of its own, so that the server is never this command's function.
  std::vector<std::string> words = {"isinit", "-D", "-r", config.run_folder};
  const auto pass = [&](const char* option, const std::string& value) {
    if (!value.empty()) words.insert(words.end(), {option, value});
  };
  pass("-c", config.table);
  pass("-s", config.socket);
  pass("-N", config.host);
  if (config.compat) words.push_back("--compat");
  TRY_ASSIGN(sys::Child child,
             sys::Child::Spawn(
                 words, {.out = 1, .err = 2, .program = sys::OwnExecutable()}));
  const sys::Ended ended = child.Wait();
  return ended.signal != 0 ? 70 : ended.code;
}

// ---------------------------------------------------------------------------
// Verbs

absl::StatusOr<int> PrintGroups(const cli::Call& call) {
  IsinitRequest request;
  request.set_verb(IsinitRequest::STATUS);
  return AskServer(call, request,
                   [](absl::string_view host, const IsinitAnswer& a) {
                     if (host.empty()) {
                       cli::Print(isinit::GroupLines(a.status()));
                     } else {
                       PrintForHost(host, isinit::GroupLines(a.status()));
                     }
                     return true;
                   });
}

absl::StatusOr<int> BareTell(const cli::Call& call, const std::string& group,
                             const std::string& level) {
  IsinitRequest request;
  request.set_verb(IsinitRequest::TELL);
  request.set_group(group);
  request.set_level(level);
  TRY_ASSIGN(const int started, StartIfMissing(call));
  if (started != 0) return started;
  TRY_ASSIGN(const int code, AskServer(call, request));
  if (!call.Has("verbose")) return code;
  TRY(PrintGroups(call));
  return code;
}

// "status 3" with a group called status: the words are a tell's.
bool IsBareTell(const cli::Call& call) {
  if (call.operands.size() != 1 || call.Has("hosts") || call.dashes) {
    return false;
  }
  if (std::any_of(call.seen.begin(), call.seen.end(), [&](const cli::Seen& s) {
        for (const cli::Option o : call.verb->options) {
          if (o.word == s.option.word) return true;
        }
        return false;
      })) {
    return false;
  }
  isinit::TableSource source(call.Get("config"), call.Has("compat"));
  const absl::StatusOr<const isinit::Reading*> read = source.Reread();
  return read.ok() && *read != nullptr &&
         (*read)->table->HasGroup(call.verb->name);
}
#define TELL_IF_GROUP(call)                                 \
  do {                                                      \
    if (IsBareTell(call)) {                                 \
      return BareTell(call, std::string((call).verb->name), \
                      (call).operands[0]);                  \
    }                                                       \
  } while (0)

absl::StatusOr<int> RunTell(const cli::Call& call) {
  TELL_IF_GROUP(call);
  TRY(call.Operands(2, 2, "GROUP and LEVEL"));
  IsinitRequest request;
  request.set_verb(IsinitRequest::TELL);
  request.set_group(call.operands[0]);
  request.set_level(call.operands[1]);
  request.set_again(call.Has("again"));
  request.set_dry_run(call.Has("dry-run"));
  request.set_wait(call.Has("wait"));
  absl::Duration patience = kAnswerTime;
  if (call.Has("wait")) {
    patience = absl::InfiniteDuration();
    if (call.Get("wait") != "forever") {
      TRY_ASSIGN(patience, call.Duration("wait"));
    }
  }
  if (!call.Has("hosts")) {
    for (const char* option : {"batch", "stop-on-fail", "all-or-none"}) {
      if (call.Has(option)) {
        return cli::UsageError(
            absl::StrCat("--", option, ": means nothing without --hosts"));
      }
    }
    return AskHere(call, request, patience, nullptr);
  }
  isinit::FleetOptions options = FleetOptionsOf(call);
  if (call.Has("wait")) options.patience = patience;
  TRY_ASSIGN(const int64_t failures, call.Int("stop-on-fail", 0, 1'000'000));
  options.stop_on_fail = failures;
  if (call.Has("all-or-none")) {
    IsinitRequest first = request;
    first.set_dry_run(true);
    first.set_wait(false);
    TRY_ASSIGN(const int code, AskHosts(call, first, options, nullptr));
    if (code != 0) return code;
  }
  if (call.Has("batch")) {
    TRY_ASSIGN(const auto hosts, isinit::ParseFleet(call.Get("hosts")));
    const absl::StatusOr<size_t> batch =
        isinit::ParseBatch(call.Get("batch"), hosts.size());
    if (!batch.ok()) {
      return cli::UsageError(
          absl::StrCat("--batch: ", batch.status().message()));
    }
    options.batch = *batch;
    // A batch is over when it is there.
    request.set_wait(true);
  }
  return AskHosts(call, request, options, nullptr);
}

absl::StatusOr<int> RunStatus(const cli::Call& call) {
  TELL_IF_GROUP(call);
  IsinitRequest request;
  request.set_verb(IsinitRequest::STATUS);
  request.set_lines(call.Has("long") || call.Has("json") ? 20 : 0);
  const cli::Paint paint(1);
  isinit::StatusStyle style = {
      .bold = paint.bold(),
      .dim = paint.dim(),
      .good = paint.green(),
      .bad = paint.red(),
      .warn = paint.yellow(),
      .columns = paint.on() ? static_cast<size_t>(sys::TerminalColumns(1)) : 0,
      .logs = call.Has("long")};
  absl::Status wrong;
  TRY_ASSIGN(
      const int code,
      AskServer(call, request,
                [&](absl::string_view host, const IsinitAnswer& a) {
                  wire_pb::IsinitStatus status = a.status();
                  std::string unknown;
                  if (!isinit::Select(status, call.operands, &unknown)) {
                    wrong = absl::NotFoundError(
                        absl::StrCat("'", unknown, "' is no group or entry"));
                  } else if (call.Has("json")) {
                    cli::Print(isinit::StatusJson(status));
                  } else if (host.empty()) {
                    cli::Print(isinit::StatusText(status, style));
                  } else {
                    PrintForHost(host, isinit::StatusText(status, style));
                  }
                  return true;
                }));
  TRY(wrong);
  return code;
}

absl::StatusOr<int> RunCheck(const cli::Call& call) {
  TRY(call.Operands(0, 1, "TABLE"));
  isinit::TableSource source(
      call.operands.empty() ? call.Get("config") : call.operands[0],
      call.Has("compat"));
  TRY_ASSIGN(const isinit::Reading* const reading, source.Reread());
  cli::Print(isinit::ProblemLines(*reading, source.file()));
  return reading->ok() ? 0 : 1;
}

absl::StatusOr<int> RunReread(const cli::Call& call) {
  TELL_IF_GROUP(call);
  TRY(call.NoOperands());
  IsinitRequest request;
  request.set_verb(IsinitRequest::REREAD);
  request.set_dry_run(call.Has("dry-run"));
  return AskServer(call, request);
}

absl::StatusOr<int> RunEntry(const cli::Call& call) {
  TELL_IF_GROUP(call);
  TRY_ASSIGN(const std::string tag, call.OnlyOperand("TAG"));
  IsinitRequest request;
  request.set_verb(call.verb->name == "start"  ? IsinitRequest::START
                   : call.verb->name == "stop" ? IsinitRequest::STOP
                                               : IsinitRequest::RESTART);
  request.set_tag(tag);
  return AskServer(call, request);
}

absl::StatusOr<int> RunKill(const cli::Call& call) {
  TELL_IF_GROUP(call);
  TRY(call.Operands(2, 2, "SIGNAL and TAG"));
  const std::optional<int> signal = isinit::SignalNumber(call.operands[0]);
  if (!signal.has_value()) {
    return cli::UsageError(
        absl::StrCat("'", call.operands[0], "' is not a signal"));
  }
  IsinitRequest request;
  request.set_verb(IsinitRequest::SIGNAL);
  request.set_signal(*signal);
  request.set_tag(call.operands[1]);
  return AskServer(call, request);
}

absl::StatusOr<int> RunLog(const cli::Call& call) {
  TELL_IF_GROUP(call);
  TRY_ASSIGN(const std::string tag, call.OnlyOperand("TAG"));
  TRY_ASSIGN(const int64_t lines, call.Int("lines", 0, 1'000'000));
  IsinitRequest request;
  request.set_verb(IsinitRequest::LOG);
  request.set_tag(tag);
  request.set_lines(lines);
  request.set_follow(call.Has("follow"));
  const Show show = [](absl::string_view host, const IsinitAnswer& a) {
    if (host.empty()) {
      cli::Print(a.log());
      cli::Flush();
    } else if (!a.log().empty()) {
      PrintForHost(host, a.log());
    }
    return a.exit_code() == 0;
  };
  if (call.Has("hosts")) {
    if (call.Has("follow")) {
      return cli::UsageError("--follow: one host at a time");
    }
    return AskServer(call, request, show);
  }
  return AskHere(call, request,
                 call.Has("follow") ? absl::InfiniteDuration() : kAnswerTime,
                 show);
}

absl::StatusOr<int> RunWait(const cli::Call& call) {
  TELL_IF_GROUP(call);
  TRY(call.Operands(2, 2, "GROUP and STATE"));
  constexpr absl::string_view kStates[] = {"run", "fail", "stopped", "start"};
  if (std::find(std::begin(kStates), std::end(kStates), call.operands[1]) ==
      std::end(kStates)) {
    return cli::UsageError(absl::StrCat(
        "'", call.operands[1], "' is not run, fail, stopped or start"));
  }
  IsinitRequest request;
  request.set_verb(IsinitRequest::WAIT);
  request.set_group(call.operands[0]);
  request.set_state(call.operands[1]);
  absl::Duration patience = absl::InfiniteDuration();
  if (call.Has("timeout")) {
    TRY_ASSIGN(patience, call.Duration("timeout"));
  }
  if (!call.Has("hosts")) return AskHere(call, request, patience, nullptr);
  isinit::FleetOptions options = FleetOptionsOf(call);
  options.patience = patience;
  return AskHosts(call, request, options, nullptr);
}

absl::StatusOr<int> RunUpgrade(const cli::Call& call) {
  TELL_IF_GROUP(call);
  TRY(call.NoOperands());
  IsinitRequest request;
  request.set_verb(IsinitRequest::UPGRADE);
  return AskServer(call, request);
}

absl::StatusOr<int> RunPush(const cli::Call& call) {
  TELL_IF_GROUP(call);
  TRY_ASSIGN(const std::string file, call.OnlyOperand("TABLE"));
  if (!call.Has("generation")) {
    return cli::UsageError("--generation: is missing");
  }
  TRY_ASSIGN(const int64_t generation, call.Int("generation", 1));
  TRY_ASSIGN(std::string text, sys::ReadFile(file));
  IsinitRequest request;
  request.set_verb(IsinitRequest::PUSH);
  request.set_generation(generation);
  request.set_table(std::move(text));
  request.set_dry_run(call.Has("dry-run"));
  return AskServer(call, request);
}

absl::StatusOr<int> RunDrift(const cli::Call& call) {
  TELL_IF_GROUP(call);
  TRY(call.NoOperands());
  IsinitRequest request;
  request.set_verb(IsinitRequest::TABLE);
  return AskServer(call, request);
}

// What an askfirst entry runs: on its terminal, it asks before it begins.
absl::StatusOr<int> RunAsk(const cli::Call& call) {
  TELL_IF_GROUP(call);
  TRY(call.Operands(1, SIZE_MAX, "COMMAND"));
  TRY(sys::WriteAll(1, "\nPress Enter to activate this console. "));
  char c = 0;
  while (c != '\n') {
    const ssize_t n = read(0, &c, 1);
    if (n == 0) return 1;
    if (n < 0 && errno != EINTR) return base::SysError("standard input");
  }
  TRY(sys::WriteAll(1, "\n"));
  return sys::BecomeCommand(call.operands);
}

absl::StatusOr<int> RunShellVerb(const cli::Call& call) {
  TELL_IF_GROUP(call);
  TRY(call.NoOperands());
  return isinit::RunShell();
}

// ---------------------------------------------------------------------------
// Without a verb

// telinit(8) of others: q reads the table, u executes the server anew.
absl::StatusOr<int> RunTelinit(const cli::Call& call) {
  IsinitRequest request;
  if (call.operands[0] == "q" || call.operands[0] == "Q") {
    request.set_verb(IsinitRequest::REREAD);
  } else if (call.operands[0] == "u" || call.operands[0] == "U") {
    request.set_verb(IsinitRequest::UPGRADE);
  } else {
    return BareTell(call, OwnName(call), call.operands[0]);
  }
  return AskServer(call, request);
}

absl::StatusOr<int> Run(const cli::Call& call) {
  if (call.dashes && !call.operands.empty()) {
    const absl::StatusOr<int> code = isinit::RunAsReaper(call.operands);
    if (code.ok()) return code;
    return cli::FailWith(absl::IsNotFound(code.status())           ? 127
                         : absl::IsPermissionDenied(code.status()) ? 126
                                                                   : 125,
                         code.status().message());
  }
  isinit::ServerConfig config = ConfigOf(call);
  if (call.Has("verbose")) sys::SetLogLevel(sys::LogLevel::kStep);
  config.arguments = isinit::OwnArguments();
  if (sys::MyPid() == 1 || call.Has("pid1")) {
    return isinit::RunAsProcessOne(std::move(config));
  }
  if (call.Has("relay")) {
    TRY(call.NoOperands());
    TRY(net::RelayStdio(absl::StrCat(config.run_folder, "/remote.s")));
    return 0;
  }
  if (call.Has("probe")) {
    TRY(call.NoOperands());
    return isinit::ProbeRecord(0);
  }
  // Executed anew, it is in the background already, if it ever was.
  if (isinit::IsExecutedAnew()) return RunInForeground(config);
  if (call.Has("server") || call.Has("detach")) {
    TRY(call.NoOperands());
    if (call.Has("ready-fd")) {
      TRY_ASSIGN(const int64_t fd, call.Int("ready-fd", 0, 1 << 20));
      config.ready_fd = static_cast<int>(fd);
    }
    return call.Has("detach") ? StartDetached(std::move(config))
                              : RunInForeground(config);
  }
  if (call.Has("kill")) {
    TRY(call.NoOperands());
    IsinitRequest request;
    request.set_verb(IsinitRequest::HALT);
    if (call.Has("hosts")) return AskServer(call, request);
    return AskHere(call, request, kHaltTime, nullptr);
  }
  switch (call.operands.size()) {
    case 0: {
      TRY_ASSIGN(const int started, StartIfMissing(call));
      if (started != 0) return started;
      IsinitRequest request;
      request.set_verb(IsinitRequest::REREAD);
      TRY_ASSIGN(const int code, AskServer(call, request));
      if (call.Has("verbose")) TRY(PrintGroups(call));
      return code;
    }
    case 1:
      if (call.program == "telinit") return RunTelinit(call);
      return BareTell(call, OwnName(call), call.operands[0]);
    case 2:
      return BareTell(call, call.operands[0], call.operands[1]);
    default:
      return cli::UsageError("too many words: GROUP LEVEL, or a verb");
  }
}

}  // namespace
