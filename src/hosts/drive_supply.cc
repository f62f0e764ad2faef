#include "hosts/drive_supply.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/status.h"

namespace hosts {

absl::StatusOr<std::unique_ptr<Supply>> Supply::Make(Run& run,
                                                     const Expander& expander,
                                                     size_t ahead,
                                                     size_t threads) {
  sys::Fd ready(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!ready) return base::SysError("eventfd");
  return std::unique_ptr<Supply>(
      new Supply(run, expander, ahead, threads, std::move(ready)));
}

Supply::~Supply() {
  if (!pool_) return;
  {
    std::lock_guard lock(mutex_);
    over_ = true;
  }
  run_.StopExpansions(true);
  room_.notify_all();
  pool_.reset();
  // What comes after the commands may expand texts again.
  run_.StopExpansions(false);
}

absl::StatusOr<Supply::Got> Supply::Next(Made* made) {
  std::unique_lock lock(mutex_);
  if (next_ == size()) return Got::kEnd;
  if (!pool_) {
    trying_ = std::min(most_threads_, size());
    pool_.emplace(loop_, static_cast<int>(trying_));
    for (size_t i = 0; i < trying_; i++) {
      pool_->Run([this] { Work(); }, [] {});
    }
  }
  const auto found = made_.find(next_);
  if (found == made_.end()) {
    uint64_t count = 0;
    (void)!read(ready_.get(), &count, sizeof count);
    waited_for_ = true;
    return Got::kWait;
  }
  absl::StatusOr<HostTexts> texts = std::move(found->second);
  made_.erase(found);
  TRY(texts.status());
  made->position = next_++;
  made->texts = *std::move(texts);
  lock.unlock();
  room_.notify_all();
  return Got::kTexts;
}

void Supply::Keep(size_t position, absl::StatusOr<HostTexts> texts) {
  made_.emplace(position, std::move(texts));
  if (position != next_ || !std::exchange(waited_for_, false)) return;
  const uint64_t one = 1;
  (void)!write(ready_.get(), &one, sizeof one);
}

void Supply::Work() {
  std::unique_lock lock(mutex_);
  Try(lock);
  // The last one knows of all that was tried.
  if (--trying_ == 0) ExpandInOrder(lock);
}

void Supply::Try(std::unique_lock<std::mutex>& lock) {
  while (next_try_ < std::min(size(), in_order_)) {
    const size_t position = next_try_++;
    room_.wait(lock, [&] {
      return over_ || position >= in_order_ || HasRoom(position);
    });
    if (over_ || position >= in_order_) return;
    lock.unlock();
    std::optional<absl::StatusOr<HostTexts>> texts =
        expander_.Try(run_.elected()[position], position);
    lock.lock();
    if (texts && texts->ok()) {
      Keep(position, *std::move(texts));
    } else {
      // A failure of the run, too, is told of in order.
      in_order_ = std::min(in_order_, position);
      room_.notify_all();
    }
  }
}

void Supply::ExpandInOrder(std::unique_lock<std::mutex>& lock) {
  made_.erase(made_.lower_bound(in_order_), made_.end());
  for (size_t position = in_order_; position < size(); position++) {
    room_.wait(lock, [&] { return over_ || HasRoom(position); });
    if (over_) return;
    lock.unlock();
    absl::StatusOr<HostTexts> texts =
        expander_.Expand(run_.elected()[position], position);
    lock.lock();
    const bool last = !texts.ok();
    Keep(position, std::move(texts));
    if (last) return;
  }
}

}  // namespace hosts
