// The bytes of one open descriptor, both ways, beside the loop: what every
// transport is made of.
#pragma once

#include <absl/status/status.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "sys/fd.h"
#include "sys/loop.h"

namespace power {

class ByteStream {
 public:
  struct Events {
    std::function<void(absl::string_view bytes)> received;
    // By the other side: an error number, 0 when it hung up in order. Once.
    std::function<void(int error)> ended;
    std::function<void()> sent = {};  // all of it has gone; may be empty
  };
  // `fd` does not block. The loop outlives it.
  ByteStream(sys::Loop& loop, sys::Fd fd, Events events);
  ~ByteStream();
  ByteStream(const ByteStream&) = delete;

  absl::Status Start();
  void Send(absl::string_view bytes);
  // What comes from now on is read and forgotten.
  void StopListening() { listens_ = false; }
  bool has_unsent() const { return !unsent_.empty(); }
  int fd() const { return fd_.get(); }

 private:
  void OnReady(uint32_t events);
  void Read();
  void Write();
  void Watch();
  void End(int error);

  sys::Loop& loop_;
  sys::Fd fd_;
  Events events_;
  std::string unsent_;
  bool started_ = false, ended_ = false, listens_ = true;
  uint32_t watched_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace power
