#include "mcfeely/comm.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <signal.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <map>

#include "base/limits.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/users.h"

namespace {

namespace wire = fleetbox::wire;

// A comm folder and a runner; Run waits for the result of one comm.
class Comms {
 public:
  Comms()
      : folder_(*sys::TemporaryFolder::Make("comm-")),
        comm_(folder_.path() + "/comm"),
        runner_(
            loop_,
            {.folder = comm_,
             .work_folder = folder_.path() + "/runs",
             .host = "h1",
             .kill_after = absl::Milliseconds(200)},
            [this](base::AttemptId) { started_++; },
            [this](wire::Result r) { ended_.push_back(std::move(r)); }) {
    REQUIRE(sys::MakeFolders(comm_).ok());
  }

  void Script(const std::string& name, const std::string& body,
              int mode = 0755) {
    REQUIRE(
        sys::ReplaceFile(comm_ + "/" + name, "#!/bin/sh\n" + body, mode).ok());
  }

  wire::Attempt Attempt(const std::string& comm) {
    wire::Attempt attempt;
    attempt.set_id(sys::RandomBytes(16));
    attempt.set_job(7);
    attempt.set_task_name("web");
    attempt.set_number(2);
    attempt.set_comm(comm);
    attempt.set_description("a \"job\"\n$(x)");
    return attempt;
  }

  wire::Result Run(const wire::Attempt& attempt) {
    runner_.Start(attempt);
    const absl::Time deadline = sys::SteadyNow() + absl::Seconds(20);
    while (ended_.empty() && sys::SteadyNow() < deadline) {
      loop_.Turn(absl::Milliseconds(100));
    }
    REQUIRE(ended_.size() == 1);
    wire::Result result = ended_[0];
    ended_.clear();
    return result;
  }
  wire::Result Run(const std::string& comm) { return Run(Attempt(comm)); }
  // And time for it to do what it should not.
  void Prepare(const wire::Attempt& attempt) {
    runner_.Prepare(attempt);
    for (int i = 0; i < 20; i++) loop_.Turn(absl::Milliseconds(2));
    CHECK(ended_.empty());
  }
  void Drop(const wire::Attempt& attempt) {
    runner_.Drop(base::AttemptId::From(attempt.id()));
    const absl::Time deadline = sys::SteadyNow() + absl::Seconds(20);
    while (runner_.running() > 0 && sys::SteadyNow() < deadline) {
      loop_.Turn(absl::Milliseconds(100));
    }
    CHECK(runner_.running() == 0);
    CHECK(ended_.empty());
  }

  std::string path() const { return folder_.path(); }
  std::string comm() const { return comm_; }
  int started() const { return started_; }
  bool WorkIsEmpty() const {
    const auto names = sys::ListFolder(path() + "/runs");
    if (!names.ok()) return true;
    for (const std::string& name : *names) {
      if (!sys::ListFolder(path() + "/runs/" + name)->empty()) return false;
    }
    return true;
  }

 private:
  sys::Loop loop_;
  sys::TemporaryFolder folder_;
  std::string comm_;
  mcfeely::CommRunner runner_;
  int started_ = 0;
  std::vector<wire::Result> ended_;
};

}  // namespace

TEST_CASE("comm: one that is prepared does nothing before it is started",
          "[mcfeely]") {
  Comms comms;
  const std::string mark = comms.path() + "/mark";
  comms.Script("marks", "echo once >>" + mark + "\n");
  const wire::Attempt attempt = comms.Attempt("marks");
  comms.Prepare(attempt);
  CHECK_FALSE(sys::Stat(mark)->exists);
  const bool starts = GENERATE(true, false);
  if (starts) {
    CHECK(comms.Run(attempt).verdict() == wire::DONE);
    CHECK(*sys::ReadFile(mark) == "once\n");
  } else {
    comms.Drop(attempt);
    CHECK_FALSE(sys::Stat(mark)->exists);
  }
  CHECK(comms.WorkIsEmpty());
  CHECK(comms.Run("marks").verdict() == wire::DONE);  // the next one can
}

TEST_CASE("comm: that one cannot be prepared is told when it is started",
          "[mcfeely]") {
  Comms comms;
  const wire::Attempt attempt = comms.Attempt("missing");
  comms.Prepare(attempt);
  const bool starts = GENERATE(true, false);
  if (starts) {
    CHECK(comms.Run(attempt).reason() == "program not found");
  } else {
    comms.Drop(attempt);
  }
}

TEST_CASE("comm: one that is prepared goes with the runner", "[mcfeely]") {
  Comms comms;
  comms.Script("quiet", "exit 0\n");
  comms.Prepare(comms.Attempt("quiet"));
}

TEST_CASE("comm: the head and the tail of an output are kept byte for byte",
          "[mcfeely]") {
  for (size_t total : {0, 1, 4, 5, 8, 9, 11, 12, 13, 40, 100}) {
    for (size_t piece : {1, 3, 4, 7, 100}) {
      std::string all;
      for (size_t i = 0; i < total; i++) all += static_cast<char>(i);
      mcfeely::HeadAndTail kept(4);
      for (size_t i = 0; i < total; i += piece) {
        kept.Add(absl::string_view(all).substr(i, piece));
      }
      INFO(total << " in pieces of " << piece);
      CHECK(kept.total() == total);
      CHECK(kept.head() == all.substr(0, 4));
      const std::string rest = all.substr(std::min<size_t>(4, total));
      CHECK(kept.tail() ==
            rest.substr(rest.size() - std::min<size_t>(4, rest.size())));
    }
  }
}

TEST_CASE("mcfeely 2: a comm that prints nothing and exits 0 is done",
          "[mcfeely]") {
  Comms comms;
  comms.Script("quiet", "exit 0\n");
  const wire::Result r = comms.Run("quiet");
  CHECK(r.verdict() == wire::DONE);
  CHECK(r.output_bytes() == 0);
  CHECK(r.ended_ms() >= r.started_ms());
  CHECK(comms.started() == 1);
  CHECK(comms.WorkIsEmpty());
}

TEST_CASE("mcfeely 3: exit statuses but 0 and 99 are failures", "[mcfeely]") {
  Comms comms;
  comms.Script("end", "echo said $1; exit $1\n");
  for (const auto& [code, verdict] :
       std::map<int, wire::Verdict>{{1, wire::FAILED},
                                    {2, wire::FAILED},
                                    {99, wire::DEFERRED},
                                    {100, wire::FAILED},
                                    {127, wire::FAILED}}) {
    wire::Attempt attempt = comms.Attempt("end");
    attempt.add_argument(absl::StrCat(code));
    const wire::Result r = comms.Run(attempt);
    CHECK(r.verdict() == verdict);
    CHECK(r.reason() == absl::StrCat("exit ", code, ": said ", code));
    CHECK(r.head() == absl::StrCat("said ", code, "\n"));
  }
}

TEST_CASE("mcfeely 5: a comm killed by a signal is deferred, and says which",
          "[mcfeely]") {
  Comms comms;
  comms.Script("crash", "kill -SEGV $$\n");
  const wire::Result r = comms.Run("crash");
  CHECK(r.verdict() == wire::DEFERRED);
  CHECK(r.reason() == "killed by SIGSEGV");
}

TEST_CASE("mcfeely 6: what is missing, no program, or no name has failed",
          "[mcfeely]") {
  Comms comms;
  comms.Script("plain", "echo ran\n", 0644);
  comms.Script("open", "echo ran\n", 0755);
  REQUIRE(chmod((comms.comm() + "/open").c_str(), 0777) == 0);
  REQUIRE(sys::MakeFolders(comms.comm() + "/folder").ok());
  REQUIRE(
      sys::ReplaceFile(comms.path() + "/outside", "#!/bin/sh\n", 0755).ok());
  for (const std::string name : {"missing", "plain", "folder", "open",
                                 "../outside", "/bin/sh", "-x", "", "."}) {
    INFO(name);
    const wire::Result r = comms.Run(name);
    CHECK(r.verdict() == wire::FAILED);
    CHECK(!r.reason().empty());
    CHECK(r.output_bytes() == 0);
  }
  CHECK(comms.Run("missing").reason() == "program not found");
  CHECK(comms.Run("open").reason() ==
        "program not found: open can be written by group or others");
  CHECK(comms.started() == 0);
  CHECK(comms.WorkIsEmpty());
}

TEST_CASE("comm: a folder that others can write to runs nothing", "[mcfeely]") {
  Comms comms;
  comms.Script("ok", "echo ran\n");
  REQUIRE(chmod(comms.comm().c_str(), 0777) == 0);
  const wire::Result r = comms.Run("ok");
  CHECK(r.verdict() == wire::FAILED);
  CHECK(r.output_bytes() == 0);
}

TEST_CASE("comm: a script below a folder that others can write to is not run",
          "[mcfeely]") {
  Comms comms;
  comms.Script("ok", "echo ran\n");
  CHECK(comms.Run("ok").verdict() == wire::DONE);
  REQUIRE(chmod(comms.path().c_str(), 0777) == 0);
  const wire::Result r = comms.Run("ok");
  CHECK(r.verdict() == wire::FAILED);
  CHECK(r.output_bytes() == 0);
  // In a sticky one nobody can replace what is not his.
  REQUIRE(chmod(comms.path().c_str(), 01777) == 0);
  CHECK(comms.Run("ok").verdict() == wire::DONE);
}

TEST_CASE("comm: a script is called by its path, a program by its name",
          "[mcfeely]") {
  Comms comms;
  comms.Script("named", "echo $0\n");
  CHECK(comms.Run("named").head() == comms.comm() + "/named\n");
  // A shell named so says what it was called as.
  const auto shell = sys::ReadFile("/bin/sh");
  REQUIRE(shell.ok());
  REQUIRE(sys::ReplaceFile(comms.comm() + "/shell", *shell, 0755).ok());
  wire::Attempt attempt = comms.Attempt("shell");
  attempt.add_argument("-c");
  attempt.add_argument("echo $0");
  CHECK(comms.Run(attempt).head() == "shell\n");
}

TEST_CASE("comm: sees its arguments, its task and nothing else", "[mcfeely]") {
  Comms comms;
  comms.Script("look",
               "echo $#; for a; do printf '<%s>' \"$a\"; done; echo\n"
               "env -0 | tr '\\n' ' ' | tr '\\0' '\\n' |"
               " grep -v ^PWD= | cut -d= -f1 | sort | tr '\\n' ' '; echo\n"
               "echo $MCFEELY_JOB.$MCFEELY_TASK $MCFEELY_ATTEMPT "
               "$MCFEELY_HOST\n"
               "printf '%s\\n' \"$MCFEELY_DESCRIPTION\"\n"
               "ls -A | wc -l; ls /proc/self/fd | tr '\\n' ' '\n"
               "cat; stat -c %a .\n");
  setenv("SECRET", "x", 1);
  wire::Attempt attempt = comms.Attempt("look");
  attempt.add_argument("x");
  attempt.add_argument("y z");
  attempt.add_argument("");
  const wire::Result r = comms.Run(attempt);
  unsetenv("SECRET");
  CHECK(r.verdict() == wire::DONE);
  // Descriptor 3 is ls's own, of the folder it reads.
  CHECK(r.head() ==
        "3\n<x><y z><>\n"
        "HOME LANG LOGNAME MCFEELY_ATTEMPT MCFEELY_ATTEMPT_ID MCFEELY_COMM_DIR "
        "MCFEELY_DESCRIPTION MCFEELY_HOST MCFEELY_JOB MCFEELY_TASK PATH SHELL "
        "USER \n"
        "7.web 2 h1\na \"job\"\n$(x)\n0\n0 1 2 3 700\n");
}

TEST_CASE("comm: finds an empty folder, whatever the one before it left",
          "[mcfeely]") {
  Comms comms;
  comms.Script("litter", "ls -A; touch a; mkdir -p b/c; chmod 777 .\n");
  for (int i = 0; i < 3; i++) {
    CHECK(comms.Run("litter").output_bytes() == 0);
    CHECK(comms.WorkIsEmpty());
  }
  comms.Script("open", "chmod 777 .\n");
  comms.Script("mode", "stat -c %a .\n");
  CHECK(comms.Run("open").verdict() == wire::DONE);
  CHECK(comms.Run("mode").head() == "700\n");
}

TEST_CASE("mcfeely 37: an output of many megabytes does not stop a comm",
          "[mcfeely]") {
  Comms comms;
  comms.Script("flood", "head -c 5000000 /dev/zero; printf 'a\\004b'\n");
  const wire::Result r = comms.Run("flood");
  CHECK(r.verdict() == wire::DONE);
  CHECK(r.output_bytes() == 5000003);
  CHECK(r.head() == std::string(base::kKeptOutputBytes, '\0'));
  CHECK(r.tail().size() == base::kKeptOutputBytes);
  CHECK(r.tail().substr(base::kKeptOutputBytes - 4) ==
        std::string("\0a\004b", 4));
}

TEST_CASE("mcfeely 38: a comm's group ends with it, whoever holds its output",
          "[mcfeely]") {
  Comms comms;
  comms.Script("fork", "sleep 1000 & echo $!\n");
  const wire::Result r = comms.Run("fork");
  CHECK(r.verdict() == wire::DONE);
  int pid = std::stoi(r.head());
  // Killed, and reaped by whoever inherits it: soon there is no such process,
  // or only a zombie that nobody has asked about.
  bool gone = false;
  for (int i = 0; i < 1000 && !gone; i++) {
    const auto stat = sys::ReadFile(absl::StrCat("/proc/", pid, "/stat"));
    gone = !stat.ok() || stat->find(") Z ") != std::string::npos;
    if (!gone) sys::Loop().Turn(absl::Milliseconds(5));
  }
  CHECK(gone);
}

TEST_CASE("comm: one that ignores TERM is killed after its time", "[mcfeely]") {
  Comms comms;
  comms.Script("stubborn", "trap '' TERM; while :; do sleep 0.05; done\n");
  wire::Attempt attempt = comms.Attempt("stubborn");
  attempt.set_timeout_ms(100);
  const wire::Result r = comms.Run(attempt);
  CHECK(r.verdict() == wire::DEFERRED);
  CHECK(r.reason() == "timed out after 100ms");
}

TEST_CASE("comm: what it is given stands on its standard input", "[mcfeely]") {
  Comms comms;
  comms.Script("cat", "cat; cat /dev/stdin; wc -c </proc/self/fd/0\n");
  wire::Attempt attempt = comms.Attempt("cat");
  attempt.set_stdin(std::string("a\0b\n", 4));
  CHECK(comms.Run(attempt).head() == std::string("a\0b\na\0b\n4\n", 10));
  attempt.set_stdin("");
  CHECK(comms.Run(attempt).head() == "0\n");
  // More than a pipe holds, which it need not read.
  comms.Script("deaf", "exit 0\n");
  attempt.set_comm("deaf");
  attempt.set_stdin(std::string(base::kMaxInputBytes, 'x'));
  CHECK(comms.Run(attempt).verdict() == wire::DONE);
}

TEST_CASE("comm: its variables stand before ours", "[mcfeely]") {
  Comms comms;
  comms.Script("look", "echo $LANG $MINE $MCFEELY_TASK\n");
  wire::Attempt attempt = comms.Attempt("look");
  attempt.add_environment("LANG=de");
  attempt.add_environment("MINE=a=b c");
  CHECK(comms.Run(attempt).head() == "de a=b c web\n");
  // Not those by which we know it.
  attempt.add_environment("MCFEELY_ATTEMPT_ID=x");
  CHECK(comms.Run(attempt).verdict() == wire::FAILED);
  attempt.set_environment(2, "");
  CHECK(comms.Run(attempt).reason() == "env: '' has no =VALUE");
}

TEST_CASE("comm: a named user runs it, with his groups and nobody else's",
          "[mcfeely]") {
  Comms comms;
  comms.Script("who",
               "id -un; id -G; echo $HOME $USER $LOGNAME; echo x >mine;"
               " stat -c %U .; cat\n");
  wire::Attempt attempt = comms.Attempt("who");
  attempt.set_stdin("in\n");
  if (sys::MyUid() != 0) {
    attempt.set_user("root");
    const wire::Result r = comms.Run(attempt);
    CHECK(r.verdict() == wire::FAILED);
    CHECK(r.reason() ==
          "user: the agent is not root, and cannot run a comm as 'root'");
    return;
  }
  REQUIRE(chmod(comms.path().c_str(), 0755) == 0);
  attempt.set_user("daemon");
  const auto account = sys::FindAccount("daemon");
  REQUIRE(account.ok());
  const auto groups = sys::GroupsOf(*account);
  REQUIRE(groups.ok());
  const wire::Result r = comms.Run(attempt);
  CHECK(r.reason() == "");
  CHECK(r.head() == absl::StrCat("daemon\n", absl::StrJoin(*groups, " "), "\n",
                                 account->home,
                                 " daemon daemon\ndaemon\nin\n"));
  CHECK(comms.WorkIsEmpty());
  // The next one's folder is its own.
  CHECK(comms.Run("who").head().find("root\n0") == 0);

  attempt.set_user("no-such-user");
  CHECK(comms.Run(attempt).verdict() == wire::FAILED);
  CHECK(comms.Run(attempt).reason() ==
        "user: there is no 'no-such-user' on this host");
}

TEST_CASE("comm: as much of its output is kept as was asked for", "[mcfeely]") {
  Comms comms;
  comms.Script("say", "printf 0123456789; echo why >&2; exit 3\n");
  wire::Attempt attempt = comms.Attempt("say");
  attempt.set_output_bytes(3);
  wire::Result r = comms.Run(attempt);
  CHECK(r.head() == "012");
  CHECK(r.tail() == "hy\n");
  CHECK(r.output_bytes() == 14);
  attempt.set_output_bytes(0);
  r = comms.Run(attempt);
  CHECK(r.head().empty());
  CHECK(r.tail().empty());
  CHECK(r.output_bytes() == 14);
  CHECK(r.reason() == "exit 3");
}

TEST_CASE("comm: exit 99 may say when to come again", "[mcfeely]") {
  Comms comms;
  comms.Script("busy",
               "echo disk is full >&2; echo mcfeely: retry-after 300 >&2;"
               " exit ${1:-99}\n");
  wire::Attempt attempt = comms.Attempt("busy");
  wire::Result r = comms.Run(attempt);
  CHECK(r.verdict() == wire::DEFERRED);
  CHECK(r.retry_after_ms() == 300'000);
  CHECK(r.reason() == "exit 99, asks for another try in 5m: disk is full");
  // Of whatever else it is only a line.
  attempt.add_argument("1");
  r = comms.Run(attempt);
  CHECK(r.verdict() == wire::FAILED);
  CHECK(r.retry_after_ms() == 0);
  // On standard output it is only a line, too.
  comms.Script("out", "echo mcfeely: retry-after 300; exit 99\n");
  CHECK(comms.Run("out").retry_after_ms() == 0);

  using mcfeely::ReadRetryAfter;
  CHECK(ReadRetryAfter("x\nmcfeely: retry-after 2h\n") == absl::Hours(2));
  CHECK(ReadRetryAfter("mcfeely: retry-after 0") == absl::Seconds(1));
  CHECK(ReadRetryAfter("mcfeely: retry-after 9000d") == absl::Hours(365 * 24));
  CHECK(ReadRetryAfter("mcfeely: retry-after soon") == std::nullopt);
  CHECK(ReadRetryAfter("mcfeely: retry-after -5") == std::nullopt);
  CHECK(ReadRetryAfter("mcfeely: retry-after 5\nno") == std::nullopt);
  CHECK(ReadRetryAfter("") == std::nullopt);
}

namespace {

// Whether a process has ended, zombies included, ten seconds at most.
bool Gone(int pid) {
  for (int i = 0; i < 2000; i++) {
    const auto stat = sys::ReadFile(absl::StrCat("/proc/", pid, "/stat"));
    if (!stat.ok() || stat->find(") Z ") != std::string::npos) return true;
    sys::Loop().Turn(absl::Milliseconds(5));
  }
  return false;
}

}  // namespace

TEST_CASE("comm: with detach, what it leaves behind runs on", "[mcfeely]") {
  Comms comms;
  comms.Script("leave", "sleep 1000 >/dev/null 2>&1 & echo $!\n");
  wire::Attempt attempt = comms.Attempt("leave");
  attempt.set_detach(true);
  const wire::Result r = comms.Run(attempt);
  CHECK(r.verdict() == wire::DONE);
  const int pid = std::stoi(r.head());
  CHECK(kill(pid, 0) == 0);
  CHECK(kill(pid, SIGKILL) == 0);
  CHECK(Gone(pid));
}

TEST_CASE("mcfeely 38: what leaves the group and holds the output ends, too",
          "[mcfeely]") {
  Comms comms;
  comms.Script("leave", "setsid sleep 1000 & echo $!\n");
  wire::Attempt attempt = comms.Attempt("leave");
  wire::Result result = comms.Run(attempt);
  CHECK(result.verdict() == wire::DONE);
  CHECK(Gone(std::stoi(result.head())));
  // Unless it is meant to stay; and nobody waits for its end.
  attempt.set_detach(true);
  result = comms.Run(attempt);
  CHECK(result.verdict() == wire::DONE);
  CHECK(kill(std::stoi(result.head()), SIGKILL) == 0);
  // What ends by itself, whatever it has printed, is not looked for.
  comms.Script("say", "echo a; echo b >&2\n");
  CHECK(comms.Run("say").head().size() == 4);
}

TEST_CASE("mcfeely 38: a comm that closes its output is heard when it ends",
          "[mcfeely]") {
  Comms comms;
  comms.Script("mute",
               "echo said; exec >&- 2>&-; sleep 0.3; touch "
               "\"$MCFEELY_COMM_DIR/end\"; exit 3\n");
  const wire::Result r = comms.Run("mute");
  CHECK(r.verdict() == wire::FAILED);
  CHECK(r.reason() == "exit 3: said");
  CHECK(sys::Stat(comms.comm() + "/end")->exists);
}

TEST_CASE("mcfeely 38: after its time, nothing of a comm is left",
          "[mcfeely]") {
  Comms comms;
  // The child holds the output, ignores TERM, and has a session of its own.
  comms.Script("stubborn",
               "trap '' TERM; setsid sh -c 'trap \"\" TERM; echo $$; while :;"
               " do sleep 0.05; done' & while :; do sleep 0.05; done\n");
  wire::Attempt attempt = comms.Attempt("stubborn");
  attempt.set_timeout_ms(300);
  attempt.set_timeout_fails(true);
  attempt.set_detach(true);  // means those of a comm that ends by itself
  const wire::Result r = comms.Run(attempt);
  CHECK(r.verdict() == wire::FAILED);
  CHECK(r.reason() == "timed out after 300ms");
  CHECK(Gone(std::stoi(r.head())));
}
