#include "msrc/own_terminal.h"

#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/status.h"

namespace msrc {
namespace {

constexpr size_t kReadBytes = 4096;

}  // namespace

OwnTerminal::OwnTerminal(sys::Loop& loop)
    : loop_(loop), resizes_(loop, {SIGWINCH}, [this](int) {
        if (raw_) TellSize();
      }) {}

absl::Status OwnTerminal::Take(Events events) {
  events_ = std::move(events);
  TRY_ASSIGN(raw_, sys::RawTerminal::Make(STDIN_FILENO));
  // It may have changed since the utility was asked for.
  TellSize();
  return loop_.Watch(STDIN_FILENO, EPOLLIN, [this](uint32_t) { Read(); });
}

void OwnTerminal::TellSize() {
  events_.resized(sys::TerminalColumns(STDIN_FILENO),
                  sys::TerminalLines(STDIN_FILENO));
}

void OwnTerminal::Release() {
  if (!raw_) return;
  loop_.Unwatch(STDIN_FILENO);
  raw_.reset();
}

void OwnTerminal::Pause(bool paused) {
  if (raw_) loop_.Rewatch(STDIN_FILENO, paused ? 0u : EPOLLIN);
}

// It blocks, but not when there is something: a line that is edited is none.
void OwnTerminal::Read() {
  std::string bytes(kReadBytes, '\0');
  const ssize_t n = read(STDIN_FILENO, bytes.data(), bytes.size());
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (n <= 0) return events_.hung_up();
  bytes.resize(static_cast<size_t>(n));
  EscapeKeys::Typed typed = keys_.Take(bytes);
  const bool hang_up = typed.hang_up;
  if (!typed.keys.empty()) events_.typed(std::move(typed.keys));
  if (hang_up) events_.hung_up();
}

}  // namespace msrc
