// One stream of a relay's at either end: between a socket here and the messages
// of msrc/relay_protocol.h. Runs on a sys::Loop.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <functional>
#include <memory>
#include <string>

#include "msrc/relay_protocol.h"
#include "sys/fd.h"
#include "sys/loop.h"

namespace msrc {

class RelayStream {
 public:
  struct Calls {
    // Bytes of the socket, to be sent: they count as under way.
    std::function<void(absl::string_view)> read;
    // The socket has no more of them. Once.
    std::function<void()> read_end;
    // So many bytes are where they belong, or nobody takes them any more.
    std::function<void(size_t)> taken;
    // All is written behind EndOutput. Once.
    std::function<void()> all_written;
  };
  // `fd` is a socket that does not block. Nothing is called before this has
  // returned; a call may delete the stream.
  static absl::StatusOr<std::unique_ptr<RelayStream>> Make(sys::Loop& loop,
                                                           sys::Fd fd,
                                                           Calls calls);
  ~RelayStream();

  // Bytes for the socket. InvalidArgument when the other end has sent more than
  // it may.
  absl::Status Write(absl::string_view bytes);
  // The other end has taken bytes. InvalidArgument when it cannot have.
  absl::Status Taken(size_t bytes);
  // Nothing is read until it is released.
  void Brake(bool brake);
  // Whether all that there was to be read has been, so far.
  bool Idle() const;
  // Nothing is written behind what was.
  void EndOutput();

 private:
  RelayStream() = default;
  struct State;
  std::shared_ptr<State> state_;  // shared with a call that is under way
};

}  // namespace msrc
