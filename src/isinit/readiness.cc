#include "isinit/readiness.h"

#include <absl/strings/str_cat.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "base/status.h"
#include "base/time.h"
#include "isinit/entry_process.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/process_list.h"

namespace isinit {
namespace {

constexpr absl::Duration kFirstPause = absl::Milliseconds(10);
constexpr absl::Duration kLongestPause = absl::Seconds(1);
constexpr absl::Duration kLongestLook = absl::Seconds(10);

bool IsLookedAt(Readiness::Kind kind) {
  return kind == Readiness::Kind::kTcp || kind == Readiness::Kind::kUnix ||
         kind == Readiness::Kind::kFile || kind == Readiness::Kind::kCommand;
}

ProbeTarget TargetOf(const Readiness& ready) {
  switch (ready.kind) {
    case Readiness::Kind::kTcp:
      return {.kind = ProbeTarget::Kind::kTcp, .port = ready.number};
    case Readiness::Kind::kUnix:
      return {.kind = ProbeTarget::Kind::kUnix, .text = ready.text};
    case Readiness::Kind::kFile:
      return {.kind = ProbeTarget::Kind::kFile, .text = ready.text};
    default:
      return {.kind = ProbeTarget::Kind::kCommand, .text = ready.text};
  }
}

}  // namespace

struct ReadinessWatch::Watched {
  std::string tag;
  Run run = 0;  // 0: none is under way
  std::shared_ptr<const Entry> entry;
  bool ready = false;
  uint32_t uid = 0;  // of its processes
  // ready=fd:N
  sys::Fd read, write;
  // ready=notify
  std::unique_ptr<NotifySocket> socket;
  std::string status;
  std::optional<absl::Duration> watchdog;
  absl::Time fed;
  sys::Loop::Timer watchdog_timer = 0;
  std::vector<std::pair<std::string, sys::Fd>> stored;
  // What is looked at.
  std::unique_ptr<Probe> probe;
  Probe::Start start;
  absl::Duration pause;
  absl::Time until;
  sys::Loop::Timer timer = 0;
};

ReadinessWatch::ReadinessWatch(sys::Loop& loop, sys::Reaper& reaper,
                               Tracking& tracking, std::string folder,
                               Told told)
    : loop_(loop),
      reaper_(reaper),
      tracking_(tracking),
      folder_(std::move(folder)),
      told_(std::move(told)) {}

ReadinessWatch::~ReadinessWatch() {
  for (const auto& [tag, watched] : watched_) Ended(tag);
}

ReadinessWatch::Watched& ReadinessWatch::WatchedOf(const std::string& tag) {
  std::unique_ptr<Watched>& watched = watched_[tag];
  if (watched == nullptr) {
    watched = std::make_unique<Watched>();
    watched->tag = tag;
  }
  return *watched;
}

absl::StatusOr<ReadinessWatch::Gifts> ReadinessWatch::Prepare(
    const Entry& entry) {
  Gifts gifts;
  const Readiness& ready = entry.attributes.ready;
  if (ready.kind == Readiness::Kind::kDescriptor) {
    Watched& watched = WatchedOf(entry.tag);
    TRY_ASSIGN(auto pipe, sys::Pipe());
    TRY(sys::SetNonBlocking(pipe.first.get()));
    if (watched.read) loop_.Unwatch(watched.read.get());
    watched.read = std::move(pipe.first);
    watched.write = std::move(pipe.second);
    gifts.ready = watched.write.get();
  } else if (ready.kind == Readiness::Kind::kNotify) {
    Watched& watched = WatchedOf(entry.tag);
    TRY_ASSIGN(const uint32_t uid, UserOf(entry.attributes.surroundings));
    if (watched.socket == nullptr || watched.uid != uid) {
      // Its user has to be able to walk through it, whatever our umask.
      sys::MakeFolders(folder_).IgnoreError();
      chmod(folder_.c_str(), 0711);
      watched.socket.reset();
      TRY_ASSIGN(watched.socket,
                 NotifySocket::Make(
                     loop_, absl::StrCat(folder_, "/n-", entry.tag), uid,
                     [this, &watched](NotifySocket::Message message) {
                       Message(watched, std::move(message));
                     }));
    }
    watched.uid = uid;
    gifts.notify_socket = watched.socket->name();
    for (const auto& [name, fd] : watched.stored) {
      gifts.stored.emplace_back(fd.get(), name);
    }
  }
  return gifts;
}

void ReadinessWatch::Started(Run run, std::shared_ptr<const Entry> entry, int,
                             Probe::Start start) {
  const Readiness& ready = entry->attributes.ready;
  if (!IsLookedAt(ready.kind) && ready.kind != Readiness::Kind::kDescriptor &&
      ready.kind != Readiness::Kind::kNotify) {
    return;
  }
  Watched& watched = WatchedOf(entry->tag);
  watched.run = run;
  watched.entry = std::move(entry);
  watched.ready = false;
  watched.status.clear();
  watched.start = std::move(start);
  watched.pause = kFirstPause;
  watched.until = sys::SteadyNow() + watched.entry->attributes.ready_timeout;
  if (watched.read) {
    // Only the process has it now: its end is the end of the pipe.
    watched.write.Reset();
    loop_
        .Watch(watched.read.get(), EPOLLIN,
               [this, &watched](uint32_t) { ReadDescriptor(watched); })
        .IgnoreError();
  } else if (IsLookedAt(ready.kind)) {
    Look(watched);
  }
}

void ReadinessWatch::Ended(const std::string& tag) {
  const auto found = watched_.find(tag);
  if (found == watched_.end()) return;
  Watched& watched = *found->second;
  watched.run = 0;
  watched.probe.reset();
  loop_.Cancel(std::exchange(watched.timer, 0));
  loop_.Cancel(std::exchange(watched.watchdog_timer, 0));
  watched.watchdog.reset();
  if (watched.read) loop_.Unwatch(watched.read.get());
  watched.read.Reset();
  watched.write.Reset();
  watched.start = nullptr;
}

void ReadinessWatch::Forget(const std::string& tag) {
  Ended(tag);
  watched_.erase(tag);
}

std::string ReadinessWatch::StatusOf(const std::string& tag) const {
  const auto found = watched_.find(tag);
  return found == watched_.end() ? "" : found->second->status;
}

void ReadinessWatch::Ready(Watched& watched) {
  if (watched.run == 0 || std::exchange(watched.ready, true)) return;
  if (told_.ready != nullptr) told_.ready(watched.run);
}

// s6's protocol: all that is written before the newline is passed over.
void ReadinessWatch::ReadDescriptor(Watched& watched) {
  char block[256];
  const ssize_t n = read(watched.read.get(), block, sizeof block);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  const bool ready = n > 0 && std::find(block, block + n, '\n') != block + n;
  if (n > 0 && !ready) return;
  loop_.Unwatch(watched.read.get());
  watched.read.Reset();
  if (ready) Ready(watched);
}

void ReadinessWatch::Look(Watched& watched) {
  const absl::Duration left = watched.until - sys::SteadyNow();
  if (left <= absl::ZeroDuration()) return;
  watched.probe = std::make_unique<Probe>(
      loop_, reaper_, TargetOf(watched.entry->attributes.ready), watched.start,
      std::min(left, kLongestLook), [this, &watched](const absl::Status& seen) {
        loop_.DeleteAtEndOfTurn(std::move(watched.probe));
        if (seen.ok()) return Ready(watched);
        const absl::Duration pause = watched.pause;
        watched.pause = std::min(pause * 2, kLongestPause);
        watched.timer = loop_.After(pause, [this, &watched] {
          watched.timer = 0;
          Look(watched);
        });
      });
}

// Who has ended by now cannot be asked whose it was: its user is known.
bool ReadinessWatch::MaySpeak(const Watched& watched,
                              const sys::PeerCredentials& sender) {
  if (sender.uid != 0 && sender.uid != sys::MyUid() &&
      sender.uid != watched.uid) {
    return false;
  }
  const std::optional<sys::ProcessInfo> info = sys::ReadProcess(sender.pid);
  return !info || info->ended || tracking_.Owns(watched.tag, sender.pid);
}

void ReadinessWatch::Message(Watched& watched, NotifySocket::Message message) {
  if (watched.run == 0 || !MaySpeak(watched, message.sender)) return;
  const NotifyMessage said = ReadNotifyMessage(message.text);
  const Run run = watched.run;
  const auto still = [&] { return watched.run == run; };
  if (said.status) watched.status = *said.status;
  if (said.store || said.remove) {
    Keep(watched, said, std::move(message.descriptors));
  }
  if (said.watchdog) {
    watched.watchdog =
        *said.watchdog > absl::ZeroDuration() ? said.watchdog : std::nullopt;
    FeedWatchdog(watched);
    SetWatchdog(watched);
  }
  if (said.alive) FeedWatchdog(watched);
  if (said.main_pid && told_.main_pid != nullptr &&
      tracking_.Owns(watched.tag, *said.main_pid)) {
    told_.main_pid(run, *said.main_pid);
  }
  if (still() && said.ready) Ready(watched);
  if (still() && told_.said != nullptr) told_.said(run, said);
  if (still() && said.hung && told_.hung != nullptr) {
    told_.hung(run, "says that it hangs");
  }
}

void ReadinessWatch::FeedWatchdog(Watched& watched) {
  watched.fed = sys::SteadyNow();
}

// The timer is set anew when it comes, not whenever it is fed.
void ReadinessWatch::SetWatchdog(Watched& watched) {
  loop_.Cancel(std::exchange(watched.watchdog_timer, 0));
  if (!watched.watchdog) return;
  watched.watchdog_timer =
      loop_.At(watched.fed + *watched.watchdog, [this, &watched] {
        watched.watchdog_timer = 0;
        if (watched.fed + *watched.watchdog > sys::SteadyNow()) {
          return SetWatchdog(watched);
        }
        const std::string why =
            absl::StrCat("has not fed its watchdog for ",
                         base::FormatDuration(*watched.watchdog));
        watched.watchdog.reset();
        if (told_.hung != nullptr) told_.hung(watched.run, why);
      });
}

void ReadinessWatch::Keep(Watched& watched, const NotifyMessage& message,
                          std::vector<sys::Fd> descriptors) {
  const std::string name = message.descriptor_name.empty()
                               ? std::string("stored")
                               : message.descriptor_name;
  auto& stored = watched.stored;
  if (message.remove) {
    stored.erase(
        std::remove_if(stored.begin(), stored.end(),
                       [&](const auto& pair) { return pair.first == name; }),
        stored.end());
    return;
  }
  for (sys::Fd& fd : descriptors) {
    if (stored.size() >= kMaxStoredDescriptors) return;
    stored.emplace_back(name, std::move(fd));
  }
}

}  // namespace isinit
