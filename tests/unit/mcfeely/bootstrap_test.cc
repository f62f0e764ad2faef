// How the executable comes to another host: the commands, run by the shells
// that are here.
#include "mcfeely/bootstrap.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/status.h"
#include "sys/child.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/users.h"

using namespace mcfeely;

namespace {

const std::string kContent = "#!/bin/sh\nfor w; do echo \"[$w]\"; done\n";

Executable Ours() {
  return {.version = "fleetbox 9.9",
          .hash = "0123abcd",
          .bytes = static_cast<int64_t>(kContent.size()),
          .platform = sys::Platform()};
}

struct Outcome {
  int code;
  std::string out, err;
};

// A far host: a home, and a shell that knows nothing of ours.
struct Far {
  Far() : folder(*sys::TemporaryFolder::Make("far-")) {
    environment = {"HOME=" + folder.path(), "PATH=/usr/bin:/bin"};
    file = cache() + "/fleetbox-0123abcd";
  }
  std::string cache() const { return folder.path() + "/.cache/fleetbox"; }
  std::vector<std::string> Files() const {
    auto names = sys::ListFolder(cache());
    return names.ok() ? *names : std::vector<std::string>{};
  }
  sys::Child Start(std::vector<std::string> words, const std::string& input,
                   const std::string& to) const {
    // "sh" is the first word; another shell may be two.
    std::vector<std::string> argv = absl::StrSplit(shell, ' ');
    argv.insert(argv.end(), words.begin() + 1, words.end());
    REQUIRE(sys::ReplaceFile(to + ".in", input).ok());
    const sys::Fd in = *sys::Open(to + ".in", O_RDONLY | O_CLOEXEC);
    const int make = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
    const sys::Fd out = *sys::Open(to + ".out", make);
    const sys::Fd err = *sys::Open(to + ".err", make);
    auto child = sys::Child::Spawn(argv, {.in = in.get(),
                                          .out = out.get(),
                                          .err = err.get(),
                                          .environment = &environment});
    REQUIRE(child.ok());
    return *std::move(child);
  }
  Outcome Run(const std::vector<std::string>& words,
              const std::string& input = "") const {
    const std::string to = folder.path() + "/run";
    const int code = Start(words, input, to).Wait().code;
    return {code, *sys::ReadFile(to + ".out"), *sys::ReadFile(to + ".err")};
  }
  Outcome Receive(const std::string& input = kContent) const {
    return Run(ReceiveWords(Ours()), input);
  }

  sys::TemporaryFolder folder;
  std::string shell = "sh";
  std::vector<std::string> environment;
  std::string file;
};

std::vector<std::string> Shells() {
  std::vector<std::string> shells = {"sh", "bash --posix"};
  if (sys::Stat("/bin/busybox")->exists) shells.push_back("/bin/busybox sh");
  return shells;
}

}  // namespace

TEST_CASE("bootstrap: what is absent is brought, and then found", "[mcfeely]") {
  for (const std::string& shell : Shells()) {
    INFO(shell);
    Far far;
    far.shell = shell;
    const std::vector<std::string> arguments = {"-H", "a b", "", "it's $(x)"};
    const Outcome absent = far.Run(StartWords(Ours(), arguments));
    CHECK(absent.code == 127);
    CHECK(AbsentOn(absent.err) == sys::Platform());
    CHECK(absent.out.empty());

    const Outcome received = far.Receive();
    CHECK(received.err == "");
    CHECK(received.code == 0);
    CHECK(far.Files() == std::vector<std::string>{"fleetbox-0123abcd"});
    CHECK(sys::Stat(far.file)->mode == 0700);
    CHECK(sys::Stat(far.cache())->mode == 0700);

    const Outcome found = far.Run(StartWords(Ours(), arguments));
    CHECK(found.code == 0);
    CHECK(found.out == "[mcfeely-agent]\n[-H]\n[a b]\n[]\n[it's $(x)]\n");
  }
}

TEST_CASE("bootstrap: what came half is not kept, what is half is not run",
          "[mcfeely]") {
  for (const std::string& shell : Shells()) {
    INFO(shell);
    Far far;
    far.shell = shell;
    for (size_t n = 0; n < kContent.size(); n += 7) {
      const Outcome half = far.Receive(kContent.substr(0, n));
      CHECK(half.code == 75);
      CHECK(half.err == "cut short\n");
      CHECK(far.Files().empty());
    }
    CHECK(far.Receive(kContent + "x").code == 75);
    CHECK(far.Files().empty());
    // As a crash of the host leaves it.
    REQUIRE(sys::ReplaceFile(far.file, kContent.substr(0, 20), 0700).ok());
    const Outcome absent = far.Run(StartWords(Ours(), {}));
    CHECK(absent.code == 127);
    CHECK(AbsentOn(absent.err).has_value());
    CHECK(far.Receive().code == 0);
    CHECK(sys::ReadFile(far.file).value_or("") == kContent);
  }
}

TEST_CASE("bootstrap: a lock is kept by whoever lives, and taken from the dead",
          "[mcfeely]") {
  for (const std::string& shell : Shells()) {
    INFO(shell);
    Far far;
    far.shell = shell;
    REQUIRE(sys::MakeFolders(far.cache(), 0700).ok());
    const std::string lock = far.file + ".lock";
    const std::string here = sys::HostName();
    const auto take = [&](const std::string& holder) {
      REQUIRE(sys::ReplaceFile(lock, holder + "\n").ok());
    };
    take(absl::StrCat(here, " ", sys::MyPid()));
    Outcome outcome = far.Receive();
    CHECK(outcome.code == 75);
    CHECK(outcome.err == absl::StrCat("process ", sys::MyPid(), " of ", here,
                                      " is copying it\n"));
    CHECK(sys::Stat(lock)->exists);
    CHECK(!sys::Stat(far.file)->exists);

    take(absl::StrCat("elsewhere ", 4321));
    CHECK(far.Receive().code == 75);
    // A day later.
    const timespec old[2] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
    REQUIRE(utimensat(AT_FDCWD, lock.c_str(), old, 0) == 0);
    CHECK(far.Receive().code == 0);
    CHECK(far.Files() == std::vector<std::string>{"fleetbox-0123abcd"});

    REQUIRE(sys::RemoveFile(far.file).ok());
    take(absl::StrCat(here, " ", 1 << 30));
    CHECK(far.Receive().code == 0);
    CHECK(far.Files() == std::vector<std::string>{"fleetbox-0123abcd"});
    REQUIRE(sys::RemoveFile(far.file).ok());
    take("");  // nobody's, as a crash of the host may leave it
    CHECK(far.Receive().code == 0);
  }
}

TEST_CASE("bootstrap: of many at once, none leaves anything but the whole",
          "[mcfeely]") {
  Far far;
  std::vector<sys::Child> children;
  for (int n = 0; n < 12; n++) {
    children.push_back(far.Start(ReceiveWords(Ours()), kContent,
                                 absl::StrCat(far.folder.path(), "/run", n)));
  }
  int done = 0;
  for (sys::Child& child : children) {
    const sys::Ended ended = child.Wait();
    CHECK((ended.code == 0 || ended.code == 75));
    done += ended.code == 0;
  }
  CHECK(done >= 1);
  CHECK(far.Files() == std::vector<std::string>{"fleetbox-0123abcd"});
  CHECK(sys::ReadFile(far.file).value_or("") == kContent);
}

TEST_CASE("bootstrap: a fleetbox of the same version on the PATH is taken",
          "[mcfeely]") {
  Far far;
  const std::string bin = far.folder.path() + "/bin";
  REQUIRE(sys::MakeFolders(bin).ok());
  far.environment[1] = absl::StrCat("PATH=", bin, ":/usr/bin:/bin");
  const auto install = [&](absl::string_view version) {
    REQUIRE(
        sys::ReplaceFile(bin + "/fleetbox",
                         absl::StrCat("#!/bin/sh\n[ \"$1\" = --version ] "
                                      "&& echo '",
                                      version, "' || echo \"started $*\"\n"),
                         0755)
            .ok());
  };
  install("fleetbox 9.9");
  CHECK(far.Run(StartWords(Ours(), {"-v"})).out ==
        "started mcfeely-agent -v\n");
  for (const char* other : {"fleetbox 9.8", "fleetbox 9.9.1", "", "busybox"}) {
    install(other);
    CHECK(far.Run(StartWords(Ours(), {"-v"})).code == 127);
  }
}

TEST_CASE("bootstrap: what a far host says is read with care", "[mcfeely]") {
  CHECK(!AbsentOn("").has_value());
  CHECK(!AbsentOn("Permission denied").has_value());
  CHECK(AbsentOn("fleetbox-absent ") == "");
  CHECK(AbsentOn("the peer has gone: fleetbox-absent Linux x86_64\nmore") ==
        "Linux x86_64");
  CHECK(AbsentOn(absl::StrCat("fleetbox-absent ", std::string(9999, 'x')))
            ->size() == 80);
}
