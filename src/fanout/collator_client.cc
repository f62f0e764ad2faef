#include "fanout/collator_client.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/epoll.h>

#include <cstdlib>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "fanout/section.h"
#include "sys/file.h"
#include "sys/pass_fd.h"

namespace fanout {
namespace {

constexpr size_t kReadBytes = 4096;
// For a manager that is busy; one that is stuck must not keep us.
constexpr int kEndWaitMs = 5000;

absl::Status Protocol(absl::string_view what) {
  return absl::AbortedError(absl::StrCat("protocol error: ", what));
}

}  // namespace

std::string ManagerName(const std::string& path) {
  char resolved[PATH_MAX];
  return realpath(path.c_str(), resolved) != nullptr ? resolved : path;
}

std::optional<int64_t> SectionOfManager(absl::string_view value,
                                        const std::string& path) {
  const std::optional<int64_t> section = FindSection(value, path);
  return section ? section : FindSection(value, ManagerName(path));
}

absl::StatusOr<std::unique_ptr<CollatorClient>> CollatorClient::Start(
    sys::Loop& loop, sys::Fd connection, Options options, Calls calls) {
  MUST(options.stream || (!options.input && !options.error));
  TRY(sys::SetNonBlocking(connection.get()));
  std::unique_ptr<CollatorClient> client(
      new CollatorClient(loop, std::move(options), std::move(calls)));
  client->agreed_.style = client->options_.style;
  client->reader_.Expect(Answer::Kind::kGreeting);
  client->reader_.Expect(Answer::Kind::kSection);
  TRY(loop.Watch(connection.get(), EPOLLIN,
                 [c = client.get()](uint32_t events) { c->OnSocket(events); }));
  client->socket_ = std::move(connection);
  client->Send(client->options_.name + '\0');
  return client;
}

CollatorClient::~CollatorClient() {
  *alive_ = false;
  End();
}

void CollatorClient::OnSocket(uint32_t events) {
  if (events & EPOLLOUT) Flush();
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
  // After the grant there is nothing to hear: what we were given stays ours.
  if (stage_ == Stage::kGranted || stage_ == Stage::kOver) {
    loop_.Unwatch(socket_.get());
    return;
  }
  const absl::Status status = Read();
  if (!status.ok()) {
    Lose(status);
  } else {
    Progress();
  }
}

absl::Status CollatorClient::Read() {
  TRY_ASSIGN(sys::Received received,
             sys::ReceiveWithFd(socket_.get(), kReadBytes));
  reader_.Feed(received.bytes);
  if (received.fd) reader_.EndMessage();
  while (true) {
    absl::StatusOr<std::optional<Answer>> answer = reader_.Next();
    if (!answer.ok()) return Protocol(answer.status().message());
    if (!*answer) break;
    TRY(Take(**answer, &received.fd));
  }
  if (received.closed) return Protocol("the manager hung up");
  return absl::OkStatus();
}

// The original reads the name by itself and throws away what follows it: it is
// to answer before anything is asked.
void CollatorClient::Ask() {
  // Until we know better, and for whoever kills us.
  std::string requests = StatusRequest(status_);
  const auto ask = [&](absl::string_view three, Answer::Kind kind) {
    requests += PlainRequest(three);
    reader_.Expect(kind);
  };
  ask("?T ", Answer::Kind::kText);
  ask("?H ", Answer::Kind::kText);
  ask("?L ", Answer::Kind::kNumber);
  ask("?s ", Answer::Kind::kFlag);
  ask("?q ", Answer::Kind::kFlag);
  if (options_.widow) requests += PlainRequest("ow ");
  if (options_.folder) requests += PlainRequest("od ");
  if (options_.input) requests += PlainRequest("o0 ");
  if (options_.error) requests += PlainRequest("o2 ");
  if (options_.stream) {
    requests +=
        options_.inside ? InsideRequest(*options_.inside) : PlainRequest("o1 ");
  }
  stage_ = Stage::kAsked;
  Send(requests);
  Report(ready_, quick_);
}

absl::Status CollatorClient::Take(const Answer& answer, sys::Fd* fd) {
  SectionStyle& style = agreed_.style;
  switch (answer.kind) {
    case Answer::Kind::kGreeting:
      stage_ = Stage::kSection;
      return absl::OkStatus();
    case Answer::Kind::kSection:
      agreed_.section = *answer.number;
      granted_.number = *answer.number;
      Ask();
      return absl::OkStatus();
    case Answer::Kind::kText: {
      std::optional<std::string>& text =
          ++texts_ == 1 ? style.title : style.rule;
      if (!text) text = answer.text;
      return absl::OkStatus();
    }
    case Answer::Kind::kNumber:
      if (!style.cap_bytes) style.cap_bytes = answer.number;
      return absl::OkStatus();
    case Answer::Kind::kFlag:
      if (++flags_ == 1) {
        style.squeeze |= answer.flag == 's';
      } else {
        style.quick |= answer.flag == 'q';
      }
      return absl::OkStatus();
    case Answer::Kind::kMessage:
      // The descriptor belongs to the last of several.
      return TakeMessage(*answer.text, reader_.empty() ? fd : nullptr);
  }
  return absl::OkStatus();
}

absl::Status CollatorClient::TakeMessage(absl::string_view text, sys::Fd* fd) {
  const absl::string_view what = text.substr(0, text.find(' '));
  if (what == "own" && options_.inside) {
    if (!absl::SimpleAtoi(text.substr(what.size()), &granted_.number)) {
      return Protocol("no number");
    }
    has_stream_ = true;
    return absl::OkStatus();
  }
  if (fd == nullptr || !*fd) {
    return Protocol(absl::StrCat(base::Escape(text), " without a descriptor"));
  }
  if (what == "out" || what == "quick") {
    granted_.quick = what == "quick";
    has_stream_ = true;
    granted_.stream = std::move(*fd);
    // The original does not count in the order of output, and so does not say.
    int64_t number;
    if (absl::SimpleAtoi(text.substr(what.size()), &number)) {
      granted_.number = number;
    }
    if (!granted_.quick) return absl::OkStatus();
    granted_.stream.Reset(fcntl(socket_.get(), F_DUPFD_CLOEXEC, 3));
    if (!granted_.stream) return base::SysError("duplicate a descriptor");
  } else if (what == "in") {
    granted_.input = std::move(*fd);
  } else if (what == "err") {
    granted_.error = std::move(*fd);
  } else if (what == "widow") {
    agreed_.widow = std::move(*fd);
  } else if (what == "." || what == "/") {
    agreed_.folder = std::move(*fd);
  } else {
    return Protocol(base::Escape(text));
  }
  return absl::OkStatus();
}

void CollatorClient::Progress() {
  const std::shared_ptr<bool> alive = alive_;
  if (stage_ == Stage::kAsked && reader_.expects_nothing() &&
      (!options_.widow || agreed_.widow) &&
      (!options_.folder || agreed_.folder)) {
    stage_ = Stage::kAgreed;
    if (const auto agreed = calls_.agreed) agreed(std::move(agreed_));
  }
  if (*alive && stage_ == Stage::kAgreed && has_stream_ &&
      (!options_.input || granted_.input || granted_.quick) &&
      (!options_.error || granted_.error || granted_.quick)) {
    stage_ = Stage::kGranted;
    if (const auto granted = calls_.granted) granted(std::move(granted_));
  }
}

void CollatorClient::Lose(const absl::Status& why) {
  loop_.Unwatch(socket_.get());
  socket_.Reset();
  stage_ = Stage::kOver;
  if (const auto lost = calls_.lost) lost(why);
}

void CollatorClient::Report(Ready ready, bool quick) {
  ready_ = std::max(ready_, ready);
  quick_ |= quick;
  if (stage_ < Stage::kAsked || stage_ >= Stage::kGranted ||
      ready_ == sent_ready_) {
    return;
  }
  sent_ready_ = ready_;
  Send(ReportRequest(ready_, quick_ && ready_ == Ready::kFinished));
}

void CollatorClient::Status(int status) {
  status_ = status;
  if (stage_ >= Stage::kAsked) Send(StatusRequest(status));
}

void CollatorClient::WriteFailed(int error_number) {
  Send(WriteFailedRequest(error_number));
}

void CollatorClient::AskForEnd() { Send(PlainRequest("Q! ")); }

void CollatorClient::Send(absl::string_view bytes) {
  if (!socket_) return;
  absl::StrAppend(&unsent_, bytes);
  Flush();
}

void CollatorClient::Flush() {
  while (!unsent_.empty()) {
    const absl::StatusOr<size_t> sent =
        sys::SendWithFd(socket_.get(), unsent_, -1);
    // A manager that is gone is noticed by reading.
    if (!sent.ok()) unsent_.clear();
    if (!sent.ok() || *sent == 0) break;
    unsent_.erase(0, *sent);
  }
  if (stage_ < Stage::kGranted) {
    loop_.Rewatch(socket_.get(),
                  EPOLLIN | (unsent_.empty() ? 0 : uint32_t{EPOLLOUT}));
  }
}

void CollatorClient::End() {
  if (!socket_) return;
  // A section may be over before anything was asked.
  if (stage_ < Stage::kAsked) absl::StrAppend(&unsent_, StatusRequest(status_));
  stage_ = Stage::kOver;
  loop_.Unwatch(socket_.get());
  Flush();
  pollfd p = {socket_.get(), POLLOUT, 0};
  while (!unsent_.empty() && poll(&p, 1, kEndWaitMs) > 0) Flush();
  socket_.Reset();
}

}  // namespace fanout
