#include "isinit/attributes.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <csignal>

namespace {

using isinit::Attributes;
using isinit::Consequence;
using isinit::Health;
using isinit::LogTo;
using isinit::Readiness;
using isinit::SetAttribute;

Attributes With(std::initializer_list<absl::string_view> words) {
  Attributes a;
  for (const absl::string_view word : words) {
    INFO(std::string(word));
    const absl::Status status = SetAttribute(a, word);
    INFO(std::string(status.message()));
    REQUIRE(status.ok());
  }
  return a;
}

std::string Refusal(absl::string_view word) {
  Attributes a;
  const absl::Status status = SetAttribute(a, word);
  INFO(std::string(word));
  CHECK(absl::IsInvalidArgument(status));
  // What is refused has changed nothing.
  CHECK(a == Attributes());
  return std::string(status.message());
}

TEST_CASE("attributes: the defaults are those of the specification",
          "[isinit]") {
  const Attributes a;
  CHECK(a.stop_signal == SIGTERM);
  CHECK(a.stop_timeout == absl::Seconds(31));
  CHECK(a.limit.starts == 5);
  CHECK(a.limit.within == absl::Seconds(10));
  CHECK(a.limit.pause == absl::Seconds(60));
  CHECK(a.steady == absl::Seconds(10));
  CHECK_FALSE(a.max_restarts.has_value());
  CHECK(a.timeout == absl::InfiniteDuration());
  CHECK(a.surroundings.folder == "/");
  CHECK(a.surroundings.umask == 022);
}

TEST_CASE("attributes: how an entry is stopped", "[isinit]") {
  const Attributes a =
      With({"stop-signal=INT", "stop-timeout=2s", "stop=/bin/down -a now"});
  CHECK(a.stop_signal == SIGINT);
  CHECK(a.stop_timeout == absl::Seconds(2));
  CHECK(a.stop_command == "/bin/down -a now");
  CHECK(With({"stop-timeout=0"}).stop_timeout == absl::ZeroDuration());
}

TEST_CASE("attributes: a signal is a name with or without SIG, or a number",
          "[isinit]") {
  CHECK(With({"stop-signal=SIGHUP"}).stop_signal == SIGHUP);
  CHECK(With({"stop-signal=usr1"}).stop_signal == SIGUSR1);
  CHECK(With({"stop-signal=9"}).stop_signal == SIGKILL);
  CHECK(With({"stop-signal=RTMIN+3"}).stop_signal == SIGRTMIN + 3);
  CHECK(With({"stop-signal=SIGRTMIN"}).stop_signal == SIGRTMIN);
  for (const char* wrong :
       {"", "0", "65", "TREM", "RTMIN+31", "RTMIN3", "-9"}) {
    Refusal(absl::StrCat("stop-signal=", wrong));
  }
}

TEST_CASE("attributes: how often an entry is started", "[isinit]") {
  Attributes a = With({"limit=3/1m", "pause=5m", "max-restarts=7"});
  CHECK(a.limit.starts == 3);
  CHECK(a.limit.within == absl::Minutes(1));
  CHECK(a.limit.pause == absl::Minutes(5));
  CHECK(a.max_restarts == 7);
  REQUIRE(SetAttribute(a, "max-restarts=none").ok());
  CHECK_FALSE(a.max_restarts.has_value());
  // The one does not set back the other, in whatever order they come.
  CHECK(With({"pause=5m", "limit=3/1m"}).limit == a.limit);
  for (const char* wrong : {"5", "0/10s", "5/0s", "1001/1s", "x/10s", "5/"}) {
    Refusal(absl::StrCat("limit=", wrong));
  }
}

TEST_CASE("attributes: a back-off is a span, a factor and a jitter",
          "[isinit]") {
  Attributes a = With({"backoff=100ms..60s*1.5~20%"});
  REQUIRE(a.backoff.has_value());
  CHECK(a.backoff->first == absl::Milliseconds(100));
  CHECK(a.backoff->longest == absl::Seconds(60));
  CHECK(a.backoff->factor == 1.5);
  CHECK(a.backoff->jitter_percent == 20);
  const Attributes plain = With({"backoff=1s..1s"});
  CHECK(plain.backoff->factor == 2);
  CHECK(plain.backoff->jitter_percent == 0);
  REQUIRE(SetAttribute(a, "backoff=none").ok());
  CHECK_FALSE(a.backoff.has_value());
  for (const char* wrong :
       {"1s", "0s..1s", "2s..1s", "1s..2s*0.5", "1s..2s*101", "1s..2s~20",
        "1s..2s~91%", "1s..2s~5%*2", "1s..2s*", "..", ""}) {
    Refusal(absl::StrCat("backoff=", wrong));
  }
}

TEST_CASE("attributes: what follows when an entry gives up", "[isinit]") {
  using Kind = Consequence::Kind;
  CHECK(With({"on-give-up=none"}).give_up.kind == Kind::kNone);
  CHECK(With({"on-give-up=stop-group"}).give_up.kind == Kind::kStopGroup);
  CHECK(With({"on-give-up=exit"}).give_up.kind == Kind::kExit);
  CHECK(With({"on-give-up=reboot"}).give_up.kind == Kind::kReboot);
  const Consequence level = With({"on-give-up=level:safe"}).give_up;
  CHECK(level.kind == Kind::kLevel);
  CHECK(level.level == "safe");
  Refusal("on-give-up=restart");
  Refusal("on-give-up=level:");
  CHECK(With({"on-unhealthy=notify"}).health.unhealthy.kind == Kind::kNone);
  CHECK(With({"on-unhealthy=level:2"}).health.unhealthy.level == "2");
  Refusal("on-unhealthy=reboot");
}

TEST_CASE("attributes: when an entry is ready", "[isinit]") {
  using Kind = Readiness::Kind;
  CHECK(With({"ready=exit"}).ready.kind == Kind::kExit);
  CHECK(With({"ready=notify", "ready=exec"}).ready.kind == Kind::kExec);
  const Readiness fd = With({"ready=fd:5"}).ready;
  CHECK(fd.kind == Kind::kDescriptor);
  CHECK(fd.number == 5);
  CHECK(With({"ready=tcp:80"}).ready.number == 80);
  CHECK(With({"ready=unix:/run/x"}).ready.text == "/run/x");
  CHECK(With({"ready=file:/run/x.pid"}).ready.kind == Kind::kFile);
  const Readiness command = With({"ready=cmd:test -S a:b"}).ready;
  CHECK(command.kind == Kind::kCommand);
  CHECK(command.text == "test -S a:b");
  for (const char* wrong : {"", "fd:2", "fd:1024", "tcp:0", "tcp:65536",
                            "unix:x", "file:x", "cmd:", "soon"}) {
    Refusal(absl::StrCat("ready=", wrong));
  }
}

TEST_CASE("attributes: how health is looked at", "[isinit]") {
  using Kind = Health::Kind;
  const Health http = With({"health=http:8080/status?full", "every=5s",
                            "health-timeout=2s", "fails=1", "grace=1m"})
                          .health;
  CHECK(http.kind == Kind::kHttp);
  CHECK(http.port == 8080);
  CHECK(http.text == "/status?full");
  CHECK(http.every == absl::Seconds(5));
  CHECK(http.timeout == absl::Seconds(2));
  CHECK(http.fails == 1);
  CHECK(http.grace == absl::Minutes(1));
  CHECK(With({"health=http:80"}).health.text == "/");
  CHECK(With({"health=tcp:22"}).health.port == 22);
  CHECK(With({"health=unix:/run/x"}).health.kind == Kind::kUnix);
  CHECK(With({"health=cmd:/bin/true"}).health.text == "/bin/true");
  CHECK(With({"health=tcp:22", "health=none"}).health == Health());
  Refusal("health=http:80x");
  Refusal("health=http:80/a b");
  Refusal("health=ping");
  Refusal("fails=0");
}

TEST_CASE("attributes: where output goes", "[isinit]") {
  using Kind = LogTo::Kind;
  const LogTo log = With({"log-size=64k", "log-keep=0", "log-rate=100/s"}).log;
  CHECK(log.kind == Kind::kFile);
  CHECK(log.file_bytes == 65536);
  CHECK(log.keep == 0);
  CHECK(log.lines_per_second == 100);
  CHECK(With({"log-rate=7", "log-rate=none"}).log.lines_per_second == 0);
  CHECK(With({"log=syslog"}).log.kind == Kind::kSyslog);
  for (const char* piped : {"log=|logger", "log=| logger"}) {
    const LogTo to = With({piped}).log;
    CHECK(to.kind == Kind::kEntry);
    CHECK(to.tag == "logger");
  }
  CHECK(With({"log=|logger", "log=none"}).log.tag.empty());
  Refusal("log=|");
  Refusal("log=/var/log/x");
  Refusal("log-size=100");
}

TEST_CASE("attributes: what comes first is told by tags and levels of groups",
          "[isinit]") {
  const Attributes a =
      With({"after=a,b", "after=c,a", "needs=db,group:base@up,group:h@3"});
  CHECK(a.after == std::vector<std::string>{"a", "b", "c"});
  CHECK(a.needs == std::vector<std::string>{"db"});
  CHECK(a.needs_groups == std::vector<std::pair<std::string, std::string>>{
                              {"base", "up"}, {"h", "3"}});
  Refusal("after=");
  Refusal("after=a,,b");
  Refusal("needs=group:base");
  Refusal("needs=a,group:@1");
}

TEST_CASE("attributes: a switch alone is a yes", "[isinit]") {
  const Attributes on =
      With({"gate", "forking=yes", "essential", "lazy", "no-new-privs"});
  CHECK(on.gate);
  CHECK(on.forking);
  CHECK(on.essential);
  CHECK(on.lazy);
  CHECK(on.surroundings.no_new_privileges);
  CHECK_FALSE(With({"gate", "gate=no"}).gate);
  CHECK(Refusal("gate=1") == "gate: '1' is not yes or no");
  CHECK(Refusal("user") ==
        "user: there is no value; it is the name or the number of a user");
}

TEST_CASE("attributes: a place to listen at has a host or every address",
          "[isinit]") {
  const Attributes a =
      With({"listen=tcp::80", "listen=tcp:127.0.0.1:81", "listen=tcp:[::1]:82",
            "listen=unix:/run/s", "listen=tcp::80"});
  REQUIRE(a.listen.size() == 4);
  CHECK(a.listen[0].host.empty());
  CHECK(a.listen[0].port == 80);
  CHECK(a.listen[1].host == "127.0.0.1");
  CHECK(a.listen[2].host == "::1");
  CHECK(a.listen[3].is_unix);
  CHECK(a.listen[3].path == "/run/s");
  for (const char* wrong :
       {"tcp:80", "tcp::", "tcp:::1:80", "tcp:[]:80", "unix:s", "udp::53"}) {
    Refusal(absl::StrCat("listen=", wrong));
  }
  Refusal(absl::StrCat("listen=unix:/", std::string(107, 'x')));
}

TEST_CASE("attributes: exit codes are mapped, the last word about one counts",
          "[isinit]") {
  CHECK(With({"exit-codes=143:0,1:2", "exit-codes=1:0"}).exit_codes ==
        std::vector<std::pair<int, int>>{{143, 0}, {1, 0}});
  Refusal("exit-codes=256:0");
  Refusal("exit-codes=1");
}

TEST_CASE("attributes: the environment of a process", "[isinit]") {
  const isinit::Surroundings s =
      With({"env=A=1", "env=B=x y=z", "env=A=2", "env=E=", "env-pass=PATH,HOME",
            "env-pass=TERM", "env-file=/etc/default/x", "secret=KEY=/etc/key",
            "cwd=/srv"})
          .surroundings;
  CHECK(s.environment == std::vector<std::string>{"A=2", "B=x y=z", "E="});
  CHECK(s.pass == std::vector<std::string>{"PATH", "HOME", "TERM"});
  CHECK(s.environment_file == "/etc/default/x");
  CHECK(s.secrets ==
        std::vector<std::pair<std::string, std::string>>{{"KEY", "/etc/key"}});
  CHECK(s.folder == "/srv");
  CHECK(With({"env-pass=*"}).surroundings.pass_all);
  CHECK_FALSE(With({"env-pass=*", "env-pass=none"}).surroundings.pass_all);
  Refusal("env=A");
  Refusal("env=1A=x");
  Refusal("env=ISINIT_TAG=x");
  Refusal("env=");
  Refusal("secret=KEY=key");
  Refusal("cwd=srv");
}

TEST_CASE("attributes: what a process may and may use", "[isinit]") {
  const isinit::Surroundings s =
      With({"user=www", "group=33", "umask=077", "nice=-5", "oom=-900",
            "tty=/dev/tty1", "memory-max=512m", "pids-max=100", "cpu-max=150%"})
          .surroundings;
  CHECK(s.user == "www");
  CHECK(s.group == "33");
  CHECK(s.umask == 077);
  CHECK(s.nice == -5);
  CHECK(s.out_of_memory == -900);
  CHECK(s.terminal == "/dev/tty1");
  CHECK(s.memory_bytes == 512 << 20);
  CHECK(s.processes == 100);
  CHECK(s.processor_percent == 150);
  const isinit::Surroundings none =
      With({"memory-max=1g", "pids-max=5", "cpu-max=50", "memory-max=none",
            "pids-max=none", "cpu-max=none"})
          .surroundings;
  CHECK(none == isinit::Surroundings());
  for (const char* wrong :
       {"user=", "user=a b", "user=a:b", "umask=8", "umask=1777",
        "umask=", "nice=20", "nice=-21", "nice=--1", "nice=+1", "oom=1001",
        "memory-max=0", "memory-max=976562500000000k", "memory-max=1.5",
        "memory-max=-1", "pids-max=0", "cpu-max=0%"}) {
    Refusal(wrong);
  }
  CHECK(With({"memory-max=1.5g"}).surroundings.memory_bytes == 3 << 29);
}

TEST_CASE("attributes: limits have the system's numbers", "[isinit]") {
  constexpr std::pair<absl::string_view, int> kNumbers[] = {
      {"as", RLIMIT_AS},
      {"core", RLIMIT_CORE},
      {"cpu", RLIMIT_CPU},
      {"data", RLIMIT_DATA},
      {"fsize", RLIMIT_FSIZE},
      {"locks", RLIMIT_LOCKS},
      {"memlock", RLIMIT_MEMLOCK},
      {"msgqueue", RLIMIT_MSGQUEUE},
      {"nice", RLIMIT_NICE},
      {"nofile", RLIMIT_NOFILE},
      {"nproc", RLIMIT_NPROC},
      {"rss", RLIMIT_RSS},
      {"rtprio", RLIMIT_RTPRIO},
      {"rttime", RLIMIT_RTTIME},
      {"sigpending", RLIMIT_SIGPENDING},
      {"stack", RLIMIT_STACK},
  };
  for (const auto& [name, number] : kNumbers) {
    const auto limits =
        With({absl::StrCat("rlimit-", name, "=unlimited")}).surroundings.limits;
    REQUIRE(limits.size() == 1);
    CHECK(limits[0].resource == number);
    CHECK(limits[0].soft == RLIM_INFINITY);
    CHECK(limits[0].hard == RLIM_INFINITY);
  }
}

TEST_CASE("attributes: a limit is soft and hard, in its own unit", "[isinit]") {
  const auto only = [](absl::string_view word) {
    const auto limits = With({word}).surroundings.limits;
    REQUIRE(limits.size() == 1);
    return std::make_pair(limits[0].soft, limits[0].hard);
  };
  using Pair = std::pair<uint64_t, uint64_t>;
  CHECK(only("rlimit-nofile=1024") == Pair{1024, 1024});
  CHECK(only("rlimit-nofile=1024:4096") == Pair{1024, 4096});
  CHECK(only("rlimit-nofile=1024:unlimited") == Pair{1024, RLIM_INFINITY});
  CHECK(only("rlimit-stack=8M") == Pair{8 << 20, 8 << 20});
  CHECK(only("rlimit-cpu=1500ms") == Pair{2, 2});
  CHECK(only("rlimit-rttime=100ms:1s") == Pair{100'000, 1'000'000});
  CHECK(With({"rlimit-core=0", "rlimit-core=1m"}).surroundings.limits.size() ==
        1);
  Refusal("rlimit-nofile=4096:1024");
  Refusal("rlimit-nofile=1k");
  Refusal("rlimit-nofile=");
  Refusal("rlimit-stack=-1");
}

TEST_CASE("attributes: capabilities are those of the kernel, or none of them",
          "[isinit]") {
  using Numbers = std::vector<int>;
  CHECK(With({"capabilities=net_raw,chown,CAP_NET_BIND_SERVICE"})
            .surroundings.capabilities == Numbers{0, 10, 13});
  CHECK(With({"capabilities=checkpoint_restore"}).surroundings.capabilities ==
        Numbers{40});
  CHECK(With({"capabilities=none"}).surroundings.capabilities == Numbers{});
  CHECK_FALSE(With({"capabilities=none", "capabilities=all"})
                  .surroundings.capabilities.has_value());
  Refusal("capabilities=root");
  Refusal("capabilities=");
}

TEST_CASE("attributes: an unknown key suggests the nearest", "[isinit]") {
  CHECK(Refusal("stop-singal=TERM") ==
        "unknown attribute 'stop-singal': is 'stop-signal' meant?");
  CHECK(Refusal("rlimit-nofiles=5") ==
        "unknown attribute 'rlimit-nofiles': is 'rlimit-nofile' meant?");
  CHECK(Refusal("colour=red") == "unknown attribute 'colour'");
  CHECK(Refusal("=x") == "unknown attribute ''");
}

TEST_CASE("attributes: a message quotes junk so that it can be read",
          "[isinit]") {
  const std::string key = Refusal(std::string(1 << 20, 'x'));
  CHECK(key.size() < 300);
  const std::string value =
      Refusal(absl::StrCat("user=\x1b[2J", std::string(1 << 20, 'x')));
  CHECK(value.size() < 300);
  CHECK_FALSE(absl::StrContains(value, "\x1b"));
  Refusal(std::string("stop=a\0b", 8));
}

TEST_CASE("attributes: of a list with one wrong name nothing is taken",
          "[isinit]") {
  for (const char* word :
       {"after=a,b!", "needs=a,group:h@1,b!", "env-pass=A,1", "listen=tcp:x",
        "capabilities=chown,root", "exit-codes=1:2,3", "rlimit-nofile=1:x",
        "backoff=1s..2s*x", "limit=3/x", "health=http:80x", "reload=x", "log=|",
        "umask=7778"}) {
    Refusal(word);
  }
}

TEST_CASE("attributes: a value of the wrong shape is told with its key",
          "[isinit]") {
  for (const absl::string_view name : isinit::AttributeNames()) {
    if (name == "stop") continue;  // which takes any text
    const std::string text = Refusal(absl::StrCat(name, "=\t"));
    INFO(text);
    CHECK(absl::StartsWith(text, absl::StrCat(name, ": '\\t' is not ")));
  }
}

}  // namespace
