// What a line of the table may say about its entry beyond the original's five
// fields: KEY=VALUE words, in ":::opt:TAG ..." lines or behind the mode.
// isinittab(5) has the list for people. Pure.
#pragma once

#include <absl/status/status.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace isinit {

// limit=5/10s pause=60s: at most so many starts in any such span; the next
// begins a pause, after which the count is fresh.
struct StartLimit {
  int starts = 5;
  absl::Duration within = absl::Seconds(10);
  absl::Duration pause = absl::Seconds(60);
  friend bool operator==(const StartLimit&, const StartLimit&) = default;
};

// backoff=100ms..60s*2~20%: the pause before each start after the first, in
// place of StartLimit.
struct Backoff {
  absl::Duration first, longest;
  double factor = 2;
  int jitter_percent = 0;  // either way
  friend bool operator==(const Backoff&, const Backoff&) = default;
};

// What follows when an entry gives up, or is found unhealthy.
struct Consequence {
  enum class Kind {
    kNone,  // it is shown and logged ("notify")
    kRestart,
    kStopGroup,
    kLevel,  // its group is told `level`
    kExit,   // everything stops, and we end with its exit code
    kReboot,
  };
  Kind kind = Kind::kNone;
  std::string level = {};
  friend bool operator==(const Consequence&, const Consequence&) = default;
};

// ready=...: when an entry counts as up, for those that come after it.
struct Readiness {
  enum class Kind {
    kExec,        // as soon as its program runs
    kExit,        // when it has ended with 0
    kDescriptor,  // fd:N, when it writes a line to its descriptor N
    kNotify,      // READY=1 to $NOTIFY_SOCKET
    kTcp,         // somebody listens on 127.0.0.1:PORT
    kUnix,        // or on this socket
    kFile,        // the file is there
    kCommand,     // the command exits with 0
  };
  Kind kind = Kind::kExec;
  int number = 0;         // descriptor or port
  std::string text = {};  // path or command
  friend bool operator==(const Readiness&, const Readiness&) = default;
};

// health=...: looked at every so often while the entry is up.
struct Health {
  enum class Kind { kNone, kCommand, kTcp, kHttp, kUnix };
  Kind kind = Kind::kNone;
  int port = 0;
  std::string text = {};  // command, path of the socket, path asked for by http
  absl::Duration every = absl::Seconds(30);
  absl::Duration timeout = absl::Seconds(10);   // of one look
  int fails = 3;                                // in a row
  absl::Duration grace = absl::ZeroDuration();  // after it is ready
  Consequence unhealthy = {.kind = Consequence::Kind::kRestart};
  friend bool operator==(const Health&, const Health&) = default;
};

// log=...: where its standard output and error go.
struct LogTo {
  enum class Kind {
    kFile,
    kNone,
    kKernel,
    kConsole,
    kSyslog,
    kEntry,
    kInherit
  };
  Kind kind = Kind::kFile;
  std::string tag = {};          // of the entry whose standard input it is
  int64_t file_bytes = 1 << 20;  // log-size: then a new file is begun
  int keep = 5;                  // log-keep: old ones, compressed
  int64_t lines_per_second = 0;  // log-rate: 0 is no limit
  friend bool operator==(const LogTo&, const LogTo&) = default;
};

struct NamedLimit {
  int resource = 0;  // RLIMIT_...
  uint64_t soft = 0, hard = 0;
  friend bool operator==(const NamedLimit&, const NamedLimit&) = default;
};

// listen=tcp:HOST:PORT or unix:PATH: a socket that we hold for the entry.
struct ListenAt {
  bool is_unix = false;
  std::string host = {};  // "" is every address
  int port = 0;
  std::string path = {};
  friend bool operator==(const ListenAt&, const ListenAt&) = default;
};

// Whom and what its process runs as.
struct Surroundings {
  std::string user = {}, group = {};          // names or numbers; "" keeps ours
  std::vector<std::string> environment = {};  // env=NAME=VALUE
  std::vector<std::string> pass = {};         // env-pass=NAME,...: of ours
  bool pass_all = false;                      // env-pass=*
  std::string environment_file = {};          // env-file=PATH
  std::vector<std::pair<std::string, std::string>> secrets = {};  // NAME, PATH
  std::string folder = "/";                                       // cwd=
  uint32_t umask = 022;
  int nice = 0;
  std::vector<NamedLimit> limits = {};    // rlimit-nofile=1024[:4096]
  std::optional<int> out_of_memory = {};  // oom=: /proc/PID/oom_score_adj
  bool no_new_privileges = false;
  // capabilities=net_bind_service,...: all it may have, kept over its change
  // of user. Numbers of capabilities(7).
  std::optional<std::vector<int>> capabilities = {};
  std::string terminal = {};  // tty=PATH: its controlling terminal
  // cgroup v2 controllers, where there are some: bytes, processes, and
  // processor time as a percentage of one processor. 0 is no limit.
  int64_t memory_bytes = 0, processes = 0, processor_percent = 0;
  friend bool operator==(const Surroundings&, const Surroundings&) = default;
};

struct Attributes {
  int stop_signal = 15;
  absl::Duration stop_timeout = absl::Seconds(31);
  std::string stop_command = {};  // runs in place of the signal

  StartLimit limit = {};
  std::optional<Backoff> backoff = {};
  absl::Duration steady = absl::Seconds(10);  // up so long: backoff is fresh
  std::optional<int> max_restarts = {};
  Consequence give_up = {};

  Readiness ready = {};
  absl::Duration ready_timeout = absl::Seconds(60);
  std::vector<std::string> after = {};  // tags of its group
  std::vector<std::string> needs = {};  // tags of its group
  std::vector<std::pair<std::string, std::string>> needs_groups =
      {};  // G, LEVEL

  bool gate = false;                                  // of a test
  absl::Duration timeout = absl::InfiniteDuration();  // of a wait or a test
  bool forking = false;         // alive while anything of it is
  bool essential = false;       // when it has ended for good, so do we
  bool keep_on_reload = false;  // reload=keep
  bool lazy = false;            // started by the first connection
  std::vector<ListenAt> listen = {};
  std::vector<std::pair<int, int>> exit_codes = {};  // exit-codes=143:0,...

  Health health = {};
  LogTo log = {};
  Surroundings surroundings = {};
  friend bool operator==(const Attributes&, const Attributes&) = default;
};

// Sets what one word KEY=VALUE (or KEY, for a switch) says. InvalidArgument,
// saying what is expected, for an unknown key or a value it cannot have.
absl::Status SetAttribute(Attributes& attributes, absl::string_view word);
// The keys there are, sorted.
std::vector<absl::string_view> AttributeNames();

}  // namespace isinit
