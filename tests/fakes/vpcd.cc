// vpcd [--count=N] [--address=127.0.30.1] [--port=10500] [--plugs=16]
//      [--mute=N] [--off] [--ready-fd=N]
// Serves models of the strip that powerman's vpcd is (its dialogue is Debian's
// vpc.dev), over TCP, on N addresses that follow each other. The last --mute
// of them take callers and say nothing. SIGUSR1 prints a line for each:
// address, plugs that are on, callers so far, and times a plug was switched.
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "fakes/settings.h"
#include "sys/loop.h"
#include "sys/process.h"
#include "sys/signals.h"
#include "sys/socket.h"

namespace {

constexpr size_t kMaxLine = 4096;

struct Wanted {
  int count = 1, port = 10500, plugs = 16, mute = 0;
  bool is_off = false;
  std::string address = "127.0.30.1";
};

class Strip {
 public:
  Strip(sys::Loop& loop, const Wanted& wanted, std::string address,
        bool is_mute)
      : loop_(loop),
        address_(std::move(address)),
        is_mute_(is_mute),
        is_on_(static_cast<size_t>(wanted.plugs), !wanted.is_off) {}
  ~Strip() {
    for (const auto& [fd, caller] : callers_) loop_.Unwatch(fd);
    if (listener_.get() >= 0) loop_.Unwatch(listener_.get());
  }

  absl::Status Serve(int port) {
    TRY_ASSIGN(listener_, sys::ListenTcp(address_, port));
    return loop_.Watch(listener_.get(), EPOLLIN,
                       [this](uint32_t) { Answer(); });
  }

  std::string Counts() const {
    return absl::StrCat(address_, " on ",
                        std::count(is_on_.begin(), is_on_.end(), true),
                        " callers ", count_, " switched ", switched_, "\n");
  }

 private:
  struct Caller {
    sys::Fd fd;
    std::string line;
    int commands = 0;
  };

  void Answer() {
    absl::StatusOr<sys::Fd> fd = sys::Accept(listener_.get(), nullptr);
    if (!fd.ok() || !*fd) return;
    ++count_;
    const int number = fd->get();
    Caller& caller = callers_[number];
    caller.fd = *std::move(fd);
    if (!is_mute_) Say(number, "0 vpc> ");
    MUST(
        loop_.Watch(number, EPOLLIN, [this, number](uint32_t) { Hear(number); })
            .ok());
  }

  // What does not fit into the socket is lost: no answer is longer than it.
  void Say(int fd, const std::string& text) {
    if (send(fd, text.data(), text.size(), MSG_NOSIGNAL) < 0) return;
  }

  void HangUp(int fd) {
    loop_.Unwatch(fd);
    callers_.erase(fd);
  }

  void Hear(int fd) {
    char bytes[kMaxLine];
    const ssize_t n = read(fd, bytes, sizeof bytes);
    Caller& caller = callers_.at(fd);
    if (n <= 0 || caller.line.size() > kMaxLine) return HangUp(fd);
    if (is_mute_) return;
    caller.line.append(bytes, static_cast<size_t>(n));
    std::string answers;
    size_t end;
    while ((end = caller.line.find('\n')) != std::string::npos) {
      const std::string line = caller.line.substr(0, end);
      caller.line.erase(0, end + 1);
      absl::StrAppend(&answers, Do(line), caller.commands, " OK\n");
      if (line == "logoff") {
        Say(fd, answers);
        return HangUp(fd);
      }
      absl::StrAppend(&answers, ++caller.commands, " vpc> ");
    }
    Say(fd, answers);
  }

  std::string Do(const std::string& line) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    std::string answer;
    if (words.size() != 2) return answer;
    for (size_t plug = 0; plug < is_on_.size(); ++plug) {
      if (words[1] != "*" && words[1] != absl::StrCat(plug)) continue;
      if (words[0] == "stat") {
        absl::StrAppend(&answer, "plug ", plug, ": ",
                        is_on_[plug] ? "ON" : "OFF", "\n");
      } else if (words[0] == "on" || words[0] == "off") {
        is_on_[plug] = words[0] == "on";
        ++switched_;
      }
    }
    return answer;
  }

  sys::Loop& loop_;
  const std::string address_;
  const bool is_mute_;
  std::vector<bool> is_on_;
  sys::Fd listener_;
  std::map<int, Caller> callers_;
  int count_ = 0, switched_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  Wanted wanted;
  fakes::Settings settings("vpcd");
  settings.Bind("--count", &wanted.count)
      .Bind("--address", &wanted.address)
      .Bind("--port", &wanted.port)
      .Bind("--plugs", &wanted.plugs)
      .Bind("--mute", &wanted.mute)
      .Flag("--off", &wanted.is_off);
  if (!settings.Read(argc, argv)) return 64;
  sys::RaiseDescriptorLimit();
  sys::Loop loop;
  std::vector<std::unique_ptr<Strip>> strips;
  for (int i = 0; i < wanted.count; ++i) {
    strips.push_back(std::make_unique<Strip>(
        loop, wanted, fakes::AddressBehind(wanted.address, i),
        i >= wanted.count - wanted.mute));
    const absl::Status served = strips.back()->Serve(wanted.port);
    if (!served.ok()) {
      fprintf(stderr, "vpcd: %s\n", std::string(served.message()).c_str());
      return 71;
    }
  }
  sys::Signals signals(loop, {SIGTERM, SIGINT, SIGUSR1}, [&](int signal) {
    for (const auto& strip : strips) printf("%s", strip->Counts().c_str());
    fflush(stdout);
    if (signal != SIGUSR1) loop.Stop();
  });
  sys::TellReady(settings.ready_fd(), "ready\n");
  loop.Run();
  return 0;
}
