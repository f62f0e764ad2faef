// A delivery to many hosts, over a stand-in for ssh to receivers of a model.
#include "msrc/delivery_run.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <deque>
#include <set>

#include "hosts/drive_outcome.h"
#include "model_receiver.h"
#include "sys/process.h"
#include "unit/wire/content_testing.h"

using namespace msrc;
using namespace msrc_test;

namespace {

class ListSupply : public HostSupply {
 public:
  absl::StatusOr<Got> Next(SuppliedHost* host) override {
    if (hosts.empty()) return Got::kEnd;
    *host = std::move(hosts.front());
    hosts.pop_front();
    taken++;
    return Got::kHost;
  }
  std::deque<SuppliedHost> hosts;
  int taken = 0;
};

// Where the standard output goes while a run writes to it.
class Captured {
 public:
  explicit Captured(const std::string& path)
      : path_(path), kept_(dup(1)), kept_errors_(dup(2)) {
    Point(path, 1);
    Point(path + ".err", 2);
  }
  ~Captured() { Restore(); }
  std::string Take() {
    Restore();
    return *sys::ReadFile(path_);
  }
  std::string Errors() { return *sys::ReadFile(path_ + ".err"); }

 private:
  static void Point(const std::string& path, int fd) {
    const sys::Fd file =
        *sys::Open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND);
    dup2(file.get(), fd);
  }
  void Restore() {
    if (!kept_) return;
    dup2(kept_.get(), 1);
    dup2(kept_errors_.get(), 2);
    kept_.Reset();
  }
  std::string path_;
  sys::Fd kept_, kept_errors_;
};

struct Bench {
  Bench() {
    files.emplace(*sys::TemporaryFolder::Make("payload-"));
    Put("a", "A's content");
    Put("big", std::string(3 << 20, 'b') + "end");
    options.waves.jobs = 4;
    options.retry.delay = {absl::Milliseconds(10), 2};
    options.output.squeeze = true;
    options.header = [](const std::vector<std::string>& names) {
      return absl::StrCat("== ", absl::StrJoin(names, ","), "\n");
    };
    shared.run = std::string(16, 'r');
    shared.policy.set_check(false);
  }
  void Put(const std::string& name, const std::string& content) {
    const std::string path = files->path() + "/" + name;
    REQUIRE(sys::ReplaceFile(path, content).ok());
    sources.push_back({name, path});
  }
  SuppliedHost Job(const std::string& name) {
    SuppliedHost h;
    h.job.name = name;
    h.job.ssh = hosts.ssh();
    h.job.into = "app";
    h.job.runs = HostJob::Runs::kAtOnce;
    h.job.utility.add_word("make");
    return h;
  }
  void Want(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      SuppliedHost h = Job(name);
      h.position = supply.hosts.size();
      supply.hosts.push_back(std::move(h));
    }
  }
  // Starts; Finish waits for the end.
  void Start() {
    auto read = ReadSources(sources, {});
    REQUIRE(read.ok());
    manifest = *wire::Manifest::Make(read->entries);
    contents = std::make_unique<SharedContents>(read->places, 1 << 20);
    executables = std::make_unique<Executables>(*Executables::Find(""));
    shared.manifest = &manifest;
    shared.signer = &key;
    shared.contents = contents.get();
    shared.executables = executables.get();
    REQUIRE(SealManifest(&shared).ok());
    options.hosts = supply.hosts.size();
    DeliveryRunEvents e;
    e.reported = [this](const HostReport& r) {
      reports[r.host] = r;
      order.push_back(r.host);
    };
    e.hooks = [this](const HostJob& job,
                     std::function<void(bool, int)> answer) {
      hooks(job, std::move(answer));
    };
    e.failed = [this](const absl::Status& s) { failures.push_back(s); };
    e.differences = [this](const HostReport& r,
                           const fleetbox::wire::Applied& applied,
                           const wire::Manifest& m) {
      for (const auto& d : applied.diff()) {
        diffs.Add(r, m.entries()[d.entry()].path, d.text());
      }
    };
    e.done = [this] { done = true; };
    captured = std::make_unique<Captured>(files->path() + "/captured");
    auto started =
        DeliveryRun::Start(loop, shared, supply, options, std::move(e));
    REQUIRE(started.ok());
    run = *std::move(started);
  }
  bool Until(const std::function<bool()>& condition) {
    const absl::Time deadline = sys::SteadyNow() + absl::Seconds(20);
    while (!condition()) {
      if (sys::SteadyNow() > deadline) return false;
      loop.Turn(absl::Milliseconds(20));
    }
    return true;
  }
  void Finish() {
    const bool ended = Until([&] { return done; });
    out = captured->Take();
    errors = captured->Errors();
    REQUIRE(ended);
  }
  void RunAll() {
    Start();
    Finish();
  }
  bool Is(const std::string& host, int status, absl::string_view phase) {
    const HostReport& r = reports.at(host);
    UNSCOPED_INFO(host << ": " << r.status << " " << r.phase << " " << r.error);
    return r.status == status && r.phase == phase;
  }

  sys::Loop loop;
  ModelHosts hosts{loop};
  std::optional<sys::TemporaryFolder> files;
  std::vector<SourceFile> sources;
  keys::KeyPair key = keys::NewKeyPair("ops");
  wire::Manifest manifest;
  std::unique_ptr<SharedContents> contents;
  std::unique_ptr<Executables> executables;
  RunShared shared;
  ListSupply supply;
  DeliveryRunOptions options;
  std::unique_ptr<Captured> captured;
  std::unique_ptr<DeliveryRun> run;
  std::map<std::string, HostReport> reports;
  std::vector<std::string> order;
  std::vector<absl::Status> failures;
  std::function<void(const HostJob&, std::function<void(bool, int)>)> hooks;
  DiffFolder diffs{1 << 20};
  std::string out, errors;
  bool done = false;
};

}  // namespace

TEST_CASE(
    "delivery: every host gets the contents, runs the utility, and its "
    "output stays together",
    "[msrc]") {
  Bench b;
  std::vector<std::string> names;
  for (int i = 1; i <= 9; i++) {
    names.push_back(absl::StrCat("web", i));
    b.hosts.Add(names.back()).output = absl::StrCat("out ", i, "\nmore\n");
    b.hosts.at(names.back()).errors = absl::StrCat("err ", i, "\n");
  }
  b.hosts.at("web3").has_all = true;
  b.hosts.at("web5").exit_code = 7;
  b.Want(names);
  b.options.output.errors = fanout::OutputOptions::Errors::kCollate;
  b.options.output.order = fanout::CollateOrder::kPlace;
  b.RunAll();
  std::string expected;
  for (int i = 1; i <= 9; i++) {
    const std::string name = names[i - 1];
    absl::StrAppend(&expected, "== ", name, "\nout ", i, "\nmore\n");
    CHECK(b.Is(name, i == 5 ? 7 : 0, i == 5 ? "run" : ""));
    Behaviour& h = b.hosts.at(name);
    CHECK(h.words == std::vector<std::string>{"make"});
    CHECK(h.host == name);
    CHECK(h.calls == 1);
    CHECK(h.utilities == 1);
    CHECK(h.files.size() == (i == 3 ? 0 : 2));
    if (i != 3) CHECK(h.files.at("big") == std::string(3 << 20, 'b') + "end");
    CHECK(b.reports.at(name).created.size() == h.files.size());
    CHECK(b.reports.at(name).same == 2 - h.files.size());
    CHECK(b.reports.at(name).into == "/there/app");
    CHECK(absl::StrContains(b.errors, absl::StrCat("err ", i, "\n")));
  }
  CHECK(b.out == expected);
  // Made once for all.
  std::set<wire::Hash> pieces = {b.manifest.entries()[0].hash};
  pieces.insert(b.manifest.entries()[1].chunks.begin(),
                b.manifest.entries()[1].chunks.end());
  CHECK(b.contents->made() == static_cast<int64_t>(pieces.size()));
  CHECK(hosts::ExitCodeOf(b.run->statuses()) == 1);
  CHECK(b.failures.empty());
}

TEST_CASE("msrc M34: one that cannot be reached is tried again, and is one",
          "[msrc]") {
  Bench b;
  for (const char* name : {"web1", "web2"}) b.hosts.Add(name);
  b.Want({"web1", "down", "web2"});
  b.options.retry.retries = 2;
  b.RunAll();
  CHECK(b.Is("web1", 0, ""));
  CHECK(b.Is("web2", 0, ""));
  CHECK(b.Is("down", 255, "connect"));
  CHECK(b.reports.at("down").error == "ssh: no route to down");
  CHECK(b.reports.at("down").attempts == 3);
  CHECK(b.reports.at("web1").attempts == 1);
  CHECK(hosts::ExitCodeOf(b.run->statuses()) == 1);
}

TEST_CASE("delivery: a line that breaks later is not tried again", "[msrc]") {
  Bench b;
  b.hosts.Add("h1").drop_at = "hello";
  b.hosts.Add("h2").drop_at = "need";
  b.hosts.Add("h3").drop_at = "applied";
  b.hosts.Add("h4").drop_at = "ended";
  b.Want({"h1", "h2", "h3", "h4"});
  b.options.retry.retries = 3;
  b.RunAll();
  CHECK(b.Is("h2", 255, "transfer"));
  CHECK(b.Is("h3", 255, "apply"));
  CHECK(b.Is("h4", 255, "run"));
  for (const char* name : {"h2", "h3", "h4"}) {
    CHECK(b.hosts.at(name).calls == 1);
    CHECK(b.reports.at(name).attempts == 1);
  }
  CHECK(b.hosts.at("h4").utilities == 1);
  CHECK(b.reports.at("h1").status == 255);
}

TEST_CASE("resume: a host that has kept contents is sent the others",
          "[msrc]") {
  int64_t sent = 0;
  std::set<std::string> kept;
  {
    Bench b;
    for (const char* name : {"0a", "0b", "0c"}) {
      b.Put(name, wire_test::Noise(1 << 20, static_cast<uint64_t>(name[1])));
    }
    b.hosts.Add("h1").drop_after = 2;
    b.Want({"h1"});
    b.RunAll();
    // The last may have been on its way whole.
    CHECK(b.reports.at("h1").status == 255);
    sent = b.reports.at("h1").sent_bytes;
    kept = b.hosts.at("h1").kept;
    CHECK(kept.size() == 2);
    CHECK(b.hosts.at("h1").calls == 1);
  }
  Bench b;
  for (const char* name : {"0a", "0b", "0c"}) {
    b.Put(name, wire_test::Noise(1 << 20, static_cast<uint64_t>(name[1])));
  }
  b.hosts.Add("h1").kept = kept;
  b.Want({"h1"});
  b.RunAll();
  CHECK(b.Is("h1", 0, ""));
  CHECK(b.reports.at("h1").sent_bytes > 1 << 20);
  CHECK(b.reports.at("h1").sent_bytes < sent);
}

TEST_CASE("msrc M33: a refusal has its own status, and nothing runs",
          "[msrc]") {
  Bench b;
  b.hosts.Add("web1").refuses = true;
  b.Want({"web1"});
  b.RunAll();
  CHECK(b.Is("web1", 77, "apply"));
  CHECK(b.reports.at("web1").error == "not trusted");
  CHECK(b.hosts.at("web1").utilities == 0);
}

TEST_CASE(
    "delivery: a host's own files go to it alone, and a name that is "
    "twice is its failure",
    "[msrc]") {
  Bench b;
  const auto own = [&](const std::string& host, const std::string& path) {
    const std::string file = b.files->path() + "/own-" + host;
    REQUIRE(sys::ReplaceFile(file, "for " + host).ok());
    Sources s = *ReadSources({{{path, file}}}, {});
    SuppliedHost h = b.Job(host);
    h.position = b.supply.hosts.size();
    h.job.own = *wire::Manifest::Make(s.entries);
    h.job.own_places = s.places;
    b.supply.hosts.push_back(std::move(h));
    b.hosts.Add(host);
  };
  own("web1", "conf");
  own("web2", "conf");
  own("web3", "big");
  b.RunAll();
  CHECK(b.hosts.at("web1").files.at("conf") == "for web1");
  CHECK(b.hosts.at("web2").files.at("conf") == "for web2");
  CHECK(b.Is("web3", 65, "connect"));
  CHECK(b.hosts.at("web3").calls == 0);
}

TEST_CASE("delivery: a host whose texts could not be made is not called",
          "[msrc]") {
  Bench b;
  b.hosts.Add("web1");
  b.hosts.Add("web2");
  b.Want({"web1", "web2"});
  b.supply.hosts[0].status = 1002;
  b.supply.hosts[0].error = "m4: exits code 2";
  b.RunAll();
  CHECK(b.Is("web1", 1002, "expand"));
  CHECK(b.hosts.at("web1").calls == 0);
  CHECK(b.Is("web2", 0, ""));
}

TEST_CASE("delivery: hooks run between the update and the utility", "[msrc]") {
  Bench b;
  b.hosts.Add("web1");
  b.hosts.Add("web2");
  b.Want({"web1", "web2"});
  for (SuppliedHost& h : b.supply.hosts) {
    h.job.runs = HostJob::Runs::kAfterHooks;
  }
  b.hooks = [&](const HostJob& job, std::function<void(bool, int)> answer) {
    CHECK(b.hosts.at(job.name).files.size() == 2);
    CHECK(b.hosts.at(job.name).utilities == 0);
    const bool run = job.name == "web1";
    b.loop.After(absl::Milliseconds(5), [=] { answer(run, run ? 0 : 3); });
  };
  b.RunAll();
  CHECK(b.Is("web1", 0, ""));
  CHECK(b.hosts.at("web1").utilities == 1);
  CHECK(b.Is("web2", 3, "run"));
  CHECK(b.hosts.at("web2").utilities == 0);
}

TEST_CASE("attack: endless output holds up its host, and costs bounded memory",
          "[msrc]") {
  Bench b;
  b.hosts.Add("flood").flood = 40 << 20;
  b.hosts.Add("quiet").output = "done\n";
  b.Want({"flood", "quiet"});
  b.options.output.order = fanout::CollateOrder::kFirstReady;
  b.options.output.space.file_bytes = 4 << 20;
  b.options.header = nullptr;
  [[maybe_unused]] const size_t before = sys::ResidentBytes();
  b.RunAll();
  CHECK(b.Is("flood", 0, ""));
  CHECK(b.reports.at("flood").out_bytes == 40 << 20);
  CHECK(b.out.size() == (40 << 20) + 5);
  CHECK(absl::StrContains(b.out, "done\n"));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  // These keep what was freed.
  // The test holds what was captured, too.
  CHECK(sys::ResidentBytes() < before + b.out.size() + (100 << 20));
#endif
}

TEST_CASE("msrc M35: an interrupt reaches what runs, and starts nobody else",
          "[msrc]") {
  Bench b;
  for (const char* name : {"web1", "web2", "web3"}) {
    b.hosts.Add(name).runs_for_ever = true;
  }
  b.hosts.at("web2").answers_cancel = false;
  b.Want({"web1", "web2", "web3"});
  b.options.waves.jobs = 2;
  b.Start();
  REQUIRE(b.Until([&] {
    return b.hosts.at("web1").utilities + b.hosts.at("web2").utilities == 2;
  }));
  b.run->Cancel(SIGINT);
  REQUIRE(b.Until([&] { return b.hosts.at("web2").cancelled != 0; }));
  REQUIRE(b.Until([&] { return b.reports.contains("web1"); }));
  b.run->Cancel(SIGINT);
  b.Finish();
  CHECK(b.hosts.at("web1").cancelled == SIGINT);
  CHECK(b.Is("web1", 130, "run"));
  // What became of its utility nobody knows.
  CHECK(b.reports.at("web2").status == 255);
  CHECK(b.hosts.at("web3").calls == 0);
  CHECK(b.run->statuses() == std::vector<int>{130, 255, hosts::kNotStarted});
  CHECK(b.Until([&] { return b.hosts.connected() == 0; }));
}

TEST_CASE("msrc M31: a check runs nothing and tells differences", "[msrc]") {
  Bench b;
  for (const char* name : {"web1", "web2"}) b.hosts.Add(name);
  b.Want({"web1", "web2"});
  b.shared.policy.set_check(true);
  b.shared.policy.set_diff(true);
  b.RunAll();
  CHECK(b.Is("web1", 0, ""));
  CHECK(b.hosts.at("web1").utilities == 0);
  CHECK(b.diffs.Text() == "--- a: web[1-2]\n-a\n+b\n");
}

TEST_CASE("delivery: canaries that fail spare the others", "[msrc]") {
  Bench b;
  std::vector<std::string> names;
  for (int i = 1; i <= 6; i++) {
    names.push_back(absl::StrCat("web", i));
    b.hosts.Add(names.back());
  }
  b.hosts.at("web2").exit_code = 1;
  b.Want(names);
  b.options.waves.canaries = 2;
  b.RunAll();
  CHECK(b.supply.taken == 2);
  const int no = hosts::kNotStarted;
  CHECK(b.run->statuses() == std::vector<int>{0, 1, no, no, no, no});
}

TEST_CASE("delivery: a utility reads what is on our side", "[msrc]") {
  Bench b;
  b.hosts.Add("web1").reads_input = true;
  b.Want({"web1"});
  const std::string content(5 << 20, 'i');
  REQUIRE(sys::ReplaceFile(b.files->path() + "/input", content).ok());
  b.supply.hosts[0].job.input = b.files->path() + "/input";
  b.supply.hosts[0].job.utility.set_input(true);
  b.RunAll();
  CHECK(b.Is("web1", 0, ""));
  CHECK(b.hosts.at("web1").input == content);
}

TEST_CASE("delivery: equal output is shown once, with the names of its hosts",
          "[msrc]") {
  Bench b;
  for (int i = 1; i <= 4; i++) {
    b.hosts.Add(absl::StrCat("web", i)).output = i == 3 ? "other\n" : "same\n";
  }
  b.Want({"web1", "web2", "web3", "web4"});
  b.options.output.fold = b.options.output.hold = true;
  b.options.output.order = fanout::CollateOrder::kPlace;
  b.RunAll();
  CHECK(b.out == "== web1,web2,web4\nsame\n== web3\nother\n");
}

TEST_CASE(
    "delivery: a file that changes during the run fails only who needs "
    "it",
    "[msrc]") {
  Bench b;
  b.hosts.Add("web1");
  b.hosts.Add("web2").has_all = true;
  b.Want({"web1", "web2"});
  b.Start();
  REQUIRE(sys::ReplaceFile(b.files->path() + "/a", "B's content").ok());
  b.Finish();
  CHECK(b.Is("web1", 65, "transfer"));
  CHECK(absl::StrContains(b.reports.at("web1").error, "/a: has changed"));
  CHECK(b.Is("web2", 0, ""));
}
