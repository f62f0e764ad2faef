// Dialogues through OpenSSH's ssh, with sshd and with a server that counts how
// often somebody tried to log in.
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "power/askpass.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/socket.h"
#include "unit/power/device_server.h"
#include "unit/power/programs.h"

namespace {

using namespace power_test;
using absl::StrContains;
using power::Action;
using power::FailureClass;

// The tests' own executable is what ssh starts as its askpass program, by the
// private name, as fleetbox is.
__attribute__((constructor)) void BeAskpass(int argc, char** argv, char**) {
  if (argc < 1 || !absl::EndsWith(argv[0], power::kAskpassName)) return;
  const std::vector<std::string> words(argv + 1, argv + argc);
  _exit(power::AskpassMain(argv[0], words));
}

constexpr char kStrip[] = R"dev(language 2
specification "strip" {
  timeout 20
  script login { expect "> " }
  script logout { send "quit\r" }
  script status_all {
    send "status\r"
    expectany {
      "plug ([0-9]+) (ON|OFF)" {
  setplugstate $1 $2 on = "ON" off = "OFF" again
}
"> " {}
}
}
script on{send "on %s\r" expect "> "} script off { send "off %s\r" expect "> " }
}
)dev";

constexpr char kPython[] = "/usr/bin/python3";

bool HaveSsh() {
  if (!Have("ssh") || !Have("ssh-keygen")) return false;
  if (access("/usr/lib/python3/dist-packages/paramiko", R_OK) == 0) return true;
  WARN("skipped: python3-paramiko is not installed");
  return false;
}

struct SshStrip {
  explicit SshStrip(std::vector<std::string> words = {},
                    const std::string& identity = "") {
    // Making one takes a while: all have the same.
    static const std::string* const key_text = [this] {
      MakeKey("host_key", "rsa");
      return new std::string(files.Read("host_key"));
    }();
    files.Write("host_key", *key_text, 0600);
    Serve(std::move(words));
    bench.Model(kStrip);
    bench.controller = nullptr;
    power::DialogueController::Options options;
    options.ssh.known_hosts = files.Path("known");
    // Neither the configuration nor the keys of whoever runs the tests.
    options.ssh.more_words = {"-F", "none",
                              "-o", "IdentityFile=none",
                              "-o", "IdentityAgent=none",
                              "-o", "GlobalKnownHostsFile=none"};
    if (!identity.empty()) {
      options.ssh.more_words = {"-F", "none",
                                "-o", absl::StrCat("IdentityFile=", identity),
                                "-o", "IdentityAgent=none",
                                "-o", "GlobalKnownHostsFile=none"};
    }
    bench.controller =
        std::make_unique<power::DialogueController>(bench.loop, options);
    bench.pcu.trust_first_use = true;
  }
  void MakeKey(const std::string& name, const std::string& kind) {
    RunBeside(bench.loop, {"ssh-keygen", "-q", "-t", kind, "-N", "", "-f",
                           files.Path(name)});
  }
  void Serve(std::vector<std::string> words) {
    files.Write("log", "");
    std::vector<std::string> argv = {
        kPython,
        absl::StrCat(getenv("TESTS") ? getenv("TESTS") : "tests",
                     "/fakes/ssh_strip.py"),
        files.Path("attempts"), files.Path("host_key")};
    for (std::string& word : words) argv.push_back(std::move(word));
    files.Start(argv);
    Await(bench.loop, [&] { return StrContains(files.Read("log"), "\n"); });
    bench.At("ssh", std::stoi(files.Read("log")));
  }
  int Attempts() const {
    int count = 0;
    for (const auto line : absl::StrSplit(files.Read("attempts"), '\n')) {
      if (absl::StartsWith(line, "attempt")) count++;
    }
    return count;
  }
  void Secret(const std::string& text) {
    bench.credentials.secret =
        std::make_shared<const keys::Secret>(absl::string_view(text));
  }
  Program files;
  Bench bench;
};

TEST_CASE("ssh: a password is given, and a plug switched", "[power]") {
  if (!HaveSsh()) return;
  for (const char* way : {"password", "questions"}) {
    INFO(way);
    SshStrip strip({way});
    CHECK(Show(strip.bench.One(Action::kCycle, "3")) == "done on->on");
    CHECK(strip.Attempts() == 1);
    const std::string log = strip.files.Read("attempts");
    INFO(log);
    CHECK(StrContains(log, "terminal vt100 80x24\n"));
    CHECK(StrContains(log, "command off 3\ncommand status\ncommand on 3\n"));
    CHECK(StrContains(log, "command quit\n"));
  }
}

TEST_CASE("power 14: a wrong password over ssh is tried once", "[power]") {
  if (!HaveSsh()) return;
  for (const std::vector<std::string>& ways :
       {std::vector<std::string>{"password"},
        {"questions"},
        {"password", "questions"}}) {
    SshStrip strip(ways);
    strip.Secret("wrong");
    const power::PlugResult result = strip.bench.One(Action::kOff, "3");
    INFO(Show(result));
    REQUIRE(result.failure.has_value());
    CHECK(result.failure->failure_class == FailureClass::kAuth);
    CHECK(strip.Attempts() == 1);
  }
}

TEST_CASE("ssh: questions are answered with what they ask for", "[power]") {
  if (!HaveSsh()) return;
  SshStrip strip({"questions", "twice"});
  CHECK(Show(strip.bench.One(Action::kStatus, "2")) == "done off->off");
  CHECK(StrContains(strip.files.Read("attempts"), "user operator\n"));

  SshStrip expired({"questions", "new"});
  CHECK(StrContains(Show(expired.bench.One(Action::kStatus, "2")),
                    "failed auth: login: a new password is wanted"));
}

TEST_CASE("power 16: odd passwords arrive over ssh as they are, or are refused",
          "[power]") {
  if (!HaveSsh()) return;
  for (const char* way : {"password", "questions"}) {
    for (const char* password :
         {"a b\"c'd", "%s%n$HOME\\`id`", "12345678901234567890",
          "123456789012345678901", "pässwörd", ""}) {
      INFO(way << " " << password);
      SshStrip strip({way, absl::StrCat("secret=", password)});
      strip.Secret(password);
      CHECK(Show(strip.bench.One(Action::kStatus, "1")) == "done on->on");
    }
  }
  SshStrip strip({"password"});
  for (const std::string& password :
       {std::string("two\nlines"), std::string(2000, 'x')}) {
    strip.Secret(password);
    CHECK(strip.bench.One(Action::kStatus, "1").failure->failure_class ==
          FailureClass::kConfig);
  }
  CHECK(strip.Attempts() == 0);
}

// Everything that a process of ours says of itself to others.
std::string WhatChildrenShow() {
  std::string all;
  DIR* folder = opendir("/proc");
  while (const dirent* entry = readdir(folder)) {
    const std::string pid = entry->d_name;
    if (pid.find_first_not_of("0123456789") != pid.npos) continue;
    if (pid == absl::StrCat(getpid())) continue;
    for (const char* file : {"/cmdline", "/environ"}) {
      all += sys::ReadFile(absl::StrCat("/proc/", pid, file)).value_or("");
    }
  }
  closedir(folder);
  return all;
}

TEST_CASE("power 17: no child has the password in its words or environment",
          "[power]") {
  if (!HaveSsh()) return;
  SshStrip strip({"questions", "ask=Password: "});
  const std::string canary = "canary-7f3a9c51";
  strip.Secret(canary);
  setenv("STRIP_SECRET", canary.c_str(), 1);
  strip.bench.pcu.secret = {power::SecretSource::Kind::kEnv, "STRIP_SECRET"};
  std::string told;
  int looks = 0, with_ssh = 0;
  strip.bench.controller->Start(
      strip.bench.MakeBatch({{Action::kStatus, "1", strip.bench.action}}),
      [&](size_t, const power::PlugResult& result) { told = Show(result); });
  Await(strip.bench.loop, [&] {
    const std::string shown = WhatChildrenShow();
    looks++;
    if (StrContains(shown, "SSH_ASKPASS_REQUIRE=force")) with_ssh++;
    REQUIRE_FALSE(StrContains(shown, canary));
    return !told.empty() && strip.bench.controller->connections() == 0;
  });
  unsetenv("STRIP_SECRET");
  CHECK(with_ssh > 0);
  CHECK(StrContains(told, "failed auth"));
  CHECK(strip.Attempts() == 1);
  CHECK_FALSE(StrContains(strip.bench.trace, canary));
  CHECK_FALSE(StrContains(told, canary));
}

TEST_CASE(
    "power 18: an unknown key is refused, learnt where that is wanted, "
    "and a changed one always refused",
    "[power]") {
  if (!HaveSsh()) return;
  SshStrip strip({"password"});
  strip.bench.pcu.trust_first_use = false;
  const power::PlugResult unknown = strip.bench.One(Action::kStatus, "1");
  INFO(Show(unknown));
  REQUIRE(unknown.failure.has_value());
  CHECK(unknown.failure->failure_class == FailureClass::kHostKey);
  CHECK(StrContains(unknown.failure->text, "SHA256:"));
  CHECK(strip.files.Read("known").empty());
  CHECK(strip.Attempts() == 0);

  strip.bench.pcu.trust_first_use = true;
  CHECK(Show(strip.bench.One(Action::kStatus, "1")) == "done on->on");
  CHECK(StrContains(
      strip.files.Read("known"),
      absl::StrCat("[strip.example]:", *strip.bench.way.port, " ssh-rsa ")));
  strip.bench.pcu.trust_first_use = false;
  CHECK(Show(strip.bench.One(Action::kStatus, "1")) == "done on->on");

  // Another key by the same name.
  unlink(strip.files.Path("host_key").c_str());
  strip.MakeKey("host_key", "rsa");
  const int port = *strip.bench.way.port;
  const std::string known = strip.files.Read("known");
  strip.Serve({"password"});
  std::string moved = known;
  const std::string old_name = absl::StrCat("]:", port, " ");
  moved.replace(moved.find(old_name), old_name.size(),
                absl::StrCat("]:", *strip.bench.way.port, " "));
  strip.files.Write("known", moved);
  strip.bench.pcu.trust_first_use = true;
  const int before = strip.Attempts();
  CHECK(strip.bench.One(Action::kStatus, "1").failure->failure_class ==
        FailureClass::kHostKey);
  CHECK(strip.Attempts() == before);
  CHECK(strip.files.Read("known") == moved);
}

TEST_CASE("power 18: old algorithms need legacy-crypto, rsa-sha2 does not",
          "[power]") {
  if (!HaveSsh()) return;
  SshStrip modern({"password", "rsa-sha2"});
  CHECK(Show(modern.bench.One(Action::kStatus, "1")) == "done on->on");
  SshStrip old({"password", "old"});
  const power::PlugResult refused = old.bench.One(Action::kStatus, "1");
  INFO(Show(refused));
  REQUIRE(refused.failure.has_value());
  CHECK(refused.failure->failure_class == FailureClass::kUnsupported);
  CHECK(StrContains(refused.failure->text, "legacy-crypto"));
  old.bench.pcu.legacy_crypto = true;
  CHECK(Show(old.bench.One(Action::kStatus, "1")) == "done on->on");
}

TEST_CASE("power 27: ssh says what came of connecting", "[power]") {
  if (!HaveSsh()) return;
  SshStrip strip({"password", "mute"});
  strip.bench.specification.timeout = absl::Milliseconds(300);
  CHECK(strip.bench.One(Action::kStatus, "1").failure->failure_class ==
        FailureClass::kTimeout);
  {
    const sys::Fd gone = sys::ListenTcp("127.0.0.1", 0).value();
    strip.bench.At("ssh", sys::LocalPort(gone.get()).value());
  }
  const power::PlugResult refused = strip.bench.One(Action::kStatus, "1");
  CHECK(StrContains(Show(refused), "failed unreachable: connect: "));
  CHECK(StrContains(Show(refused), "Connection refused"));
  // One that takes the call and says nothing.
  const sys::Fd mute = sys::ListenTcp("127.0.0.1", 0).value();
  strip.bench.At("ssh", sys::LocalPort(mute.get()).value());
  strip.bench.pcu.step_timeout = absl::Milliseconds(300);
  CHECK(StrContains(Show(strip.bench.One(Action::kStatus, "1")),
                    "failed timeout: login: "));
}

TEST_CASE("ssh: without an ssh program it is not supported", "[power]") {
  Bench bench;
  bench.Model(kStrip);
  power::DialogueController::Options options;
  options.ssh.program = "no-such-ssh-program";
  bench.controller =
      std::make_unique<power::DialogueController>(bench.loop, options);
  bench.At("ssh", 22);
  CHECK(bench.One(Action::kStatus, "1").failure->failure_class ==
        FailureClass::kUnsupported);
}

TEST_CASE("ssh: a jump host's ssh is not told the password", "[power]") {
  if (!HaveSsh()) return;
  sys::Loop loop;
  const keys::Secret secret(absl::string_view("for the device"));
  int asked = 0;
  auto server = power::AskpassServer::Make(loop, sys::OwnExecutable(),
                                           [&](absl::string_view, bool) {
                                             asked++;
                                             return &secret;
                                           });
  REQUIRE(server.ok());
  // It is started by a shell here, which is not the ssh that is allowed.
  (*server)->AllowChildrenOf(getpid());
  CHECK(RunBeside(loop, {"/bin/sh", "-c",
                         absl::StrCat((*server)->program(),
                                      " Password:; x=$?; "
                                      "exit $x")}) == "[exit 1]");
  CHECK(asked == 0);
  CHECK(RunBeside(loop, {(*server)->program(), "Password:"}) ==
        "for the device\n[exit 0]");
}

// sshd, as a host has it.
TEST_CASE("ssh: sshd lets in by a key, and a menu is its forced command",
          "[power]") {
  if (!HaveSsh() || !Have("sshd")) return;
  SshStrip strip({"password"});
  Program server;
  strip.MakeKey("user_key", "ed25519");
  strip.MakeKey("sshd_key", "ed25519");
  if (getuid() == 0) sys::MakeFolders("/run/sshd").IgnoreError();
  int port = 0;
  {
    const sys::Fd gone = sys::ListenTcp("127.0.0.1", 0).value();
    port = sys::LocalPort(gone.get()).value();
  }
  server.Write("menu", R"(#!/bin/sh
[ -t 0 ] || echo 'no terminal'
state=ON
while :; do
  printf '> '
  read -r verb plug || exit
  case $verb in
  status) echo "plug 1 $state";;
  on) state=ON;;
  off) state=OFF;;
  quit) exit;;
  esac
done
)",
               0755);
  server.Write(
      "conf",
      absl::StrCat("ListenAddress 127.0.0.1:", port, "\nHostKey ",
                   strip.files.Path("sshd_key"), "\nAuthorizedKeysFile ",
                   strip.files.Path("user_key.pub"),
                   "\nStrictModes no\nPermitRootLogin yes\nUsePAM no\nPidFile "
                   "none\nForceCommand ",
                   server.Path("menu"), "\n"));
  server.Start({"/usr/sbin/sshd", "-D", "-e", "-f", server.Path("conf")});
  Await(strip.bench.loop,
        [&] { return StrContains(server.Read("log"), "Server listening"); });
  SshStrip keyed({"password"}, strip.files.Path("user_key"));
  keyed.bench.At("ssh", port);
  const char* user = getenv("USER");
  keyed.bench.credentials.user = getuid() == 0 ? "root" : user ? user : "";
  keyed.bench.credentials.secret = nullptr;
  CHECK(Show(keyed.bench.One(Action::kCycle, "1")) == "done on->on");
  CHECK_FALSE(StrContains(keyed.bench.trace, "no terminal"));
  // A password that sshd refuses, as well as the key.
  keyed.bench.credentials.user = "nobody-at-all";
  const power::PlugResult refused = keyed.bench.One(Action::kStatus, "1");
  INFO(Show(refused));
  REQUIRE(refused.failure.has_value());
}

}  // namespace
