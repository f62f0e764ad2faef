#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <signal.h>

#include <optional>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "cli/applet.h"
#include "cli/live.h"
#include "cli/paint.h"
#include "cli/report.h"
#include "mcfeely/client_options.h"
#include "mcfeely/jobfile.h"
#include "mcfeely/view.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "text/words.h"
#include "wire/parcel.h"

namespace {

absl::StatusOr<int> Run(const cli::Call& call);

constexpr auto kOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'f', "file", "FILE", "read a job file; '-' is standard input"},
      {'e', "line", "LINE", "a line of a job file"},
      {'d', "description", "TEXT", "the description"},
      {'s', "success", "ADDR", "mail a report of success there"},
      {'F', "failure", "ADDR", "mail a report of failure there"},
      {'k', "key", "STRING", "a second job with this key is the first one"},
      {0, "at", "TIME", "start then: 2026-01-31T10:15:00Z, 10:15"},
      {0, "in", "TIME", "start so long from now: 2h"},
      {0, "hold", "", "accept it, but start nothing until it is released"},
      {'D', "set", "NAME=VALUE", "the value of a parameter"},
      {'o', "only", "NAMES", "take only these tasks and groups"},
      {0, "with-needs", "", "and everything they require"},
      {0, "with-dependents", "", "and everything that requires them"},
      {0, "allow-empty", "", "accept a job without tasks"},
      {0, "allow-unknown-host", "", "accept hosts the server does not know"},
      {'n', "check", "", "print the flat job; nothing is sent"},
      {0, "dot", "", "with --check: print the graph"},
      {'j', "json", "", "with --check or --wait: print the job as JSON"},
      {'w', "wait", "", "stay until the job has ended"},
      {0, "timeout", "TIME", "with --wait: stay at most this long"},
      {'S', "server", "ADDR", "the server"},
      {0, "to", "PRINCIPAL", "the server's name", "server:mcfeely"},
      {'i', "identity", "FILE", "the key that signs the job"},
      {0, "trust", "FILE", "whose keys are trusted"},
      {0, "spool", "DIR", "write the signed job there; send nothing"},
      {'q', "quiet", "", "do not print the job number"},
  });
});

}  // namespace

extern constinit const cli::Applet applet_mcfeely_inject = {
    .name = "mcfeely-inject",
    .summary = "put a job into the queue",
    .usage =
        "[OPTION ...] HOST COMM [ARG ...]\n"
        "[OPTION ...] -f FILE\n"
        "[OPTION ...] -e LINE ...",
    .options = kOptions,
    .exits =
        "99   with --wait: the job is still open at the timeout\n"
        "100  with --wait: the job has failed\n",
    .run = Run,
};

namespace {

// The job file, the lines, or the one task that the operands are.
absl::StatusOr<std::vector<mcfeely::Source>> ReadSources(
    const cli::Call& call) {
  std::vector<mcfeely::Source> sources;
  for (const std::string& file : call.All("file")) {
    mcfeely::Source source;
    source.name = file == "-" ? "standard input" : file;
    absl::StatusOr<std::string> text =
        file == "-" ? sys::ReadFd(0, base::kMaxJobFileBytes)
                    : sys::ReadFile(file, base::kMaxJobFileBytes);
    // Too long is wrong, and stays wrong; the system is short of nothing.
    if (absl::IsResourceExhausted(text.status())) {
      return absl::InvalidArgumentError(text.status().message());
    }
    TRY(text);
    source.text = *std::move(text);
    sources.push_back(std::move(source));
  }
  if (call.Has("line")) {
    sources.push_back({"-e", absl::StrJoin(call.All("line"), "\n") + "\n"});
  }
  if (!sources.empty()) {
    TRY(base::Context(call.NoOperands(), "with -f or -e"));
    return sources;
  }
  if (call.operands.size() < 2) {
    return cli::UsageError("name a HOST and a COMM, or give -f FILE");
  }
  return sources;
}

// Reads what describes the job. A wrong job prints all its errors; the number
// of them is what is returned as the last one.
absl::StatusOr<mcfeely::Job> ReadJob(const cli::Call& call) {
  TRY_ASSIGN(std::vector<mcfeely::Source> sources, ReadSources(call));
  mcfeely::JobOptions options;
  for (const std::string& set : call.All("set")) {
    const size_t equals = set.find('=');
    if (equals == std::string::npos) {
      return cli::UsageError(
          absl::StrCat("--set: '", set, "' is not NAME=VALUE"));
    }
    options.parameters[set.substr(0, equals)] = set.substr(equals + 1);
  }
  for (const std::string& only : call.All("only")) {
    for (absl::string_view name : absl::StrSplit(only, ',')) {
      options.subset.only.emplace_back(name);
    }
  }
  options.subset.with_needs = call.Has("with-needs");
  options.subset.with_dependents = call.Has("with-dependents");
  if (options.subset.only.empty() &&
      (options.subset.with_needs || options.subset.with_dependents)) {
    return cli::UsageError("--with-needs and --with-dependents go with --only");
  }
  options.allow_empty = call.Has("allow-empty");
  options.clock = {.now = sys::WallNow(), .zone = absl::LocalTimeZone()};
  options.read_input = [](const std::string& file) {
    return sys::ReadFile(file, base::kMaxInputBytes);
  };

  mcfeely::Job job;
  if (sources.empty()) {
    mcfeely::Task task;
    task.name = "task";
    task.host = call.operands[0];
    task.comm = call.operands[1];
    task.arguments.assign(call.operands.begin() + 2, call.operands.end());
    job.tasks.push_back(std::move(task));
  } else {
    mcfeely::Parsed parsed = mcfeely::ParseJob(sources, options);
    for (size_t i = 0; i + 1 < parsed.errors.size(); i++) {
      cli::Warn(call, absl::InvalidArgumentError(parsed.errors[i]));
    }
    if (!parsed.errors.empty()) {
      return absl::InvalidArgumentError(parsed.errors.back());
    }
    job = std::move(parsed.job);
  }
  if (call.Has("description")) job.description = call.Get("description");
  if (call.Has("success")) job.success = call.All("success");
  if (call.Has("failure")) job.failure = call.All("failure");
  if (call.Has("key")) job.key = call.Get("key");
  if (call.Has("at") || call.Has("in")) {
    if (call.Has("at") && call.Has("in")) {
      return cli::UsageError("--at and --in exclude each other");
    }
    const std::string start =
        call.Has("at") ? call.Get("at") : absl::StrCat("+", call.Get("in"));
    const auto read = mcfeely::ParseStart(start, options.clock);
    if (!read.ok()) {
      return cli::UsageError(absl::StrCat(call.Has("at") ? "--at: " : "--in: ",
                                          read.status().message()));
    }
    job.start = *read;
  }
  job.hold |= call.Has("hold");
  job.allow_unknown_hosts = call.Has("allow-unknown-host");
  if (job.tasks.empty() && !options.allow_empty) {
    return absl::InvalidArgumentError("the job has no tasks");
  }
  // What the server will check, said before anything is sent.
  return mcfeely::FromMessage(mcfeely::ToMessage(job));
}

absl::StatusOr<int> Spool(const cli::Call& call, const std::string& parcel) {
  TRY_ASSIGN(wire::Header header, wire::ParseHeader(parcel));
  const std::string folder = call.Get("spool");
  TRY(sys::MakeFolders(folder, 0700));
  const std::string path =
      absl::StrCat(folder, "/", base::Hex(header.id.view()), ".job");
  TRY(sys::CreateFile(path, parcel, 0600));
  if (!call.Has("quiet")) cli::Print(path + "\n");
  return 0;
}

// Stays until the job has ended: a live view on a terminal, elsewhere a line
// for each change. Ctrl-C ends the watching, not the job.
absl::StatusOr<int> Wait(const cli::Call& call, mcfeely::Client& client,
                         uint64_t number, absl::Duration timeout) {
  cli::Live live;
  const cli::Paint paint(2);
  const mcfeely::Styles styles = {.good = paint.green(),
                                  .bad = paint.red(),
                                  .busy = paint.yellow(),
                                  .dim = paint.dim()};
  std::optional<fleetbox::wire::JobView> job;
  const absl::Status status =
      client.Follow(number, timeout, [&](const fleetbox::wire::JobView* view) {
        if (view != nullptr) {
          if (!live.on()) {
            sys::WriteAll(2,
                          mcfeely::FormatChanges(job ? &*job : nullptr, *view))
                .IgnoreError();
          }
          job = *view;
        }
        if (live.on() && job.has_value()) {
          live.Show(mcfeely::FormatLive(*job, sys::WallNow(), styles,
                                        live.columns(), live.lines()));
        }
        return true;
      });
  live.Keep();
  if (absl::IsDeadlineExceeded(status)) {
    cli::Warn(call, absl::DeadlineExceededError(absl::StrCat(
                        "job ", number, " is still open: ",
                        job ? mcfeely::Summary(*job) : "nothing is known")));
    return 99;
  }
  TRY(status);
  if (call.Has("json")) {
    fleetbox::wire::Query query;
    query.mutable_show()->set_job(number);
    TRY_ASSIGN(fleetbox::wire::Reply reply, client.Ask(query));
    if (reply.job_size() == 1) cli::Print(mcfeely::JobJson(reply.job(0)));
  }
  if (job->state() == fleetbox::wire::JOB_DONE) return 0;
  cli::Warn(call, absl::FailedPreconditionError(absl::StrCat(
                      "job ", number, " ", mcfeely::StateWord(job->state()),
                      ": ", mcfeely::Summary(*job))));
  return 100;
}

absl::StatusOr<int> Run(const cli::Call& call) {
  if ((call.Has("dot") && !call.Has("check")) ||
      (call.Has("json") && !call.Has("check") && !call.Has("wait"))) {
    return cli::UsageError(
        "--dot goes with --check, --json with that or --wait");
  }
  if (call.Has("timeout") && !call.Has("wait")) {
    return cli::UsageError("--timeout goes with --wait");
  }
  absl::Duration timeout = absl::InfiniteDuration();
  if (call.Has("timeout")) {
    TRY_ASSIGN(timeout, call.Duration("timeout"));
  }
  TRY_ASSIGN(mcfeely::Job job, ReadJob(call));
  if (call.Has("check")) {
    cli::Print(call.Has("dot")    ? mcfeely::FormatDot(job)
               : call.Has("json") ? mcfeely::FormatJson(job)
                                  : mcfeely::FormatJobFile(job));
    return 0;
  }
  TRY_ASSIGN(auto client, mcfeely::MakeClient(call));
  TRY_ASSIGN(std::string parcel, client->SealJob(mcfeely::ToMessage(job)));
  if (call.Has("spool")) return Spool(call, parcel);
  TRY_ASSIGN(uint64_t number, client->Deliver(parcel));
  if (!call.Has("quiet")) {
    cli::Print(absl::StrCat(number, "\n"));
    cli::Flush();
  }
  if (!call.Has("wait")) return 0;
  return Wait(call, *client, number, timeout);
}

}  // namespace
