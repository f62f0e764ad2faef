// A serial line of this host. Nobody else has it meanwhile: flock on the line
// itself, and the lock file by which UUCP and its followers know of each other.
// The line is set back when it is closed.
#pragma once

#include <termios.h>

#include <optional>
#include <string>

#include "power/transport.h"
#include "power/transport_line.h"

namespace power {

class SerialTransport : public Transport {
 public:
  // `line` is a path, `flags` "9600,8n1". `locks`: the folder of UUCP's lock
  // files; without one, or where we may not write, there is only flock.
  SerialTransport(sys::Loop& loop, std::string line, std::string flags,
                  std::string locks = "/var/lock");
  ~SerialTransport() override;

  void Start(Events events) override;
  void Send(absl::string_view bytes) override { line_.Send(bytes); }
  void Leave(std::function<void()> gone) override {
    line_.Leave(std::move(gone));
  }

 private:
  std::optional<Failure> Open(sys::Fd* fd);
  std::optional<Failure> Lock();
  std::optional<Failure> Set(int fd);

  const std::string path_, flags_, locks_;
  std::string lock_file_;  // that is ours
  // A second descriptor of the line, for its settings.
  sys::Fd settings_fd_;
  std::optional<termios> before_;
  TransportLine line_;
};

}  // namespace power
