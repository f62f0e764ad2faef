#include "fanout/pool_client.h"

#include <absl/strings/str_cat.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "base/status.h"
#include "fanout/pool_protocol.h"
#include "sys/file.h"
#include "sys/pass_fd.h"

namespace fanout {
namespace {

constexpr size_t kReadBytes = 64 << 10;
constexpr int64_t kMaxTokens = 16 << 20;
// For a pool that is busy; one that is stuck must not keep us.
constexpr int kGoodbyeWaitMs = 1000;

absl::Status Protocol(absl::string_view what) {
  return absl::AbortedError(absl::StrCat("protocol error: ", what));
}

}  // namespace

struct PoolClient::State {
  // What the next answer is an answer to.
  enum class Asked {
    kSpace,
    kTokens,
    kSource,
    kGroup,
    kGet,
    kGetFree,
    kText,
    kGiveBack,
    kFinish,
  };
  struct Request {
    Asked what;
    int count;
  };

  State(sys::Loop& l, Calls c) : loop(l), calls(std::move(c)) {}
  void Expect(Asked what, PoolReply::Kind kind, size_t count = 2) {
    asked.push_back(what);
    reader.Expect(kind, count);
  }
  void OnSocket(uint32_t events);
  absl::Status Read(bool* closed);
  absl::Status Take(PoolReply reply);
  absl::Status TakeSpace(const PoolReply& reply);
  absl::Status TakeTokens(const PoolReply& reply);
  void TakeText(const PoolReply& reply);
  void AskNext();
  void Granted();
  void Lose(const absl::Status& why);
  void Send(absl::string_view bytes);
  void Flush();
  void Goodbye();

  sys::Loop& loop;
  Calls calls;
  sys::Fd socket;
  PoolReplyReader reader;
  std::deque<Asked> asked;
  std::string unsent;
  bool over = false;  // lost
  Info info;
  // At most one is under way: the pool takes no other before it has granted
  // that, but all else.
  std::deque<Request> requests;
  bool asking = false;
  std::vector<int> granted;
  size_t named = 0;  // of the granted, whose text has come
  std::map<int, std::string> texts;
  // Others: calls that are under way, one of which may be our end.
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

absl::StatusOr<std::unique_ptr<PoolClient>> PoolClient::Start(
    sys::Loop& loop, sys::Fd connection, Calls calls) {
  TRY(sys::SetNonBlocking(connection.get()));
  auto state = std::make_unique<State>(loop, std::move(calls));
  TRY(loop.Watch(connection.get(), EPOLLIN,
                 [s = state.get()](uint32_t events) { s->OnSocket(events); }));
  state->socket = std::move(connection);
  state->Expect(State::Asked::kSpace, PoolReply::Kind::kNumbers);
  state->Send(absl::StrCat(getpid(), "\nSTUR"));
  return std::unique_ptr<PoolClient>(new PoolClient(std::move(state)));
}

PoolClient::PoolClient(std::unique_ptr<State> state)
    : state_(std::move(state)) {}

PoolClient::~PoolClient() {
  *state_->alive = false;
  state_->Goodbye();
}

void PoolClient::Ask(int count) {
  state_->requests.push_back({State::Asked::kGet, count});
  state_->AskNext();
}

void PoolClient::AskFree(int most) {
  state_->requests.push_back({State::Asked::kGetFree, most});
  state_->AskNext();
}

void PoolClient::GiveBack(int token) {
  if (state_->over) return;
  state_->texts.erase(token);
  state_->Expect(State::Asked::kGiveBack, PoolReply::Kind::kNumbers, 1);
  state_->Send(absl::StrCat(token, "D"));
}

void PoolClient::AskForEnd() {
  if (state_->over) return;
  state_->Expect(State::Asked::kFinish, PoolReply::Kind::kText);
  state_->Send("Q");
}

const std::string& PoolClient::text(int token) const {
  const auto found = state_->texts.find(token);
  MUST(found != state_->texts.end());
  return found->second;
}

int PoolClient::socket() const { return state_->socket.get(); }

// --- what comes --------------------------------------------------------------

void PoolClient::State::OnSocket(uint32_t events) {
  if (events & EPOLLOUT) Flush();
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
  const std::shared_ptr<bool> still = alive;
  bool closed = false;
  absl::Status status = Read(&closed);
  while (status.ok() && *still && !over) {
    absl::StatusOr<std::optional<PoolReply>> reply = reader.Next();
    if (!reply.ok()) {
      status = Protocol(reply.status().message());
    } else if (*reply) {
      status = Take(**std::move(reply));
    } else {
      break;
    }
  }
  if (!*still || over) return;
  if (status.ok() && closed) status = absl::AbortedError("the pool hung up");
  if (!status.ok()) Lose(status);
}

absl::Status PoolClient::State::Read(bool* closed) {
  TRY_ASSIGN(const sys::Received received,
             sys::ReceiveWithFd(socket.get(), kReadBytes));
  reader.Feed(received.bytes);
  *closed = received.closed;
  return absl::OkStatus();
}

absl::Status PoolClient::State::Take(PoolReply reply) {
  const Asked what = asked.front();
  asked.pop_front();
  switch (what) {
    case Asked::kSpace:
      return TakeSpace(reply);
    case Asked::kTokens:
      info.tokens = std::move(reply.texts);
      return absl::OkStatus();
    case Asked::kSource:
      info.source = std::move(reply.text);
      return absl::OkStatus();
    case Asked::kGroup:
      if (reply.numbers.size() != 1) return Protocol("no size of a group");
      info.group = static_cast<int>(reply.numbers[0]);
      // A copy of what is called: it may be our end.
      std::function<void(Info)>(calls.ready)(info);
      return absl::OkStatus();
    case Asked::kGet:
      if (!reply.known) return Protocol("tokens refused");
      return TakeTokens(reply);
    case Asked::kGetFree:
      return TakeTokens(reply);
    case Asked::kText:
      if (!reply.known) return Protocol("granted what is no token");
      TakeText(reply);
      return absl::OkStatus();
    case Asked::kGiveBack:
    case Asked::kFinish:
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

// The rest of what was asked at the start can be told apart only now.
absl::Status PoolClient::State::TakeSpace(const PoolReply& reply) {
  if (reply.numbers.size() != 2 || reply.numbers[0] < 0 ||
      reply.numbers[0] > kMaxTokens) {
    return Protocol("no number of tokens");
  }
  info.count = static_cast<int>(reply.numbers[0]);
  Expect(Asked::kTokens, PoolReply::Kind::kTexts, info.count);
  Expect(Asked::kSource, PoolReply::Kind::kSource);
  Expect(Asked::kGroup, PoolReply::Kind::kNumbers, 1);
  return absl::OkStatus();
}

absl::Status PoolClient::State::TakeTokens(const PoolReply& reply) {
  granted.clear();
  named = 0;
  const bool never = reply.numbers.size() == 1 && reply.numbers[0] == -1;
  for (int64_t number : reply.numbers) {
    if (never) break;
    if (number < 0 || number >= kMaxTokens) return Protocol("not a token");
    granted.push_back(static_cast<int>(number));
  }
  if (granted.empty()) {
    Granted();
    return absl::OkStatus();
  }
  std::string names;
  for (int token : granted) {
    Expect(Asked::kText, PoolReply::Kind::kText);
    absl::StrAppend(&names, token, "N");
  }
  Send(names);
  return absl::OkStatus();
}

void PoolClient::State::TakeText(const PoolReply& reply) {
  texts[granted[named++]] = reply.text;
  if (named == granted.size()) Granted();
}

void PoolClient::State::Granted() {
  asking = false;
  const std::shared_ptr<bool> still = alive;
  // A copy, again.
  std::function<void(std::vector<int>)>(calls.granted)(
      std::exchange(granted, {}));
  if (*still) AskNext();
}

void PoolClient::State::AskNext() {
  if (asking || over || requests.empty()) return;
  asking = true;
  const Request request = requests.front();
  requests.pop_front();
  Expect(request.what, PoolReply::Kind::kNumbers,
         static_cast<size_t>(std::max(request.count, 1)));
  Send(absl::StrCat(request.count, request.what == Asked::kGet ? "G" : "W"));
}

void PoolClient::State::Lose(const absl::Status& why) {
  over = true;
  loop.Unwatch(socket.get());
  // Moved out: it may be our end.
  const auto lost = std::move(calls.lost);
  lost(why);
}

// --- what goes ---------------------------------------------------------------

void PoolClient::State::Send(absl::string_view bytes) {
  if (over) return;
  absl::StrAppend(&unsent, bytes);
  Flush();
}

void PoolClient::State::Flush() {
  while (!unsent.empty()) {
    const absl::StatusOr<size_t> sent =
        sys::SendWithFd(socket.get(), unsent, -1);
    // A pool that is gone is noticed where it is read from.
    if (!sent.ok()) unsent.clear();
    if (!sent.ok() || *sent == 0) break;
    unsent.erase(0, *sent);
  }
  loop.Rewatch(socket.get(), unsent.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

void PoolClient::State::Goodbye() {
  if (!over) loop.Unwatch(socket.get());
  unsent += '.';
  while (!over && !unsent.empty()) {
    const absl::StatusOr<size_t> sent =
        sys::SendWithFd(socket.get(), unsent, -1);
    if (!sent.ok()) return;
    unsent.erase(0, *sent);
    if (unsent.empty()) return;
    pollfd ready = {.fd = socket.get(), .events = POLLOUT, .revents = 0};
    if (poll(&ready, 1, kGoodbyeWaitMs) <= 0) return;
  }
}

}  // namespace fanout
