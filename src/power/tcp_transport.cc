#include "power/tcp_transport.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <sys/epoll.h>

#include <utility>

#include "sys/socket.h"

namespace power {

Failure ConnectFailure(const absl::Status& status) {
  const absl::string_view reason = status.message();
  Failure failure;
  failure.failure_class = FailureClass::kUnreachable;
  // The kernel gave up before we did.
  if (absl::IsDeadlineExceeded(status)) {
    failure.failure_class = FailureClass::kTimeout;
  } else if (absl::IsInvalidArgument(status)) {
    failure.failure_class = FailureClass::kConfig;
  }
  failure.text = absl::StartsWith(reason, "connect: ")
                     ? std::string(reason)
                     : absl::StrCat("connect: ", reason);
  return failure;
}

TcpTransport::TcpTransport(sys::Loop& loop, std::string address, int port,
                           absl::Duration connect_timeout)
    : loop_(loop),
      address_(std::move(address)),
      port_(port),
      connect_timeout_(connect_timeout),
      line_(loop) {}

TcpTransport::~TcpTransport() { loop_.Unwatch(connecting_.get()); }

void TcpTransport::Start(Events events) {
  line_.Listen(std::move(events));
  absl::StatusOr<sys::Fd> fd = sys::BeginConnectTcp(address_, port_);
  absl::Status status = fd.status();
  if (fd.ok()) {
    connecting_ = *std::move(fd);
    status = loop_.Watch(connecting_.get(), EPOLLOUT,
                         [this](uint32_t) { OnConnected(); });
  }
  if (!status.ok()) {
    return line_.Soon(
        [this, failure = ConnectFailure(status)] { line_.End(failure); });
  }
  line_.After(connect_timeout_, [this] {
    loop_.Unwatch(connecting_.get());
    line_.End(Failure{FailureClass::kTimeout,
                      absl::StrCat("connect: no answer within ",
                                   absl::FormatDuration(connect_timeout_))});
  });
}

void TcpTransport::OnConnected() {
  loop_.Unwatch(connecting_.get());
  const absl::Status status = sys::ConnectError(connecting_.get());
  if (!status.ok()) return line_.End(ConnectFailure(status));
  line_.Open(std::move(connecting_));
}

void TcpTransport::Leave(std::function<void()> gone) {
  loop_.Unwatch(connecting_.get());
  connecting_.Reset();
  line_.Leave(std::move(gone));
}

}  // namespace power
