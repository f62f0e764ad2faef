#include "mcfeely/far_agent.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/status.h"
#include "net/local_relay.h"
#include "sys/child.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/users.h"

namespace mcfeely {
namespace {

// Relative to the folder: a socket's path has room for 107 bytes only.
constexpr char kSocket[] = "agent.sock";
constexpr char kLog[] = "agent.log";
constexpr absl::Duration kLongestStart = absl::Seconds(10);
constexpr int kTries = 5;
constexpr int kPauseMs = 200;

// The last line, as what has ended an agent is the last it says.
std::string Complaint() {
  const absl::StatusOr<std::string> log = sys::ReadFile(kLog, 1 << 20);
  if (!log.ok()) return std::string(log.status().message());
  absl::string_view text = absl::StripAsciiWhitespace(*log);
  text.remove_prefix(text.rfind('\n') + 1);
  return base::Escape(text);
}

// Waits until it says that it listens, or has closed its end.
bool AwaitLine(int fd) {
  pollfd polled = {fd, POLLIN, 0};
  char line;
  return poll(&polled, 1,
              static_cast<int>(absl::ToInt64Milliseconds(kLongestStart))) > 0 &&
         read(fd, &line, 1) == 1;
}

// Whether it listens now.
absl::StatusOr<bool> StartAgent(const std::vector<std::string>& agent) {
  // Nothing of it may hold the line open: its standard error is a file.
  TRY_ASSIGN(const sys::Fd log,
             sys::Open(kLog, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600));
  TRY_ASSIGN(auto ready, sys::Pipe());
  std::vector<std::string> argv = agent;
  argv.insert(argv.end(),
              {"-J", ".", "--listen", absl::StrCat("unix:", kSocket),
               "--while-needed", "--ready-fd", "1"});
  sys::SpawnOptions spawn;
  spawn.out = ready.second.get();
  spawn.err = log.get();
  spawn.program = sys::OwnExecutable();
  spawn.own_session = true;
  TRY_ASSIGN(sys::Child child, sys::Child::Spawn(argv, spawn));
  child.LetGo();
  ready.second.Reset();
  return AwaitLine(ready.first.get());
}

}  // namespace

std::string FarAgentFolder(const std::string& host) {
  std::string state = sys::EnvironmentVariable("XDG_STATE_HOME");
  if (state.empty() || state[0] != '/') {
    state = absl::StrCat(sys::HomeFolder(), "/.local/state");
  }
  return absl::StrCat(state, "/fleetbox/agent/", host);
}

absl::Status RelayToFarAgent(const FarAgentConfig& config) {
  TRY(sys::MakeFolders(config.folder, 0700));
  if (chdir(config.folder.c_str()) != 0) return base::SysError(config.folder);
  for (int tries = 0; tries < kTries; tries++) {
    const absl::Status relayed = net::RelayStdio(kSocket);
    if (!absl::IsUnavailable(relayed)) return relayed;
    // Two lines may start one each; one of the two finds the journal taken, and
    // its line the other's socket. One that is just ending is waited for.
    TRY_ASSIGN(const bool listens, StartAgent(config.agent));
    if (!listens) (void)poll(nullptr, 0, kPauseMs);
  }
  return absl::UnavailableError(
      absl::StrCat("no agent has started: ", Complaint()));
}

}  // namespace mcfeely
