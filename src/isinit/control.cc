#include "isinit/control.h"

#include <absl/container/flat_hash_map.h>
#include <absl/strings/str_cat.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "isinit/local_protocol.h"
#include "sys/log.h"
#include "sys/pass_fd.h"
#include "sys/process.h"
#include "sys/socket.h"

namespace isinit {

namespace wire_pb = fleetbox::wire;

namespace {

// Out of descriptors: the listener stays ready, so it is left alone a while.
constexpr absl::Duration kAcceptPause = absl::Milliseconds(100);
constexpr size_t kReadBytes = 16 << 10;

struct Client {
  uint64_t number = 0;
  sys::Fd fd;
  Caller caller;
  RequestReader reader;
  std::string unsent;
  sys::Loop::Timer patience = 0;  // until its request is whole
  bool ending = false;            // closed once everything is sent
  bool heard_all = false;         // it sends nothing more
  int open_requests = 0;
};

}  // namespace

struct Control::State {
  State(sys::Loop& l, sys::Fd fd, Events e)
      : loop(l), listener(std::move(fd)), events(std::move(e)) {}

  void Accept();
  uint64_t Add(sys::Fd fd);  // its number; 0 when it cannot be
  void Happened(Client& client, uint32_t events);
  void Read(Client& client);
  void TakeRequests(Client& client);
  void Refuse(Client& client, const absl::Status& why);
  void Flush(Client& client);
  void Await(Client& client);
  void Drop(uint64_t number);

  sys::Loop& loop;
  sys::Fd listener;
  Events events;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Client>> clients;
  uint64_t last_number = 0;
  sys::Loop::Timer pause = 0;
};

void Control::State::Accept() {
  for (;;) {
    absl::StatusOr<sys::Fd> fd = sys::Accept(listener.get(), nullptr);
    if (!fd.ok()) {
      loop.Rewatch(listener.get(), 0);
      pause = loop.After(kAcceptPause,
                         [this] { loop.Rewatch(listener.get(), EPOLLIN); });
      return;
    }
    if (!*fd) return;
    if (clients.size() >= base::kMaxIsinitClients) continue;  // closed
    Add(*std::move(fd));
  }
}

uint64_t Control::State::Add(sys::Fd fd) {
  const absl::StatusOr<sys::PeerCredentials> peer = sys::PeerOf(fd.get());
  if (!peer.ok()) return 0;
  auto owned = std::make_unique<Client>();
  Client& client = *owned;
  client.number = ++last_number;
  client.fd = std::move(fd);
  client.caller = {.uid = peer->uid,
                   .gid = peer->gid,
                   .all = peer->uid == 0 || peer->uid == sys::MyUid(),
                   .name = absl::StrCat("uid ", peer->uid)};
  const uint64_t number = client.number;
  if (!loop.Watch(client.fd.get(), EPOLLIN,
                  [this, number](uint32_t events) {
                    const auto it = clients.find(number);
                    if (it != clients.end()) Happened(*it->second, events);
                  })
           .ok()) {
    return 0;
  }
  client.patience = loop.After(base::kIsinitRequestTime, [this, number] {
    const auto it = clients.find(number);
    if (it == clients.end()) return;
    it->second->patience = 0;
    if (it->second->open_requests == 0) Drop(number);
  });
  clients.emplace(number, std::move(owned));
  return number;
}

void Control::State::Happened(Client& client, uint32_t events) {
  const uint64_t number = client.number;
  if ((events & EPOLLOUT) != 0) Flush(client);
  if (!clients.contains(number)) return;
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) Read(client);
}

void Control::State::Read(Client& client) {
  const uint64_t number = client.number;
  char bytes[kReadBytes];
  const ssize_t n = recv(client.fd.get(), bytes, sizeof bytes, MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n < 0) {
    Drop(number);
    return;
  }
  if (n == 0) {
    client.heard_all = true;
    client.reader.End();
  } else {
    client.reader.Add(absl::string_view(bytes, n));
  }
  TakeRequests(client);
  const auto it = clients.find(number);
  if (it == clients.end() || !it->second->heard_all) return;
  // It has closed its side. Text clients may still wait for an answer; ours
  // close only when they are through.
  if (client.open_requests == 0 || !client.reader.text()) {
    Drop(number);
  } else {
    Await(client);
  }
}

void Control::State::TakeRequests(Client& client) {
  const uint64_t number = client.number;
  for (;;) {
    absl::StatusOr<std::optional<wire_pb::IsinitRequest>> request =
        client.reader.Next();
    if (!request.ok()) {
      Refuse(client, request.status());
      return;
    }
    if (!request->has_value()) return;
    loop.Cancel(std::exchange(client.patience, 0));
    client.open_requests++;
    events.asked(number, client.caller, **request);
    if (!clients.contains(number)) return;
  }
}

void Control::State::Refuse(Client& client, const absl::Status& why) {
  wire_pb::IsinitAnswer answer;
  answer.set_last(true);
  answer.set_exit_code(65);
  answer.set_text(std::string(why.message()));
  client.unsent += EncodeAnswer(answer, client.reader.text());
  client.ending = true;
  Flush(client);
}

void Control::State::Await(Client& client) {
  uint32_t events = 0;
  if (!client.heard_all && !client.ending) events |= EPOLLIN;
  if (!client.unsent.empty()) events |= EPOLLOUT;
  loop.Rewatch(client.fd.get(), events);
}

void Control::State::Flush(Client& client) {
  const uint64_t number = client.number;
  if (!sys::SendSome(client.fd.get(), &client.unsent).ok() ||
      client.unsent.size() > base::kMaxIsinitUnsentBytes ||
      (client.unsent.empty() && client.ending)) {
    Drop(number);
    return;
  }
  Await(client);
}

void Control::State::Drop(uint64_t number) {
  auto node = clients.extract(number);
  if (node.empty()) return;
  loop.Cancel(node.mapped()->patience);
  loop.Unwatch(node.mapped()->fd.get());
  events.gone(number);
  loop.DeleteAtEndOfTurn(std::move(node.mapped()));
}

Control::Control(sys::Loop& loop, sys::Fd listener, Events events)
    : state_(std::make_unique<State>(loop, std::move(listener),
                                     std::move(events))) {
  MUST(loop.Watch(state_->listener.get(), EPOLLIN,
                  [s = state_.get()](uint32_t) { s->Accept(); })
           .ok());
}

Control::~Control() {
  state_->loop.Cancel(state_->pause);
  state_->loop.Unwatch(state_->listener.get());
  for (auto& [number, client] : state_->clients) {
    state_->loop.Cancel(client->patience);
    state_->loop.Unwatch(client->fd.get());
    sys::SendSome(client->fd.get(), &client->unsent).IgnoreError();
  }
}

void Control::Answer(uint64_t number, const wire_pb::IsinitAnswer& answer) {
  const auto it = state_->clients.find(number);
  if (it == state_->clients.end()) return;
  Client& client = *it->second;
  client.unsent += EncodeAnswer(answer, client.reader.text());
  if (answer.last()) {
    client.open_requests--;
    if (client.reader.text() &&
        (client.heard_all || client.open_requests == 0)) {
      client.ending = true;
    }
  }
  state_->Flush(client);
}

int Control::listener() const { return state_->listener.get(); }

int Control::FdOf(uint64_t number) const {
  const auto it = state_->clients.find(number);
  if (it == state_->clients.end() || it->second->reader.text()) return -1;
  // What was begun would be missing from what is sent next.
  return it->second->unsent.empty() ? it->second->fd.get() : -1;
}

void Control::Adopt(sys::Fd fd, const wire_pb::IsinitRequest& request) {
  const uint64_t number = state_->Add(std::move(fd));
  const auto it = state_->clients.find(number);
  if (it == state_->clients.end()) return;
  it->second->reader.Add(absl::string_view(&kFramedStart, 1));
  it->second->open_requests++;
  state_->loop.Cancel(std::exchange(it->second->patience, 0));
  state_->events.asked(number, it->second->caller, request);
}

}  // namespace isinit
