#include <absl/strings/str_cat.h>
#include <poll.h>

#include <catch2/catch.hpp>

#include "fanout/items.h"
#include "hosts/drive_outcome.h"
#include "hosts/drive_supply.h"
#include "sys/file.h"

namespace {

using fanout::Group;
using fanout::Items;
using hosts::kNotStarted;
using Lines = std::vector<std::string>;

Lines Summary(const std::vector<int>& statuses) {
  std::vector<std::string> names;
  for (size_t i = 0; i < statuses.size(); i++) {
    names.push_back(absl::StrCat("h", i));
  }
  return hosts::FailureSummary(
      statuses, [&](size_t i) { return absl::string_view(names[i]); });
}

// A run over a host file, with a text that is expanded for each host.
struct Fleet {
  explicit Fleet(const std::string& host_file, const std::string& text) {
    folder.emplace(*sys::TemporaryFolder::Make("drive"));
    const std::string path = absl::StrCat(folder->path(), "/fleet.cf");
    REQUIRE(sys::CreateFile(path, host_file).ok());
    hosts::Run::Order order;
    order.options.program = "test";
    order.options.configs = {path};
    order.operands = {text};
    order.environment.Set("PATH", "/bin:/usr/bin");
    order.environment.Set("MARKS", absl::StrCat(folder->path(), "/marks"));
    hosts::Voice voice;
    voice.warn = [this](const absl::Status& status) {
      said += std::string(status.message()) + "\n";
    };
    voice.raw = [this](absl::string_view text) { said += std::string(text); };
    auto begun = hosts::Run::Begin(std::move(order), voice);
    REQUIRE(begun.ok());
    run = *std::move(begun);
    auto made = run->MakeExpander();
    REQUIRE(made.ok());
    expander.emplace(*std::move(made));
  }
  std::unique_ptr<hosts::Supply> Supply(size_t ahead, size_t threads = 2) {
    auto supply = hosts::Supply::Make(*run, *expander, ahead, threads);
    REQUIRE(supply.ok());
    return *std::move(supply);
  }

  std::optional<sys::TemporaryFolder> folder;
  std::string said;
  std::unique_ptr<hosts::Run> run;
  std::optional<hosts::Expander> expander;
};

// The next that is ready; waits for it as an owner does.
absl::StatusOr<hosts::Supply::Got> Take(hosts::Supply& supply,
                                        hosts::Supply::Made* made) {
  for (;;) {
    const auto got = supply.Next(made);
    if (!got.ok() || *got != hosts::Supply::Got::kWait) return got;
    pollfd ready = {.fd = supply.ready_fd(), .events = POLLIN, .revents = 0};
    REQUIRE(poll(&ready, 1, 10'000) == 1);
  }
}

}  // namespace

TEST_CASE("summary: ssh's own status is not called a signal", "[hosts]") {
  CHECK(Summary({255, 137}) == Lines{"2 of 2 hosts failed",
                                     "status 137, signal 9: h1",
                                     "status 255: h0"});
}

TEST_CASE("drive: the exit code says whether none or some or all failed",
          "[hosts]") {
  CHECK(hosts::ExitCodeOf({}) == 0);
  CHECK(hosts::ExitCodeOf({0, 0}) == 0);
  CHECK(hosts::ExitCodeOf({0, 1}) == 1);
  CHECK(hosts::ExitCodeOf({0, 1009}) == 1);
  CHECK(hosts::ExitCodeOf({0, kNotStarted}) == 1);
  CHECK(hosts::ExitCodeOf({7}) == 2);
  CHECK(hosts::ExitCodeOf({7, kNotStarted, 1001}) == 2);
}

TEST_CASE("drive: nothing is said when all hosts are done", "[hosts]") {
  CHECK(Summary({}).empty());
  CHECK(Summary({0, 0, 0}).empty());
}

TEST_CASE("drive: hosts that failed alike share a line", "[hosts]") {
  CHECK(Summary({1, 0, 137, 1, 2001, kNotStarted, 1009, 128}) ==
        Lines{"7 of 8 hosts failed", "status 1: h0, h3", "status 128: h7",
              "status 137, signal 9: h2", "skipped, status 1009: h6",
              "skipped, status 2001: h4", "not started: h5"});
}

TEST_CASE("drive: a summary names fifty hosts of a kind and counts the rest",
          "[hosts]") {
  const Lines lines = Summary(std::vector<int>(1000, 5));
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == "1000 of 1000 hosts failed");
  CHECK(lines[1].find("h49 and 950 more") != std::string::npos);
  CHECK(lines[1].find("h50") == std::string::npos);
  CHECK(Summary(std::vector<int>(50, 5))[1].find("more") == std::string::npos);
}

TEST_CASE("supply: hosts come in the order of the election", "[hosts]") {
  Fleet fleet("a\nb\nc\nd\n", "text HOST HXMD_U");
  const auto supply = fleet.Supply(2);
  for (size_t i = 0; i < 4; i++) {
    hosts::Supply::Made made;
    const auto got = Take(*supply, &made);
    REQUIRE(got.ok());
    REQUIRE(*got == hosts::Supply::Got::kTexts);
    CHECK(made.position == i);
    CHECK(made.texts.words ==
          Lines{absl::StrCat("text ", std::string(1, 'a' + i), " ", i)});
  }
  hosts::Supply::Made made;
  CHECK(*Take(*supply, &made) == hosts::Supply::Got::kEnd);
  CHECK(*Take(*supply, &made) == hosts::Supply::Got::kEnd);
}

TEST_CASE("supply: what texts do besides being text is done in order, once",
          "[hosts]") {
  const size_t ahead = GENERATE(1, 2, 7), threads = GENERATE(1, 2, 4);
  // The first host whose text does more, if any does.
  const int first = GENERATE(0, 1, 5, 29, 30);
  std::string file;
  for (int i = 0; i < 30; i++) absl::StrAppend(&file, "h", i, "\n");
  Fleet fleet(file,
              absl::StrCat("ifelse(eval(HXMD_U >= ", first,
                           "),1,`esyscmd(printf \"%d:\" HXMD_U >>$MARKS; wc -c "
                           "<$MARKS)',`quiet HXMD_U')"));
  const std::string marks = fleet.folder->path() + "/marks";
  const auto supply = fleet.Supply(ahead, threads);
  size_t bytes = 0;
  for (int i = 0; i < 30; i++) {
    hosts::Supply::Made made;
    const auto got = Take(*supply, &made);
    REQUIRE(got.ok());
    REQUIRE(*got == hosts::Supply::Got::kTexts);
    REQUIRE(made.position == static_cast<size_t>(i));
    if (i >= first) bytes += absl::StrCat(i, ":").size();
    CHECK(made.texts.words[0] ==
          (i < first ? absl::StrCat("quiet ", i) : absl::StrCat(bytes, "\n")));
  }
  hosts::Supply::Made made;
  CHECK(*Take(*supply, &made) == hosts::Supply::Got::kEnd);
  std::string done;
  for (int i = first; i < 30; i++) absl::StrAppend(&done, i, ":");
  CHECK(sys::ReadFile(marks).value_or("") == done);
}

TEST_CASE("supply: an end in the midst leaves nothing behind", "[hosts]") {
  for (int taken : {0, 1, 5}) {
    std::string file;
    for (int i = 0; i < 50; i++) absl::StrAppend(&file, "h", i, "\n");
    Fleet fleet(file, "HXMD_0 HOST");
    auto supply = fleet.Supply(4, 4);
    for (int i = 0; i < taken; i++) {
      hosts::Supply::Made made;
      REQUIRE(*Take(*supply, &made) == hosts::Supply::Got::kTexts);
    }
    supply.reset();
    CHECK(sys::ListFolder(*fleet.run->work().Path())->empty());
  }
}

TEST_CASE("supply: a text that fails is its host's failure", "[hosts]") {
  Fleet fleet("a\nb\n", "ifelse(HOST,a,`m4exit(9)')HOST");
  const auto supply = fleet.Supply(2);
  hosts::Supply::Made made;
  REQUIRE(*Take(*supply, &made) == hosts::Supply::Got::kTexts);
  CHECK(made.texts.failure.status == 1009);
  CHECK(made.texts.words.empty());
  REQUIRE(*Take(*supply, &made) == hosts::Supply::Got::kTexts);
  CHECK(made.texts.failure.status == 0);
  CHECK(made.texts.words == Lines{"b"});
}

TEST_CASE("supply: it is ahead by so many hosts and no more", "[hosts]") {
  const auto folder = sys::TemporaryFolder::Make("drive");
  REQUIRE(folder.ok());
  const std::string trace = absl::StrCat(folder->path(), "/trace");
  Fleet traced("a\nb\nc\nd\ne\n",
               absl::StrCat("syscmd(echo HOST >>", trace, ")HOST"));
  const auto supply = traced.Supply(2);
  hosts::Supply::Made made;
  REQUIRE(*Take(*supply, &made) == hosts::Supply::Got::kTexts);
  // One was taken and two may wait; the thread is not asked how far it is.
  const auto lines = sys::ReadFile(trace);
  REQUIRE(lines.ok());
  CHECK(lines->size() <= 3 * 2);
  while (*Take(*supply, &made) == hosts::Supply::Got::kTexts) continue;
  CHECK(*sys::ReadFile(trace) == "a\nb\nc\nd\ne\n");
}

TEST_CASE("supply: its end ends an expansion that takes long", "[hosts]") {
  Fleet fleet("a\n", "esyscmd(sleep 30)HOST");
  auto supply = fleet.Supply(2);
  hosts::Supply::Made made;
  CHECK(*supply->Next(&made) == hosts::Supply::Got::kWait);
  const absl::Time begin = absl::Now();
  supply.reset();
  CHECK(absl::Now() - begin < absl::Seconds(10));
  // Texts can be expanded again.
  CHECK(fleet.run->streams().WhyInterrupted() == "");
}

TEST_CASE("items: a source is asked for each group and its failure is the end",
          "[fanout]") {
  int asked = 0;
  Items items = Items::From(
      [&](Group* group) -> absl::StatusOr<Items::Got> {
        asked++;
        if (asked == 2) return Items::Got::kWait;
        if (asked == 4) return absl::DataLossError("broken");
        group->arguments = {absl::StrCat("item", asked)};
        return Items::Got::kGroup;
      },
      7);
  CHECK(asked == 0);
  CHECK(items.wait_fd() == 7);
  CHECK(items.total() == -1);
  CHECK_FALSE(items.uses_stdin());
  Group group;
  REQUIRE(*items.Next(&group) == Items::Got::kGroup);
  CHECK(group.arguments == Lines{"item1"});
  CHECK(*items.Next(&group) == Items::Got::kWait);
  CHECK(*items.Next(&group) == Items::Got::kGroup);
  CHECK_FALSE(items.ended());
  CHECK(absl::IsDataLoss(items.Next(&group).status()));
  CHECK(items.ended());
}
