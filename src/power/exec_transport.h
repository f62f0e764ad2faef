// A program instead of a connection: its input, output and errors are the line.
// It leads a session of its own without a terminal, and is killed with all its
// processes when the line is closed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "power/transport.h"
#include "power/transport_line.h"
#include "sys/child.h"

namespace power {

class ExecTransport : public Transport {
 public:
  // Words, no shell: powerman's "COMMAND |&" is {"/bin/sh", "-c", "COMMAND"}.
  ExecTransport(sys::Loop& loop, std::vector<std::string> program);
  ~ExecTransport() override;

  void Start(Events events) override;
  void Send(absl::string_view bytes) override { line_.Send(bytes); }
  void Leave(std::function<void()> gone) override {
    line_.Leave(std::move(gone));
  }

 private:
  std::optional<Failure> Spawn(sys::Fd* line);
  void Kill();

  const std::vector<std::string> program_;
  std::optional<sys::Child> child_;
  TransportLine line_;
};

}  // namespace power
