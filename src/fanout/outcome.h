// How a task, or one attempt of it, ended.
#pragma once

namespace fanout {

struct Outcome {
  int status = 0;          // exit status, when signal is 0
  int signal = 0;          // the signal that killed it
  bool timed_out = false;  // we ended it, by --timeout

  // What a shell would call $?: 128+N for a signal; 124 after a time-out.
  int code() const {
    return timed_out ? 124 : signal != 0 ? 128 + signal : status;
  }
  bool failed() const { return code() != 0; }
};

}  // namespace fanout
