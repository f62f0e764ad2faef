#include "hosts/drive_supply.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

#include "base/status.h"

namespace hosts {

absl::StatusOr<std::unique_ptr<Supply>> Supply::Make(Run& run,
                                                     const Expander& expander,
                                                     size_t ahead) {
  sys::Fd ready(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!ready) return base::SysError("eventfd");
  return std::unique_ptr<Supply>(
      new Supply(run, expander, ahead, std::move(ready)));
}

Supply::~Supply() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  run_.StopExpansions(true);
  room_.notify_all();
  thread_.join();
  // What comes after the commands may expand texts again.
  run_.StopExpansions(false);
}

absl::StatusOr<Supply::Got> Supply::Next(Made* made) {
  if (next_ == run_.elected().size()) return Got::kEnd;
  if (!thread_.joinable()) thread_ = std::thread([this] { Work(); });
  std::unique_lock lock(mutex_);
  if (made_.empty()) {
    uint64_t count = 0;
    (void)!read(ready_.get(), &count, sizeof count);
    waited_for_ = true;
    return Got::kWait;
  }
  absl::StatusOr<HostTexts> texts = std::move(made_.front());
  made_.pop_front();
  lock.unlock();
  room_.notify_all();
  TRY(texts.status());
  made->position = next_++;
  made->texts = *std::move(texts);
  return Got::kTexts;
}

void Supply::Work() {
  const std::vector<size_t>& elected = run_.elected();
  for (size_t position = 0; position < elected.size(); position++) {
    {
      std::unique_lock lock(mutex_);
      room_.wait(lock, [this] { return stopped_ || made_.size() < ahead_; });
      if (stopped_) return;
    }
    absl::StatusOr<HostTexts> texts =
        expander_.Expand(elected[position], position);
    std::lock_guard lock(mutex_);
    const bool last = !texts.ok();
    made_.push_back(std::move(texts));
    if (std::exchange(waited_for_, false)) {
      const uint64_t one = 1;
      (void)!write(ready_.get(), &one, sizeof one);
    }
    if (last) return;
  }
}

}  // namespace hosts
