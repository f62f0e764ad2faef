// Standard input and output as one stream socket, which a channel needs. ssh
// may have given us two pipes, so a thread carries bytes between them.
#pragma once

#include <absl/status/statusor.h>

#include <thread>

#include "sys/fd.h"

namespace net {

class StdioSocket {
 public:
  StdioSocket() = default;
  StdioSocket(const StdioSocket&) = delete;
  ~StdioSocket();

  // The channel's end; not blocking. It is shut down when nobody is at the
  // other end of standard input and output any more. Once.
  absl::StatusOr<sys::Fd> Open();
  // Once the channel is closed: what it said last is on its way, and then
  // nobody holds the connection open any more.
  void Close();

 private:
  sys::Fd ours_;
  std::thread thread_;
};

}  // namespace net
