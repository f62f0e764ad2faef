#include "power/secret_source.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "power/ask_secret.h"
#include "power/limits.h"
#include "sys/clock.h"
#include "sys/file.h"

namespace {

using Kind = power::SecretSource::Kind;
using power::SecretReader;

struct Place {
  sys::TemporaryFolder folder = *sys::TemporaryFolder::Make("secrets");
  std::string path = folder.path();
  power::SecretPlaces places = {path + "/store", path + "/creds",
                                path + "/no-terminal", absl::Seconds(20)};

  std::string File(const char* name, absl::string_view text, int mode = 0600) {
    const std::string file = absl::StrCat(path, "/", name);
    REQUIRE(sys::ReplaceFile(file, text, mode).ok());
    REQUIRE(chmod(file.c_str(), static_cast<mode_t>(mode)) == 0);
    return file;
  }
  // What is read, or what is said instead, without our folder.
  std::string Read(Kind kind, const std::string& text = "") {
    SecretReader reader(places);
    const auto held = reader.Read({kind, text}, "Password");
    if (held.ok()) return std::string(held->secret->view());
    return std::string(held.status().message());
  }
};

TEST_CASE("power 20: a file that others may read is refused with its mode",
          "[power]") {
  Place p;
  CHECK(p.Read(Kind::kFile, p.File("good", "pass word\n")) == "pass word");
  const std::string bad = p.File("bad", "pass word\n", 0644);
  CHECK(p.Read(Kind::kFile, bad) ==
        absl::StrCat("secret file:", bad, ": ", bad,
                     ": mode 0644: others may read it; chmod 600"));
  CHECK(absl::StrContains(p.Read(Kind::kFile, p.File("bad", "x", 0640)),
                          "mode 0640"));
  CHECK(absl::StrContains(p.Read(Kind::kFile, p.path), "is no regular file"));
  CHECK(
      absl::StrContains(p.Read(Kind::kFile, p.path + "/none"), "No such file"));
}

TEST_CASE("power 16: a secret is the first line, byte for byte", "[power]") {
  Place p;
  const auto file = [&](absl::string_view text) {
    return p.Read(Kind::kFile, p.File("f", text));
  };
  CHECK(file("a 'b' \"c\" %s $HOME \\ \xc3\xa4\r\nuser: x\n") ==
        "a 'b' \"c\" %s $HOME \\ \xc3\xa4");
  CHECK(file("no end") == "no end");
  CHECK(absl::StrContains(file(""), "the first line is empty"));
  CHECK(absl::StrContains(file("\nx"), "the first line is empty"));
  CHECK(absl::StrContains(file(absl::string_view("a\0b\n", 4)),
                          "a NUL in the first line"));
  const std::string longest(power::kMaxSecretBytes, 'x');
  CHECK(file(longest + "\nmore") == longest);
  CHECK(absl::StrContains(file(longest + "x"), "longer than 4096 bytes"));
  CHECK(absl::StrContains(file(std::string(70'000, 'x')), "longer than"));
}

TEST_CASE("secret sources: a variable is taken out of the environment",
          "[power]") {
  Place p;
  setenv("POWER_TEST_SECRET", "canary one", 1);
  char* const where = getenv("POWER_TEST_SECRET");
  SecretReader reader(p.places);
  const auto first = reader.Read({Kind::kEnv, "POWER_TEST_SECRET"}, "");
  REQUIRE(first.ok());
  CHECK(first->secret->view() == "canary one");
  CHECK(getenv("POWER_TEST_SECRET") == nullptr);
  CHECK(std::string(where, 10) == std::string(10, '\0'));
  // Another PCU with the same secret gets it all the same.
  const auto again = reader.Read({Kind::kEnv, "POWER_TEST_SECRET"}, "");
  REQUIRE(again.ok());
  CHECK(again->secret == first->secret);
  CHECK(p.Read(Kind::kEnv, "POWER_TEST_SECRET") ==
        "secret env:POWER_TEST_SECRET: there is no such variable");
}

TEST_CASE("secret sources: systemd's credentials", "[power]") {
  Place p;
  REQUIRE(sys::MakeFolders(p.path + "/creds").ok());
  p.File("creds/pdu", "secret\n", 0440);
  CHECK(p.Read(Kind::kCred, "pdu") == "secret");
  CHECK(absl::StrContains(p.Read(Kind::kCred, "none"), "No such file"));
  p.places.credentials_folder = "";
  CHECK(absl::StrContains(p.Read(Kind::kCred, "pdu"),
                          "there is no $CREDENTIALS_DIRECTORY"));
}

TEST_CASE("secret sources: the store, in clear, and none", "[power]") {
  Place p;
  REQUIRE(
      power::SecretStore::Set(p.places.store_folder, "a", keys::Secret("one"))
          .ok());
  CHECK(p.Read(Kind::kStore, "a") == "one");
  CHECK(p.Read(Kind::kStore, "b") ==
        "secret b: there is no secret 'b' in the store");
  CHECK(p.Read(Kind::kClear, "x y") == "x y");
  CHECK(p.Read(Kind::kNone).empty());
  CHECK(power::SourceText({Kind::kClear, "canary"}) == "in clear");
}

TEST_CASE("secret sources: the first line that a program prints", "[power]") {
  Place p;
  CHECK(p.Read(Kind::kProgram, "printf 'a b\\nc\\n'") == "a b");
  CHECK(p.Read(Kind::kProgram, "exit 3") == "secret cmd:exit 3: exit 3");
  CHECK(p.Read(Kind::kProgram, "echo canary; exit 1") ==
        "secret cmd:echo canary; exit 1: exit 1");
  CHECK(absl::StrContains(p.Read(Kind::kProgram, "kill -9 $$"),
                          "ended by SIGKILL"));
  CHECK(absl::StrContains(p.Read(Kind::kProgram, "true"),
                          "the first line is empty"));
  // It has nothing to read, and may print as much as it likes.
  CHECK(p.Read(Kind::kProgram, "cat; echo x; yes | head -c 300000") == "x");
  CHECK(absl::StrContains(
      p.Read(Kind::kProgram, "yes | tr -d '\\n' | head -c 300000"),
      "longer than"));
}

TEST_CASE("secret sources: a program that hangs, and what it leaves behind",
          "[power]") {
  Place p;
  const std::string pid_file = p.path + "/pid";
  const auto gone = [&] {
    const auto pid = sys::ReadFile(pid_file);
    REQUIRE(pid.ok());
    const absl::Time end = sys::SteadyNow() + absl::Seconds(10);
    while (sys::SteadyNow() < end) {
      // A killed one may still wait for somebody to look after it.
      const auto stat =
          sys::ReadFile("/proc/" + pid->substr(0, pid->find('\n')) + "/stat");
      if (!stat.ok() || absl::StrContains(*stat, ") Z ")) return true;
      poll(nullptr, 0, 10);
    }
    return false;
  };
  p.places.program_limit = absl::Milliseconds(300);
  CHECK(absl::StrContains(
      p.Read(Kind::kProgram,
             absl::StrCat("sleep 60 & echo $! >", pid_file, "; wait")),
      "not done after 300ms"));
  CHECK(gone());
  p.places.program_limit = absl::Seconds(20);
  CHECK(p.Read(Kind::kProgram, absl::StrCat("sleep 60 >/dev/null & echo $! >",
                                            pid_file, "; echo x")) == "x");
  CHECK(gone());
  // One that keeps the pipe open is not waited for either.
  CHECK(p.Read(Kind::kProgram, absl::StrCat("sleep 60 & echo $! >", pid_file,
                                            "; echo y")) == "y");
  CHECK(gone());
}

TEST_CASE("secret sources: no terminal, no prompt", "[power]") {
  Place p;
  CHECK(p.Read(Kind::kPrompt) ==
        "secret prompt: there is no terminal to ask at");
}

// A person at a terminal, who waits for the prompt and types.
struct Typist {
  int master = -1, slave = -1;
  std::string name;
  Typist() {
    char path[64];
    REQUIRE(openpty(&master, &slave, path, nullptr, nullptr) == 0);
    name = path;
  }
  ~Typist() {
    close(master);
    close(slave);
  }
  // What is shown until nothing more comes, at most until `until` is there.
  std::string Shown(absl::string_view until) {
    std::string shown;
    const absl::Time end = sys::SteadyNow() + absl::Seconds(10);
    while (!absl::StrContains(shown, until) && sys::SteadyNow() < end) {
      pollfd ready = {master, POLLIN, 0};
      if (poll(&ready, 1, 50) <= 0) continue;
      char buffer[512];
      const ssize_t n = read(master, buffer, sizeof buffer);
      if (n > 0) shown.append(buffer, static_cast<size_t>(n));
    }
    return shown;
  }
};

// Asks in a child; its exit code says what it got.
pid_t Ask(const std::string& terminal, const std::string& expected) {
  const pid_t pid = fork();
  if (pid == 0) {
    signal(SIGTERM, SIG_DFL);  // not what the tests do about it
    const auto secret = power::SecretOfTerminal(terminal, "Password of p");
    if (!secret.ok()) _exit(absl::IsCancelled(secret.status()) ? 2 : 3);
    _exit(secret->view() == expected ? 0 : 1);
  }
  return pid;
}
int Wait(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return status;
}

TEST_CASE("secret sources: what is typed at the prompt is not shown",
          "[power]") {
  Typist typist;
  const pid_t pid = Ask(typist.name, "can ary");
  CHECK(typist.Shown("Password of p: ") == "Password of p: ");
  REQUIRE(write(typist.master, "can arz\x7fy\n", 10) == 10);
  CHECK(typist.Shown("\n") == "\r\n");
  CHECK(Wait(pid) == 0);
  termios after = {};
  REQUIRE(tcgetattr(typist.slave, &after) == 0);
  CHECK((after.c_lflag & ECHO) != 0);
}

TEST_CASE(
    "secret sources: who types nothing means the empty password, who "
    "ends the file means none",
    "[power]") {
  Typist typist;
  pid_t pid = Ask(typist.name, "");
  typist.Shown("Password of p: ");
  REQUIRE(write(typist.master, "\n", 1) == 1);
  CHECK(Wait(pid) == 0);
  typist.Shown("\n");
  pid = Ask(typist.name, "");
  typist.Shown("Password of p: ");
  REQUIRE(write(typist.master, "\x04", 1) == 1);
  CHECK(WEXITSTATUS(Wait(pid)) == 2);
}

TEST_CASE("secret sources: a signal ends us after the terminal is as it was",
          "[power]") {
  Typist typist;
  const pid_t pid = Ask(typist.name, "");
  typist.Shown("Password of p: ");
  REQUIRE(kill(pid, SIGTERM) == 0);
  const int status = Wait(pid);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGTERM);
  termios after = {};
  REQUIRE(tcgetattr(typist.slave, &after) == 0);
  CHECK((after.c_lflag & ECHO) != 0);
}

TEST_CASE(
    "power 15: the version of a secret changes with it, and tells "
    "nothing of it",
    "[power]") {
  Place p;
  const auto version = [&](const std::string& text) {
    SecretReader reader(p.places);
    return reader.Read({Kind::kClear, text}, "")->version;
  };
  const std::string one = version("canary1");
  CHECK(one.size() == 32);
  CHECK(one == version("canary1"));
  CHECK(one != version("canary2"));
  // Another host has another key.
  p.places.store_folder = p.path + "/other";
  CHECK(one != version("canary1"));
  // Where no key can be kept nobody can tell.
  p.File("file", "");
  p.places.store_folder = p.path + "/file/store";
  CHECK(version("canary1").empty());
}

}  // namespace
