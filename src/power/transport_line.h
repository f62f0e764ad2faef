// What transports have in common: events that come at the right time, one
// timer, a stream, and a polite end. A part of each of them.
#pragma once

#include <absl/time/time.h>

#include <functional>
#include <memory>
#include <optional>

#include "power/byte_stream.h"
#include "power/transport.h"

namespace power {

class TransportLine {
 public:
  explicit TransportLine(sys::Loop& loop) : loop_(loop) {}
  ~TransportLine();
  TransportLine(const TransportLine&) = delete;

  void Listen(Transport::Events events) { events_ = std::move(events); }
  // Instead of what was to come before.
  void After(absl::Duration wait, std::function<void()> f);
  void Soon(std::function<void()> f) {
    After(absl::ZeroDuration(), std::move(f));
  }
  // From the loop: `fd` is the line now, and that is told unless `quiet`.
  void Open(sys::Fd fd, bool quiet = false);
  void TellConnected() { events_.connected(); }
  void TellReceived(absl::string_view bytes) { events_.received(bytes); }
  void Send(absl::string_view bytes);
  // From the loop, once; nothing is told when we are leaving.
  void End(const std::optional<Failure>& why);
  // What the stream's end is, instead of End.
  std::function<void(const std::optional<Failure>& why)> on_hang_up;

  void Leave(std::function<void()> gone);
  void Gone();
  bool leaving() const { return gone_ != nullptr || leaving_; }
  bool ended() const { return ended_; }
  int fd() const { return stream_ == nullptr ? -1 : stream_->fd(); }
  void Close() { stream_.reset(); }

 private:
  void HungUp(int error);

  sys::Loop& loop_;
  Transport::Events events_;
  std::unique_ptr<ByteStream> stream_;
  sys::Loop::Timer timer_ = 0;
  std::function<void()> gone_;
  bool ended_ = false, leaving_ = false;
};

}  // namespace power
