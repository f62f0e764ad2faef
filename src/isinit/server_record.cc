// What a later life of the server needs to know: after it was killed, in a file
// of its folder; when it executes itself anew, in a file in memory, along with
// its descriptors.

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/status.h"
#include "isinit/server_state.h"
#include "isinit/write_whole.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/process.h"
#include "sys/process_list.h"
#include "sys/users.h"
#include "wire/message.h"

namespace isinit {

namespace wire_pb = fleetbox::wire;
using wire_pb::IsinitState;

namespace {

constexpr size_t kMaxRecordBytes = 64 << 20;
constexpr absl::Duration kProbeTime = absl::Seconds(5);

// Pids and ticks mean nothing after the machine was started anew.
std::string BootId() {
  const absl::StatusOr<std::string> id =
      sys::ReadFile("/proc/sys/kernel/random/boot_id");
  return id.ok() ? *id : "";
}

// Stays the same over an exec, and tells us from who had our number before.
uint64_t OwnStartTicks() {
  const std::optional<sys::ProcessInfo> info = sys::ReadProcess(sys::MyPid());
  return info.has_value() ? info->start_ticks : 0;
}

std::string RecordPath(const ServerConfig& config) {
  return absl::StrCat(config.run_folder, "/state");
}

std::vector<int> DescriptorsOf(const IsinitState& record) {
  std::vector<int> fds = {static_cast<int>(record.control_fd())};
  for (const IsinitState::Pipe& p : record.pipe()) {
    fds.push_back(p.read());
    fds.push_back(p.write());
  }
  for (const IsinitState::Held& h : record.held()) fds.push_back(h.fd());
  for (const IsinitState::Client& c : record.client()) fds.push_back(c.fd());
  return fds;
}

void KeepOverExec(const std::vector<int>& fds, bool keep) {
  for (int fd : fds) fcntl(fd, F_SETFD, keep ? 0 : FD_CLOEXEC);
}

// 0: without its main process.
void LogAdopted(const std::string& tag, int pid) {
  sys::Log("entry.adopted", {{"tag", tag}, {"pid", pid}});
}

// Closes what is open and not among `kept`.
void CloseOthers(const std::vector<int>& kept) {
  const absl::StatusOr<std::vector<std::string>> open =
      sys::ListFolder("/proc/self/fd");
  if (!open.ok()) return;
  for (const std::string& name : *open) {
    int fd = -1;
    if (!absl::SimpleAtoi(name, &fd) || fd < 3) continue;
    if (std::find(kept.begin(), kept.end(), fd) == kept.end()) close(fd);
  }
}

}  // namespace

std::optional<IsinitState> FindRecord(const ServerConfig& config,
                                      bool* same_process) {
  absl::StatusOr<std::string> bytes;
  int fd = -1;
  if (absl::SimpleAtoi(sys::EnvironmentVariable(kRecordVariable), &fd)) {
    unsetenv(kRecordVariable);
    lseek(fd, 0, SEEK_SET);
    bytes = sys::ReadFd(fd, kMaxRecordBytes);
  } else {
    bytes = sys::ReadFile(RecordPath(config), kMaxRecordBytes);
  }
  if (!bytes.ok()) return std::nullopt;
  absl::StatusOr<IsinitState> record =
      wire::Parse<IsinitState>(*bytes, kMaxRecordBytes);
  if (!record.ok()) {
    sys::Log("record.unread",
             {{"why", std::string(record.status().message())}});
    return std::nullopt;
  }
  if (record->boot() != BootId()) return std::nullopt;
  *same_process = static_cast<int>(record->pid()) == sys::MyPid() &&
                  record->start_ticks() == OwnStartTicks();
  if (*same_process) {
    const std::vector<int> ours = DescriptorsOf(*record);
    CloseOthers(ours);
    KeepOverExec(ours, false);
  }
  return *std::move(record);
}

absl::StatusOr<int> ProbeRecord(int fd) {
  TRY_ASSIGN(const std::string bytes, sys::ReadFd(fd, kMaxRecordBytes));
  TRY(wire::Parse<IsinitState>(bytes, kMaxRecordBytes).status());
  return 0;
}

bool IsExecutedAnew() {
  return !sys::EnvironmentVariable(kRecordVariable).empty();
}

std::vector<std::string> OwnArguments() {
  const absl::StatusOr<std::string> line = sys::ReadFile("/proc/self/cmdline");
  if (!line.ok() || line->empty()) return {"isinit", "-d"};
  return absl::StrSplit(absl::StripSuffix(*line, absl::string_view("\0", 1)),
                        '\0');
}

IsinitState ServerState::MakeRecord() {
  IsinitState record;
  record.set_boot(boot);
  record.set_pid(sys::MyPid());
  record.set_start_ticks(start_ticks);
  record.set_generation(generation);
  record.set_place(tracking->Place());
  record.set_up_ms(absl::ToInt64Milliseconds(sys::SteadyNow() - started_at));
  for (const GroupView& group : supervision.Groups()) {
    if (!group.level.empty()) {
      IsinitState::Group& g = *record.add_group();
      g.set_name(group.name);
      g.set_level(group.level);
      const auto token = tokens.find(group.name);
      if (token != tokens.end()) g.set_token(token->second);
    }
    for (const EntryView& view : group.entries) {
      const bool touched =
          view.state != EntryState::kIdle || view.starts > 0 || view.by_hand;
      if (!touched) continue;
      IsinitState::Entry& e = *record.add_entry();
      e.set_tag(view.entry->tag);
      e.set_level(group.level);
      e.set_starts(view.starts);
      e.set_by_hand(view.by_hand);
      const auto run = live.find(view.run);
      if (run != live.end()) {
        LiveRun& l = run->second;
        if (l.start_ticks == 0) {
          // It may have ended, and is not reaped: its number is still its own.
          const std::optional<sys::ProcessInfo> info = sys::ReadProcess(l.pid);
          if (info.has_value()) l.start_ticks = info->start_ticks;
        }
        e.set_pid(l.pid);
        e.set_start_ticks(l.start_ticks);
      } else if (view.state == EntryState::kFinished && view.last_end) {
        e.set_ended(true);
        e.set_exit_code(view.last_end->code);
        e.set_exit_signal(view.last_end->signal);
      }
    }
  }
  record.set_control_fd(control->listener());
  for (const LogWriter::Pipe& p : logs->Pipes()) {
    IsinitState::Pipe& pipe = *record.add_pipe();
    pipe.set_tag(p.tag);
    pipe.set_is_input(p.is_input);
    pipe.set_read(p.read);
    pipe.set_write(p.write);
    pipe.set_inode(p.inode);
  }
  for (const ListenSockets::Held& h : sockets->All()) {
    IsinitState::Held& held = *record.add_held();
    held.set_tag(h.tag);
    held.set_address(h.address);
    held.set_fd(h.fd);
  }
  return record;
}

// Not synced: it is for a life after this process's, not after the machine's.
void ServerState::SaveRecord() {
  if (boot.empty()) {
    boot = BootId();
    start_ticks = OwnStartTicks();
  }
  if (ending) return;
  const std::string path = RecordPath(config);
  const absl::Status status = WriteWhole(path, wire::Serialize(MakeRecord()));
  const std::string key = absl::StrCat("record ", path);
  if (status.ok()) {
    if (troubles.erase(key) > 0) sys::Log("record.again", {{"file", path}});
  } else if (!troubles.contains(key)) {
    sys::Log("record.unwritten", {{"why", std::string(status.message())}});
    troubles[key] = std::string(status.message());
  }
}

// ---------------------------------------------------------------------------
// Taking over

void ServerState::TakeOver(const IsinitState& former) {
  generation = former.generation();
  if (same_process) {
    started_at = sys::SteadyNow() - absl::Milliseconds(former.up_ms());
    for (const IsinitState::Pipe& p : former.pipe()) {
      logs->Adopt(p.tag(), p.is_input(), sys::Fd(p.read()), sys::Fd(p.write()));
    }
    for (const IsinitState::Held& h : former.held()) {
      sockets->Adopt(h.tag(), h.address(), sys::Fd(h.fd()));
    }
  }
  absl::flat_hash_map<std::string, uint64_t> pipes;
  for (const IsinitState::Pipe& p : former.pipe()) {
    if (!same_process && !p.is_input()) pipes[p.tag()] = p.inode();
  }
  for (const IsinitState::Entry& e : former.entry()) {
    const auto pipe = pipes.find(e.tag());
    if (e.pid() == 0 || pipe == pipes.end()) continue;
    logs->AdoptFrom(e.tag(), pipe->second, static_cast<int>(e.pid()));
  }
  AdoptAll(former);
  // What died in between is started again.
  for (const IsinitState::Group& g : former.group()) {
    if (g.token() != 0) tokens[g.name()] = g.token();
    taken_over.insert(g.name());
    Feed(Tell{.group = g.name(), .level = g.level(), .resumed = true});
  }
  if (!same_process) return;
  for (const IsinitState::Client& c : former.client()) {
    control->Adopt(sys::Fd(c.fd()), c.request());
  }
}

void ServerState::AdoptAll(const IsinitState& former) {
  const std::vector<int> children = sys::OwnChildren();
  absl::flat_hash_map<std::string, const IsinitState::Entry*> rest;
  std::vector<std::string> tags;
  for (const IsinitState::Entry& e : former.entry()) {
    if (e.pid() != 0 && Adopt(e, children)) continue;
    rest[e.tag()] = &e;
    tags.push_back(e.tag());
  }
  // What is left of those that have no main process is stopped in its time.
  for (const std::string& tag : tracking->AdoptRest(tags)) {
    LogAdopted(tag, 0);
    Feed(Adopted{
        .tag = tag, .level = rest[tag]->level(), .since = sys::SteadyNow()});
  }
  for (const std::string& tag : tags) {
    const IsinitState::Entry& e = *rest[tag];
    if (e.ended()) {
      Feed(Finished{tag,
                    e.level(),
                    {static_cast<int>(e.exit_code()),
                     static_cast<int>(e.exit_signal())}});
    } else if (e.by_hand()) {
      Feed(StoppedByHand{tag, e.level()});
    }
  }
}

// Whether its main process still runs.
bool ServerState::Adopt(const IsinitState::Entry& e,
                        const std::vector<int>& children) {
  const Entry* const entry = table->Find(e.tag());
  const int pid = static_cast<int>(e.pid());
  const absl::Status adopted = tracking->Adopt(e.tag(), pid, e.start_ticks());
  if (!adopted.ok()) {
    sys::Log("entry.not-adopted", {{"tag", e.tag()},
                                   {"pid", pid},
                                   {"why", std::string(adopted.message())}});
    return false;
  }
  Feed(Adopted{.tag = e.tag(),
               .pid = pid,
               .level = e.level(),
               .since = sys::SteadyNow(),
               .by_hand = e.by_hand()});
  const std::optional<EntryView> view = supervision.View(e.tag());
  if (!view.has_value() || view->run == 0) return true;
  LiveRun& l = live[view->run];
  l.tag = e.tag();
  l.level = e.level();
  l.entry = entry != nullptr ? view->entry : nullptr;
  l.pid = pid;
  l.start_ticks = e.start_ticks();
  live_of[e.tag()] = view->run;
  LogAdopted(e.tag(), pid);
  if (std::find(children.begin(), children.end(), pid) != children.end()) {
    reaper.Expect(pid, [this, run = view->run](const sys::Ended& ended) {
      MainEnded(run, ended);
    });
  } else {
    WatchStranger(view->run, l);
  }
  IsReady(view->run);
  return true;
}

void ServerState::ForgetStranger(LiveRun& l) {
  if (l.stranger.has_value()) loop.Unwatch(l.stranger->pidfd());
  l.stranger.reset();
}

// A process that is somebody else's child tells us that it has ended, and
// mostly not how.
void ServerState::WatchStranger(Run run, LiveRun& l) {
  absl::StatusOr<sys::OtherProcess> process = sys::OtherProcess::Open(l.pid);
  ForgetStranger(l);
  if (!process.ok()) {
    loop.Post([this, run] { MainEnded(run, {}); });
    return;
  }
  l.stranger.emplace(*std::move(process));
  MUST(loop.Watch(l.stranger->pidfd(), EPOLLIN,
                  [this, run](uint32_t) {
                    const auto it = live.find(run);
                    if (it == live.end()) return;
                    const std::optional<sys::Ended> ended =
                        it->second.stranger->HowItEnded();
                    ForgetStranger(it->second);
                    MainEnded(run, ended.value_or(sys::Ended{}));
                  })
           .ok());
}

// ---------------------------------------------------------------------------
// Executing ourselves anew

// First a child of the new program says that it can read what we know; only
// then is there a way of no return.
void ServerState::BeginUpgrade(uint64_t client) {
  // The link of an executable that has been replaced says so.
  const std::string program(
      absl::StripSuffix(sys::OwnExecutable(), " (deleted)"));
  const auto refuse = [this, client](absl::string_view why) {
    sys::Log("upgrade.refused", {{"why", why}});
    if (client != 0) {
      Say(client, 70, absl::StrCat("the old one goes on: ", why));
    }
  };
  absl::StatusOr<sys::Fd> record =
      sys::MemoryFile(wire::Serialize(MakeRecord()));
  if (!record.ok()) {
    refuse(record.status().message());
    return;
  }
  const std::vector<std::string> words = {"isinit", "--probe"};
  absl::StatusOr<sys::Child> child = sys::Child::Spawn(
      words, {.in = record->get(), .out = -1, .err = 2, .program = program});
  if (!child.ok()) {
    refuse(child.status().message());
    return;
  }
  const int pid = child->pid();
  child->LetGo();
  auto patience = std::make_shared<sys::Loop::Timer>(0);
  *patience = loop.After(
      kProbeTime, [this, pid] { reaper.Signal(pid, SIGKILL).IgnoreError(); });
  reaper.Expect(pid, [=, this](const sys::Ended& ended) {
    loop.Cancel(*patience);
    if (ended.signal != 0 || ended.code != 0) {
      refuse(absl::StrCat(program, " is not ready: ",
                          ended.signal != 0
                              ? absl::StrCat("signal ", ended.signal)
                              : absl::StrCat("exit ", ended.code)));
      return;
    }
    ExecuteAnew(client, program);
  });
}

void ServerState::ExecuteAnew(uint64_t client, const std::string& program) {
  IsinitState record = MakeRecord();
  for (const auto& [number, w] : waiting) {
    const int fd = number >= Remote::kFirstClient ? -1 : control->FdOf(number);
    if (fd < 0) continue;
    IsinitState::Client& c = *record.add_client();
    c.set_fd(fd);
    *c.mutable_request() = w.request;
    // Its answer is that it was done.
    if (number == client) c.mutable_request()->set_wait(true);
    if (w.request.verb() == wire_pb::IsinitRequest::LOG) {
      c.mutable_request()->set_lines(0);
    }
  }
  absl::StatusOr<sys::Fd> memory = sys::MemoryFile(wire::Serialize(record));
  if (!memory.ok()) {
    if (client != 0) Say(client, 70, memory.status().message());
    return;
  }
  sys::Log("upgrade.begun", {{"program", program}});
  std::vector<int> fds = DescriptorsOf(record);
  fds.push_back(memory->get());
  KeepOverExec(fds, true);
  setenv(kRecordVariable, absl::StrCat(memory->get()).c_str(), 1);
  // The next life finds the limit that we were started with.
  processes.LowerDescriptorLimit();
  const absl::Status failed = sys::Become(program, config.arguments);
  sys::RaiseDescriptorLimit();
  unsetenv(kRecordVariable);
  KeepOverExec(fds, false);
  sys::Log("upgrade.failed", {{"why", std::string(failed.message())}});
  if (client != 0) {
    Say(client, 70, absl::StrCat("the old one goes on: ", failed.message()));
  }
}

}  // namespace isinit
