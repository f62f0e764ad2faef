#include "fanout/pool_jobs.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <iterator>
#include <utility>

#include "base/status.h"
#include "fanout/make_flags.h"
#include "sys/file.h"

namespace fanout {
namespace {

// What the smallest pipe holds.
constexpr size_t kMostBytes = 4096;

}  // namespace

absl::StatusOr<std::unique_ptr<PoolJobs>> PoolJobs::Make(
    sys::Loop& loop, Lender& lender, sys::Environment* environment) {
  // Empty: the bytes come as we are granted what they stand for.
  TRY_ASSIGN(JobServer server, JobServer::Make(1, JobServer::ChooseStyle()));
  std::unique_ptr<PoolJobs> jobs(new PoolJobs(loop, lender, std::move(server)));
  const JobServerAddress& address = jobs->server_.address();
  // Opened anew, since the other descriptions must stay blocking ones.
  TRY_ASSIGN(jobs->pipe_,
             sys::Open(address.fifo.empty()
                           ? absl::StrCat("/proc/self/fd/", address.read_fd)
                           : address.fifo,
                       O_RDWR | O_NONBLOCK));
  TRY(loop.Watch(jobs->pipe_.get(), 0,
                 [j = jobs.get()](uint32_t) { j->OnByte(); }));
  jobs->server_.Announce(environment);
  environment->Set("MAKEFLAGS",
                   AnnounceJobServer(environment->Get("MAKEFLAGS").value_or(""),
                                     lender.tokens().size(), address));
  TRY_ASSIGN(jobs->own_, lender.Ask(1, 1, nullptr));
  jobs->Offer();
  return jobs;
}

PoolJobs::~PoolJobs() { loop_.Unwatch(pipe_.get()); }

void PoolJobs::Offer() {
  // The own one is asked for, but not granted yet, when this is called first.
  int spare = lender_.tokens().free();
  for (; spare > 0 && lent_.size() < kMostBytes; spare--) {
    const int64_t number = next_++;
    const absl::StatusOr<Lender::Holder> holder =
        lender_.Ask(1, 1, [this, number](std::vector<int> tokens) {
          Granted(number, !tokens.empty());
        });
    if (!holder.ok()) return;
    lent_[number] = *holder;
  }
}

void PoolJobs::Granted(int64_t number, bool any) {
  if (any && write(pipe_.get(), "+", 1) == 1) {
    bytes_++;
    return;
  }
  lender_.Release(lent_[number]);
  lent_.erase(number);
}

// False when there is nothing in the pipe that is ours.
bool PoolJobs::TakeBack() {
  char byte;
  if (bytes_ == 0 || read(pipe_.get(), &byte, 1) != 1) return false;
  bytes_--;
  // Any will do: bytes do not say whose they are. The oldest has been granted.
  const auto first = lent_.begin();
  const Lender::Holder holder = first->second;
  lent_.erase(first);
  lender_.Release(holder);
  return true;
}

void PoolJobs::MakeRoom(int missing) {
  // What is not in the pipe yet is behind what is.
  while (lent_.size() > bytes_) {
    const auto last = std::prev(lent_.end());
    const Lender::Holder holder = last->second;
    lent_.erase(last);
    lender_.Release(holder);
  }
  while (missing > 0 && TakeBack()) missing--;
  if (missing > 0) loop_.Rewatch(pipe_.get(), EPOLLIN);
}

void PoolJobs::OnByte() {
  while (lender_.tokens().waiting() > 0 && TakeBack()) continue;
  if (lender_.tokens().waiting() == 0 || bytes_ == 0) {
    loop_.Rewatch(pipe_.get(), 0);
  }
}

}  // namespace fanout
