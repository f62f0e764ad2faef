#include "power/exec_transport.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>

#include <csignal>
#include <memory>
#include <utility>

#include "sys/socket.h"

namespace power {

ExecTransport::ExecTransport(sys::Loop& loop, std::vector<std::string> program)
    : program_(std::move(program)), line_(loop) {}

ExecTransport::~ExecTransport() {
  line_.Close();
  Kill();
}

void ExecTransport::Kill() {
  if (!child_.has_value()) return;
  // The group is its own as long as nobody has waited for it.
  child_->SignalGroup(SIGKILL).IgnoreError();
  child_->Wait();
  child_.reset();
}

void ExecTransport::Start(Events events) {
  line_.Listen(std::move(events));
  auto ours = std::make_shared<sys::Fd>();
  const std::optional<Failure> failure = Spawn(ours.get());
  line_.Soon([this, failure, ours] {
    if (failure.has_value()) return line_.End(failure);
    line_.Open(std::move(*ours));
  });
}

std::optional<Failure> ExecTransport::Spawn(sys::Fd* line) {
  if (program_.empty()) {
    return Failure{FailureClass::kConfig, "there is no program to run"};
  }
  auto pair = sys::SocketPair();
  if (!pair.ok()) {
    return Failure{FailureClass::kInternal,
                   std::string(pair.status().message())};
  }
  // Programs expect to wait where there is nothing to read.
  const int theirs = pair->second.get();
  fcntl(theirs, F_SETFL, fcntl(theirs, F_GETFL) & ~O_NONBLOCK);
  absl::StatusOr<sys::Child> child =
      sys::Child::Spawn(program_, {.in = theirs,
                                   .out = theirs,
                                   .err = theirs,
                                   .own_session = true,
                                   .death_signal = SIGKILL});
  if (!child.ok()) {
    return Failure{absl::IsNotFound(child.status()) ? FailureClass::kUnsupported
                                                    : FailureClass::kConfig,
                   absl::StrCat("run: ", child.status().message())};
  }
  child_ = *std::move(child);
  *line = std::move(pair->first);
  return std::nullopt;
}

}  // namespace power
