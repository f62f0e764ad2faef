#include "msrc/relay_stream.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/status.h"

namespace msrc {
namespace {

constexpr size_t kReadBytes = 64 << 10;

}  // namespace

struct RelayStream::State : std::enable_shared_from_this<RelayStream::State> {
  State(sys::Loop& l, sys::Fd f, Calls c)
      : loop(l), fd(std::move(f)), calls(std::move(c)) {}

  void Happened(uint32_t events);
  void Read();
  void WriteOut();
  void WatchFor();

  sys::Loop& loop;
  sys::Fd fd;
  Calls calls;
  RelayFlow out,
      in;            // of the channel: what we have read; what is to be written
  std::string kept;  // to be written
  uint32_t watched = EPOLLIN;
  bool brake = false, read_ended = false, ends = false, broken = false;
  bool gone = false, told = false;
};

absl::StatusOr<std::unique_ptr<RelayStream>> RelayStream::Make(sys::Loop& loop,
                                                               sys::Fd fd,
                                                               Calls calls) {
  std::unique_ptr<RelayStream> stream(new RelayStream);
  stream->state_ =
      std::make_shared<State>(loop, std::move(fd), std::move(calls));
  State* s = stream->state_.get();
  TRY(loop.Watch(s->fd.get(), EPOLLIN,
                 [s](uint32_t events) { s->Happened(events); }));
  return stream;
}

RelayStream::~RelayStream() {
  if (state_ == nullptr) return;
  state_->gone = true;
  state_->loop.Unwatch(state_->fd.get());
}

absl::Status RelayStream::Write(absl::string_view bytes) {
  State& s = *state_;
  TRY(s.in.Add(bytes.size()));
  s.kept.append(bytes.data(), bytes.size());
  s.WatchFor();
  return absl::OkStatus();
}

absl::Status RelayStream::Taken(size_t bytes) {
  TRY(state_->out.Take(bytes));
  state_->WatchFor();
  return absl::OkStatus();
}

void RelayStream::Brake(bool brake) {
  state_->brake = brake;
  state_->WatchFor();
}

bool RelayStream::Idle() const {
  if (state_->brake || state_->out.room() == 0) return false;
  char byte;
  return recv(state_->fd.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
}

void RelayStream::EndOutput() {
  state_->ends = true;
  state_->WatchFor();
}

// Also what is to be written goes from the loop only: no call comes from within
// a call of ours.
void RelayStream::State::WatchFor() {
  const bool reads = !brake && !read_ended && out.room() > 0;
  const bool writes = !kept.empty() || (ends && !told);
  const uint32_t events =
      (reads ? uint32_t{EPOLLIN} : 0u) | (writes ? uint32_t{EPOLLOUT} : 0u);
  if (std::exchange(watched, events) != events) loop.Rewatch(fd.get(), events);
}

void RelayStream::State::Happened(uint32_t events) {
  std::shared_ptr<State> keep = shared_from_this();
  const bool wrong = (events & (EPOLLERR | EPOLLHUP)) != 0;
  if ((watched & EPOLLOUT) && (wrong || (events & EPOLLOUT))) WriteOut();
  if (!gone && (watched & EPOLLIN) && (wrong || (events & EPOLLIN))) Read();
  if (!gone) WatchFor();
}

void RelayStream::State::Read() {
  char buffer[kReadBytes];
  const ssize_t n =
      recv(fd.get(), buffer, std::min(out.room(), sizeof buffer), MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    read_ended = true;
    return calls.read_end();
  }
  MUST(out.Add(static_cast<size_t>(n)).ok());
  calls.read({buffer, static_cast<size_t>(n)});
}

void RelayStream::State::WriteOut() {
  size_t taken = 0;
  while (taken < kept.size() && !broken) {
    const ssize_t n = send(fd.get(), kept.data() + taken, kept.size() - taken,
                           MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    // Nobody takes it any more: as good as taken.
    if (n < 0) broken = true;
    if (n > 0) taken += static_cast<size_t>(n);
  }
  if (broken) taken = kept.size();
  kept.erase(0, taken);
  if (taken > 0) {
    MUST(in.Take(taken).ok());
    calls.taken(taken);
  }
  if (gone || !ends || !kept.empty() || std::exchange(told, true)) return;
  shutdown(fd.get(), SHUT_WR);
  calls.all_written();
}

}  // namespace msrc
