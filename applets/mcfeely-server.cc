#include <absl/algorithm/container.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>
#include <signal.h>

#include "base/limits.h"
#include "base/status.h"
#include "cli/applet.h"
#include "cli/args.h"
#include "cli/paint.h"
#include "cli/report.h"
#include "mcfeely/check.h"
#include "mcfeely/classic_client.h"
#include "mcfeely/classic_folder.h"
#include "mcfeely/client_options.h"
#include "mcfeely/event_log.h"
#include "mcfeely/export.h"
#include "mcfeely/jobfile.h"
#include "mcfeely/policy_file.h"
#include "mcfeely/server.h"
#include "mcfeely/view.h"
#include "net/local_relay.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/process.h"
#include "sys/signals.h"
#include "sys/terminal.h"
#include "wire/parcel.h"

namespace {

absl::StatusOr<int> Run(const cli::Call& call);
absl::StatusOr<int> RunStatus(const cli::Call& call);
absl::StatusOr<int> RunShow(const cli::Call& call);
absl::StatusOr<int> RunLog(const cli::Call& call);
absl::StatusOr<int> RunHold(const cli::Call& call);
absl::StatusOr<int> RunRelease(const cli::Call& call);
absl::StatusOr<int> RunCancel(const cli::Call& call);
absl::StatusOr<int> RunNow(const cli::Call& call);
absl::StatusOr<int> RunRetry(const cli::Call& call);
absl::StatusOr<int> RunMark(const cli::Call& call);
absl::StatusOr<int> RunWait(const cli::Call& call);
absl::StatusOr<int> RunHost(const cli::Call& call);
absl::StatusOr<int> RunImport(const cli::Call& call);
absl::StatusOr<int> RunPolicy(const cli::Call& call);
absl::StatusOr<int> RunExport(const cli::Call& call);
absl::StatusOr<int> RunCheck(const cli::Call& call);
absl::StatusOr<int> RunAttach(const cli::Call& call);

constexpr cli::Option kServer = mcfeely::kServerOption;
constexpr cli::Option kTo = mcfeely::kToOption;
constexpr cli::Option kIdentity = mcfeely::kIdentityOption;
constexpr cli::Option kTrust = mcfeely::kTrustOption;

constexpr auto kOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'q', "queue", "DIR", "the queue's folder"},
      {'l', "listen", "ADDR", "listen there: unix:/path, tcp:host:port"},
      {'c', "config", "FILE", "the configuration"},
      kIdentity,
      kTrust,
      {'p', "principal", "NAME", "the server's name"},
      {'P', "policy", "FILE", "who may run what, operate, and read"},
      {0, "http", "HOST:PORT", "serve a page for people there, and metrics"},
      {0, "http-token", "FILE", "whoever asks over HTTP must send this token"},
      {0, "ready-fd", "N", "write the addresses here once they can be called"},
      {'v', "verbose", "", "log each step"},
  });
});
constexpr auto kStatusOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'a', "all", "", "ended jobs, too"},
      {0, "failed", "", "only jobs that have failed"},
      {0, "older", "TIME", "only jobs injected at least this long ago", "0"},
      {'j', "json", "", "for programs"},
      {0, "classic", "", "as the original's mcfeely-qread"},
      kServer,
      kTo,
      kIdentity,
      kTrust,
  });
});
constexpr auto kShowOptions = cli::Options([] {
  return std::to_array<cli::Option>(
      {{'j', "json", "", "for programs"}, kServer, kTo, kIdentity, kTrust});
});
constexpr auto kLogOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'f', "follow", "", "go on as it grows"},
      {'q', "queue", "DIR", "the queue's folder"},
  });
});
constexpr auto kPolicyOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'f', "file", "FILE", "the policy"},
      {'c', "config", "FILE", "the configuration that names it"},
      {'u', "user", "NAME", "as this user"},
      {'w', "with", "OPTION", "with stdin, detach or env=NAME"},
  });
});
constexpr auto kCheckOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {0, "repair", "", "mend what can be mended; the old store is kept"},
      {'q', "queue", "DIR", "the queue's folder"},
  });
});
constexpr auto kExportOptions = cli::Options([] {
  return std::to_array<cli::Option>(
      {{'q', "queue", "DIR", "the queue's folder"}});
});
constexpr auto kImportOptions = cli::Options([] {
  return std::to_array<cli::Option>(
      {{0, "allow-unknown-host", "", "accept hosts the server does not know"},
       kServer,
       kTo,
       kIdentity,
       kTrust});
});
constexpr auto kAskOptions = cli::Options([] {
  return std::to_array<cli::Option>({kServer, kTo, kIdentity, kTrust});
});
constexpr auto kRetryOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'o', "only", "NAMES", "only these tasks, and those skipped for them"},
      kServer,
      kTo,
      kIdentity,
      kTrust,
  });
});
constexpr auto kWaitOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {0, "timeout", "TIME", "wait at most this long"},
      kServer,
      kTo,
      kIdentity,
      kTrust,
  });
});

constexpr cli::Verb kVerbs[] = {
    {"status", "[-aj] [--classic] [--failed] [--older TIME] [JOB ...]",
     "the open jobs, and the hosts", kStatusOptions, RunStatus},
    {"show", "[-j] JOB[.TASK]", "everything about a job or a task",
     kShowOptions, RunShow},
    {"log", "[-f] [-q DIR] [JOB]", "the event log", kLogOptions, RunLog},
    {"hold", "JOB[.TASK] ...", "start nothing of a job, or not this task",
     kAskOptions, RunHold},
    {"release", "JOB[.TASK] ...", "let what is held go on", kAskOptions,
     RunRelease},
    {"cancel", "JOB[.TASK] ...", "end it; running comms are stopped",
     kAskOptions, RunCancel},
    {"now", "JOB[.TASK] ...", "delayed tasks are due now", kAskOptions, RunNow},
    {"retry", "[-o NAMES] JOB", "try again what has not succeeded",
     kRetryOptions, RunRetry},
    {"mark", "JOB.TASK ... done|failed", "give a task's verdict", kAskOptions,
     RunMark},
    {"wait", "[--timeout TIME] JOB ...", "stay until jobs have ended",
     kWaitOptions, RunWait},
    {"host", "list | drain HOST ... | resume HOST ...",
     "the hosts; those drained get no new tasks", kShowOptions, RunHost},
    {"policy",
     "[-f FILE] [-c FILE] [-u NAME] [-w OPTION ...] [PRINCIPAL [HOST COMM "
     "[ARG ...]]]",
     "check the policy, or say what it allows", kPolicyOptions, RunPolicy},
    {"check", "[--repair] [-q DIR]", "look whether a queue is whole",
     kCheckOptions, RunCheck},
    {"export", "[-q DIR] FOLDER", "write the open jobs as job files",
     kExportOptions, RunExport},
    {"import", "[--allow-unknown-host] FILE ...",
     "hand in written jobs, or an original's queue", kImportOptions, RunImport},
    {"attach",
     "[PATH]",
     "join stdin and stdout to the server's socket",
     {},
     RunAttach},
};

}  // namespace

extern constinit const cli::Applet applet_mcfeely_server = {
    .name = "mcfeely-server",
    .summary = "keep jobs and hand out their tasks",
    .usage = "[-v] [-q DIR] [-l ADDR ...] [-c FILE]\nVERB [OPTION ...]",
    .options = kOptions,
    .exits =
        "1   check --repair: something is lost; of several some are refused\n"
        "65  import: something could not be taken over\n"
        "66  there is no such job\n"
        "74  the queue is damaged\n"
        "75  the queue is in use, or the server is away\n"
        "99  wait: a job is still open at the timeout\n"
        "100 wait: a job has failed or was cancelled\n",
    .verbs = kVerbs,
    .run = Run,
};

namespace {

constexpr char kDefaultConfig[] = "/etc/fleetbox/mcfeely.conf";
constexpr char kDefaultSocket[] = "/run/fleetbox/mcfeely.sock";
constexpr char kSendmail[] = "/usr/sbin/sendmail";

// Options stand before the configuration, which stands before the defaults.
absl::StatusOr<mcfeely::ServerConfig> ReadConfig(const cli::Call& call) {
  mcfeely::ServerConfig config;
  const std::string file =
      call.Has("config") ? call.Get("config") : kDefaultConfig;
  absl::StatusOr<std::string> text = sys::ReadFile(file, 1 << 20);
  if (text.ok()) {
    TRY_ASSIGN(config, mcfeely::ParseServerConfig(*text, file));
  } else if (call.Has("config") || !absl::IsNotFound(text.status())) {
    return text.status();
  }
  if (call.Has("queue")) config.queue = call.Get("queue");
  if (call.Has("listen")) config.listen = call.All("listen");
  if (call.Has("identity")) config.identity = call.Get("identity");
  if (call.Has("trust")) config.trust = call.Get("trust");
  if (call.Has("http")) config.http.address = call.Get("http");
  if (call.Has("http-token")) config.http.token_file = call.Get("http-token");
  if (call.Has("principal")) config.principal = call.Get("principal");
  if (call.Has("policy")) config.policy = call.Get("policy");
  if (config.listen.empty()) {
    TRY(sys::MakeFolders("/run/fleetbox"));
    config.listen = {absl::StrCat("unix:", kDefaultSocket)};
  }
  if (config.mail.empty()) {
    TRY_ASSIGN(sys::FileInfo sendmail, sys::Stat(kSendmail));
    if (sendmail.exists) config.mail = {kSendmail, "-t", "-i"};
  }
  return config;
}

// "31" or "31.web".
absl::Status ReadJobAndTask(absl::string_view text, uint64_t* job,
                            std::string* task) {
  const size_t dot = text.find('.');
  if (!absl::SimpleAtoi(text.substr(0, dot), job) || *job == 0) {
    return cli::UsageError(
        absl::StrCat("'", text, "' is not a job's number, or JOB.TASK"));
  }
  *task =
      dot == absl::string_view::npos ? "" : std::string(text.substr(dot + 1));
  return absl::OkStatus();
}

mcfeely::Styles StylesFor(const cli::Paint& paint) {
  return {.good = paint.green(),
          .bad = paint.red(),
          .busy = paint.yellow(),
          .dim = paint.dim()};
}

size_t Width() { return sys::IsTerminal(1) ? sys::TerminalColumns(1) : 0; }

absl::StatusOr<int> RunStatus(const cli::Call& call) {
  TRY(call.OptionsFirst());
  fleetbox::wire::Query query;
  auto* status = query.mutable_status();
  TRY_ASSIGN(absl::Duration older, call.Duration("older"));
  status->set_older_ms(absl::ToInt64Milliseconds(older));
  status->set_failed(call.Has("failed"));
  status->set_ended(call.Has("all"));
  for (const std::string& operand : call.operands) {
    uint64_t job;
    std::string task;
    TRY(ReadJobAndTask(operand, &job, &task));
    status->add_job(job);
  }
  TRY_ASSIGN(auto client, mcfeely::MakeClient(call));
  if (call.Has("classic")) {
    TRY(mcfeely::ListClassic(*client, *status, cli::Print));
    return 0;
  }
  TRY_ASSIGN(fleetbox::wire::Reply reply, client->Ask(query));
  cli::Print(call.Has("json")
                 ? mcfeely::StatusJson(reply)
                 : mcfeely::FormatStatus(reply, sys::WallNow(),
                                         StylesFor(cli::Paint(1)), Width()));
  return 0;
}

absl::StatusOr<int> RunShow(const cli::Call& call) {
  TRY_ASSIGN(std::string operand, call.OnlyOperand("JOB"));
  uint64_t job;
  std::string task;
  TRY(ReadJobAndTask(operand, &job, &task));
  fleetbox::wire::Query query;
  query.mutable_show()->set_job(job);
  TRY_ASSIGN(auto client, mcfeely::MakeClient(call));
  TRY_ASSIGN(fleetbox::wire::Reply reply, client->Ask(query));
  if (reply.job_size() != 1) return absl::DataLossError("not one job came");
  const fleetbox::wire::JobView& view = reply.job(0);
  const mcfeely::Styles styles = StylesFor(cli::Paint(1));
  if (call.Has("json")) {
    cli::Print(mcfeely::JobJson(view));
  } else if (task.empty()) {
    cli::Print(mcfeely::FormatJob(view, sys::WallNow(), styles, Width()));
  } else {
    const std::string text =
        mcfeely::FormatTask(view, task, sys::WallNow(), styles);
    if (text.empty()) {
      return absl::NotFoundError(absl::StrCat(operand, ": no such task"));
    }
    cli::Print(text);
  }
  return 0;
}

absl::StatusOr<int> RunLog(const cli::Call& call) {
  TRY(call.Operands(0, 1, "JOB"));
  uint64_t job = 0;
  std::string task;
  if (!call.operands.empty()) {
    TRY(ReadJobAndTask(call.operands[0], &job, &task));
  }
  const std::string queue =
      call.Has("queue") ? call.Get("queue") : mcfeely::ServerConfig().queue;
  TRY(mcfeely::ReadEventLog(mcfeely::EventLogPath(queue), job,
                            call.Has("follow"), [](absl::string_view line) {
                              cli::Print(line);
                              cli::Flush();
                              return !cli::PrintFailed();
                            }));
  return 0;
}

// All of them, also behind one that is refused; each of those gets a line. The
// failure of a single one is the command's own.
absl::StatusOr<int> OperateAll(
    const cli::Call& call, mcfeely::Client& client,
    const std::vector<fleetbox::wire::Control>& controls) {
  int code = 0;
  for (const fleetbox::wire::Control& control : controls) {
    const absl::Status status = client.Operate(control);
    if (status.ok()) continue;
    if (controls.size() == 1 || absl::IsUnavailable(status)) return status;
    cli::Warn(call, status);
    code = 1;
  }
  return code;
}

// One Control for each operand: "31", "31.web".
absl::StatusOr<int> Operate(const cli::Call& call,
                            fleetbox::wire::Control::Verb verb,
                            absl::Span<const std::string> operands) {
  TRY(call.OptionsFirst());
  if (operands.empty()) return cli::UsageError("name a JOB, or a JOB.TASK");
  std::vector<fleetbox::wire::Control> controls;
  for (const std::string& operand : operands) {
    fleetbox::wire::Control control;
    control.set_verb(verb);
    uint64_t job;
    std::string task;
    TRY(ReadJobAndTask(operand, &job, &task));
    control.set_job(job);
    if (!task.empty()) control.add_task(task);
    controls.push_back(std::move(control));
  }
  TRY_ASSIGN(auto client, mcfeely::MakeClient(call));
  return OperateAll(call, *client, controls);
}

absl::StatusOr<int> RunHold(const cli::Call& call) {
  return Operate(call, fleetbox::wire::Control::HOLD, call.operands);
}
absl::StatusOr<int> RunRelease(const cli::Call& call) {
  return Operate(call, fleetbox::wire::Control::RELEASE, call.operands);
}
absl::StatusOr<int> RunCancel(const cli::Call& call) {
  return Operate(call, fleetbox::wire::Control::CANCEL, call.operands);
}
absl::StatusOr<int> RunNow(const cli::Call& call) {
  return Operate(call, fleetbox::wire::Control::NOW, call.operands);
}

absl::StatusOr<int> RunRetry(const cli::Call& call) {
  TRY_ASSIGN(std::string operand, call.OnlyOperand("JOB"));
  fleetbox::wire::Control control;
  control.set_verb(fleetbox::wire::Control::RETRY);
  uint64_t job;
  std::string task;
  TRY(ReadJobAndTask(operand, &job, &task));
  control.set_job(job);
  if (!task.empty()) control.add_task(task);
  for (const std::string& only : call.All("only")) {
    for (absl::string_view name : absl::StrSplit(only, ',')) {
      control.add_task(std::string(name));
    }
  }
  TRY_ASSIGN(auto client, mcfeely::MakeClient(call));
  TRY(client->Operate(control));
  return 0;
}

absl::StatusOr<int> RunMark(const cli::Call& call) {
  TRY(call.OptionsFirst());
  absl::Span<const std::string> operands = call.operands;
  if (operands.size() < 2 ||
      (operands.back() != "done" && operands.back() != "failed")) {
    return cli::UsageError("name tasks as JOB.TASK, then done or failed");
  }
  const bool done = operands.back() == "done";
  operands.remove_suffix(1);
  for (const std::string& operand : operands) {
    if (!absl::StrContains(operand, '.')) {
      return cli::UsageError(absl::StrCat("'", operand, "' is no JOB.TASK"));
    }
  }
  return Operate(call,
                 done ? fleetbox::wire::Control::MARK_DONE
                      : fleetbox::wire::Control::MARK_FAILED,
                 operands);
}

absl::StatusOr<int> RunWait(const cli::Call& call) {
  TRY(call.OptionsFirst());
  if (call.operands.empty()) return cli::UsageError("name at least one JOB");
  absl::Time deadline = absl::InfiniteFuture();
  if (call.Has("timeout")) {
    TRY_ASSIGN(absl::Duration timeout, call.Duration("timeout"));
    deadline = sys::SteadyNow() + timeout;
  }
  std::vector<uint64_t> jobs;
  for (const std::string& operand : call.operands) {
    uint64_t job;
    std::string task;
    TRY(ReadJobAndTask(operand, &job, &task));
    if (!task.empty()) return cli::UsageError("name the JOB, not a task");
    jobs.push_back(job);
  }
  TRY_ASSIGN(auto client, mcfeely::MakeClient(call));
  int code = 0;
  for (const uint64_t job : jobs) {
    fleetbox::wire::JobView last;
    const absl::Status status =
        client->Follow(job, deadline - sys::SteadyNow(),
                       [&](const fleetbox::wire::JobView* view) {
                         if (view != nullptr) last = *view;
                         return true;
                       });
    if (absl::IsDeadlineExceeded(status)) {
      cli::Warn(call,
                absl::DeadlineExceededError(absl::StrCat(
                    "job ", job, " is still open: ", mcfeely::Summary(last))));
      return 99;
    }
    TRY(status);
    if (last.state() == fleetbox::wire::JOB_DONE) continue;
    cli::Warn(call, absl::FailedPreconditionError(absl::StrCat(
                        "job ", job, " ", mcfeely::StateWord(last.state()),
                        ": ", mcfeely::Summary(last))));
    code = 100;
  }
  return code;
}

// What is drained may come later; more often its name is mistyped. The draining
// is done: a failure to look is none of it.
void WarnOfStrangers(const cli::Call& call, mcfeely::Client& client,
                     absl::Span<const std::string> drained) {
  fleetbox::wire::Query query;
  query.mutable_status()->set_no_jobs(true);
  const absl::StatusOr<fleetbox::wire::Reply> reply = client.Ask(query);
  if (!reply.ok()) return;
  for (const fleetbox::wire::HostView& host : reply->host()) {
    if (!absl::c_linear_search(drained, host.name()) || host.connected() ||
        host.running() + host.queued() > 0) {
      continue;
    }
    cli::Warn(call, absl::NotFoundError(absl::StrCat(
                        host.name(),
                        ": is drained, but not connected and without work")));
  }
}

absl::StatusOr<int> RunHost(const cli::Call& call) {
  TRY(call.OptionsFirst());
  absl::Span<const std::string> operands = call.operands;
  const std::string what = operands.empty() ? "" : operands[0];
  if (what == "list" && operands.size() == 1) {
    fleetbox::wire::Query query;
    query.mutable_status()->set_no_jobs(true);
    TRY_ASSIGN(auto client, mcfeely::MakeClient(call));
    TRY_ASSIGN(fleetbox::wire::Reply reply, client->Ask(query));
    cli::Print(call.Has("json")
                   ? mcfeely::StatusJson(reply)
                   : mcfeely::FormatStatus(reply, sys::WallNow(),
                                           StylesFor(cli::Paint(1)), Width()));
    return 0;
  }
  if ((what != "drain" && what != "resume") || operands.size() < 2) {
    return cli::UsageError("say list, drain HOST ... or resume HOST ...");
  }
  const bool drains = what == "drain";
  operands.remove_prefix(1);
  TRY_ASSIGN(auto client, mcfeely::MakeClient(call));
  std::vector<fleetbox::wire::Control> controls;
  for (const std::string& host : operands) {
    fleetbox::wire::Control& control = controls.emplace_back();
    control.set_verb(drains ? fleetbox::wire::Control::DRAIN
                            : fleetbox::wire::Control::RESUME);
    control.set_host(host);
  }
  TRY_ASSIGN(const int code, OperateAll(call, *client, controls));
  if (drains) WarnOfStrangers(call, *client, operands);
  return code;
}

// The files an operand stands for: itself, or those in the folder it is.
absl::StatusOr<std::vector<std::string>> FilesOf(const std::string& path) {
  TRY_ASSIGN(sys::FileInfo info, sys::Stat(path));
  if (!info.folder) return std::vector<std::string>{path};
  TRY_ASSIGN(std::vector<std::string> names, sys::ListFolder(path));
  std::vector<std::string> files;
  for (const std::string& name : names) {
    if (absl::EndsWith(name, ".job")) files.push_back(path + "/" + name);
  }
  return files;
}

absl::StatusOr<uint64_t> HandIn(const cli::Call& call, mcfeely::Client& client,
                                mcfeely::Job job) {
  job.allow_unknown_hosts |= call.Has("allow-unknown-host");
  TRY_ASSIGN(std::string parcel, client.SealJob(mcfeely::ToMessage(job)));
  return client.Deliver(parcel);
}

// A signed job, or a job file. Every failure names the file.
absl::StatusOr<uint64_t> Import(const cli::Call& call, mcfeely::Client& client,
                                const std::string& file) {
  TRY_ASSIGN(std::string content, sys::ReadFile(file, 64 << 20));
  const auto named = [&](absl::StatusOr<uint64_t> job) {
    return job.ok() ? job : base::Context(job.status(), file);
  };
  if (wire::ParcelLength(content).ok()) return named(client.Deliver(content));
  mcfeely::JobOptions options;
  options.allow_empty = true;  // all done but its report
  options.clock = {.now = sys::WallNow(), .zone = absl::LocalTimeZone()};
  options.read_input = [](const std::string& name) {
    return sys::ReadFile(name, base::kMaxInputBytes);
  };
  mcfeely::Parsed parsed = mcfeely::ParseJob({{file, content}}, options);
  if (parsed.errors.empty()) return named(HandIn(call, client, parsed.job));
  for (size_t i = 0; i + 1 < parsed.errors.size(); i++) {
    cli::Warn(call, absl::InvalidArgumentError(parsed.errors[i]));
  }
  return absl::InvalidArgumentError(parsed.errors.back());
}

// Everything that can be taken over is; what cannot is named, and makes 65.
absl::StatusOr<int> ImportClassic(const cli::Call& call,
                                  mcfeely::Client& client,
                                  const std::string& folder) {
  TRY_ASSIGN(const mcfeely::ClassicFiles files,
             mcfeely::ReadClassicFolder(folder));
  const mcfeely::ClassicQueue queue = mcfeely::ReadClassicQueue(files);
  for (const std::string& note : queue.notes) {
    // Worth knowing, and no failure.
    cli::Warn(call, absl::UnknownError(absl::StrCat(folder, "/", note)));
  }
  int code = 0;
  for (const mcfeely::ClassicJob& job : queue.jobs) {
    const absl::StatusOr<uint64_t> number = HandIn(call, client, job.job);
    if (absl::IsUnavailable(number.status())) return number.status();
    if (number.ok()) {
      cli::Print(absl::StrCat(*number, "\n"));
      continue;
    }
    cli::Warn(call, base::Context(number.status(),
                                  absl::StrCat(folder, "/", job.path)));
    code = 65;
  }
  for (const std::string& error : queue.errors) {
    cli::Warn(call,
              absl::InvalidArgumentError(absl::StrCat(folder, "/", error)));
    code = 65;
  }
  return code;
}

absl::StatusOr<int> RunImport(const cli::Call& call) {
  TRY(call.OptionsFirst());
  if (call.operands.empty()) return cli::UsageError("name at least one FILE");
  TRY_ASSIGN(auto client, mcfeely::MakeClient(call));
  int code = 0;
  for (const std::string& operand : call.operands) {
    TRY_ASSIGN(const bool classic, mcfeely::IsClassicFolder(operand));
    if (classic) {
      TRY_ASSIGN(const int here, ImportClassic(call, *client, operand));
      code = std::max(code, here);
      continue;
    }
    TRY_ASSIGN(std::vector<std::string> files, FilesOf(operand));
    for (const std::string& file : files) {
      const absl::StatusOr<uint64_t> job = Import(call, *client, file);
      if (absl::IsUnavailable(job.status())) return job.status();
      if (job.ok()) {
        cli::Print(absl::StrCat(*job, "\n"));
      } else {
        cli::Warn(call, job.status());
        code = 65;
      }
    }
  }
  return code;
}

// The file a server with this configuration would judge by.
absl::StatusOr<std::string> PolicyPath(const cli::Call& call) {
  if (call.Has("file")) return call.Get("file");
  const std::string config =
      call.Has("config") ? call.Get("config") : kDefaultConfig;
  const absl::StatusOr<std::string> text = sys::ReadFile(config, 1 << 20);
  if (text.ok()) {
    TRY_ASSIGN(const mcfeely::ServerConfig parsed,
               mcfeely::ParseServerConfig(*text, config));
    if (!parsed.policy.empty()) return parsed.policy;
  } else if (call.Has("config") || !absl::IsNotFound(text.status())) {
    return text.status();
  }
  return mcfeely::kDefaultPolicy;
}

absl::StatusOr<int> RunPolicy(const cli::Call& call) {
  TRY_ASSIGN(const std::string path, PolicyPath(call));
  TRY_ASSIGN(const std::string text,
             sys::ReadFile(path, base::kMaxPolicyBytes));
  const mcfeely::Policy::Parsed parsed = mcfeely::Policy::Parse(text, path);
  for (size_t i = 0; i + 1 < parsed.errors.size(); i++) {
    cli::Warn(call, absl::InvalidArgumentError(parsed.errors[i]));
  }
  if (!parsed.errors.empty()) {
    return absl::InvalidArgumentError(parsed.errors.back());
  }
  const std::vector<std::string>& words = call.operands;
  if (words.empty()) {
    cli::Print(
        absl::StrCat(path, ": ", parsed.policy.rules().size(), " rules\n"));
    return 0;
  }
  const auto rights = parsed.policy.RightsOf(words[0]);
  if (words.size() == 1) {
    for (const mcfeely::PolicyRule* rule : rights.rules()) {
      cli::Print(absl::StrCat(path, ":", rule->line, ": ", rule->text, "\n"));
    }
    return rights.rules().empty() ? 1 : 0;
  }
  if (words.size() < 3) return cli::UsageError("name a HOST and a COMM");
  mcfeely::RunRequest request;
  request.host = words[1];
  request.comm = words[2];
  request.arguments.assign(words.begin() + 3, words.end());
  const std::string user = call.Get("user");
  request.user = user;
  const std::vector<std::string> with = call.All("with");
  for (absl::string_view option : with) {
    if (option == "stdin") {
      request.input = true;
    } else if (option == "detach") {
      request.detach = true;
    } else if (absl::ConsumePrefix(&option, "env=")) {
      request.variables.push_back(option);
    } else {
      return cli::UsageError(absl::StrCat(
          "--with: '", option, "' is not stdin, detach or env=NAME"));
    }
  }
  const mcfeely::PolicyAnswer answer = rights.MayRun(request);
  cli::Print(absl::StrCat(
      answer.allowed ? "allowed by " : "refused: ", answer.why, "\n"));
  return answer.allowed ? 0 : 1;
}

std::string QueueFolder(const cli::Call& call) {
  return call.Has("queue") ? call.Get("queue") : mcfeely::ServerConfig().queue;
}

absl::StatusOr<int> RunExport(const cli::Call& call) {
  TRY_ASSIGN(const std::string folder, call.OnlyOperand("FOLDER"));
  int code = 0;
  TRY(mcfeely::ExportQueue(
      QueueFolder(call),
      [&](uint64_t job, absl::StatusOr<std::string> text) -> absl::Status {
        if (!text.ok()) {
          cli::Warn(call,
                    base::Context(text.status(), absl::StrCat("job ", job)));
          code = 1;
          return absl::OkStatus();
        }
        const std::string path = absl::StrCat(folder, "/", job, ".job");
        TRY(sys::MakeFolders(folder, 0700));
        TRY(sys::CreateFile(path, *text, 0600));
        cli::Print(path + "\n");
        return absl::OkStatus();
      }));
  return code;
}

absl::StatusOr<int> RunCheck(const cli::Call& call) {
  TRY(call.NoOperands());
  TRY_ASSIGN(const mcfeely::Checked checked,
             mcfeely::CheckQueue(QueueFolder(call), call.Has("repair")));
  for (const std::string& problem : checked.problems) {
    cli::Print(problem + "\n");
  }
  if (!checked.kept.empty()) {
    cli::Print(absl::StrCat(
        checked.lost ? "made anew of what could be read" : "mended",
        "; as it was: ", checked.kept, "\n"));
  }
  cli::Print(absl::StrCat(checked.open_jobs, " open jobs\n"));
  if (checked.lost) return 1;
  return checked.problems.empty() || !checked.kept.empty() ? 0 : 74;
}

absl::StatusOr<int> RunAttach(const cli::Call& call) {
  TRY(call.Operands(0, 1, "PATH"));
  TRY(net::RelayStdio(call.operands.empty() ? kDefaultSocket
                                            : call.operands[0]));
  return 0;
}

absl::StatusOr<int> Run(const cli::Call& call) {
  // A server takes no operands: what stands there was meant to be a verb.
  if (!call.operands.empty()) return cli::NotAVerb(call);
  TRY_ASSIGN(mcfeely::ServerConfig config, ReadConfig(call));
  TRY_ASSIGN(int64_t ready_fd,
             call.Has("ready-fd") ? call.Int("ready-fd", 0, 1 << 20) : -1);
  if (call.Has("verbose")) sys::SetLogLevel(sys::LogLevel::kStep);
  sys::RaiseDescriptorLimit();
  sys::Loop loop;
  std::unique_ptr<mcfeely::Server> server;
  sys::Signals signals(loop, {SIGTERM, SIGINT}, [&](int signal) {
    sys::Log("server.stopping", {{"signal", sys::SignalName(signal)}});
    server == nullptr ? loop.Stop() : server->Stop(absl::Seconds(30));
  });
  TRY_ASSIGN(server, mcfeely::Server::Open(loop, config));
  std::string addresses;
  for (const std::string& address : server->addresses()) {
    sys::Log("server.listens", {{"address", address}, {"pid", sys::MyPid()}});
    absl::StrAppend(&addresses, address, "\n");
  }
  sys::NotifySupervisor();
  sys::TellReady(static_cast<int>(ready_fd), addresses);
  loop.Run();
  server.reset();
  sys::Log("server.stopped", {{"pid", sys::MyPid()}});
  return 0;
}

}  // namespace
