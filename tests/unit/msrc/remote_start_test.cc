// How the receiver comes to a host: the line, run by the shells that are here,
// and the talk with it.
#include "msrc/remote_start.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <optional>

#include "base/status.h"
#include "msrc/exchange_limits.h"
#include "net/frame.h"
#include "net/hello.h"
#include "sys/child.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/signals.h"
#include "sys/socket.h"
#include "wire/compress.h"

using namespace msrc;

namespace {

std::string HelloFrame() {
  return net::EncodeFrame(net::FrameType::kHello,
                          net::EncodeHello("host:web1", nullptr, ""));
}

// An executable that says hello and then its words and its mask.
std::string Program() {
  std::string octal;
  for (unsigned char c : HelloFrame()) {
    absl::StrAppend(&octal, "\\0", c / 64, c / 8 % 8, c % 8);
  }
  return absl::StrCat("#!/bin/sh\nprintf '%b' '", octal,
                      "'\nfor w; do echo \"[$w]\"; done\numask\n");
}

constexpr char kHash[] = "0123abcd";

RemoteStartOptions Options() {
  RemoteStartOptions options;
  options.executables = {{sys::Platform(), kHash}, {"Plan9 mips", "ffff"}};
  options.arguments = {"--stdio", "a b", "", "it's $(x)"};
  return options;
}

struct Outcome {
  std::vector<std::string> answers;  // their names, and what they say
  std::string out;                   // behind the hello
  int code = 0, signal = 0;
  std::string err;
};

// A far host: a home, and a shell that knows nothing of ours.
struct Far {
  explicit Far(std::string sh) : shell(std::move(sh)) {
    sys::IgnoreSigpipe();
    for (const char* name : {"/home", "/tmp", "/bin"}) {
      REQUIRE(sys::MakeFolders(root() + name, 0700).ok());
    }
    environment = {"HOME=" + root() + "/home", "TMPDIR=" + root() + "/tmp",
                   "LOGNAME=me", "PATH=/usr/bin:/bin"};
    cache = root() + "/home/.cache/fleetbox";
  }
  const std::string& root() const { return folder.path(); }
  std::vector<std::string> Files(const std::string& at) const {
    auto names = sys::ListFolder(at);
    return names.ok() ? *names : std::vector<std::string>{};
  }
  std::vector<std::string> Files() const { return Files(cache); }
  // Only these, by links.
  void OnlyTools(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      for (const char* place : {"/usr/bin/", "/bin/"}) {
        const std::string from = place + name, to = root() + "/bin/" + name;
        if (sys::Stat(from)->exists && symlink(from.c_str(), to.c_str()) == 0) {
          break;
        }
      }
    }
    environment[3] = "PATH=" + root() + "/bin";
  }
  std::vector<std::string> Words(const RemoteStartOptions& options) const {
    // "sh" is the first word; another shell may be two.
    std::vector<std::string> argv = absl::StrSplit(shell, ' ');
    const std::vector<std::string> words = RemoteStartWords(options);
    argv.insert(argv.end(), words.begin() + 1, words.end());
    return argv;
  }
  // Talks to its end. Of the executable at most `cut` bytes are sent; then the
  // connection breaks.
  Outcome Talk(const RemoteStartOptions& options,
               std::optional<size_t> cut = std::nullopt,
               const std::string& program = Program()) const;

  sys::TemporaryFolder folder = *sys::TemporaryFolder::Make("far-");
  std::string shell, cache;
  std::vector<std::string> environment;
};

Outcome Far::Talk(const RemoteStartOptions& options, std::optional<size_t> cut,
                  const std::string& program) const {
  auto ends = sys::SocketPair();
  REQUIRE(ends.ok());
  fcntl(ends->first.get(), F_SETFL, 0);
  fcntl(ends->second.get(), F_SETFL, 0);
  const std::string errors = root() + "/errors";
  const sys::Fd err = *sys::Open(errors, O_WRONLY | O_CREAT | O_TRUNC);
  auto child = sys::Child::Spawn(Words(options), {.in = ends->second.get(),
                                                  .out = ends->second.get(),
                                                  .err = err.get(),
                                                  .environment = &environment});
  REQUIRE(child.ok());
  ends->second.Reset();
  Outcome outcome;
  RemoteStartReader reader;
  bool said_hello = false;
  char buffer[4096];
  for (;;) {
    pollfd ready = {ends->first.get(), POLLIN, 0};
    REQUIRE(poll(&ready, 1, 40'000) == 1);
    const ssize_t n = read(ends->first.get(), buffer, sizeof buffer);
    if (n <= 0) break;
    if (said_hello) {
      outcome.out.append(buffer, static_cast<size_t>(n));
      continue;
    }
    reader.Feed({buffer, static_cast<size_t>(n)});
    for (;;) {
      auto answer = reader.Next();
      REQUIRE(answer.ok());
      if (answer->index() == 0) break;
      if (auto* need = std::get_if<RemoteNeed>(&*answer)) {
        outcome.answers.push_back(
            absl::StrCat("need ", need->platform, " in ", need->folder));
        const std::string body =
            need->zstd ? wire::CompressedFrame(program) : program;
        const std::string head = RemoteContentLine(body.size(), need->zstd);
        REQUIRE(sys::WriteAll(ends->first.get(), head).ok());
        REQUIRE(sys::WriteAll(ends->first.get(),
                              body.substr(0, cut.value_or(body.size())))
                    .ok());
        if (cut.has_value()) shutdown(ends->first.get(), SHUT_WR);
      } else if (std::holds_alternative<RemoteGot>(*answer)) {
        outcome.answers.push_back("got");
        if (!cut.has_value()) {
          REQUIRE(sys::WriteAll(ends->first.get(), kRemoteEnd).ok());
        }
      } else if (auto* error = std::get_if<RemoteError>(&*answer)) {
        outcome.answers.push_back(
            absl::StrCat("error ", error->status, " ", error->why));
      } else {
        outcome.answers.push_back("hello");
        const std::string& bytes = std::get<RemoteHello>(*answer).bytes;
        CHECK(absl::StartsWith(bytes, HelloFrame()));
        outcome.out = bytes.substr(HelloFrame().size());
        said_hello = true;
        break;
      }
    }
  }
  const sys::Ended ended = child->Wait();
  outcome.code = ended.code;
  outcome.signal = ended.signal;
  outcome.err = *sys::ReadFile(errors);
  return outcome;
}

std::vector<std::string> Shells() {
  std::vector<std::string> shells = {"sh", "bash --posix", "bash"};
  if (sys::Stat("/bin/busybox")->exists) shells.push_back("/bin/busybox sh");
  return shells;
}

using Lines = std::vector<std::string>;

std::string Need(const std::string& folder) {
  return absl::StrCat("need ", sys::Platform(), " in ", folder);
}

const char kArguments[] = "[msrc-recv]\n[--stdio]\n[a b]\n[]\n[it's $(x)]\n";

}  // namespace

TEST_CASE("remote start: what is absent is brought, and then found", "[msrc]") {
  const mode_t mask = umask(0027);
  for (const std::string& shell : Shells()) {
    INFO(shell);
    Far far(shell);
    const Outcome first = far.Talk(Options());
    CHECK(first.err == "");
    CHECK(first.answers == Lines{Need(far.cache), "got", "hello"});
    // The user's own mask is for what the receiver makes.
    CHECK(first.out == absl::StrCat(kArguments, "0027\n"));
    CHECK(first.code == 0);
    CHECK(far.Files() == Lines{"recv-0123abcd"});
    CHECK(sys::Stat(far.cache + "/recv-0123abcd")->mode == 0700);
    CHECK(sys::Stat(far.cache)->mode == 0700);

    const Outcome second = far.Talk(Options());
    CHECK(second.answers == Lines{"hello"});
    CHECK(second.out == first.out);
    RemoteStartOptions fresh = Options();
    fresh.fresh = true;
    CHECK(far.Talk(fresh).answers == first.answers);
    CHECK(far.Files() == Lines{"recv-0123abcd"});
  }
  umask(mask);
}

TEST_CASE("msrc M32: a host with few tools gets its receiver, too", "[msrc]") {
  const std::vector<Lines> toolboxes = {
      {"sh", "head", "dd", "chmod", "mv"},
      {"sh", "dd", "chmod", "mv", "mkdir", "uname"},
      {"sh", "head", "chmod", "mv", "mkdir", "uname", "rm"}};
  for (const Lines& tools : toolboxes) {
    for (const std::string& shell : {std::string("sh"), std::string("bash")}) {
      Far far(absl::StrCat("/bin/", shell));
      far.OnlyTools(tools);
      INFO(shell << " " << tools.size());
      const Outcome first = far.Talk(Options());
      CHECK(first.answers.size() == 3);
      CHECK(first.answers.back() == "hello");
      CHECK(first.code == 0);
      CHECK(absl::StartsWith(first.out, kArguments));
      CHECK(far.Talk(Options()).answers == Lines{"hello"});
    }
  }
}

TEST_CASE("remote start: what came half is never executed and not kept",
          "[msrc]") {
  for (const std::string& shell : Shells()) {
    INFO(shell);
    Far far(shell);
    for (size_t n = 0; n <= Program().size(); n += 41) {
      const Outcome half = far.Talk(Options(), n);
      CHECK(half.answers.front() == Need(far.cache));
      CHECK(half.answers.back() != "hello");
      CHECK(half.code != 0);
      CHECK(far.Files().empty());
    }
    // All of it, but the connection broke before that was sure.
    CHECK(far.Talk(Options(), Program().size()).code == 75);
    CHECK(far.Files().empty());
  }
}

TEST_CASE(
    "remote start: killed halfway, it leaves nothing that is taken for "
    "whole",
    "[msrc]") {
  for (const int signal : {SIGTERM, SIGHUP, SIGKILL}) {
    Far far("sh");
    auto ends = sys::SocketPair();
    fcntl(ends->second.get(), F_SETFL, 0);
    auto child = sys::Child::Spawn(far.Words(Options()),
                                   {.in = ends->second.get(),
                                    .out = ends->second.get(),
                                    .environment = &far.environment});
    REQUIRE(child.ok());
    ends->second.Reset();
    RemoteStartReader reader;
    for (;;) {
      pollfd ready = {ends->first.get(), POLLIN, 0};
      REQUIRE(poll(&ready, 1, 20'000) == 1);
      char buffer[4096];
      const ssize_t n = read(ends->first.get(), buffer, sizeof buffer);
      REQUIRE(n > 0);
      reader.Feed({buffer, static_cast<size_t>(n)});
      auto answer = reader.Next();
      REQUIRE(answer.ok());
      if (answer->index() != 0) break;
    }
    const std::string part =
        RemoteContentLine(Program().size(), false) + Program().substr(0, 50);
    REQUIRE(sys::WriteAll(ends->first.get(), part).ok());
    REQUIRE(child->Signal(signal).ok());
    // A shell waits for its head, which ends with the connection.
    ends->first.Reset();
    child->Wait();
    CHECK(!sys::Stat(far.cache + "/recv-0123abcd")->exists);
    if (signal != SIGKILL) CHECK(far.Files().empty());
    // The dead one's lock is not in the way for long, and its leftovers are no
    // executable anybody looks for.
    if (signal == SIGKILL) {
      REQUIRE(sys::RemoveTree(far.cache + "/recv-0123abcd.lock").ok());
    }
    CHECK(far.Talk(Options()).answers.back() == "hello");
  }
}

TEST_CASE(
    "remote start: who finds another at it waits, and uses what that one "
    "has brought",
    "[msrc]") {
  Far far("sh");
  const std::string lock = far.cache + "/recv-0123abcd.lock";
  REQUIRE(sys::MakeFolders(lock, 0700).ok());
  const sys::Fd null = *sys::Open("/dev/null", O_RDWR);
  const std::string receiver = far.cache + "/recv-0123abcd";
  // The other one: done after a moment.
  auto other = sys::Child::Spawn(
      {"sh", "-c", "sleep 0.3; cp \"$0\" \"$1\" && rmdir \"$2\"",
       far.root() + "/program", receiver, lock},
      {});
  REQUIRE(sys::ReplaceFile(far.root() + "/program", Program(), 0700).ok());
  REQUIRE(other.ok());
  const Outcome outcome = far.Talk(Options());
  other->Wait();
  CHECK(outcome.answers == Lines{"hello"});
  CHECK(outcome.err == "");
  CHECK(far.Files() == Lines{"recv-0123abcd"});
}

TEST_CASE("remote start: a folder that does not serve is passed over",
          "[msrc]") {
  for (const std::string& shell : Shells()) {
    INFO(shell);
    Far far(shell);
    // In the place of the cache's parent there is a file.
    REQUIRE(sys::ReplaceFile(far.root() + "/home/.cache", "x").ok());
    const std::string second = far.root() + "/tmp/fleetbox-me";
    CHECK(far.Talk(Options()).answers == Lines{Need(second), "got", "hello"});
    CHECK(far.Files(second) == Lines{"recv-0123abcd"});
    CHECK(sys::Stat(second)->mode == 0700);
    CHECK(far.Talk(Options()).answers == Lines{"hello"});

    // A link there is somebody else's idea of our folder.
    REQUIRE(sys::RemoveTree(second).ok());
    REQUIRE(sys::MakeFolders(far.root() + "/elsewhere", 0755).ok());
    REQUIRE(symlink((far.root() + "/elsewhere").c_str(), second.c_str()) == 0);
    const Outcome third = far.Talk(Options());
    CHECK(third.answers == Lines{Need(far.root() + "/home"), "got", "hello"});
    CHECK(far.Files(far.root() + "/elsewhere").empty());
    CHECK(sys::Stat(far.root() + "/elsewhere")->mode == 0755);
    CHECK(far.Talk(Options()).answers == Lines{"hello"});
  }
}

TEST_CASE("remote start: somebody else's folder or file is not used",
          "[msrc]") {
  if (sys::MyUid() != 0) {
    WARN("skipped: needs root");
    return;
  }
  for (const std::string& shell : Shells()) {
    INFO(shell);
    Far far(shell);
    REQUIRE(sys::MakeFolders(far.cache, 0700).ok());
    const std::string planted = far.cache + "/recv-0123abcd";
    REQUIRE(sys::ReplaceFile(planted, "#!/bin/sh\necho evil\n", 0755).ok());
    REQUIRE(sys::GiveTo(planted, 4321, 4321).ok());
    REQUIRE(sys::GiveTo(far.cache, 4321, 4321).ok());
    const Outcome outcome = far.Talk(Options());
    CHECK(outcome.answers.front() == Need(far.root() + "/tmp/fleetbox-me"));
    CHECK(outcome.answers.back() == "hello");
    CHECK(!absl::StrContains(outcome.out, "evil"));
  }
}

TEST_CASE("remote start: what is mounted noexec is passed over, or named",
          "[msrc]") {
  if (sys::MyUid() != 0) {
    WARN("skipped: needs root");
    return;
  }
  for (const std::string& shell : Shells()) {
    INFO(shell);
    Far far(shell);
    const auto forbid = [](const std::string& at) {
      REQUIRE(sys::MakeFolders(at, 0700).ok());
      return mount("none", at.c_str(), "tmpfs", MS_NOEXEC, "size=1m") == 0;
    };
    const std::string home = far.root() + "/home", tmp = far.root() + "/tmp";
    if (!forbid(home)) {
      WARN("skipped: cannot mount");
      return;
    }
    CHECK(far.Talk(Options()).answers.front() == Need(tmp + "/fleetbox-me"));
    REQUIRE(sys::RemoveTree(tmp + "/fleetbox-me").ok());
    const bool both = forbid(tmp);
    const Outcome none = far.Talk(Options());
    umount(tmp.c_str());
    CHECK(far.Files().empty());
    umount(home.c_str());
    REQUIRE(both);
    CHECK(none.answers ==
          Lines{absl::StrCat("error 73 ", far.cache,
                             ": what is in it cannot be executed (mounted "
                             "noexec)")});
    CHECK(none.code == 73);
  }
}

TEST_CASE(
    "remote start: $MSRC_RECV comes first, a fleetbox that speaks our "
    "protocol last",
    "[msrc]") {
  for (const std::string& shell : Shells()) {
    INFO(shell);
    Far far(shell);
    const std::string bin = far.root() + "/bin/fleetbox";
    const auto install = [&](const std::string& version) {
      const std::string program = Program();
      REQUIRE(sys::ReplaceFile(
                  bin,
                  absl::StrCat("#!/bin/sh\nif [ \"$2\" = --wire-version ]; "
                               "then ",
                               version, "; exit; fi\n", program.substr(10)),
                  0755)
                  .ok());
    };
    far.environment[3] =
        absl::StrCat("PATH=", far.root(), "/bin:/usr/bin:/bin");
    install("echo 1");
    CHECK(far.Talk(Options()).answers == Lines{"hello"});
    CHECK(far.Files().empty());
    for (const char* other :
         {"echo 2", "echo 11", "exit 64", "echo", "kill $$"}) {
      install(other);
      CHECK(far.Talk(Options(), 0).answers.front() == Need(far.cache));
    }
    far.environment.push_back("MSRC_RECV=" + far.root() + "/mine");
    REQUIRE(sys::ReplaceFile(far.root() + "/mine", Program(), 0700).ok());
    CHECK(far.Talk(Options()).answers == Lines{"hello"});
  }
}

TEST_CASE("remote start: without a cache nothing has the executable's name",
          "[msrc]") {
  Far far("sh");
  RemoteStartOptions options = Options();
  options.no_cache = true;
  // As the receiver does.
  const std::string program = absl::StrCat(Program(), "rm \"$0\"\n");
  const Outcome outcome = far.Talk(options, std::nullopt, program);
  CHECK(outcome.answers.back() == "hello");
  CHECK(far.Files().empty());
}

TEST_CASE("remote start: what nobody has used for 90 days goes", "[msrc]") {
  Far far("sh");
  REQUIRE(sys::MakeFolders(far.cache, 0700).ok());
  const timespec old[2] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
  for (const char* name : {"recv-aa", "recv-bb", "notes", "recv-cc.web.77"}) {
    const std::string path = absl::StrCat(far.cache, "/", name);
    REQUIRE(sys::ReplaceFile(path, "x").ok());
    if (std::string(name) == "recv-bb") continue;
    REQUIRE(utimensat(AT_FDCWD, path.c_str(), old, 0) == 0);
  }
  CHECK(far.Talk(Options()).answers.back() == "hello");
  CHECK(far.Files() == Lines{"notes", "recv-0123abcd", "recv-bb"});
}

TEST_CASE("remote start: a platform nobody has an executable for is named",
          "[msrc]") {
  for (const std::string& shell : Shells()) {
    Far far(shell);
    RemoteStartOptions options = Options();
    options.executables = {{"Plan9 mips", "ffff"}};
    const Outcome outcome = far.Talk(options);
    CHECK(outcome.answers == Lines{absl::StrCat("error 69 there is no fleetbox "
                                                "for ",
                                                sys::Platform())});
    CHECK(outcome.code == 69);
    CHECK(far.Files().empty());
  }
}

TEST_CASE("remote start: nothing in the line means anything to a login shell",
          "[msrc]") {
  for (const bool fresh : {false, true}) {
    RemoteStartOptions options = Options();
    options.fresh = fresh;
    options.no_cache = fresh;
    const std::string line = RemoteStartWords(options)[2];
    CHECK(line.find_first_of("!\n'\r") == std::string::npos);
    CHECK(line.size() < 4096);
  }
}

// --- the reader alone -------------------------------------------------------

namespace {

std::string All(const std::string& bytes, size_t piece) {
  RemoteStartReader reader;
  std::string all;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    reader.Feed(bytes.substr(at, piece));
    for (;;) {
      const auto answer = reader.Next();
      if (!answer.ok()) return absl::StrCat(all, "bad;");
      if (answer->index() == 0) break;
      const char* names[] = {"", "need;", "got;", "error;", "hello;"};
      all += names[answer->index()];
      if (answer->index() == 4) return all;
    }
  }
  return all;
}

}  // namespace

TEST_CASE("remote start: answers are found behind noise, wherever it is cut",
          "[msrc]") {
  const std::string bytes =
      "Welcome!\r\nlast login: never\nMSRC-NEEDLE\n\n"
      "MSRC-NEED Linux x86_64 zstd /home/a b/.cache\nfoo\nMSRC-GOT\n\n\n" +
      HelloFrame();
  for (size_t piece = 1; piece <= bytes.size(); piece++) {
    CHECK(All(bytes, piece) == "need;got;hello;");
  }
}

TEST_CASE("msrc M32: it is known whether a receiver was there", "[msrc]") {
  RemoteStartReader reader;
  reader.Feed("Welcome!\n\nMSRC-FOUND");
  CHECK(reader.Next().ok());
  CHECK(!reader.found());
  reader.Feed("\n");
  const auto answer = reader.Next();
  REQUIRE(answer.ok());
  CHECK(answer->index() == 0);
  CHECK(reader.found());
}

TEST_CASE("remote start: a hello whose length looks like a line break is one",
          "[msrc]") {
  // Of 266 bytes: 0x0a 0x01.
  std::string principal(200, 'p'), frame;
  do {
    principal += 'p';
    frame = net::EncodeFrame(net::FrameType::kHello,
                             net::EncodeHello(principal, nullptr, ""));
  } while (frame[0] != '\n' && principal.size() < 255);
  REQUIRE(frame[0] == '\n');
  for (size_t piece = 1; piece <= frame.size() + 6; piece++) {
    CHECK(All("noise\n" + frame, piece) == "hello;");
    CHECK(All("noise" + frame, piece) == "hello;");
  }
}

TEST_CASE("remote start: forged, truncated and endless answers are refused",
          "[msrc]") {
  for (const char* line :
       {"MSRC-NEED ", "MSRC-NEED Linux", "MSRC-NEED Linux x86_64 /x",
        "MSRC-NEED Linux x86_64 gzip /x", "MSRC-ERROR ", "MSRC-ERROR x y",
        "MSRC-ERROR 0 y", "MSRC-ERROR 256 y", "MSRC-ERROR -1 y"}) {
    CHECK(All(absl::StrCat(line, "\n"), 7) == "bad;");
  }
  CHECK(All("MSRC-GOT", 3) == "");
  CHECK(All("MSRC-NEED a b plain " + std::string(5000, 'x') + "\n", 512) ==
        "bad;");
  CHECK(All(std::string(kMaxRemoteNoiseBytes, 'x'), 4096) == "");
  CHECK(All(std::string(kMaxRemoteNoiseBytes + 1, 'x'), 4096) == "bad;");
  std::string lines;
  while (lines.size() <= kMaxRemoteNoiseBytes) lines += "noise\n";
  CHECK(All(lines, 4096) == "bad;");
  // What only begins like a hello is noise when it does not go on as one.
  const std::string forged("\x05\0\0\0\1abcd\n\n\n\n\n", 14);
  CHECK(All(forged + HelloFrame(), 1) == "hello;");
}
