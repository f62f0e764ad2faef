#include "isinit/cgroup_tracking.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/status.h"
#include "sys/file.h"
#include "sys/other_process.h"
#include "sys/process.h"
#include "sys/process_list.h"

namespace isinit {
namespace {

constexpr int kMostPasses = 20;
constexpr absl::Duration kLookAgain = absl::Seconds(1);
constexpr size_t kWorthAThread = 16;  // cgroups
constexpr size_t kManyFolders = 32;
// For a former life to end.
constexpr int kMostWaits = 1000;
constexpr int kPause = 5000;   // us
constexpr int kMostDepth = 8;  // of cgroups that an entry makes in its own
constexpr absl::string_view kControllers[] = {"memory", "cpu", "pids"};

// A tag may be "..", and the kernel's own files stand in the same folder.
std::string NameOf(absl::string_view tag) { return absl::StrCat("e-", tag); }

std::string EventsOf(absl::string_view path, absl::string_view name) {
  return absl::StrCat(path, "/", name, "/cgroup.events");
}

// Where the tree is mounted, and which part of it: the first of type cgroup2.
struct Mount {
  std::string folder, root;
};
Mount FindMount() {
  const auto mounts = sys::ReadFile("/proc/self/mountinfo");
  if (!mounts.ok()) return {};
  for (absl::string_view line : absl::StrSplit(*mounts, '\n')) {
    // "36 35 98:0 /root /mount/point options - cgroup2 source ..."
    if (!absl::StrContains(line, " - cgroup2 ")) continue;
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ');
    if (fields.size() < 5) continue;
    return {std::string(fields[4]),
            fields[3] == "/" ? "" : std::string(fields[3])};
  }
  return {};
}

// 0, or why not, as errno has it.
int TryToWrite(int folder, const std::string& name, absl::string_view text) {
  const sys::Fd fd(openat(folder, name.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return errno;
  return write(fd.get(), text.data(), text.size()) < 0 ? errno : 0;
}

absl::Status WriteTo(int folder, const std::string& name,
                     absl::string_view text) {
  const int error = TryToWrite(folder, name, text);
  return error == 0 ? absl::OkStatus() : base::SysError(error, name);
}

// Most are short: the list of one process. What is not much shorter than the
// room there was may go on.
std::string ReadIn(int folder, const std::string& name) {
  const sys::Fd fd(openat(folder, name.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return "";
  char buffer[4096];
  std::string text;
  for (;;) {
    const ssize_t n = read(fd.get(), buffer, sizeof buffer);
    if (n <= 0) return text;
    text.append(buffer, static_cast<size_t>(n));
    if (static_cast<size_t>(n) < sizeof buffer / 2) return text;
  }
}

std::vector<std::string> SubfoldersOf(int folder, const std::string& name) {
  std::vector<std::string> found;
  struct stat info;
  // Two links of its own, one for each folder in it.
  if (fstatat(folder, name.c_str(), &info, 0) != 0 || info.st_nlink <= 2) {
    return found;
  }
  const auto names =
      sys::ListFolder(absl::StrCat("/proc/self/fd/", folder, "/", name));
  if (!names.ok()) return found;
  for (const std::string& child : *names) {
    const std::string path = absl::StrCat(name, "/", child);
    if (fstatat(folder, path.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISDIR(info.st_mode)) {
      found.push_back(path);
    }
  }
  return found;
}

// Those within first: a cgroup can be removed when it holds none.
void Remove(int folder, const std::string& name, int depth) {
  if (unlinkat(folder, name.c_str(), AT_REMOVEDIR) == 0 || depth == 0) return;
  for (const std::string& child : SubfoldersOf(folder, name)) {
    Remove(folder, child, depth - 1);
  }
  unlinkat(folder, name.c_str(), AT_REMOVEDIR);
}

}  // namespace

// A thread that makes folders; it allocates nothing.
struct CgroupTracking::Preparing {
  static void* Run(void* argument) {
    const auto& its = *static_cast<const Preparing*>(argument);
    for (const std::string& name : its.names) {
      mkdirat(its.folder, name.c_str(), 0755);
    }
    return nullptr;
  }
  int folder = -1;
  std::vector<std::string> names;
  pthread_t thread = {};
};

CgroupTracking::CgroupTracking(sys::Loop& loop, sys::Reaper& reaper,
                               Empty empty)
    : loop_(loop), reaper_(reaper), empty_(std::move(empty)) {}

CgroupTracking::~CgroupTracking() {
  loop_.Cancel(looking_);
  if (inotify_) loop_.Unwatch(inotify_.get());
  if (!folder_) return;
  AwaitPrepared();
  // Who has already come in our place keeps it.
  if (flock(folder_.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return;
  }
  if (groups_.size() < kManyFolders) {
    RemoveFolders();
    return;
  }
  // The kernel takes 60 us for each; nobody is to wait for our end because of
  // that. A child without a parent does it, or else we do.
  const pid_t pid = fork();
  if (pid == 0) {
    if (fork() == 0) {
      // Nobody is to wait for what it still has open.
      dup2(folder_.get(), 0);
      folder_.Release();
      folder_.Reset(0);
      close_range(1, ~0U, 0);
      RemoveFolders();
    }
    _exit(0);
  }
  if (pid < 0) RemoveFolders();
  if (pid > 0) waitpid(pid, nullptr, 0);
}

void CgroupTracking::RemoveFolders() {
  // What still runs keeps its own; a later life finds it there.
  for (const auto& [tag, group] : groups_) {
    Remove(folder_.get(), NameOf(tag), kMostDepth);
  }
  if (rmdir(path_.c_str()) == 0) return;
  // Those of a former life, whose entries had ended before ours.
  Remove(folder_.get(), ".", kMostDepth);
  rmdir(path_.c_str());
}

absl::StatusOr<std::unique_ptr<CgroupTracking>> CgroupTracking::Make(
    sys::Loop& loop, sys::Reaper& reaper, const Options& options, Empty empty) {
  std::unique_ptr<CgroupTracking> made(
      new CgroupTracking(loop, reaper, std::move(empty)));
  const Mount mount = FindMount();
  if (mount.folder.empty()) {
    return absl::UnavailableError("no cgroup tree of version 2 is mounted");
  }
  made->mount_ = mount.folder;
  made->root_ = mount.root;
  std::string own = sys::CgroupOf(sys::MyPid());
  if (own == "/") own.clear();
  // Seen from a name space of its own, our place may lie above what is mounted:
  // then there is nothing we could write to.
  if (absl::StartsWith(own, "/..") || !absl::StartsWith(own, mount.root)) {
    return absl::UnavailableError(
        "our cgroup is outside of the tree that is mounted");
  }
  made->own_ = std::string(absl::StripPrefix(own, mount.root));
  // A former life may have stood elsewhere in the tree.
  const std::string& former = options.former;
  if (former.empty() || !absl::StartsWith(former, mount.folder) ||
      !made->Open(former).ok()) {
    TRY(made->Open(absl::StrCat(mount.folder, made->own_, "/", options.name)));
  }
  made->inotify_.Reset(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!made->inotify_) return base::SysError("inotify");
  TRY(loop.Watch(made->inotify_.get(), EPOLLIN,
                 [tracking = made.get()](uint32_t) { tracking->Changed(); }));
  return made;
}

// The name by which the kernel calls a folder in ours.
std::string CgroupTracking::InTree(absl::string_view folder) const {
  return absl::StrCat(root_, absl::StripPrefix(path_, mount_), "/", folder);
}

absl::Status CgroupTracking::Open(const std::string& path) {
  // A former life may not be done with removing the folder, which takes it a
  // moment: then what we made there would be removed, too. It is ours as long
  // as we live.
  for (int i = 0; i < kMostWaits; ++i) {
    if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) {
      return absl::UnavailableError(base::SysError(path).message());
    }
    TRY_ASSIGN(folder_, sys::Open(path, O_RDONLY | O_DIRECTORY));
    const bool is_held = flock(folder_.get(), LOCK_SH | LOCK_NB) == 0;
    struct stat held, there;
    if (fstat(folder_.get(), &held) != 0) return base::SysError(path);
    if (is_held && stat(path.c_str(), &there) == 0 &&
        there.st_ino == held.st_ino) {
      break;
    }
    usleep(kPause);
  }
  // Without this it is a folder that only looks like one.
  if (faccessat(folder_.get(), "cgroup.procs", W_OK, AT_EACCESS) != 0) {
    return absl::UnavailableError(base::SysError(path).message());
  }
  path_ = path;
  return absl::OkStatus();
}

std::string CgroupTracking::Describe() const {
  return absl::StrCat("cgroups in ", path_,
                      no_limits_.empty() ? "" : "; no limits: ", no_limits_);
}

absl::Status CgroupTracking::MakeGroup(const std::string& tag) {
  const std::string name = NameOf(tag);
  if (mkdirat(folder_.get(), name.c_str(), 0755) != 0 && errno != EEXIST) {
    return base::SysError(absl::StrCat("cgroup of ", tag));
  }
  return absl::OkStatus();
}

// Only what has lost its main process is watched: that one's end we are told,
// and a watch for each entry would take as long as making its cgroup.
void CgroupTracking::Watch(const std::string& tag, Group& group) {
  if (group.watch >= 0) return;
  group.watch = inotify_add_watch(
      inotify_.get(), EventsOf(path_, NameOf(tag)).c_str(), IN_MODIFY);
  if (group.watch >= 0) {
    watches_[group.watch] = tag;
  } else if (looking_ == 0) {
    // There may be so many watches, and no more.
    looking_ = loop_.After(kLookAgain, [this] { LookAtAll(); });
  }
}

void CgroupTracking::Unwatch(Group& group) {
  if (group.watch < 0) return;
  inotify_rm_watch(inotify_.get(), group.watch);
  watches_.erase(std::exchange(group.watch, -1));
}

absl::StatusOr<sys::Fd> CgroupTracking::FolderFor(
    const std::string& tag, const Surroundings& surroundings) {
  Group& group = groups_[tag];
  const std::string name = NameOf(tag);
  // It was made ahead, or for an earlier run; else it is made now.
  const auto open = [&] {
    return sys::Fd(
        openat(folder_.get(), name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  };
  sys::Fd fd = open();
  if (!fd && errno == ENOENT) {
    TRY(MakeGroup(tag));
    fd = open();
  }
  if (!fd) return base::SysError(absl::StrCat("cgroup of ", tag));
  group.made = true;
  const bool wanted = surroundings.memory_bytes > 0 ||
                      surroundings.processes > 0 ||
                      surroundings.processor_percent > 0;
  if (wanted || group.limited) SetLimits(tag, surroundings, group);
  return fd;
}

// What is made twice is made once: the folder is there then. Without a thread,
// for want of processes, each is made when its entry starts.
void CgroupTracking::Prepare(const std::vector<std::string>& tags) {
  AwaitPrepared();
  auto preparing = std::make_unique<Preparing>();
  for (const std::string& tag : tags) {
    if (std::exchange(groups_[tag].made, true)) continue;
    preparing->names.push_back(NameOf(tag));
  }
  if (preparing->names.size() < kWorthAThread) return;
  preparing->folder = folder_.get();
  // Signals are for the loop's thread.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int bad = pthread_create(&preparing->thread, nullptr, Preparing::Run,
                                 preparing.get());
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (bad == 0) preparing_ = std::move(preparing);
}

void CgroupTracking::AwaitPrepared() {
  if (preparing_ == nullptr) return;
  pthread_join(preparing_->thread, nullptr);
  preparing_.reset();
}

void CgroupTracking::SetLimits(const std::string& tag,
                               const Surroundings& surroundings, Group& group) {
  HaveControllers();
  const auto set = [&](absl::string_view file, const std::string& value) {
    const absl::Status done =
        WriteTo(folder_.get(), absl::StrCat(NameOf(tag), "/", file), value);
    if (!done.ok() && no_limits_.empty()) {
      no_limits_ = std::string(done.message());
    }
  };
  const auto number = [](int64_t n) {
    return n > 0 ? absl::StrCat(n) : std::string("max");
  };
  group.limited = true;
  set("memory.max", number(surroundings.memory_bytes));
  set("pids.max", number(surroundings.processes));
  // Of each 100 ms so many microseconds.
  constexpr int64_t kPeriod = 100'000;
  const int64_t percent = surroundings.processor_percent;
  set("cpu.max", absl::StrCat(number(percent * kPeriod / 100), " ", kPeriod));
}

// A controller is to be had below a cgroup that passes it on, which one with
// processes in it may not do, unless it is the root of all. So we go into one
// of our own, if we are alone in ours.
void CgroupTracking::HaveControllers() {
  if (std::exchange(asked_for_controllers_, true)) return;
  const std::string own = absl::StrCat(mount_, own_);
  const auto dir = sys::Open(own, O_RDONLY | O_DIRECTORY);
  if (!dir.ok()) {
    no_limits_ = std::string(dir.status().message());
    return;
  }
  const std::string there = ReadIn(dir->get(), "cgroup.controllers");
  const std::vector<absl::string_view> names =
      absl::StrSplit(absl::StripSuffix(there, "\n"), ' ', absl::SkipEmpty());
  for (absl::string_view controller : kControllers) {
    if (std::find(names.begin(), names.end(), controller) == names.end()) {
      absl::StrAppend(&no_limits_, no_limits_.empty() ? "" : ", ",
                      "no controller ", controller);
      continue;
    }
    const std::string on = absl::StrCat("+", controller);
    int error = TryToWrite(dir->get(), "cgroup.subtree_control", on);
    if (error == EBUSY && MoveOut().ok()) {
      error = TryToWrite(dir->get(), "cgroup.subtree_control", on);
    }
    if (error == 0) {
      error = TryToWrite(folder_.get(), "cgroup.subtree_control", on);
    }
    const absl::Status done =
        error == 0 ? absl::OkStatus() : base::SysError(error, on);
    if (!done.ok()) {
      absl::StrAppend(&no_limits_, no_limits_.empty() ? "" : ", ",
                      done.message());
    }
  }
}

absl::Status CgroupTracking::MoveOut() {
  const std::string leaf = absl::StrCat(path_, "/server");
  if (mkdir(leaf.c_str(), 0755) != 0 && errno != EEXIST) {
    return base::SysError(leaf);
  }
  return WriteTo(folder_.get(), "server/cgroup.procs", "0");
}

void CgroupTracking::Added(const std::string& tag, int pid) {
  Group& group = groups_[tag];
  group.main = pid;
  group.alive = true;
}

absl::Status CgroupTracking::Adopt(const std::string& tag, int pid,
                                   uint64_t start_ticks) {
  TRY_ASSIGN(const sys::ProcessInfo info, FindFormer(tag, pid, start_ticks));
  if (!Owns(tag, pid)) {
    return Refusal(tag, pid, "is not in the entry's cgroup");
  }
  Group& group = groups_[tag];
  group.made = true;
  group.main = info.parent == sys::MyPid() ? pid : 0;
  group.alive = true;
  return absl::OkStatus();
}

std::vector<std::string> CgroupTracking::AdoptRest(
    const std::vector<std::string>& tags) {
  std::vector<std::string> found;
  for (const std::string& tag : tags) {
    if (!Populated(tag)) continue;
    Group& group = groups_[tag];
    group.made = group.alive = true;
    Watch(tag, group);
    found.push_back(tag);
  }
  return found;
}

bool CgroupTracking::Populated(const std::string& tag) const {
  return absl::StrContains(
      ReadIn(folder_.get(), absl::StrCat(NameOf(tag), "/cgroup.events")),
      "populated 1");
}

bool CgroupTracking::NothingLeft(const std::string& tag) {
  const auto found = groups_.find(tag);
  if (found == groups_.end()) return true;
  Group& group = found->second;
  group.main = 0;
  if (Populated(tag)) {
    // What ends before the watch is there, is seen after it.
    Watch(tag, group);
    if (Populated(tag)) return false;
    Unwatch(group);
  }
  group.alive = false;
  return true;
}

void CgroupTracking::LookAtAll() {
  looking_ = 0;
  std::vector<std::string> unwatched;
  for (const auto& [tag, group] : groups_) {
    if (group.alive && group.watch < 0) unwatched.push_back(tag);
  }
  for (const std::string& tag : unwatched) Look(tag);
}

// Whether that was the end of an entry's tree.
void CgroupTracking::Look(const std::string& tag) {
  const auto found = groups_.find(tag);
  if (found == groups_.end() || !found->second.alive) return;
  Group& group = found->second;
  // As long as its main process is not reaped, its end comes first.
  if (group.main != 0) return;
  if (Populated(tag)) return Watch(tag, group);
  group.alive = false;
  Unwatch(group);
  empty_(tag);
}

void CgroupTracking::Changed() {
  alignas(inotify_event) char buffer[16 << 10];
  std::vector<std::string> empty;
  ssize_t n;
  while ((n = read(inotify_.get(), buffer, sizeof buffer)) > 0) {
    for (ssize_t at = 0; at < n;) {
      const inotify_event& event =
          *reinterpret_cast<const inotify_event*>(buffer + at);
      at += static_cast<ssize_t>(sizeof event + event.len);
      if ((event.mask & IN_Q_OVERFLOW) != 0) {
        // Some are lost: all of them are looked at.
        for (const auto& [tag, group] : groups_) empty.push_back(tag);
        continue;
      }
      const auto found = watches_.find(event.wd);
      if (found == watches_.end()) continue;
      if ((event.mask & IN_IGNORED) != 0) {
        const auto group = groups_.find(found->second);
        if (group != groups_.end()) group->second.watch = -1;
        empty.push_back(found->second);
        watches_.erase(found);
      } else {
        empty.push_back(found->second);
      }
    }
  }
  for (const std::string& tag : empty) Look(tag);
}

// The number of a process that is not ours may change hands between reading it
// and sending: so it is opened, and then seen to be in the cgroup.
void CgroupTracking::SignalIn(const std::string& folder, int main, int signal,
                              int behind, int depth, std::vector<int>* told) {
  const std::string inside = InTree(folder);
  const std::string pids =
      ReadIn(folder_.get(), absl::StrCat(folder, "/cgroup.procs"));
  for (absl::string_view line : absl::StrSplit(pids, '\n', absl::SkipEmpty())) {
    int pid;
    // 0 is one that our name space of processes does not see.
    if (!absl::SimpleAtoi(line, &pid) || pid <= 0 ||
        std::find(told->begin(), told->end(), pid) != told->end()) {
      continue;
    }
    if (pid == main && reaper_.Expects(pid)) {
      reaper_.Signal(pid, signal).IgnoreError();
      if (behind != 0) reaper_.Signal(pid, behind).IgnoreError();
      told->push_back(pid);
      continue;
    }
    const auto process = sys::OtherProcess::Open(pid);
    if (!process.ok() || sys::CgroupOf(pid) != inside) continue;
    process->Signal(signal).IgnoreError();
    if (behind != 0) process->Signal(behind).IgnoreError();
    told->push_back(pid);
  }
  if (depth == 0) return;
  for (const std::string& child : SubfoldersOf(folder_.get(), folder)) {
    SignalIn(child, main, signal, behind, depth - 1, told);
  }
}

// Until a pass finds nobody new: a process may be starting another one.
void CgroupTracking::Signal(const std::string& tag, int signal, int behind) {
  const auto found = groups_.find(tag);
  if (found == groups_.end()) return;
  std::vector<int> told;
  for (int pass = 0; pass < kMostPasses; pass++) {
    const size_t before = told.size();
    SignalIn(NameOf(tag), found->second.main, signal, behind, kMostDepth,
             &told);
    if (told.size() == before) return;
  }
}

void CgroupTracking::Kill(const std::string& tag) {
  const auto found = groups_.find(tag);
  if (found == groups_.end()) return;
  // Since Linux 5.14: all at once, also who is just being started.
  if (WriteTo(folder_.get(), absl::StrCat(NameOf(tag), "/cgroup.kill"), "1")
          .ok()) {
    return;
  }
  Signal(tag, SIGKILL, 0);
}

std::vector<int> CgroupTracking::Processes(const std::string& tag) {
  std::vector<int> all;
  std::vector<std::string> folders = {NameOf(tag)};
  for (size_t at = 0; at < folders.size() && at < 1000; at++) {
    const std::string pids =
        ReadIn(folder_.get(), absl::StrCat(folders[at], "/cgroup.procs"));
    for (absl::string_view line :
         absl::StrSplit(pids, '\n', absl::SkipEmpty())) {
      int pid;
      if (absl::SimpleAtoi(line, &pid) && pid > 0) all.push_back(pid);
    }
    for (std::string& child : SubfoldersOf(folder_.get(), folders[at])) {
      folders.push_back(std::move(child));
    }
  }
  return all;
}

bool CgroupTracking::Owns(const std::string& tag, int pid) {
  return absl::StartsWith(absl::StrCat(sys::CgroupOf(pid), "/"),
                          absl::StrCat(InTree(NameOf(tag)), "/"));
}

void CgroupTracking::Forget(const std::string& tag) {
  const auto found = groups_.find(tag);
  if (found == groups_.end()) return;
  Unwatch(found->second);
  groups_.erase(found);
  Remove(folder_.get(), NameOf(tag), kMostDepth);
}

}  // namespace isinit
