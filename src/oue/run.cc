#include "oue/run.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "oue/cutter.h"
#include "oue/filter.h"
#include "oue/state_file.h"
#include "sys/fd.h"
#include "sys/file.h"

namespace oue {
namespace {

constexpr size_t kPieceBytes = 64 << 10;
// An update costs a flush of the disk.
constexpr size_t kUpdateBytes = 1 << 20;
// As many look-ups as a processor has misses of the cache under way, and some.
constexpr size_t kTogether = 64;

bool IsReadable(int fd) {
  pollfd readable = {fd, POLLIN, 0};
  return poll(&readable, 1, 0) != 0;
}

class Runner {
 public:
  Runner(const Options& o, FilterOptions filter, const Face& face,
         std::optional<StateFile> state)
      : o_(o),
        face_(face),
        update_(filter.update),
        state_(std::move(state)),
        filter_(std::move(filter), o.prev.value_or("")),
        cutter_(o.lines, o.terminator(), o.pad) {}

  absl::StatusOr<int> Run();

 private:
  absl::Status Load();
  absl::Status ReadFile(const std::string& name, int64_t position);
  absl::Status ReadFrom(int fd);
  absl::Status See();
  absl::Status Flush();
  absl::Status Settle();
  absl::Status Update(bool at_end);
  absl::Status Store(absl::string_view entries, bool at_end);
  absl::Status Finish();
  VisitEntry Learner() {
    return [this](absl::string_view key, absl::string_view memory) {
      filter_.Learn(key, memory);
    };
  }

  const Options& o_;
  const Face& face_;
  const bool update_;  // prev is the state
  std::optional<StateFile> state_;
  Filter filter_;
  Cutter cutter_;
  std::vector<Element> elements_;
  absl::Status broken_;  // what ends it all, other than a file
};

absl::StatusOr<int> Runner::Run() {
  TRY(Load());
  std::vector<std::string> files = o_.files;
  if (files.empty()) files.push_back("-");
  int code = 0;
  int64_t position = 0;
  for (const std::string& file : files) {
    const absl::Status read = ReadFile(file, ++position);
    TRY(broken_);
    if (face_.failed()) return code;
    if (read.ok()) continue;
    TRY(Settle());
    face_.warn(read);
    code = 1;
  }
  TRY(Finish());
  return code;
}

absl::Status Runner::Load() {
  if (state_) {
    TRY(state_->Begin(Learner()));
    state_->End();
  }
  if (o_.prev && !update_) {
    const auto visit = [this](absl::string_view key, absl::string_view memory) {
      filter_.AddPrev(key, memory);
    };
    TRY(StateFile::Read(*o_.prev, o_.lock, visit));
  }
  return filter_.Replay();
}

absl::Status Runner::ReadFile(const std::string& name, int64_t position) {
  filter_.BeginFile(name, position);
  cutter_.Begin();
  if (name == "-") return base::Context(ReadFrom(0), "standard input");
  TRY_ASSIGN(const sys::FileInfo info, sys::Stat(name));
  if (info.folder) return base::SysError(EISDIR, name);
  // Opening a pipe waits for who fills it.
  if (info.exists && !info.regular) TRY(Flush());
  TRY_ASSIGN(const sys::Fd fd, sys::Open(name, O_RDONLY | O_NOCTTY));
  return base::Context(ReadFrom(fd.get()), name);
}

absl::Status Runner::ReadFrom(int fd) {
  TRY_ASSIGN(const sys::FileInfo info, sys::Stat(fd));
  for (;;) {
    if (!info.regular && !IsReadable(fd)) {
      TRY(Flush());
      if (face_.failed()) return absl::OkStatus();
    }
    const absl::Span<char> room = cutter_.Room();
    const ssize_t n = read(fd, room.data(), room.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {
      pollfd readable = {fd, POLLIN, 0};
      if (poll(&readable, 1, -1) < 0 && errno != EINTR) {
        return base::SysError("poll");
      }
      continue;
    }
    if (n < 0) return base::SysError("read");
    if (n == 0) break;
    cutter_.Filled(static_cast<size_t>(n));
    while (cutter_.Cut(kTogether, &elements_)) {
      broken_ = See();
      if (!broken_.ok() || face_.failed()) return broken_;
    }
  }
  elements_.resize(1);
  if (cutter_.CutLast(elements_.data())) broken_ = See();
  return broken_;
}

absl::Status Runner::Flush() {
  broken_ = Settle();
  if (broken_.ok()) face_.flush();
  return broken_;
}

absl::Status Runner::See() {
  TRY(filter_.See(elements_));
  const size_t most = state_ ? kUpdateBytes : kPieceBytes;
  return filter_.waiting_bytes() < most ? absl::OkStatus() : Settle();
}

absl::Status Runner::Settle() {
  if (filter_.waiting_bytes() == 0) return absl::OkStatus();
  if (state_) return Update(/*at_end=*/false);
  std::string none;
  face_.print(filter_.Settle(&none));
  return absl::OkStatus();
}

// What gathers must know what others have stored before it can say anything,
// and nobody may store anything between that and its own update.
absl::Status Runner::Update(bool at_end) {
  TRY(state_->Begin(Learner()));
  absl::Status status;
  if (at_end) status = filter_.Report().status();
  std::string answer, entries;
  if (status.ok()) answer = filter_.Settle(&entries);
  if (status.ok()) status = Store(entries, at_end);
  state_->End();
  TRY(status);
  face_.print(answer);
  // At once: when it does not arrive, nothing more may be stored.
  face_.flush();
  return absl::OkStatus();
}

absl::Status Runner::Store(absl::string_view entries, bool at_end) {
  if (entries.empty()) return absl::OkStatus();
  if (update_ && at_end) {
    const std::string all = filter_.AllEntries();
    // Where it cannot be replaced, it just goes on growing.
    if (state_->IsWasteful(all.size()) && state_->Replace(all).ok()) {
      return absl::OkStatus();
    }
  }
  return state_->Append(entries);
}

absl::Status Runner::Finish() {
  if (state_) return Update(/*at_end=*/true);
  for (bool more = true; more && !face_.failed();) {
    TRY_ASSIGN(more, filter_.Report());
    TRY(Settle());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<int> Run(const Options& options, FilterOptions filter,
                        const Face& face) {
  std::optional<StateFile> state;
  if (options.state) {
    TRY_ASSIGN(state, StateFile::Open(*options.state, options.lock));
  }
  if (options.state && options.prev) {
    TRY_ASSIGN(const sys::FileInfo ours, state->Info());
    TRY_ASSIGN(const sys::FileInfo prev, sys::Stat(*options.prev));
    filter.update = filter.include_prev && prev.exists &&
                    prev.inode == ours.inode && prev.device == ours.device;
  }
  return Runner(options, std::move(filter), face, std::move(state)).Run();
}

}  // namespace oue
