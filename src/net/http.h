// A small HTTP server on the loop: reading only, no TLS. It is for a page, its
// facts and who scrapes metrics, and is to survive who means harm: heads,
// connections, and what waits to be read are bounded, and who is slow is let
// go. Limits: base/limits.h.
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <string>

#include "base/limits.h"
#include "net/http_message.h"
#include "sys/loop.h"

namespace net {

struct HttpLimits {
  size_t connections = base::kMaxHttpConnections;
  size_t streams = base::kMaxHttpStreams;
  // From the first byte of a request to the end of its head.
  absl::Duration head_time = base::kHttpHeadTime;
  // Between two requests; also how long a connection may say nothing at first.
  absl::Duration idle_time = base::kHttpIdleTime;
  // Without a byte of the answer being taken.
  absl::Duration stall_time = base::kHttpStallTime;
  // A stream that is so far behind is closed.
  size_t stream_bytes = base::kMaxHttpStreamBytes;
  // Waiting to be read over all connections; above it 503 is answered.
  size_t pending_bytes = base::kMaxHttpPendingBytes;
};

struct HttpCounts {
  uint64_t requests = 0;  // answered by the handler
  uint64_t refused = 0;   // not understood, or over a limit
  uint64_t timed_out = 0;
  uint64_t dropped_streams = 0;  // too slow
  size_t connections = 0, streams = 0;
};

class HttpServer {
 public:
  // Answers GET and HEAD; of an answer to HEAD only the head is sent. May not
  // delete the server.
  using Handler = std::function<HttpResponse(const HttpRequest&)>;

  // `host` is a numeric address or a name, port 0 picks one. The loop outlives
  // the server. When there is no room for another connection, the one that has
  // been waiting longest for a request to come makes room.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Listen(
      sys::Loop& loop, const std::string& host, int port, Handler handler,
      HttpLimits limits = {});
  ~HttpServer();

  int port() const;
  // Sends to every stream.
  void Broadcast(absl::string_view bytes);
  HttpCounts counts() const;
  // Takes no more connections and closes those that are there.
  void Stop();

 private:
  HttpServer();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace net
