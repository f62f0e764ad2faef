// Where lines go that do not go to files: the kernel's ring, the console,
// syslog. None of them ever waits: what they do not take is not theirs to keep.
#pragma once

#include <absl/status/status.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <string>

#include "sys/fd.h"

namespace isinit {

class LogSink {
 public:
  virtual ~LogSink() = default;
  // One line, without its newline. Unavailable when it is lost.
  virtual absl::Status Write(absl::string_view tag, absl::string_view line) = 0;
};

// /dev/kmsg: facility daemon, priority info.
class KernelSink : public LogSink {
 public:
  explicit KernelSink(std::string path = "/dev/kmsg")
      : path_(std::move(path)) {}
  absl::Status Write(absl::string_view tag, absl::string_view line) override;

 private:
  std::string path_;
  sys::Fd fd_;
};

class ConsoleSink : public LogSink {
 public:
  explicit ConsoleSink(std::string path = "/dev/console")
      : path_(std::move(path)) {}
  absl::Status Write(absl::string_view tag, absl::string_view line) override;

 private:
  std::string path_;
  sys::Fd fd_;
  std::string rest_;  // of a line that was taken in part
};

// The datagram socket of a syslog server, RFC 3164 without the time and the
// host: servers put in their own, and in their own zone.
class SyslogSink : public LogSink {
 public:
  explicit SyslogSink(std::string path = "/dev/log") : path_(std::move(path)) {}
  absl::Status Write(absl::string_view tag, absl::string_view line) override;

 private:
  std::string path_;
  sys::Fd fd_;
};

}  // namespace isinit
