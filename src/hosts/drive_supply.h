// The texts of the elected hosts, made just ahead of whoever takes them.
//
// The threads of a pool try several hosts at once, and rest while as many are
// ready as they may be ahead: so an expansion that takes its time holds up
// neither the commands that run nor what they print. At the first text that
// would do more than be text (m4's esyscmd), what was made of that host and of
// later ones is thrown away, and one thread makes them one after the other, in
// election order: what a text does besides being text happens in order, and
// once.
#pragma once

#include <absl/status/statusor.h>
#include <absl/types/span.h>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "hosts/expander.h"
#include "hosts/run.h"
#include "sys/fd.h"
#include "sys/loop.h"
#include "sys/pool.h"

namespace hosts {

class Supply {
 public:
  // For the hosts elected in `run`, which is borrowed like `expander`; at most
  // `ahead` texts are ready, made by at most `threads`. Nothing is expanded
  // before the first Next.
  static absl::StatusOr<std::unique_ptr<Supply>> Make(Run& run,
                                                      const Expander& expander,
                                                      size_t ahead,
                                                      size_t threads);
  // Ends what it is expanding, too.
  ~Supply();
  Supply(const Supply&) = delete;

  enum class Got { kTexts, kWait, kEnd };
  struct Made {
    size_t position = 0;  // among the elected
    HostTexts texts;
  };
  // The next host. After kWait, ready_fd() becomes readable when there is one.
  // A failure is not that of one host, and the end.
  absl::StatusOr<Got> Next(Made* made);
  int ready_fd() const { return ready_.get(); }

 private:
  Supply(Run& run, const Expander& expander, size_t ahead, size_t threads,
         sys::Fd ready)
      : run_(run),
        expander_(expander),
        ahead_(ahead),
        most_threads_(threads),
        ready_(std::move(ready)) {}
  size_t size() const { return run_.elected().size(); }
  void Work();
  void Try(std::unique_lock<std::mutex>& lock);
  void ExpandInOrder(std::unique_lock<std::mutex>& lock);
  bool HasRoom(size_t position) const { return position < next_ + ahead_; }
  void Keep(size_t position, absl::StatusOr<HostTexts> texts);

  Run& run_;
  const Expander& expander_;
  const size_t ahead_, most_threads_;
  sys::Fd ready_;

  // All by position among the elected.
  std::mutex mutex_;              // guards what follows
  std::condition_variable room_;  // or it is over
  std::map<size_t, absl::StatusOr<HostTexts>> made_;
  size_t next_ = 0;             // to be given out
  size_t next_try_ = 0;         // to be tried
  size_t in_order_ = SIZE_MAX;  // from here on nothing is tried
  size_t trying_ = 0;           // threads
  bool waited_for_ = false, over_ = false;

  // Never run: what a thread has done is told by ready_, in order.
  sys::Loop loop_;
  std::optional<sys::Pool> pool_;
};

}  // namespace hosts
