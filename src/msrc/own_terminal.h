// The operator's terminal, for as long as a utility on a host has it: what is
// typed goes there, key by key, and nothing else is made of it. Runs on a
// sys::Loop.
#pragma once

#include <absl/status/status.h>

#include <functional>
#include <optional>
#include <string>

#include "msrc/escape_keys.h"
#include "sys/loop.h"
#include "sys/signals.h"
#include "sys/terminal.h"

namespace msrc {

class OwnTerminal {
 public:
  struct Events {
    std::function<void(std::string keys)> typed;
    std::function<void(int columns, int lines)> resized;
    // "~.", or the terminal itself is gone.
    std::function<void()> hung_up;
  };
  // Standard input. Before any other thread is made.
  explicit OwnTerminal(sys::Loop& loop);
  ~OwnTerminal() { Release(); }
  OwnTerminal(const OwnTerminal&) = delete;

  absl::Status Take(Events events);
  // It is as it was. May be called in an event.
  void Release();
  // Nothing is read.
  void Pause(bool paused);

 private:
  void Read();
  void TellSize();

  sys::Loop& loop_;
  sys::Signals resizes_;
  std::optional<sys::RawTerminal> raw_;
  EscapeKeys keys_;
  Events events_;
};

}  // namespace msrc
