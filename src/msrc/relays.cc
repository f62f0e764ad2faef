#include "msrc/relays.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <unistd.h>

#include <map>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "msrc/exchange_limits.h"
#include "msrc/relay_stream.h"
#include "sys/file.h"
#include "sys/socket.h"
#include "wire/chunker.h"

namespace msrc {
namespace {

// Shorter ones are sent as they are.
constexpr size_t kMinKeptBytes = 4096;
// So long a part waits for the rest of it.
constexpr absl::Duration kFlushTime = absl::Milliseconds(5);
constexpr int kSshFailed = 255;

}  // namespace

struct Relays::Stream {
  RelayOpen open;
  std::function<void()> tell_opened;
  bool opened = false;
  std::unique_ptr<RelayStream> stream;
  sys::Fd errors;
  std::shared_ptr<int> code = std::make_shared<int>(kSshFailed);
  std::string part;  // that has been read, up to where it may be cut
  wire::Chunker chunker;
  sys::Loop::Timer flush = 0;
};

struct Relays::Relay {
  HostJob job;
  std::unique_ptr<HostLink> link;
  bool ready = false, brake = false, fresh = false;
  RelayStore store;
  std::map<uint32_t, std::unique_ptr<Stream>> streams;
  uint32_t last = 0;
};

Relays::Relays(sys::Loop& loop, const RunShared& shared,
               const RelayOptions& options)
    : loop_(loop), shared_(shared) {
  shared_.manifest = &none_;
  shared_.parcel = nullptr;
  shared_.no_cache = shared.no_cache || shared.policy.check();
  shared_.policy.Clear();
  shared_.bootstrap_only = shared_.attach = false;
  shared_.relay = true;
  shared_.receiver_arguments = {"--relay", "--stdio"};
  for (const std::string& name : options.hosts) {
    auto relay = std::make_unique<Relay>();
    const size_t at = name.rfind('@');
    relay->job.name = at == std::string::npos ? name : name.substr(at + 1);
    if (at != std::string::npos) relay->job.login = name.substr(0, at);
    relay->job.ssh = options.ssh;
    relays_.push_back(std::move(relay));
  }
}

Relays::~Relays() {
  for (auto& relay : relays_) {
    relay->link = nullptr;
    while (!relay->streams.empty()) Drop(*relay, relay->streams.begin()->first);
  }
}

absl::StatusOr<Relays::Way> Relays::Call(size_t turn, RelayOpen open,
                                         std::function<void()> opened) {
  Relay& relay = *relays_[turn % relays_.size()];
  if (relay.streams.size() >= kMaxRelayStreams) {
    return absl::UnavailableError(
        absl::StrCat("relay ", relay.job.name, ": too many hosts at once"));
  }
  TRY_ASSIGN(auto ends, sys::SocketPair());
  TRY_ASSIGN(auto errors, sys::Pipe(O_NONBLOCK));
  const uint32_t id = relay.last + 1;
  auto made = std::make_unique<Stream>();
  made->open = std::move(open);
  made->tell_opened = std::move(opened);
  made->errors = std::move(errors.second);
  RelayStream::Calls calls;
  calls.read = [this, &relay, id](absl::string_view bytes) {
    Read(relay, id, bytes);
  };
  calls.read_end = [this, &relay, id] {
    Flush(relay, id);
    Send(relay, {.kind = RelayKind::kClose, .stream = id});
  };
  calls.taken = [this, &relay, id](size_t bytes) {
    Send(relay, {.kind = RelayKind::kTaken,
                 .stream = id,
                 .number = static_cast<uint32_t>(bytes)});
  };
  calls.all_written = [this, &relay, id] { Drop(relay, id); };
  TRY_ASSIGN(made->stream,
             RelayStream::Make(loop_, std::move(ends.first), std::move(calls)));
  made->stream->Brake(true);
  Way way;
  way.connection.fd = std::move(ends.second);
  way.connection.child_errors = std::move(errors.first);
  way.code = made->code;
  relay.last = id;
  relay.streams[id] = std::move(made);
  if (relay.link == nullptr) {
    Reach(relay);
  } else if (relay.ready) {
    Ready(relay);
  }
  return way;
}

void Relays::Reach(Relay& relay) {
  HostLink::Events events;
  events.output = [](int, absl::string_view) {};
  events.relay_ready = [this, &relay] {
    relay.ready = true;
    Ready(relay);
  };
  events.relay_message = [this, &relay](absl::string_view bytes) {
    Heard(relay, bytes);
  };
  events.relay_drained = [this, &relay] {
    if (relay.brake && relay.link->queued_bytes() == 0) Brake(relay, false);
  };
  events.ended = [this, &relay](const ExchangeResult& result) {
    Lost(relay, result);
  };
  relay.link = HostLink::Start(loop_, shared_, relay.job, relay.fresh,
                               std::move(events));
}

// Opens what waits for it.
void Relays::Ready(Relay& relay) {
  for (auto& [id, stream] : relay.streams) {
    if (std::exchange(stream->opened, true)) continue;
    Send(relay, {.kind = RelayKind::kOpen,
                 .stream = id,
                 .open = std::exchange(stream->open, {})});
    stream->stream->Brake(relay.brake);
    stream->tell_opened();
  }
}

// --- to the relay -----------------------------------------------------------

void Relays::Send(Relay& relay, const RelayMessage& message) {
  if (!relay.ready) return;
  relay.link->SendToRelay(EncodeRelay(message));
  if (relay.link->queued_bytes() > kUnderWayBytes) Brake(relay, true);
}

void Relays::Brake(Relay& relay, bool brake) {
  if (std::exchange(relay.brake, brake) == brake) return;
  for (auto& [id, stream] : relay.streams) {
    if (!stream->opened) continue;
    stream->stream->Brake(brake);
    FlushSoon(relay, id);
  }
}

void Relays::Read(Relay& relay, uint32_t id, absl::string_view bytes) {
  Stream& stream = *relay.streams.at(id);
  while (!bytes.empty()) {
    bool ends = false;
    const size_t n = stream.chunker.Take(bytes, &ends);
    stream.part.append(bytes.data(), n);
    bytes.remove_prefix(n);
    if (ends) SendPart(relay, id, stream);
  }
  loop_.Cancel(std::exchange(stream.flush, 0));
  FlushSoon(relay, id);
}

// Not while the rest only waits for its turn: cuts are to be where bytes say.
// Whatever holds it up leads here again.
void Relays::FlushSoon(Relay& relay, uint32_t id) {
  Stream& stream = *relay.streams.at(id);
  if (stream.part.empty() || stream.flush != 0) return;
  stream.flush = loop_.After(kFlushTime, [this, &relay, id] {
    Stream& s = *relay.streams.at(id);
    s.flush = 0;
    if (s.stream->Idle()) Flush(relay, id);
  });
}

// What follows is cut anew.
void Relays::Flush(Relay& relay, uint32_t id) {
  Stream& stream = *relay.streams.at(id);
  loop_.Cancel(std::exchange(stream.flush, 0));
  stream.chunker = wire::Chunker();
  if (!stream.part.empty()) SendPart(relay, id, stream);
}

void Relays::SendPart(Relay& relay, uint32_t id, Stream& stream) {
  RelayMessage message = {.stream = id,
                          .bytes = std::exchange(stream.part, "")};
  if (message.bytes.size() >= kMinKeptBytes) {
    message.hash = wire::HashOf(message.bytes);
    if (relay.store.Has(message.hash)) {
      message.kind = RelayKind::kKept;
    } else {
      message.kind = RelayKind::kNew;
      relay.store.Keep(message.hash, message.bytes.size(), nullptr);
    }
  }
  Send(relay, message);
}

// --- from the relay ---------------------------------------------------------

void Relays::Heard(Relay& relay, absl::string_view bytes) {
  if (!relay.ready) return;
  const absl::StatusOr<RelayMessage> message = ParseRelay(bytes);
  const absl::Status status =
      message.ok() ? Take(relay, *message) : message.status();
  if (status.ok()) return;
  relay.ready = false;
  loop_.DeleteAtEndOfTurn(std::move(relay.link));
  Fail(relay, status.message());
}

// What it says of a stream that is gone was on its way when it went.
absl::Status Relays::Take(Relay& relay, const RelayMessage& message) {
  const auto found = relay.streams.find(message.stream);
  if (found == relay.streams.end() && message.stream <= relay.last) {
    return absl::OkStatus();
  }
  if (found == relay.streams.end() || !found->second->opened) {
    return absl::InvalidArgumentError(
        "it speaks of a stream that there is not");
  }
  Stream& stream = *found->second;
  switch (message.kind) {
    case RelayKind::kData:
      return stream.stream->Write(message.bytes);
    case RelayKind::kErrors: {
      const std::string text = message.bytes.substr(
          message.bytes.size() - std::min<size_t>(message.bytes.size(), 1024));
      (void)!write(stream.errors.get(), text.data(), text.size());
      return absl::OkStatus();
    }
    case RelayKind::kTaken:
      TRY(stream.stream->Taken(message.number));
      FlushSoon(relay, message.stream);
      return absl::OkStatus();
    case RelayKind::kEnded:
      *stream.code = static_cast<int>(message.number);
      stream.errors.Reset();
      stream.stream->EndOutput();
      return absl::OkStatus();
    case RelayKind::kOpen:
    case RelayKind::kNew:
    case RelayKind::kKept:
    case RelayKind::kClose:
      break;
  }
  return absl::InvalidArgumentError("it speaks as a controller does");
}

void Relays::Lost(Relay& relay, const ExchangeResult& result) {
  const bool again = relay.link->receiver_broken() && !relay.fresh;
  relay.ready = false;
  loop_.DeleteAtEndOfTurn(std::move(relay.link));
  if (again) {
    relay.fresh = true;
    return Reach(relay);
  }
  Fail(relay, result.error);
}

void Relays::Fail(Relay& relay, absl::string_view why) {
  const std::string line =
      absl::StrCat("relay ", relay.job.name, ": ", base::Escape(why), "\n");
  while (!relay.streams.empty()) {
    const auto first = relay.streams.begin();
    if (first->second->errors) {
      (void)!write(first->second->errors.get(), line.data(), line.size());
    }
    Drop(relay, first->first);
  }
  relay.store = RelayStore();
  relay.brake = false;
}

void Relays::Drop(Relay& relay, uint32_t id) {
  const auto found = relay.streams.find(id);
  loop_.Cancel(std::exchange(found->second->flush, 0));
  relay.streams.erase(found);
}

}  // namespace msrc
