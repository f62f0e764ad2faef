#include "sys/loop.h"

#include <absl/strings/str_cat.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <utility>
#include <vector>

#include "base/status.h"
#include "sys/clock.h"
#include "sys/timers.h"

namespace sys {
namespace {

constexpr int kEventsPerTurn = 256;
constexpr int kEndRounds = 4;

// Running out of descriptors before there is a loop leaves nobody to tell.
int Needed(int fd, const char* what) {
  if (fd >= 0) return fd;
  fprintf(stderr, "fleetbox: %s: %s\n", what, strerror(errno));
  _exit(71);
}

}  // namespace

struct Loop::State {
  struct Watched {
    uint32_t generation;
    uint32_t wanted;      // what the owner asked for last
    uint32_t registered;  // what epoll knows; 0 when it does not know the fd
    bool dirty;           // in `dirty`, to be told to epoll before it waits
    Ready ready;
  };

  Fd epoll{Needed(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")};
  Fd wake{Needed(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")};
  bool no_pwait2 = false;

  // By descriptor. Pointers, since a callback that runs may make this grow.
  std::vector<std::unique_ptr<Watched>> watches;
  size_t watch_count = 0;
  // 0 stands for the eventfd. A number that comes round again is harmless
  // unless all 2^32 others were used within one turn.
  uint32_t last_generation = 0;
  std::vector<int> dirty;
  // Unwatched while callbacks run: it may be the very one that runs.
  std::vector<std::unique_ptr<Watched>> dropped;

  Timers timers;
  std::vector<Timer> due;
  std::vector<std::function<void()>> end_of_turn;
  int holds = 0;
  bool in_turn = false;
  bool stop = false;

  // Post writes to the eventfd only when the loop waits or is about to. The
  // loop says so in `waiting` and then looks at `posted_count`; Post counts and
  // then looks at `waiting`: one of them sees the other.
  std::atomic<bool> waiting = false;
  std::atomic<size_t> posted_count = 0;
  std::mutex mutex;
  std::vector<std::function<void()>> posted;  // guarded by mutex

  Watched* Find(int fd) {
    return fd >= 0 && static_cast<size_t>(fd) < watches.size()
               ? watches[fd].get()
               : nullptr;
  }
  bool Control(int operation, int fd, const Watched& w) {
    epoll_event event = {};
    event.events = w.wanted;
    event.data.u64 = uint64_t{w.generation} << 32 | static_cast<uint32_t>(fd);
    return epoll_ctl(epoll.get(), operation, fd, &event) == 0;
  }
  bool Alive() const {
    return watch_count != 0 || !timers.empty() || holds != 0 ||
           !end_of_turn.empty() || posted_count.load() != 0;
  }
  void TellEpoll();
  int Wait(absl::Duration longest, epoll_event* events);
  void Dispatch(const epoll_event& event);
  void RunTimers();
  void RunPosted();
  void RunEndOfTurn();
};

Loop::Loop() : state_(std::make_unique<State>()) {
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.u64 = static_cast<uint32_t>(state_->wake.get());  // generation 0
  Needed(
      epoll_ctl(state_->epoll.get(), EPOLL_CTL_ADD, state_->wake.get(), &event),
      "epoll_ctl");
}

// What callbacks own may call Unwatch and Cancel as it goes: the lists are
// taken apart while the rest of the loop still stands.
Loop::~Loop() {
  State& s = *state_;
  s.in_turn = true;
  for (auto& watched : s.watches) {
    if (watched != nullptr) s.dropped.push_back(std::move(watched));
  }
  while (!s.dropped.empty()) {
    auto dropped = std::exchange(s.dropped, {});
  }
  auto end_of_turn = std::exchange(s.end_of_turn, {});
  std::vector<std::function<void()>> posted;
  {
    std::lock_guard lock(s.mutex);
    posted.swap(s.posted);
  }
  posted.clear();
  end_of_turn.clear();
  s.timers.Clear();
  s.dropped.clear();
}

absl::Status Loop::Watch(int fd, uint32_t events, Ready ready) {
  State& s = *state_;
  if (fd < 0) return base::SysError(EBADF, "watch a descriptor");
  if (s.Find(fd) != nullptr) {
    return absl::AlreadyExistsError(
        absl::StrCat("descriptor ", fd, " is watched already"));
  }
  if (++s.last_generation == 0) s.last_generation = 1;
  auto watched = std::make_unique<State::Watched>(State::Watched{
      s.last_generation, events, events, false, std::move(ready)});
  if (events != 0 && !s.Control(EPOLL_CTL_ADD, fd, *watched)) {
    if (errno == EPERM) {
      return absl::FailedPreconditionError(absl::StrCat(
          "descriptor ", fd, " is a plain file, which cannot be waited for"));
    }
    return base::SysError(absl::StrCat("watch descriptor ", fd));
  }
  if (static_cast<size_t>(fd) >= s.watches.size()) {
    s.watches.resize(std::max<size_t>(fd + 1, s.watches.size() * 2));
  }
  s.watches[fd] = std::move(watched);
  s.watch_count++;
  return absl::OkStatus();
}

void Loop::Rewatch(int fd, uint32_t events) {
  State::Watched* w = state_->Find(fd);
  MUST(w != nullptr);
  w->wanted = events;
  if (w->dirty || w->wanted == w->registered) return;
  w->dirty = true;
  state_->dirty.push_back(fd);
}

void Loop::Unwatch(int fd) {
  State& s = *state_;
  if (s.Find(fd) == nullptr) return;
  std::unique_ptr<State::Watched> watched = std::move(s.watches[fd]);
  s.watch_count--;
  if (watched->registered != 0) s.Control(EPOLL_CTL_DEL, fd, *watched);
  if (s.in_turn) s.dropped.push_back(std::move(watched));
}

// Changes are gathered until here: a connection that wants to write, and is
// done with it before the turn ends, costs no call at all.
void Loop::State::TellEpoll() {
  for (int fd : dirty) {
    Watched* w = Find(fd);
    if (w == nullptr || !w->dirty) continue;
    w->dirty = false;
    if (w->wanted == w->registered) continue;
    // Nothing wanted means unknown to epoll, which would else report hang-ups
    // for ever.
    const int operation = w->wanted == 0       ? EPOLL_CTL_DEL
                          : w->registered == 0 ? EPOLL_CTL_ADD
                                               : EPOLL_CTL_MOD;
    MUST(Control(operation, fd, *w));
    w->registered = w->wanted;
  }
  dirty.clear();
}

int Loop::State::Wait(absl::Duration longest, epoll_event* events) {
  if (!end_of_turn.empty()) longest = absl::ZeroDuration();
  if (!timers.empty() && longest > absl::ZeroDuration()) {
    // The kernel lets it last a thousandth longer, at most 100 ms
    // (select_estimate_accuracy in its fs/select.c): so a thousandth less is
    // asked for. Woken early, which is rare, it waits for what is left.
    const absl::Duration left = timers.Next() - SteadyNow();
    longest = std::min(longest,
                       left - std::min(left / 1001, absl::Milliseconds(100)));
  }
  longest = std::max(longest, absl::ZeroDuration());
  waiting.store(true);
  if (posted_count.load() != 0) longest = absl::ZeroDuration();
  int n = -1;
  if (!no_pwait2) {
    // Infinity saturates to the largest timespec, which the kernel refuses.
    timespec ts = absl::ToTimespec(longest);
    n = epoll_pwait2(epoll.get(), events, kEventsPerTurn,
                     longest > absl::Hours(24 * 365) ? nullptr : &ts, nullptr);
    no_pwait2 = n < 0 && errno == ENOSYS;
  }
  if (no_pwait2) {
    // Rounded up: a timer must not find itself early and wait again.
    const int64_t ms =
        absl::ToInt64Milliseconds(absl::Ceil(longest, absl::Milliseconds(1)));
    n = epoll_wait(epoll.get(), events, kEventsPerTurn,
                   longest == absl::InfiniteDuration()
                       ? -1
                       : static_cast<int>(std::min<int64_t>(ms, INT_MAX)));
  }
  waiting.store(false);
  MUST(n >= 0 || errno == EINTR);
  return std::max(n, 0);
}

void Loop::State::Dispatch(const epoll_event& event) {
  const int fd = static_cast<int>(event.data.u64 & UINT32_MAX);
  const uint32_t generation = event.data.u64 >> 32;
  if (generation == 0) {
    uint64_t count;
    [[maybe_unused]] ssize_t n = read(wake.get(), &count, sizeof count);
    return;
  }
  Watched* w = Find(fd);
  // Unwatched by an earlier callback of this turn, and perhaps watched anew.
  if (w == nullptr || w->generation != generation || w->wanted == 0) return;
  const uint32_t happened = event.events & (w->wanted | EPOLLERR | EPOLLHUP);
  if (happened != 0) w->ready(happened);
}

void Loop::State::RunTimers() {
  if (timers.empty()) return;
  // Only those due now: a timer that is set again for at once must not keep
  // descriptors from their turn.
  due.clear();
  timers.TakeDue(SteadyNow(), &due);
  for (Timer timer : due) {
    if (std::function<void()> f = timers.TakeFunction(timer)) f();
  }
}

void Loop::State::RunPosted() {
  if (posted_count.load() == 0) return;
  std::vector<std::function<void()>> now;
  {
    std::lock_guard lock(mutex);
    now.swap(posted);
    posted_count.store(0);
  }
  for (auto& f : now) std::exchange(f, nullptr)();
}

void Loop::State::RunEndOfTurn() {
  // What these lead to belongs to this turn, too: a decision, then the bytes it
  // sends. Whoever comes again and again does not keep descriptors waiting.
  for (int round = 0; round < kEndRounds && !end_of_turn.empty(); round++) {
    auto now = std::exchange(end_of_turn, {});
    for (auto& f : now) std::exchange(f, nullptr)();
  }
}

Loop::Timer Loop::At(absl::Time when, std::function<void()> f) {
  return state_->timers.Add(when, std::move(f));
}

Loop::Timer Loop::After(absl::Duration d, std::function<void()> f) {
  return At(SteadyNow() + d, std::move(f));
}

void Loop::Cancel(Timer timer) { state_->timers.TakeFunction(timer); }

void Loop::Post(std::function<void()> f) {
  State& s = *state_;
  {
    std::lock_guard lock(s.mutex);
    s.posted.push_back(std::move(f));
    s.posted_count.fetch_add(1);
  }
  if (!s.waiting.exchange(false)) return;
  const uint64_t one = 1;
  [[maybe_unused]] ssize_t n = write(s.wake.get(), &one, sizeof one);
}

void Loop::AtEndOfTurn(std::function<void()> f) {
  state_->end_of_turn.push_back(std::move(f));
}

void Loop::Hold() { state_->holds++; }

void Loop::LetGo() {
  MUST(state_->holds > 0);
  state_->holds--;
}

void Loop::Run() {
  while (!state_->stop && Turn(absl::InfiniteDuration())) continue;
  state_->stop = false;
}

void Loop::Stop() { state_->stop = true; }

bool Loop::Turn(absl::Duration longest) {
  State& s = *state_;
  MUST(!s.in_turn);
  if (!s.Alive()) return false;
  s.TellEpoll();
  epoll_event events[kEventsPerTurn];
  const int n = s.Wait(longest, events);
  s.in_turn = true;
  for (int i = 0; i < n; i++) s.Dispatch(events[i]);
  s.RunTimers();
  s.RunPosted();
  s.RunEndOfTurn();
  // What a callback owned may unwatch more as it goes.
  while (!s.dropped.empty()) {
    auto dropped = std::exchange(s.dropped, {});
  }
  s.in_turn = false;
  return s.Alive();
}

}  // namespace sys
