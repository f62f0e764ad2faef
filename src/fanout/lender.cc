#include "fanout/lender.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/status.h"
#include "fanout/client_limit.h"
#include "sys/clock.h"
#include "sys/pass_fd.h"
#include "sys/socket.h"

namespace fanout {
namespace {

using Kind = PoolRequest::Kind;

// Each byte may be a request, and some of those are long to answer where there
// are a million tokens: others have their turn in between.
constexpr size_t kReadBytes = 512;
// Answers for a client that does not read; it is not read from either then.
constexpr size_t kMaxUnsentBytes = 64 << 10;
constexpr size_t kShare = 2;  // clients get one in so many descriptors
constexpr absl::Duration kAnnounceTime = absl::Seconds(10);
// For a client that has ended its requests to read the last answers.
constexpr absl::Duration kLastAnswersTime = absl::Seconds(10);

// What is carried out even while the client waits for tokens: it may be what
// others wait for.
bool PassesWaiting(Kind kind) {
  return kind == Kind::kGiveBack || kind == Kind::kGiveBackAll ||
         kind == Kind::kFinish || kind == Kind::kGoodbye;
}

}  // namespace

struct Lender::Client {
  Client(sys::Fd f, Holder h, int p) : fd(std::move(f)), holder(h), pid(p) {}
  sys::Fd fd;
  Holder holder;
  int pid;            // by the socket's credentials
  int shown_pid = 0;  // as announced
  sys::Loop::Timer timer = 0;
  PoolRequestReader reader;
  bool waiting = false;  // for tokens
  int asked = 0;         // for how many
  // Has come while it waits, and is to come after.
  std::optional<PoolRequest> postponed;
  std::string unsent;
  std::string deferred;      // answers to what came while it waits
  bool half_closed = false;  // there are no more requests but those on the way
  bool ended = false;        // nor those
  size_t answer_bytes() const { return unsent.size() + deferred.size(); }
  bool full() const { return answer_bytes() >= kMaxUnsentBytes; }
  bool may_read() const {
    return !ended && !full() && reader.rest_bytes() < kReadBytes;
  }
};

Lender::Lender(sys::Loop& loop, TokenTable table, LenderOptions options)
    : loop_(loop),
      tokens_(std::move(table)),
      options_(std::move(options)),
      acceptor_(
          loop, [this] { return RoomForClient(clients_.size(), kShare); },
          [this](sys::Fd fd) { Admit(std::move(fd)); }) {}

Lender::~Lender() {
  *alive_ = false;
  for (auto& [fd, client] : clients_) {
    loop_.Cancel(client->timer);
    loop_.Unwatch(fd);
  }
}

// --- clients come and go -----------------------------------------------------

absl::Status Lender::Listen(int listener) { return acceptor_.Listen(listener); }

void Lender::StopListening() { acceptor_.Stop(); }

void Lender::Admit(sys::Fd fd) {
  const int number = fd.get();
  const absl::StatusOr<sys::PeerCredentials> peer = sys::PeerOf(number);
  if (!peer.ok()) return;
  auto owned =
      std::make_unique<Client>(std::move(fd), next_holder_++, peer->pid);
  Client& client = *owned;
  const absl::Status watching =
      loop_.Watch(number, EPOLLIN,
                  [this, &client](uint32_t events) { Serve(client, events); });
  if (!watching.ok()) return;
  clients_[number] = std::move(owned);
  clients_by_holder_[client.holder] = &client;
  client.timer = loop_.After(kAnnounceTime, [this, &client] { Drop(client); });
}

void Lender::Drop(Client& client) {
  if (!client.fd) return;
  loop_.Cancel(client.timer);
  loop_.Unwatch(client.fd.get());
  const auto found = clients_.find(client.fd.get());
  client.fd.Reset();
  loop_.DeleteAtEndOfTurn(std::move(found->second));
  clients_.erase(found);
  clients_by_holder_.erase(client.holder);
  tokens_.GiveBackAll(client.holder);
  Later();
  acceptor_.Resume();
  TellChanged();
}

void Lender::TellChanged() {
  loop_.AtEndOfTurn([this, alive = alive_] {
    if (*alive && options_.changed) options_.changed();
  });
}

// --- what a client asks ------------------------------------------------------

void Lender::Serve(Client& client, uint32_t events) {
  constexpr uint32_t kGone = EPOLLHUP | EPOLLERR;
  if (events & (EPOLLOUT | kGone)) Send(client);
  if ((events & (EPOLLIN | kGone)) && client.may_read()) {
    const absl::StatusOr<sys::Received> received =
        sys::ReceiveWithFd(client.fd.get(), kReadBytes);
    if (!received.ok()) return Drop(client);
    client.ended = received->closed;
    client.reader.Feed(received->bytes);
  }
  if (events & EPOLLRDHUP) client.half_closed = true;
  CarryAll(client);
}

void Lender::CarryAll(Client& client) {
  while (client.fd && !client.full()) {
    if (client.waiting) TellIfGranted(client);
    if (client.postponed && client.waiting) break;
    std::optional<PoolRequest> request =
        std::exchange(client.postponed, std::nullopt);
    if (!request) {
      absl::StatusOr<std::optional<PoolRequest>> next = client.reader.Next();
      if (!next.ok()) return Drop(client);
      if (!*next) break;
      request = **next;
    }
    if (client.waiting && !PassesWaiting(request->kind)) {
      client.postponed = request;
      break;
    }
    Carry(client, *request);
  }
  if (!client.fd) return;
  // Whoever waits and hangs up is not there any more to be granted anything.
  const bool hung_up =
      client.ended || (client.half_closed && !client.may_read());
  if (client.waiting && hung_up) return Drop(client);
  if (client.ended && !client.full()) return EndOfRequests(client);
  Watch(client);
}

void Lender::EndOfRequests(Client& client) {
  if (client.unsent.empty()) return Drop(client);
  if (tokens_.GiveBackAll(client.holder) > 0) Later();
  loop_.Cancel(client.timer);
  client.timer =
      loop_.After(kLastAnswersTime, [this, &client] { Drop(client); });
  Watch(client);
}

void Lender::Carry(Client& client, const PoolRequest& request) {
  switch (request.kind) {
    case Kind::kAnnounce:
      loop_.Cancel(std::exchange(client.timer, 0));
      client.shown_pid = request.announced.pid;
      return;
    case Kind::kGet:
      return Get(client, request.number);
    case Kind::kGetFree:
      return Answer(client, GrantAnswer(GetFree(client, request.number)));
    case Kind::kGetOne: {
      const std::vector<int> tokens = GetFree(client, 1);
      return Answer(client,
                    tokens.empty() ? NumberAnswer(-1) : GrantAnswer(tokens));
    }
    case Kind::kGiveBack: {
      const bool had = tokens_.GiveBack(client.holder, request.number);
      Later();
      return Answer(client, NumberAnswer(had ? 1 : 0));
    }
    case Kind::kGiveBackAll: {
      // What it waits for it has asked for before this.
      const int count = tokens_.GiveBackHeld(client.holder);
      Later();
      return Answer(client, NumberAnswer(count));
    }
    case Kind::kFinish:
      if (options_.persistent && !std::exchange(finish_asked_, true)) {
        TellChanged();
      }
      return Answer(client, YesAnswer(options_.persistent));
    case Kind::kGoodbye:
      return Drop(client);
    case Kind::kSpace:
    case Kind::kVersion:
    case Kind::kSource:
    case Kind::kTokens:
    case Kind::kGroup:
    case Kind::kLongest:
    case Kind::kComments:
    case Kind::kUtility:
    case Kind::kText:
    case Kind::kHolder:
    case Kind::kUnknown: {
      PoolFacts facts;
      facts.group = options_.group;
      facts.utility_pid = options_.utility_pid;
      if (request.kind == Kind::kHolder) {
        const Client* const holder = ClientOf(request.number);
        facts.holder_pid = holder != nullptr ? holder->shown_pid : getpid();
      }
      return Answer(client, PoolAnswer(request, tokens_, facts));
    }
  }
}

void Lender::MakeRoom(int count) {
  if (options_.scarce && count > tokens_.free()) {
    options_.scarce(count - tokens_.free());
  }
}

void Lender::Get(Client& client, int count) {
  MakeRoom(count);
  const absl::Status asked = tokens_.Ask(client.holder, count, count);
  if (!asked.ok()) return Answer(client, NumberAnswer(-1));
  client.waiting = true;
  client.asked = count;
  Later();
}

// A request for none at least is granted at once, in its turn.
std::vector<int> Lender::GetFree(Client& client, int count) {
  MakeRoom(count);
  MUST(tokens_.Ask(client.holder, 0, count).ok());
  while (std::optional<Tokens::Grant> grant = tokens_.Next(sys::SteadyNow())) {
    if (grant->holder == client.holder) return grant->tokens;
    granted_.push_back(*std::move(grant));
    Later();
  }
  return {};
}

void Lender::Answer(Client& client, const std::string& bytes) {
  if (client.waiting) {
    client.deferred += bytes;
    return;
  }
  const bool idle = client.unsent.empty();
  client.unsent += bytes;
  if (idle) Send(client);
}

void Lender::Send(Client& client) {
  // It may be gone; but what it has told us before is still to be read.
  if (!sys::SendSome(client.fd.get(), &client.unsent).ok()) {
    client.unsent.clear();
  }
}

void Lender::Watch(Client& client) {
  uint32_t events = 0;
  if (client.may_read()) {
    events |= EPOLLIN;
  } else if (!client.half_closed && !client.ended) {
    events |= EPOLLRDHUP;
  }
  if (!client.unsent.empty()) events |= EPOLLOUT;
  loop_.Rewatch(client.fd.get(), events);
}

const Lender::Client* Lender::ClientOf(int token) const {
  if (!tokens_.is_token(token) || !tokens_.holder(token)) return nullptr;
  const auto found = clients_by_holder_.find(*tokens_.holder(token));
  return found == clients_by_holder_.end() ? nullptr : found->second;
}

int Lender::HolderPid(int token) const {
  if (!tokens_.is_token(token) || !tokens_.holder(token)) return 0;
  const Client* const client = ClientOf(token);
  return client != nullptr ? client->pid : getpid();
}

// --- holders within this process ---------------------------------------------

absl::StatusOr<Lender::Holder> Lender::Ask(int min, int max, Granted granted) {
  const Holder holder = next_holder_++;
  TRY(tokens_.Ask(holder, min, max));
  inner_[holder] = std::move(granted);
  Later();
  return holder;
}

void Lender::Release(Holder holder) {
  if (inner_.erase(holder) == 0) return;
  tokens_.GiveBackAll(holder);
  Later();
}

void Lender::Replace(TokenTable table) {
  tokens_.Replace(std::move(table));
  while (const std::optional<Holder> hopeless = tokens_.TakeHopeless()) {
    granted_.push_back({.holder = *hopeless, .tokens = {}});
  }
  Later();
}

// --- granting ----------------------------------------------------------------

void Lender::Later() {
  if (std::exchange(later_, true)) return;
  loop_.AtEndOfTurn([this, alive = alive_] {
    if (*alive) GrantAll();
  });
}

// Whoever is told may ask, release and end us at once.
void Lender::GrantAll() {
  later_ = false;
  const std::shared_ptr<bool> alive = alive_;
  while (*alive) {
    if (granted_.empty()) {
      std::optional<Tokens::Grant> grant = tokens_.Next(sys::SteadyNow());
      if (!grant) break;
      granted_.push_back(*std::move(grant));
    }
    const Tokens::Grant grant = std::move(granted_.front());
    granted_.pop_front();
    Deliver(grant);
  }
  if (*alive && options_.spare && tokens_.free() > 0 &&
      tokens_.waiting() == 0) {
    options_.spare();
  }
}

void Lender::Deliver(const Tokens::Grant& grant) {
  const auto inner = inner_.find(grant.holder);
  if (inner != inner_.end()) {
    const Granted granted = std::move(inner->second);
    inner->second = nullptr;
    if (granted) granted(grant.tokens);
    return;
  }
  // One that has gone meanwhile has given back what it was granted.
  const auto found = clients_by_holder_.find(grant.holder);
  if (found == clients_by_holder_.end()) return;
  Tell(*found->second, grant);
  CarryAll(*found->second);
}

void Lender::Tell(Client& client, const Tokens::Grant& grant) {
  client.waiting = false;
  const bool hopeless = grant.tokens.empty() && client.asked > 0;
  Answer(client, hopeless ? NumberAnswer(-1) : GrantAnswer(grant.tokens));
  Answer(client, std::exchange(client.deferred, {}));
}

// What is lent to it is not to be given back before it knows of it.
void Lender::TellIfGranted(Client& client) {
  const auto found = std::find_if(granted_.begin(), granted_.end(),
                                  [&](const Tokens::Grant& grant) {
                                    return grant.holder == client.holder;
                                  });
  if (found == granted_.end()) return;
  const Tokens::Grant grant = std::move(*found);
  granted_.erase(found);
  Tell(client, grant);
}

}  // namespace fanout
