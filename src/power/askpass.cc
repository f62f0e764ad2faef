#include "power/askpass.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "base/status.h"
#include "power/limits.h"
#include "sys/process.h"
#include "sys/signals.h"
#include "sys/socket.h"
#include "sys/users.h"

namespace power {
namespace {

constexpr char kSocket[] = "/ask";
constexpr size_t kMaxCallers = 8;

std::string FolderOf(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == path.npos ? "." : std::string(path.substr(0, slash));
}

// Its parent's number; the fourth field of a line whose second one, the name in
// parentheses, may hold anything (proc(5)).
std::optional<int> ParentOf(int pid) {
  const absl::StatusOr<std::string> stat =
      sys::ReadFile(absl::StrCat("/proc/", pid, "/stat"), 4096);
  if (!stat.ok()) return std::nullopt;
  const size_t name_end = stat->rfind(')');
  if (name_end == stat->npos) return std::nullopt;
  const std::vector<std::string> fields = absl::StrSplit(
      absl::string_view(*stat).substr(name_end + 1), ' ', absl::SkipEmpty());
  int parent = 0;
  if (fields.size() < 2 || !absl::SimpleAtoi(fields[1], &parent)) {
    return std::nullopt;
  }
  return parent;
}

// Blocks: this is all that the process does.
absl::StatusOr<keys::Secret> ReadAnswer(int fd) {
  keys::Secret answer(kMaxAskpassBytes);
  size_t size = 0;
  for (;;) {
    if (size == answer.size()) {
      return absl::ResourceExhaustedError("the answer is too long");
    }
    const ssize_t n = read(fd, answer.data() + size, answer.size() - size);
    if (n < 0 && errno == EAGAIN) {
      usleep(1000);
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::SysError("read");
    if (n == 0) break;
    size += static_cast<size_t>(n);
  }
  return keys::Secret(answer.view().substr(0, size));
}

}  // namespace

int AskpassMain(absl::string_view path, absl::Span<const std::string> words) {
  prctl(PR_SET_DUMPABLE, 0);
  sys::IgnoreSigpipe();  // whoever is not answered is hung up on
  absl::StatusOr<sys::Fd> fd =
      sys::ConnectUnix(absl::StrCat(FolderOf(path), kSocket));
  if (!fd.ok()) return 1;
  const std::string kind = sys::EnvironmentVariable("SSH_ASKPASS_PROMPT");
  const std::string question =
      absl::StrCat(kind, "\n", words.empty() ? "" : words[0]);
  if (!sys::WriteAll(fd->get(),
                     absl::string_view(question).substr(0, kMaxAskpassBytes))
           .ok()) {
    return 1;
  }
  shutdown(fd->get(), SHUT_WR);
  const absl::StatusOr<keys::Secret> answer = ReadAnswer(fd->get());
  if (!answer.ok() || answer->size() == 0 || answer->view()[0] != '+') return 1;
  const bool is_told =
      sys::WriteAll(STDOUT_FILENO, answer->view().substr(1)).ok() &&
      sys::WriteAll(STDOUT_FILENO, "\n").ok();
  return is_told ? 0 : 1;
}

absl::StatusOr<std::unique_ptr<AskpassServer>> AskpassServer::Make(
    sys::Loop& loop, const std::string& executable, Answer answer) {
  TRY_ASSIGN(sys::TemporaryFolder folder, sys::TemporaryFolder::Make("pcu"));
  auto server = std::unique_ptr<AskpassServer>(
      new AskpassServer(loop, std::move(folder), std::move(answer)));
  AskpassServer& s = *server;
  const std::string link = s.program();
  if (symlink(executable.c_str(), link.c_str()) != 0) {
    return base::SysError(link);
  }
  TRY_ASSIGN(s.listener_,
             sys::ListenUnix(absl::StrCat(s.folder_.path(), kSocket), 0600));
  TRY(loop.Watch(s.listener_.get(), EPOLLIN, [&s](uint32_t) { s.OnCaller(); }));
  return server;
}

AskpassServer::~AskpassServer() {
  if (listener_) loop_.Unwatch(listener_.get());
  for (const auto& [fd, caller] : callers_) loop_.Unwatch(fd);
}

std::string AskpassServer::program() const {
  return absl::StrCat(folder_.path(), "/", kAskpassName);
}

void AskpassServer::OnCaller() {
  absl::StatusOr<sys::Fd> accepted = sys::Accept(listener_.get(), nullptr);
  if (!accepted.ok() || !*accepted || callers_.size() >= kMaxCallers) return;
  const absl::StatusOr<sys::PeerCredentials> peer =
      sys::PeerOf(accepted->get());
  if (!peer.ok() || peer->uid != sys::MyUid() || parent_ == 0 ||
      ParentOf(peer->pid) != parent_) {
    return;
  }
  const int fd = accepted->get();
  callers_[fd].fd = *std::move(accepted);
  if (!loop_.Watch(fd, EPOLLIN, [this, fd](uint32_t) { OnQuestion(fd); })
           .ok()) {
    callers_.erase(fd);
  }
}

void AskpassServer::OnQuestion(int fd) {
  Caller& caller = callers_.at(fd);
  char buffer[kMaxAskpassBytes];
  const ssize_t n = read(fd, buffer, sizeof buffer);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n > 0) {
    caller.question.append(buffer, static_cast<size_t>(n));
    if (caller.question.size() <= kMaxAskpassBytes) return;
  }
  loop_.Unwatch(fd);
  const Caller done = std::move(caller);
  callers_.erase(fd);
  if (n == 0) Reply(done.fd.get(), done.question);
}

void AskpassServer::Reply(int fd, absl::string_view question) {
  const size_t line = question.find('\n');
  if (line == question.npos) return;
  const absl::string_view kind = question.substr(0, line);
  // "none" wants nothing but to be shown.
  if (kind == "none") {
    sys::WriteAll(fd, "+").IgnoreError();
    return;
  }
  const keys::Secret* answer =
      answer_(question.substr(line + 1), kind == "confirm");
  // Less than a socket holds: this does not wait.
  if (answer == nullptr) {
    sys::WriteAll(fd, "-").IgnoreError();
  } else {
    sys::WriteAll(fd, "+").IgnoreError();
    sys::WriteAll(fd, answer->view()).IgnoreError();
  }
}

}  // namespace power
