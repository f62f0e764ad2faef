#include "isinit/server.h"

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <utility>

#include "base/status.h"
#include "isinit/server_state.h"
#include "isinit/status_file.h"
#include "isinit/write_whole.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/process.h"
#include "sys/socket.h"
#include "sys/users.h"
#include "wire/content_hash.h"

namespace isinit {
namespace {

// Every 30 to 45 s, as Cluster::Init did: other hosts take a group's host for
// dead when the file is older than 60 s.
constexpr absl::Duration kHeartbeat = absl::Seconds(30);
constexpr int kHeartbeatJitterMs = 15'000;
constexpr absl::Duration kRest = absl::Seconds(2);

std::vector<int> OurSignals(bool process_one, Situation situation) {
  std::vector<int> signals = {SIGTERM, SIGINT, SIGHUP};
  if (process_one) {
    signals.insert(signals.end(),
                   {SIGUSR1, SIGUSR2, SIGQUIT, SIGPWR, SIGWINCH});
    if (situation == Situation::kContainer) signals.push_back(SIGRTMIN + 3);
  }
  return signals;
}

// Of a table's entries, so that one of 100 000 lines holds nobody up.
constexpr size_t kMostPrepared = 2000;
// Both ends of what an entry prints into.
constexpr size_t kDescriptorsOfEntry = 2;

// Of all servers on a host there may be one with the usual socket; the others
// are told apart by theirs.
std::string OurName(const std::string& socket) {
  if (socket == "/run/isinit/init.s") return "isinit";
  const wire::Hash hash = wire::HashOf(socket);
  return absl::StrCat("isinit-",
                      absl::BytesToHexString(absl::string_view(
                          reinterpret_cast<const char*>(hash.data()), 6)));
}

// From 0 to below 1.
double Fraction() {
  return static_cast<double>(sys::RandomSeed() >> 11) * 0x1p-53;
}

void LogProblems(const TableSource& source) {
  for (const std::string& problem : source.problems()) {
    sys::Log("table.error", {{"why", problem}});
  }
}

}  // namespace

std::string SocketOf(const ServerConfig& config) {
  if (!config.socket.empty()) return config.socket;
  const TableSource source(config.table, config.compat);
  const std::string named =
      SocketIn(sys::ReadFile(source.file()).value_or(""), config.compat);
  if (!named.empty()) return named;
  return absl::StrCat(config.run_folder, "/init.s");
}

absl::StatusOr<ServerEnd> RunServer(ServerConfig config) {
  bool same_process = false;
  std::optional<fleetbox::wire::IsinitState> record =
      FindRecord(config, &same_process);
  ServerState server(std::move(config), std::move(record), same_process);
  TRY(server.Open());
  return server.Serve();
}

ServerState::ServerState(ServerConfig c,
                         std::optional<fleetbox::wire::IsinitState> r,
                         bool same)
    : config(std::move(c)),
      host(config.host.empty() ? sys::HostName() : config.host),
      socket_path(SocketOf(config)),
      record(std::move(r)),
      same_process(same),
      source(config.table, config.compat),
      table(std::make_shared<const Table>()),
      processes(socket_path),
      reaper(loop),
      supervision(sys::RandomSeed()),
      started_at(sys::SteadyNow()) {}

ServerState::~ServerState() = default;

absl::Status ServerState::Open() {
  // What we are started with is the limit of what we start.
  sys::RaiseDescriptorLimit();
  TRY(sys::MakeFolders(config.run_folder));
  TRY_ASSIGN(config.run_folder, sys::AbsolutePath(config.run_folder));
  TRY_ASSIGN(socket_path, sys::AbsolutePath(socket_path));
  signals = std::make_unique<sys::Signals>(
      loop, OurSignals(config.process_one, config.situation),
      [this](int signal) { TakeSignal(signal); });
  TRY(OpenSockets());
  TRY_ASSIGN(
      tracking,
      Tracking::Make(loop, reaper,
                     {.name = OurName(socket_path),
                      .socket = socket_path,
                      .former = record.has_value() ? record->place() : ""},
                     [this](const std::string& tag) {
                       logs->Ended(tag);
                       Feed(Empty{tag});
                     }));
  TRY(ReadFirstTable());
  if (record.has_value()) TakeOver(*record);
  return absl::OkStatus();
}

// The faulty lines of a first table are left out; without any there is nothing
// to do until there is one.
absl::Status ServerState::ReadFirstTable() {
  const absl::StatusOr<const Reading*> read = source.Reread();
  if (read.ok()) table = (*read)->table;
  LogProblems(source);
  LogWriter::Options options;
  options.folder = table->log_folder.empty()
                       ? absl::StrCat(config.run_folder, "/log")
                       : table->log_folder;
  options.trouble = [this](const std::string& tag, const std::string& why) {
    const std::string key = absl::StrCat("log ", tag);
    if (why.empty()) {
      troubles.erase(key);
      sys::Log("log.again", {{"tag", tag}});
    } else {
      troubles[key] = absl::StrCat(tag, ": ", why);
      sys::Log("log.lost", {{"tag", tag}, {"why", why}});
    }
  };
  options.printed = [this](const std::string& tag, absl::string_view lines) {
    Printed(tag, lines);
  };
  logs = std::make_unique<LogWriter>(loop, std::move(options));
  OpenWatches();
  UseTable(table);
  return absl::OkStatus();
}

void ServerState::UseTable(std::shared_ptr<const Table> next) {
  table = std::move(next);
  repeated_tests.clear();
  lazy_entries.clear();
  for (const Entry& entry : table->entries) {
    const Attributes& a = entry.attributes;
    if (a.lazy) lazy_entries.push_back(entry.tag);
    if (entry.mode == Mode::kTest && a.health.kind != Health::Kind::kNone) {
      repeated_tests.push_back(entry.tag);
    }
  }
  PreparePlaces();
  logs->Use(*table);
  HoldSockets();
  FeedWatchdog();
  FollowFile();
  Feed(NewTable{table});
  RefreshRuns();
}

void ServerState::PreparePlaces() {
  std::vector<std::string> tags;
  for (const Entry& entry : table->entries) {
    if (tags.size() == kMostPrepared) break;
    tags.push_back(entry.tag);
  }
  // Before there is a thread that shares the table of descriptors.
  sys::MakeRoomForDescriptors(tags.size() * kDescriptorsOfEntry);
  tracking->Prepare(tags);
}

void ServerState::FollowFile() {
  if (!table->watch) {
    source.Unwatch();
    troubles.erase("watch");
    return;
  }
  const absl::Status watched =
      source.Watch(loop, [this] { Reread(false, nullptr).IgnoreError(); });
  if (watched.ok()) return;
  sys::Log("table.unwatched", {{"why", std::string(watched.message())}});
  troubles["watch"] = std::string(watched.message());
}

absl::Status ServerState::OpenSockets() {
  sys::Fd listener;
  if (same_process) {
    listener = sys::Fd(record->control_fd());
  } else {
    TRY_ASSIGN(listener, sys::ListenUnix(socket_path, 0666));
  }
  const Control::Events asks = {
      .asked =
          [this](uint64_t client, const Caller& caller,
                 const fleetbox::wire::IsinitRequest& request) {
            Asked(client, caller, request);
          },
      .gone = [this](uint64_t client) { Gone(client); },
  };
  control = std::make_unique<Control>(loop, std::move(listener), asks);
  RemoteOptions options;
  options.listen = config.listen;
  options.listen.push_back(
      absl::StrCat("unix:", config.run_folder, "/remote.s"));
  options.identity = config.identity;
  options.trust = config.trust;
  options.host = host;
  absl::StatusOr<std::unique_ptr<Remote>> opened =
      Remote::Open(loop, std::move(options), asks);
  if (opened.ok()) {
    remote = *std::move(opened);
  } else if (!config.listen.empty()) {
    return opened.status();
  } else {
    // A host without a key is told things from itself only.
    sys::LogStep("remote.none",
                 {{"why", std::string(opened.status().message())}});
  }
  return absl::OkStatus();
}

void ServerState::ReportReady() {
  if (config.detached) {
    const absl::StatusOr<sys::Fd> log =
        sys::Open(absl::StrCat(config.run_folder, "/isinit.log"),
                  O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    const absl::StatusOr<sys::Fd> null = sys::Open("/dev/null", O_RDWR);
    if (null.ok()) dup2(null->get(), 0);
    const int to = log.ok() ? log->get() : null.ok() ? null->get() : -1;
    if (to >= 0) {
      dup2(to, 1);
      dup2(to, 2);
    }
  }
  std::vector<std::string> addresses;
  if (remote != nullptr) addresses = remote->addresses();
  sys::Log("isinit.ready", {{"socket", socket_path},
                            {"table", source.file()},
                            {"tracking", tracking->Describe()},
                            {"listen", absl::StrJoin(addresses, " ")}});
  addresses.insert(addresses.begin(), socket_path);
  sys::TellReady(std::exchange(config.ready_fd, -1),
                 absl::StrCat(absl::StrJoin(addresses, "\n"), "\n"));
  sys::NotifySupervisor();
}

absl::StatusOr<ServerEnd> ServerState::Serve() {
  Touch();
  SaveRecord();
  const auto first_tells = [this] {
    // What a former life was told stands above what the table says.
    const auto tell = [this](const std::string& group,
                             const std::string& level) {
      if (taken_over.contains(group)) return;
      Feed(Tell{.group = group, .level = level});
    };
    if (!config.first_level.empty()) {
      tell(config.first_group.empty() ? host : config.first_group,
           config.first_level);
      return;
    }
    for (const auto& [group, level] : table->boot) tell(group, level);
  };
  // Whoever waits for us to be ready tells us to start something.
  const bool starts_by_itself =
      config.process_one || !config.first_level.empty() || !table->boot.empty();
  if (!starts_by_itself) tracking->AwaitPrepared();
  ReportReady();
  if (config.process_one && taken_over.empty()) {
    StartOneShots(Mode::kSysinit, [this, first_tells] {
      StartOneShots(Mode::kBootwait, first_tells);
    });
  } else {
    first_tells();
  }
  loop.Run();
  if (watchdog != nullptr) watchdog->LetGo();
  WriteStatusFiles();
  for (const std::string& file : written) {
    sys::RemoveFile(file).IgnoreError();
  }
  sys::RemoveFile(socket_path).IgnoreError();
  sys::RemoveFile(absl::StrCat(config.run_folder, "/state")).IgnoreError();
  sys::Log("isinit.ended", {{"code", end.code}});
  return end;
}

// ---------------------------------------------------------------------------
// The table

// `text`, unless null, becomes what changes. `explain`: nothing does.
absl::Status ServerState::Reread(bool explain, std::string* text) {
  TableSource* from = &source;
  TableSource look(source.file(), config.compat);
  if (explain) from = &look;
  absl::StatusOr<const Reading*> read = from->Reread();
  if (!read.ok()) {
    sys::Log("table.unread", {{"why", std::string(read.status().message())}});
    return read.status();
  }
  if (*read == nullptr) {
    return source.problems().empty()
               ? absl::OkStatus()
               : absl::FailedPreconditionError(
                     absl::StrJoin(source.problems(), "\n"));
  }
  if (!(*read)->ok()) {
    LogProblems(*from);
    return absl::FailedPreconditionError(absl::StrJoin(from->problems(), "\n"));
  }
  if (text != nullptr) {
    *text = absl::StrJoin(supervision.Explain(*(*read)->table), "\n");
  }
  if (explain) return absl::OkStatus();
  const std::shared_ptr<const Table> next = (*read)->table;
  sys::Log("table.read",
           {{"file", source.file()}, {"entries", next->entries.size()}});
  UseTable(next);
  return absl::OkStatus();
}

// The sockets of listen=. One that cannot be had is known as a trouble until it
// can.
void ServerState::HoldSockets() {
  for (const Entry& entry : table->entries) {
    const std::string key = absl::StrCat("listen ", entry.tag);
    const absl::Status held = sockets->Hold(entry);
    if (held.ok()) {
      troubles.erase(key);
    } else {
      sys::Log("listen.failed",
               {{"tag", entry.tag}, {"why", std::string(held.message())}});
      troubles[key] = absl::StrCat(entry.tag, ": ", held.message());
    }
  }
}

void ServerState::FeedWatchdog() {
  const std::string& path = table->watchdog;
  if (watchdog != nullptr && watchdog->path() == path) return;
  if (watchdog != nullptr) watchdog->LetGo();
  watchdog.reset();
  troubles.erase("watchdog");
  if (path.empty()) return;
  absl::StatusOr<std::unique_ptr<Watchdog>> opened = Watchdog::Open(loop, path);
  if (opened.ok()) {
    watchdog = *std::move(opened);
    return;
  }
  sys::Log("watchdog.failed",
           {{"why", std::string(opened.status().message())}});
  troubles["watchdog"] = std::string(opened.status().message());
}

// ---------------------------------------------------------------------------
// Status files

void ServerState::AtEndOfTurn() {
  if (std::exchange(end_of_turn, true)) return;
  loop.AtEndOfTurn([this] {
    end_of_turn = false;
    AnswerWaiting();
    SaveRecord();
    if (std::exchange(status_dirty, false)) {
      LookAfterTests();
      AwaitConnections();
      WriteStatusFiles();
    }
    RestSoon();
  });
}

// A while after the last event, so that what comes in a row is one.
void ServerState::RestSoon() {
  if (resting != 0) return;
  resting = loop.After(kRest, [this] {
    resting = 0;
    sys::ReleaseCode();
  });
}

void ServerState::WriteStatusFiles() {
  std::vector<GroupView> groups = supervision.Groups();
  // The last word of a server that has ended: nothing is told any more.
  if (leaving) {
    for (GroupView& g : groups) {
      g.state = GroupState::kIdle;
      g.level.clear();
    }
  }
  const auto write = [this](const std::string& path, absl::string_view text,
                            bool removed_at_end) {
    const absl::Status status = WriteWhole(path, text);
    const std::string key = absl::StrCat("status ", path);
    if (status.ok()) {
      if (troubles.erase(key) > 0) sys::Log("status.again", {{"file", path}});
    } else if (!troubles.contains(key)) {
      sys::Log("status.unwritten", {{"why", std::string(status.message())}});
      troubles[key] = std::string(status.message());
    }
    if (removed_at_end &&
        std::find(written.begin(), written.end(), path) == written.end()) {
      written.push_back(path);
    }
  };
  write(table->initstat.empty() ? absl::StrCat(config.run_folder, "/initstat")
                                : table->initstat,
        InitstatText(groups, Fraction()), false);
  if (!table->clstat.empty()) write(table->clstat, ClstatText(groups), true);
}

void ServerState::Touch() {
  WriteStatusFiles();
  heartbeat = loop.After(
      kHeartbeat + absl::Milliseconds(sys::RandomSeed() % kHeartbeatJitterMs),
      [this] { Touch(); });
}

}  // namespace isinit
