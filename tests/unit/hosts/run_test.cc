#include "hosts/run.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "hosts/closing.h"
#include "sys/file.h"
#include "world.h"

using hosts::Run;
using hosts_test::kFleet;
using List = std::vector<std::string>;

namespace {

// A folder with fleet.cf, and runs that read it.
class Site {
 public:
  Site() : folder_(*sys::TemporaryFolder::Make("hosts-test")) {
    Write("fleet.cf", std::string(kFleet));
  }
  std::string Path(const std::string& name) const {
    return folder_.path() + "/" + name;
  }
  void Write(const std::string& name, const std::string& content,
             int mode = 0644) const {
    REQUIRE(sys::ReplaceFile(Path(name), content, mode).ok());
  }

  // Of the fleet, with these operands; `literals` as -F says.
  Run::Order Order(List operands, int literals) const {
    Run::Order order;
    order.options.program = "hxmd";
    order.options.configs = {Path("fleet.cf")};
    order.options.literals = literals;
    order.environment = sys::Environment::Ours();
    order.operands = std::move(operands);
    order.signals = hosts::WorkFolder::Signals::kElsewhere;
    return order;
  }
  std::unique_ptr<Run> Begin(Run::Order order) {
    absl::StatusOr<std::unique_ptr<Run>> run = Run::Begin(
        std::move(order), {
                              .warn =
                                  [this](const absl::Status& status) {
                                    said +=
                                        std::string(status.message()) + "\n";
                                  },
                              .raw =
                                  [this](absl::string_view text) {
                                    said.append(text.data(), text.size());
                                  },
                          });
    INFO(run.status().message());
    REQUIRE(run.ok());
    return *std::move(run);
  }

  std::string said;

 private:
  sys::TemporaryFolder folder_;
};

bool Exists(const std::string& path) {
  const auto info = sys::Stat(path);
  return info.ok() && info->exists;
}

}  // namespace

TEST_CASE("hxmd H36: a control and its files become files of the same names",
          "[hosts]") {
  Site site;
  site.Write("job.m4", "#!/bin/sh\necho \"run HOST:$#:$1\"\n", 0754);
  site.Write("data.txt", "host=HOST cores=CORES c=HXMD_C\n", 0640);
  const auto run =
      site.Begin(site.Order({site.Path("job.m4"), site.Path("data.txt")}, 0));
  auto expander = run->MakeExpander();
  REQUIRE(expander.ok());
  std::string path;
  {
    const auto texts = expander->Expand(run->elected()[1], 1);
    REQUIRE(texts.ok());
    REQUIRE(texts->failure.status == 0);
    REQUIRE(texts->words.size() == 2);
    path = texts->words[1];
    CHECK(path.substr(path.rfind('/')) == "/data.txt");
    CHECK(*sys::ReadFile(texts->words[0]) ==
          "#!/bin/sh\necho \"run beta.lab.example:$#:$1\"\n");
    CHECK(*sys::ReadFile(path) == "host=beta.lab.example cores=4 c=2\n");
    CHECK(sys::Stat(texts->words[0])->mode == 0754);
    CHECK(sys::Stat(path)->mode == 0640);
  }
  CHECK(!Exists(path));
}

TEST_CASE("hxmd H38: texts among the operands are words", "[hosts]") {
  Site site;
  const auto run =
      site.Begin(site.Order({"echo %2/%1", "SHORT", "ARCH-CORES"}, 3));
  auto expander = run->MakeExpander();
  REQUIRE(expander.ok());
  const auto texts = expander->Expand(1, 1);
  REQUIRE(texts.ok());
  CHECK(texts->words == List{"echo %2/%1", "beta", "arm64-4"});
}

TEST_CASE("hxmd H40: texts counted from the right", "[hosts]") {
  Site site;
  site.Write("job.m4", "run HOST\n", 0644);
  const auto run =
      site.Begin(site.Order({site.Path("job.m4"), "SHORT", "a b"}, -2));
  auto expander = run->MakeExpander();
  REQUIRE(expander.ok());
  const auto texts = expander->Expand(0, 0);
  REQUIRE(texts.ok());
  REQUIRE(texts->words.size() == 3);
  CHECK(texts->words[1] == "alpha");
  CHECK(texts->words[2] == "a b");
  // A control that is no program becomes one.
  CHECK(sys::Stat(texts->words[0])->mode == 0744);
}

TEST_CASE("hxmd H41: more texts than operands is a wrong command line",
          "[hosts]") {
  Site site;
  const auto run = Run::Begin(site.Order({"echo HOST"}, 4),
                              {.warn = nullptr, .raw = nullptr});
  CHECK(!run.ok());
}

TEST_CASE("hxmd H42: a text that exits skips its host", "[hosts]") {
  Site site;
  const auto run = site.Begin(site.Order(
      {"ifelse(SHORT,beta,`m4exit(9)')echo SHORT", "never HOST"}, 2));
  auto expander = run->MakeExpander();
  REQUIRE(expander.ok());
  const auto bad = expander->Expand(1, 1);
  REQUIRE(bad.ok());
  CHECK(bad->failure.status == 1009);
  CHECK(bad->failure.why == "m4: exits code 9");
  CHECK(bad->words.empty());
  const auto good = expander->Expand(2, 2);
  REQUIRE(good.ok());
  CHECK(good->words[0] == "echo gamma");
}

TEST_CASE("hxmd H44: a directory stands for what its recipe makes", "[hosts]") {
  Site site;
  REQUIRE(sys::MakeFolders(site.Path("cachedir")).ok());
  site.Write("cachedir/Cache.m4",
             "`cachedir:\n\t@echo main-'SHORT`\n"
             "beta.lab.example:\n\t@echo 'HXMD_CACHE_TARGET`:'HXMD_PHASE`\n'"
             "dnl\n");
  const auto run = site.Begin(
      site.Order({":", site.Path("cachedir"), site.Path("cachedir/")}, 1));
  auto expander = run->MakeExpander();
  REQUIRE(expander.ok());
  CHECK(!expander->Try(1, 1).has_value());
  const auto texts = expander->Expand(1, 1);
  REQUIRE(texts.ok());
  REQUIRE(texts->failure.status == 0);
  CHECK(*sys::ReadFile(texts->words[1]) == "main-beta\n");
  CHECK(*sys::ReadFile(texts->words[2]) == "beta.lab.example:2\n");
  CHECK(texts->words[1].substr(texts->words[1].rfind('/')) == "/cachedir");
}

TEST_CASE("hxmd H45: a target that cannot be made skips the host", "[hosts]") {
  Site site;
  REQUIRE(sys::MakeFolders(site.Path("c")).ok());
  site.Write("c/Cache.m4", "`c:\n\t@exit 3\n'dnl\n");
  const auto run = site.Begin(site.Order({":", site.Path("c")}, 1));
  auto expander = run->MakeExpander();
  REQUIRE(expander.ok());
  const auto texts = expander->Expand(0, 0);
  REQUIRE(texts.ok());
  CHECK(texts->failure.status == 1002);
  CHECK(texts->failure.why == "make: exits code 2");
}

TEST_CASE("hxmd H49: macros of the run and of the host", "[hosts]") {
  Site site;
  Run::Order order = site.Order(
      {"HXMD_U_SELECTED of HXMD_U_COUNT HXMD_PHASE HXMD_OPT_Z HXMD_U HXMD_B",
       "HXMD_PHASE"},
      2);
  order.options.comparisons = {*hosts::ParseComparison("SHORT=beta")};
  const auto run = site.Begin(std::move(order));
  REQUIRE(run->elected() == std::vector<size_t>{1});
  auto expander = run->MakeExpander();
  REQUIRE(expander.ok());
  const auto texts = expander->Expand(1, 0);
  REQUIRE(texts.ok());
  CHECK(texts->words == List{"1 of 4 0 HXMD_OPT_Z 0 1", "1"});
}

TEST_CASE("expander: files of one name lie apart", "[hosts]") {
  Site site;
  REQUIRE(sys::MakeFolders(site.Path("a")).ok());
  REQUIRE(sys::MakeFolders(site.Path("b")).ok());
  site.Write("a/x", "from a\n");
  site.Write("b/x", "from b, other is HXMD_1\n");
  const auto run =
      site.Begin(site.Order({":", site.Path("a/x"), site.Path("b/x")}, 1));
  auto expander = run->MakeExpander();
  REQUIRE(expander.ok());
  const auto texts = expander->Expand(0, 0);
  REQUIRE(texts.ok());
  CHECK(*sys::ReadFile(texts->words[1]) == "from a\n");
  CHECK(*sys::ReadFile(texts->words[2]) ==
        "from b, other is " + texts->words[1] + "\n");
}

TEST_CASE("expander: a text whose file is named has one", "[hosts]") {
  Site site;
  const auto run = site.Begin(site.Order({"cat HXMD_0 HXMD_1", "<SHORT>"}, 2));
  auto expander = run->MakeExpander();
  REQUIRE(expander.ok());
  for (const bool trial : {false, true}) {
    auto texts = trial ? *expander->Try(0, 0) : expander->Expand(0, 0);
    REQUIRE(texts.ok());
    CHECK(texts->words[0] == "cat " + expander->PathFor(0, 0, 0) + " " +
                                 expander->PathFor(1, 0, 0));
    CHECK(*sys::ReadFile(expander->PathFor(0, 0, 0)) == texts->words[0]);
    CHECK(*sys::ReadFile(expander->PathFor(1, 0, 0)) == "<alpha>");
  }
  CHECK(!Exists(expander->PathFor(0, 0, 0)));
}

TEST_CASE("expander: a trial does nothing that could be noticed", "[hosts]") {
  Site site;
  const std::string mark = site.Path("mark");
  const auto run = site.Begin(
      site.Order({"ifelse(SHORT,beta,`syscmd(touch " + mark + ")')SHORT"}, 1));
  auto expander = run->MakeExpander();
  REQUIRE(expander.ok());
  const auto quiet = expander->Try(0, 0);
  REQUIRE(quiet.has_value());
  CHECK((*quiet)->words == List{"alpha"});
  CHECK(!expander->Try(1, 1).has_value());
  CHECK(!Exists(mark));
  const auto texts = expander->Expand(1, 1);
  REQUIRE(texts.ok());
  CHECK(texts->words == List{"beta"});
  CHECK(Exists(mark));
}

TEST_CASE("expander: trials on several threads give the same", "[hosts]") {
  Site site;
  std::string table = "%HOST X\n";
  for (int h = 0; h < 200; h++) {
    table += "h" + std::to_string(h) + " v" + std::to_string(h) + "\n";
  }
  site.Write("fleet.cf", table);
  site.Write("inc.m4", "define(`twice',`$1$1')dnl\n");
  const auto run = site.Begin(site.Order(
      {"include(" + site.Path("inc.m4") + ")twice(X) HXMD_U of HXMD_U_COUNT"},
      1));
  auto expander = run->MakeExpander();
  REQUIRE(expander.ok());
  std::vector<std::string> made(200);
  std::atomic<size_t> next = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++) {
    threads.emplace_back([&] {
      for (size_t h; (h = next++) < made.size();) {
        const auto texts = expander->Try(h, h);
        if (texts && texts->ok()) made[h] = (*texts)->words[0];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t h = 0; h < made.size(); h++) {
    const std::string n = std::to_string(h);
    CHECK(made[h] == "v" + n + "v" + n + " " + n + " of 200");
  }
}

TEST_CASE("expander: definitions in their order", "[hosts]") {
  Site site;
  Run::Order order = site.Order({"SHORT TAGS GONE KEPT"}, 1);
  order.options.definitions = {{"SHORT", "forced", false, false},
                               {"TAGS", "served", false, false},
                               {"GONE", "x", false, false},
                               {"GONE", "", true, false},
                               {"KEPT", "can't `be", false, false}};
  const auto run = site.Begin(std::move(order));
  auto expander = run->MakeExpander();
  REQUIRE(expander.ok());
  const auto texts = expander->Expand(0, 0);
  REQUIRE(texts.ok());
  // The open quote of a value is m4's once the macro is called.
  CHECK(texts->failure.status == 1001);
  const auto again = site.Begin([&] {
    Run::Order other = site.Order({"SHORT TAGS GONE"}, 1);
    other.options.definitions = {{"SHORT", "forced", false, false},
                                 {"TAGS", "served", false, false},
                                 {"GONE", "x", false, false},
                                 {"GONE", "", true, false},
                                 {"KEPT", "can't `be", false, false}};
    return other;
  }());
  auto other = again->MakeExpander();
  REQUIRE(other.ok());
  CHECK(other->Expand(0, 0)->words == List{"alpha served GONE"});
  CHECK(other->Expand(3, 3)->words == List{"delta dns,ntp GONE"});
}

TEST_CASE("hxmd: what is not set skips the host when that is a mistake",
          "[hosts]") {
  Site site;
  Run::Order order = site.Order({"scp ARCH:x"}, 1);
  const auto lax = site.Begin(site.Order({"scp ARCH:x"}, 1));
  CHECK((*lax->MakeExpander()->Try(3, 3))->unset == List{"ARCH"});
  order.options.strict = true;
  const auto strict = site.Begin(std::move(order));
  auto expander = strict->MakeExpander();
  REQUIRE(expander.ok());
  CHECK(expander->Expand(0, 0)->failure.status == 0);
  const auto texts = expander->Expand(3, 3);
  CHECK(texts->failure.status == 1065);
  CHECK(texts->failure.why == "is not set: ARCH");
}

TEST_CASE("hxmd H52: a text without end fails its host alone", "[hosts]") {
  Site site;
  const auto run = site.Begin(
      site.Order({"ifelse(SHORT,beta,`define(`x',`x(x)')x ')echo SHORT"}, 1));
  auto expander = run->MakeExpander();
  REQUIRE(expander.ok());
  const auto texts = expander->Expand(1, 1);
  REQUIRE(texts.ok());
  CHECK(texts->failure.status == 1001);
  CHECK(!texts->messages.empty());
  CHECK(expander->Expand(2, 2)->words == List{"echo gamma"});
}

TEST_CASE("hxmd H53: the closing list has statuses in election order",
          "[hosts]") {
  Site site;
  const auto run = site.Begin(site.Order({"exit 1", "HOST"}, 2));
  hosts::ClosingOptions options;
  options.redo = {"HXMD_STATUS SHORT HXMD_1 HXMD_C"};
  options.filter = "sort HXMD_0 HXMD_1";
  const List operands = {"exit 1", "SITE"};
  const hosts::Closing closing(run->streams(), options, operands, "/tmp/list");
  const auto list = closing.List(run->elected(), {10, 11, 12, 2009});
  REQUIRE(list.ok());
  CHECK(*list ==
        "10 alpha lab 2\n11 beta lab 2\n12 gamma lab 2\n2009 delta edge 2\n");
  const auto command = closing.Command();
  REQUIRE(command.ok());
  CHECK(command->text == "sort /tmp/list SITE");
  CHECK(!command->list_as_input);
}

TEST_CASE("hxmd: the closing list may be told more of each host", "[hosts]") {
  Site site;
  const auto run = site.Begin(site.Order({":"}, 1));
  hosts::ClosingOptions options;
  options.redo = {"SHORT HXMD_PHASE_FAILED"};
  options.more = [](size_t position) {
    return hosts::HostMacros{
        {"PHASE_FAILED", position == 1 ? "SHORT" : "apply"}};
  };
  const List operands = {":"};
  const hosts::Closing closing(run->streams(), options, operands, "/tmp/list");
  CHECK(*closing.List({0, 1}, {3, 4}) == "alpha apply\nbeta beta\n");
}

TEST_CASE("hxmd H54: a bar makes the list the input of the closing command",
          "[hosts]") {
  Site site;
  const auto run = site.Begin(site.Order({":"}, 1));
  hosts::ClosingOptions options;
  options.filter = "|grep -c :";
  const List operands = {":"};
  const hosts::Closing closing(run->streams(), options, operands, "/tmp/list");
  CHECK(*closing.List({0}, {3}) == "alpha.lab.example 3 0\n");
  const auto command = closing.Command();
  REQUIRE(command.ok());
  CHECK(command->text == "grep -c :");
  CHECK(command->list_as_input);
}

TEST_CASE("hxmd: the pager is the closing command when there is none",
          "[hosts]") {
  Site site;
  Run::Order order = site.Order({":"}, 1);
  order.environment.Set("PAGER", "less -F");
  const auto run = site.Begin(std::move(order));
  hosts::ClosingOptions options;
  options.redo = {"HOST"};
  const List operands = {":"};
  const hosts::Closing closing(run->streams(), options, operands, "/tmp/list");
  CHECK(closing.Command()->text == "less -F /tmp/list");
}

TEST_CASE("run: nothing is left of it", "[hosts]") {
  Site site;
  std::string folder;
  {
    Run::Order order = site.Order({"HXMD_0"}, 1);
    order.options.merge = "SHORT";
    const auto run = site.Begin(std::move(order));
    auto expander = run->MakeExpander();
    REQUIRE(expander.ok());
    folder = run->work().PathIfMade();
    CHECK(sys::Stat(folder)->mode == 0700);
    CHECK(Exists(folder + "/merged.cf"));
    const auto texts = expander->Expand(0, 0);
    CHECK(Exists(texts->words[0]));
  }
  CHECK(!folder.empty());
  CHECK(!Exists(folder));
}

TEST_CASE("run: an interrupted one stops where it is", "[hosts]") {
  Site site;
  Run::Order order = site.Order({"define(`x',`x')x"}, 1);
  std::atomic<bool> interrupted = false;
  order.interrupted = [&] { return interrupted ? "SIGTERM" : ""; };
  const auto run = site.Begin(std::move(order));
  auto expander = run->MakeExpander();
  REQUIRE(expander.ok());
  interrupted = true;
  CHECK(expander->Expand(0, 0).status().code() == absl::StatusCode::kAborted);
}
