// The texts of the elected hosts, made just ahead of whoever takes them.
//
// A thread of its own expands one host after the other, in election order, and
// rests while as many are ready as it may be ahead: so an expansion that takes
// its time (m4's esyscmd) holds up neither the commands that run nor what they
// print, and what a text does besides being text happens in order.
#pragma once

#include <absl/status/statusor.h>
#include <absl/types/span.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "hosts/expander.h"
#include "hosts/run.h"
#include "sys/fd.h"

namespace hosts {

class Supply {
 public:
  // For the hosts elected in `run`, which is borrowed like `expander`. Nothing
  // is expanded before the first Next: signals that are to be looked after are
  // blocked by then, and the thread inherits that.
  static absl::StatusOr<std::unique_ptr<Supply>> Make(Run& run,
                                                      const Expander& expander,
                                                      size_t ahead);
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
  Supply(Run& run, const Expander& expander, size_t ahead, sys::Fd ready)
      : run_(run),
        expander_(expander),
        ahead_(ahead),
        ready_(std::move(ready)) {}
  void Work();

  Run& run_;
  const Expander& expander_;
  const size_t ahead_;
  sys::Fd ready_;
  size_t next_ = 0;  // position

  std::mutex mutex_;  // guards what follows
  std::condition_variable room_;
  std::deque<absl::StatusOr<HostTexts>> made_;
  bool waited_for_ = false, stopped_ = false;

  std::thread thread_;
};

}  // namespace hosts
