#include "net/http.h"

#include <absl/container/flat_hash_map.h>
#include <absl/strings/str_cat.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/status.h"
#include "sys/clock.h"
#include "sys/log.h"
#include "sys/socket.h"

namespace net {
namespace {

constexpr int kAcceptsPerTurn = 16;
constexpr absl::Duration kPause = absl::Milliseconds(100);
constexpr absl::Duration kSweep = absl::Milliseconds(500);
// After a refusal what the peer still sends is read and thrown away for a
// while: closing at once would reset the connection, and the answer with it.
constexpr absl::Duration kLingerTime = absl::Seconds(2);
constexpr size_t kReadBytes = 16 << 10;

}  // namespace

struct HttpServer::State {
  State(sys::Loop& l, Handler h, HttpLimits m)
      : loop(l), handler(std::move(h)), limits(m) {}
  ~State() { Stop(); }

  struct Connection {
    enum class Phase { kRequest, kAnswer, kStream, kLinger };
    sys::Fd fd;
    uint64_t number = 0;
    Phase phase = Phase::kRequest;
    HttpReader reader;
    std::string in;   // read, but of a later request
    std::string out;  // from `sent` on not written yet
    size_t sent = 0;
    bool close_after = false;
    absl::Time since;     // the phase began
    absl::Time deadline;  // then it is closed
    size_t waiting() const { return out.size() - sent; }
  };

  void OnListener();
  void Take(sys::Fd accepted);
  bool MakeRoom();
  void OnReady(uint64_t number, uint32_t events);
  bool Read(Connection& c);
  void Serve(Connection& c);
  void Answer(Connection& c, const HttpRequest& request);
  void Queue(Connection& c, const HttpResponse& response, bool head_only);
  void Refuse(Connection& c, int status);
  bool Write(Connection& c);
  void Flush(Connection& c);
  void Begin(Connection& c, Connection::Phase phase, absl::Duration time);
  void WatchFor(Connection& c);
  void Close(uint64_t number);
  void Sweep();
  void Stop();
  HttpResponse Plain(int status, absl::string_view text) const;

  sys::Loop& loop;
  Handler handler;
  HttpLimits limits;
  sys::Fd listener;
  int port = 0;
  sys::Loop::Timer pause = 0, sweep = 0;
  uint64_t last_number = 0;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Connection>> connections;
  size_t pending = 0;  // waiting() of all
  HttpCounts counts;
};

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Listen(
    sys::Loop& loop, const std::string& host, int port, Handler handler,
    HttpLimits limits) {
  std::unique_ptr<HttpServer> server(new HttpServer);
  server->state_ = std::make_unique<State>(loop, std::move(handler), limits);
  State& s = *server->state_;
  TRY_ASSIGN(s.listener, sys::ListenTcp(host, port));
  TRY_ASSIGN(s.port, sys::LocalPort(s.listener.get()));
  TRY(loop.Watch(s.listener.get(), EPOLLIN,
                 [&s](uint32_t) { s.OnListener(); }));
  return server;
}

HttpServer::HttpServer() = default;
HttpServer::~HttpServer() = default;
int HttpServer::port() const { return state_->port; }
void HttpServer::Stop() { state_->Stop(); }

HttpCounts HttpServer::counts() const {
  HttpCounts counts = state_->counts;
  counts.connections = state_->connections.size();
  return counts;
}

void HttpServer::Broadcast(absl::string_view bytes) {
  State& s = *state_;
  std::vector<uint64_t> streams;
  for (const auto& [number, c] : s.connections) {
    if (c->phase == State::Connection::Phase::kStream)
      streams.push_back(number);
  }
  for (const uint64_t number : streams) {
    State::Connection& c = *s.connections.at(number);
    if (c.waiting() + bytes.size() > s.limits.stream_bytes) {
      s.counts.dropped_streams++;
      s.Close(number);
      continue;
    }
    if (c.waiting() == 0) {
      c.deadline = sys::SteadyNow() + s.limits.stall_time;
    }
    c.out.append(bytes.data(), bytes.size());
    s.pending += bytes.size();
    s.Flush(c);
  }
}

// --- connections ------------------------------------------------------------

void HttpServer::State::OnListener() {
  for (int i = 0; i < kAcceptsPerTurn && listener; i++) {
    std::string peer;
    absl::StatusOr<sys::Fd> accepted = sys::Accept(listener.get(), &peer);
    if (!accepted.ok()) {
      // The listener stays ready: without a pause the loop would spin.
      sys::Log("http.pausing", {{"why", accepted.status().message()}});
      loop.Rewatch(listener.get(), 0);
      pause = loop.After(kPause, [this] {
        pause = 0;
        loop.Rewatch(listener.get(), EPOLLIN);
      });
      return;
    }
    if (!*accepted) return;
    Take(*std::move(accepted));
  }
}

void HttpServer::State::Take(sys::Fd accepted) {
  if (connections.size() >= limits.connections && !MakeRoom()) {
    counts.refused++;
    return;
  }
  auto made = std::make_unique<Connection>();
  Connection& c = *made;
  c.fd = std::move(accepted);
  c.number = ++last_number;
  const uint64_t number = c.number;
  const absl::Status watched =
      loop.Watch(c.fd.get(), EPOLLIN,
                 [this, number](uint32_t events) { OnReady(number, events); });
  if (!watched.ok()) {
    counts.refused++;
    return;
  }
  connections[number] = std::move(made);
  Begin(c, Connection::Phase::kRequest, limits.idle_time);
  if (sweep == 0) sweep = loop.After(kSweep, [this] { Sweep(); });
}

// Whoever opens connections and says nothing is the first to go, so that a
// crowd of them keeps nobody out.
bool HttpServer::State::MakeRoom() {
  const Connection* oldest = nullptr;
  for (const auto& [number, c] : connections) {
    const bool waits = c->phase == Connection::Phase::kRequest ||
                       c->phase == Connection::Phase::kLinger;
    if (waits && (oldest == nullptr || c->since < oldest->since)) {
      oldest = c.get();
    }
  }
  if (oldest == nullptr) return false;
  counts.timed_out++;
  Close(oldest->number);
  return true;
}

void HttpServer::State::Begin(Connection& c, Connection::Phase phase,
                              absl::Duration time) {
  if (c.phase == Connection::Phase::kStream) counts.streams--;
  c.phase = phase;
  if (phase == Connection::Phase::kStream) counts.streams++;
  c.since = sys::SteadyNow();
  c.deadline = c.since + time;
  WatchFor(c);
}

void HttpServer::State::WatchFor(Connection& c) {
  uint32_t events = 0;
  if (c.phase != Connection::Phase::kAnswer) events |= EPOLLIN;
  if (c.waiting() != 0) events |= EPOLLOUT;
  loop.Rewatch(c.fd.get(), events);
}

void HttpServer::State::Close(uint64_t number) {
  const auto found = connections.find(number);
  if (found == connections.end()) return;
  Connection& c = *found->second;
  if (c.phase == Connection::Phase::kStream) counts.streams--;
  pending -= c.waiting();
  loop.Unwatch(c.fd.get());
  connections.erase(found);
}

void HttpServer::State::Sweep() {
  sweep = 0;
  const absl::Time now = sys::SteadyNow();
  std::vector<uint64_t> late;
  for (const auto& [number, c] : connections) {
    if (c->deadline <= now) late.push_back(number);
  }
  for (const uint64_t number : late) {
    const Connection& c = *connections.at(number);
    if (c.phase == Connection::Phase::kStream) {
      counts.dropped_streams++;
    } else if (c.phase != Connection::Phase::kLinger && c.reader.begun()) {
      counts.timed_out++;
    }
    Close(number);
  }
  if (!connections.empty()) sweep = loop.After(kSweep, [this] { Sweep(); });
}

void HttpServer::State::Stop() {
  loop.Cancel(std::exchange(pause, 0));
  loop.Cancel(std::exchange(sweep, 0));
  if (listener) loop.Unwatch(listener.get());
  listener.Reset();
  while (!connections.empty()) Close(connections.begin()->first);
}

// --- one connection ---------------------------------------------------------

void HttpServer::State::OnReady(uint64_t number, uint32_t events) {
  const auto found = connections.find(number);
  if (found == connections.end()) return;
  Connection& c = *found->second;
  const bool reads = c.phase != Connection::Phase::kAnswer;
  if (reads && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
    if (!Read(c)) return Close(number);
  } else if ((events & (EPOLLHUP | EPOLLERR)) != 0) {
    return Close(number);
  }
  if (c.waiting() != 0) {
    Flush(c);
    if (!connections.contains(number)) return;
  }
  if (c.phase == Connection::Phase::kRequest) Serve(c);
}

// False when there is nothing more to expect of the peer.
bool HttpServer::State::Read(Connection& c) {
  char buffer[kReadBytes];
  const ssize_t n = recv(c.fd.get(), buffer, sizeof buffer, 0);
  if (n < 0) return errno == EAGAIN || errno == EINTR;
  if (n == 0) return false;
  switch (c.phase) {
    case Connection::Phase::kRequest:
      c.in.append(buffer, static_cast<size_t>(n));
      return true;
    case Connection::Phase::kLinger:
      return true;
    case Connection::Phase::kStream:  // it was told that nothing is read now
      return false;
    case Connection::Phase::kAnswer:
      return true;
  }
  return true;
}

// Answers what has been read, until an answer has to wait for its reader.
void HttpServer::State::Serve(Connection& c) {
  const uint64_t number = c.number;
  while (c.phase == Connection::Phase::kRequest && !c.in.empty()) {
    if (!c.reader.begun()) {
      c.since = sys::SteadyNow();
      c.deadline = c.since + limits.head_time;
    }
    absl::string_view bytes = c.in;
    const HttpReader::State state = c.reader.Feed(&bytes);
    c.in.erase(0, c.in.size() - bytes.size());
    if (state == HttpReader::State::kMore) return;
    if (state == HttpReader::State::kRefused) {
      Refuse(c, c.reader.refusal());
    } else {
      Answer(c, c.reader.Take());
    }
    if (!connections.contains(number)) return;
  }
}

HttpResponse HttpServer::State::Plain(int status,
                                      absl::string_view text) const {
  return {.status = status, .body = absl::StrCat(text, "\n")};
}

void HttpServer::State::Answer(Connection& c, const HttpRequest& request) {
  const bool head_only = request.method == "HEAD";
  c.close_after = !request.keep_alive;
  HttpResponse response;
  if (request.method != "GET" && !head_only) {
    counts.refused++;
    response = Plain(405, "this only answers GET and HEAD");
    response.headers.emplace_back("Allow", "GET, HEAD");
  } else if (pending > limits.pending_bytes) {
    counts.refused++;
    response = Plain(503, "too much is waiting to be read");
  } else {
    counts.requests++;
    response = handler(request);
    if (response.stream && counts.streams >= limits.streams) {
      response = Plain(503, "too many follow already");
    }
  }
  if (head_only) response.stream = false;
  Queue(c, response, head_only);
}

void HttpServer::State::Refuse(Connection& c, int status) {
  counts.refused++;
  c.close_after = true;
  c.in.clear();
  Queue(c, Plain(status, "not a request this server takes"), false);
}

void HttpServer::State::Queue(Connection& c, const HttpResponse& response,
                              bool head_only) {
  c.close_after = c.close_after || response.stream;
  c.out = FormatHttpHead(response, !c.close_after, sys::WallNow());
  if (!head_only) c.out += response.body;
  c.sent = 0;
  pending += c.out.size();
  Begin(
      c,
      response.stream ? Connection::Phase::kStream : Connection::Phase::kAnswer,
      limits.stall_time);
  Flush(c);
}

// False when the peer is gone.
bool HttpServer::State::Write(Connection& c) {
  while (c.waiting() != 0) {
    const ssize_t n = send(c.fd.get(), c.out.data() + c.sent, c.waiting(),
                           MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN;
    c.sent += static_cast<size_t>(n);
    pending -= static_cast<size_t>(n);
    c.deadline = sys::SteadyNow() + limits.stall_time;
  }
  c.out = {};
  c.sent = 0;
  return true;
}

void HttpServer::State::Flush(Connection& c) {
  if (!Write(c)) return Close(c.number);
  if (c.phase == Connection::Phase::kStream) {
    // One that takes all there is may have to wait long for more.
    if (c.waiting() == 0) c.deadline = absl::InfiniteFuture();
    c.out.erase(0, c.sent);
    c.sent = 0;
    return WatchFor(c);
  }
  if (c.waiting() != 0) return WatchFor(c);
  if (c.phase != Connection::Phase::kAnswer) return;
  if (c.close_after) {
    shutdown(c.fd.get(), SHUT_WR);
    return Begin(c, Connection::Phase::kLinger, kLingerTime);
  }
  Begin(c, Connection::Phase::kRequest, limits.idle_time);
}

}  // namespace net
