// Deliveries to the real receiver: the executable that was built beside this
// test, brought to a home of its own by the line that ssh would run.
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <deque>
#include <map>
#include <optional>

#include "keys/openssh_key.h"
#include "msrc/delivery_run.h"
#include "sys/child.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/signals.h"

using namespace msrc;

namespace {

// "" when there is none, or one that is no receiver.
std::string Fleetbox() {
  const std::string own = sys::OwnExecutable();
  const std::string path = own.substr(0, own.rfind('/')) + "/fleetbox";
  const auto version = sys::RunProgram({path, "msrc-recv", "--wire-version"},
                                       "", absl::Seconds(10));
  return version.ok() && *version == "1\n" ? path : "";
}

class OneHost : public HostSupply {
 public:
  absl::StatusOr<Got> Next(SuppliedHost* host) override {
    if (hosts.empty()) return Got::kEnd;
    *host = std::move(hosts.front());
    hosts.pop_front();
    return Got::kHost;
  }
  std::deque<SuppliedHost> hosts;
};

struct World {
  explicit World(std::string fleetbox) : executable(std::move(fleetbox)) {
    sys::IgnoreSigpipe();
    for (const char* name : {"/from", "/homes"}) {
      REQUIRE(sys::MakeFolders(folder.path() + name).ok());
    }
    // ssh, as the line sees it: another home and environment, and a login
    // shell.
    REQUIRE(sys::ReplaceFile(
                folder.path() + "/ssh",
                absl::StrCat("#!/bin/sh\nfor w; do host=$last; last=$w; done\n"
                             "h=",
                             folder.path(),
                             "/homes/$host\n"
                             "mkdir -p $h && cd $h || exit 255\n"
                             "exec env -i HOME=$h LOGNAME=me TMPDIR=$h "
                             "PATH=/usr/bin:/bin sh -c \"$last\"\n"),
                0755)
                .ok());
  }
  std::string Home(const std::string& host) const {
    return folder.path() + "/homes/" + host;
  }
  void Put(const std::string& name, const std::string& content) {
    const std::string path = folder.path() + "/from/" + name;
    REQUIRE(sys::ReplaceFile(path, content).ok());
    for (const SourceFile& f : sources) {
      if (f.path == name) return;
    }
    sources.push_back({name, path});
  }
  // Runs to the end; what the hosts' utilities printed is not looked at.
  void Deliver(const std::vector<std::string>& hosts,
               const std::vector<std::string>& words,
               std::function<void(RunShared&)> change = nullptr) {
    sys::Loop loop;
    auto read = ReadSources(sources, {});
    REQUIRE(read.ok());
    const wire::Manifest manifest = *wire::Manifest::Make(read->entries);
    SharedContents contents(read->places, 1 << 20);
    Executables executables = *Executables::Find("", executable);
    RunShared shared;
    shared.run = sys::RandomBytes(16);
    shared.manifest = &manifest;
    shared.signer = &key;
    shared.contents = &contents;
    shared.executables = &executables;
    if (change) change(shared);
    REQUIRE(SealManifest(&shared).ok());
    OneHost supply;
    for (const std::string& name : hosts) {
      SuppliedHost h;
      h.position = supply.hosts.size();
      h.job.name = name;
      h.job.ssh =
          ssh.empty() ? std::vector<std::string>{folder.path() + "/ssh"} : ssh;
      h.job.into = "app";
      if (!words.empty()) h.job.runs = HostJob::Runs::kAtOnce;
      for (const std::string& w : words) h.job.utility.add_word(w);
      supply.hosts.push_back(std::move(h));
    }
    DeliveryRunOptions options;
    options.hosts = hosts.size();
    options.waves.jobs = 2;
    options.retry.retries = 0;
    options.output.errors = fanout::OutputOptions::Errors::kDrop;
    bool done = false;
    reports.clear();
    DeliveryRunEvents e;
    e.reported = [this](const HostReport& r) { reports[r.host] = r; };
    e.done = [&] { done = true; };
    auto run = DeliveryRun::Start(loop, shared, supply, options, std::move(e));
    REQUIRE(run.ok());
    const absl::Time deadline = sys::SteadyNow() + absl::Seconds(30);
    while (!done && sys::SteadyNow() < deadline) {
      loop.Turn(absl::Milliseconds(20));
    }
    REQUIRE(done);
  }
  const HostReport& At(const std::string& host) {
    const HostReport& r = reports.at(host);
    UNSCOPED_INFO(host << ": " << r.status << " " << r.phase << " " << r.error);
    return r;
  }

  const std::string executable;
  std::vector<std::string> ssh;  // instead of the stand-in
  sys::TemporaryFolder folder = *sys::TemporaryFolder::Make("real-");
  keys::KeyPair key = keys::NewKeyPair("ops");
  std::vector<SourceFile> sources;
  std::map<std::string, HostReport> reports;
};

using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("msrc M26: what is there already is the same, and is not touched",
          "[msrc]") {
  const std::string fleetbox = Fleetbox();
  if (fleetbox.empty()) {
    WARN("skipped: there is no fleetbox with a receiver beside the test");
    return;
  }
  World w(fleetbox);
  w.Put("a", "A\n");
  w.Put("Makefile", "all:\n");
  w.Deliver({"h1", "h2"}, {"cat", "a", ">&2;", "echo", "$MSRC_HOST", ">ran"});
  for (const char* host : {"h1", "h2"}) {
    CHECK(w.At(host).status == 0);
    CHECK(w.At(host).copied);
    CHECK(w.At(host).created == Paths{"Makefile", "a"});
    CHECK(w.At(host).error_bytes == 2);
    CHECK(sys::ReadFile(w.Home(host) + "/app/a").value_or("") == "A\n");
    CHECK(sys::ReadFile(w.Home(host) + "/app/ran").value_or("") ==
          absl::StrCat(host, "\n"));
  }
  const sys::FileInfo before = *sys::Stat(w.Home("h1") + "/app/a");
  w.Deliver({"h1", "h2"}, {"exit", "3"});
  CHECK(w.At("h1").status == 3);
  CHECK(w.At("h1").phase == "run");
  CHECK_FALSE(w.At("h1").copied);  // M32: the second run finds it
  CHECK(w.At("h1").same == 2);
  CHECK(w.At("h1").changes() == 0);
  const sys::FileInfo after = *sys::Stat(w.Home("h1") + "/app/a");
  CHECK(after.inode == before.inode);
  CHECK(after.mtime_ns == before.mtime_ns);

  // M27: one file is another.
  w.Put("a", "B\n");
  w.Deliver({"h1"}, {});
  CHECK(w.At("h1").status == 0);
  CHECK(w.At("h1").changed == Paths{"a"});
  CHECK(sys::ReadFile(w.Home("h1") + "/app/a").value_or("") == "B\n");
}

TEST_CASE("msrc M32: a receiver that is cut short is found out, and replaced",
          "[msrc]") {
  const std::string fleetbox = Fleetbox();
  if (fleetbox.empty()) {
    WARN("skipped: there is no fleetbox with a receiver beside the test");
    return;
  }
  World w(fleetbox);
  w.Put("a", "A\n");
  w.Deliver({"h1"}, {});
  REQUIRE(w.At("h1").status == 0);
  const std::string cache = w.Home("h1") + "/.cache/fleetbox";
  const Executables executables = *Executables::Find("", fleetbox);
  const std::string copy = cache + "/recv-" + executables.list()[0].hash;
  const sys::FileInfo whole = *sys::Stat(copy);
  REQUIRE(whole.exists);
  REQUIRE(truncate(copy.c_str(), 100'000) == 0);
  w.Deliver({"h1"}, {"true"});
  CHECK(w.At("h1").status == 0);
  CHECK(w.At("h1").copied);
  CHECK(sys::Stat(copy)->bytes == whole.bytes);
}

TEST_CASE("msrc M33: a host with a trust file takes nothing from a stranger",
          "[msrc]") {
  const std::string fleetbox = Fleetbox();
  if (fleetbox.empty()) {
    WARN("skipped: there is no fleetbox with a receiver beside the test");
    return;
  }
  World w(fleetbox);
  w.Put("a", "A\n");
  const std::string trust = w.folder.path() + "/trust";
  const keys::KeyPair other = keys::NewKeyPair("other");
  REQUIRE(sys::ReplaceFile(trust, "# nobody\n").ok());
  const auto strict = [&](RunShared& shared) {
    shared.receiver_arguments = {"--stdio", "--trust", trust, "--principal",
                                 "host:h1"};
  };
  w.Deliver({"h1"}, {"touch", "ran"}, strict);
  CHECK(w.At("h1").status == 77);
  CHECK(!sys::Stat(w.Home("h1") + "/app")->exists);
  w.Deliver({"h1"}, {"true"}, [&](RunShared& shared) {
    strict(shared);
    shared.ephemeral = true;
  });
  CHECK(w.At("h1").status == 78);
}

TEST_CASE("delivery: a large tree arrives whole, and a check changes nothing",
          "[msrc]") {
  const std::string fleetbox = Fleetbox();
  if (fleetbox.empty()) {
    WARN("skipped: there is no fleetbox with a receiver beside the test");
    return;
  }
  World w(fleetbox);
  uint32_t seed = 1;
  for (int i = 0; i < 30; i++) {
    std::string content;
    while (content.size() < static_cast<size_t>(i) * 150'000) {
      seed = seed * 1664525 + 1013904223;
      content += static_cast<char>(seed >> 24);
    }
    w.Put(absl::StrCat("f", i), content);
  }
  w.Deliver({"h1"}, {}, [](RunShared& shared) {
    shared.policy.set_check(true);
    shared.no_cache = true;
  });
  CHECK(w.At("h1").status == 0);
  CHECK(w.At("h1").created.size() == 30);
  CHECK(!sys::Stat(w.Home("h1") + "/app")->exists);
  CHECK(sys::ListFolder(w.Home("h1") + "/.cache/fleetbox")
            .value_or(Paths{})
            .empty());
  w.Deliver({"h1", "h2", "h3"}, {});
  for (const char* host : {"h1", "h2", "h3"}) {
    CHECK(w.At(host).status == 0);
    for (const SourceFile& f : w.sources) {
      CHECK(sys::ReadFile(w.Home(host) + "/app/" + f.path).value_or("x") ==
            *sys::ReadFile(f.file));
    }
  }
}

TEST_CASE("msrc M34: over a real ssh, and where that cannot log in", "[msrc]") {
  const std::string fleetbox = Fleetbox();
  if (fleetbox.empty() || access("/usr/sbin/sshd", X_OK) != 0 ||
      access("/usr/bin/ssh-keygen", X_OK) != 0 || sys::MyUid() != 0) {
    WARN("skipped: needs a fleetbox beside the test, sshd and root");
    return;
  }
  World w(fleetbox);
  const std::string& f = w.folder.path();
  const std::string home = w.Home("far");
  REQUIRE(sys::MakeFolders(home).ok());
  mkdir("/run/sshd", 0755);
  for (const char* name : {"host", "user"}) {
    REQUIRE(sys::RunProgram({"ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                             "-f", absl::StrCat(f, "/", name)},
                            "", absl::Seconds(20))
                .ok());
  }
  const auto put = [&](const std::string& name, const std::string& content) {
    REQUIRE(sys::ReplaceFile(f + "/" + name, content, 0600).ok());
  };
  // One connection over a pipe: no port, and nothing of the system's.
  put("sshd_config",
      absl::StrCat("HostKey ", f, "/host\nAuthorizedKeysFile ", f,
                   "/user.pub\nStrictModes no\nPermitRootLogin yes\nUsePAM "
                   "no\nPidFile none\nSetEnv HOME=",
                   home, " XDG_CACHE_HOME=", home, "/.cache\n"));
  const std::string key = *sys::ReadFile(f + "/host.pub");
  put("known", "far " + key);
  put("config",
      absl::StrCat("Host *\nProxyCommand /usr/sbin/sshd -i -f ", f,
                   "/sshd_config 2>/dev/null\nHostKeyAlias far\n"
                   "UserKnownHostsFile ",
                   f, "/known\nGlobalKnownHostsFile none\nIdentityFile ", f,
                   "/user\nIdentitiesOnly yes\nLogLevel ERROR\n"));
  w.ssh = {"ssh", "-F", f + "/config"};
  w.Put("a", "A\n");
  w.Deliver({"one", "two"}, {"cat", "a", ">>$HOME/log"});
  CHECK(w.At("one").status == 0);
  CHECK(w.At("two").status == 0);
  CHECK(sys::ReadFile(home + "/app/a").value_or("") == "A\n");
  CHECK(sys::ReadFile(home + "/log").value_or("") == "A\nA\n");
  w.Deliver({"one"}, {"kill", "-9", "$$"});
  CHECK(w.At("one").status == 137);
  CHECK_FALSE(w.At("one").copied);
  CHECK(w.At("one").same == 1);

  REQUIRE(sys::RemoveFile(f + "/user.pub").ok());
  w.Deliver({"one"}, {"true"});
  CHECK(w.At("one").status == 255);
  CHECK(w.At("one").phase == "connect");
  CHECK(absl::StrContains(w.At("one").error, "Permission denied"));
}
