#include "msrc/run_journal.h"

#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>

#include "sys/file.h"

using namespace msrc;

namespace {

const absl::Time kAt = absl::FromUnixMillis(1'700'000'000'123);

RunBegin Begin() {
  RunBegin b;
  b.at = kAt;
  b.user = "ops";
  b.folder = "/msrc/app";
  b.recipe = "Msrc.mk";
  b.recipe_hash = "abcd";
  b.into = "/src/app";
  b.utility = {"make", "a \"b\"\n"};
  b.hosts = {"web1", "web2", "web3", "web4"};
  return b;
}
HostReport Host(const std::string& name, int status) {
  HostReport r;
  r.host = name;
  r.status = status;
  r.phase = status == 0 ? "" : "run";
  r.answered = true;
  r.created = {"a", "b"};
  r.removed = {"c"};
  return r;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("msrc M34: a run's journal says who did not reach 0", "[msrc]") {
  const auto folder = *sys::TemporaryFolder::Make("journal-");
  const std::string at = folder.path() + "/state/msrc";
  CHECK(ReadRun(at, "").status().code() == absl::StatusCode::kNotFound);
  std::string name;
  {
    auto journal = RunJournal::Begin(at, Begin());
    REQUIRE(journal.ok());
    name = journal->name();
    REQUIRE(journal->Add(Host("web1", 0)).ok());
    REQUIRE(journal->Add(Host("web3", 7)).ok());
    // As it is when we are killed now.
    const auto run = ReadRun(at, "");
    REQUIRE(run.ok());
    CHECK_FALSE(run->ended.has_value());
    CHECK(run->Remaining() == Names{"web2", "web3", "web4"});
    CHECK(run->Failed() == Names{"web3"});
    REQUIRE(journal->Add(Host("web2", 0)).ok());
    REQUIRE(journal->End(kAt + absl::Seconds(9), 1).ok());
  }
  CHECK(sys::Stat(at)->mode == 0700);
  const auto run = ReadRun(at, name.substr(0, 12));
  REQUIRE(run.ok());
  CHECK(run->name == name);
  CHECK(run->begin.at == kAt);
  CHECK(run->begin.utility == Begin().utility);
  CHECK(run->begin.recipe_hash == "abcd");
  CHECK(run->hosts.at("web1").changes == 3);
  CHECK(run->hosts.at("web3").phase == "run");
  CHECK(run->Remaining() == Names{"web3", "web4"});
  CHECK(*run->ended == kAt + absl::Seconds(9));
  CHECK(run->exit_code == 1);
}

TEST_CASE("run journal: the latest run is found, and names may be short",
          "[msrc]") {
  const auto folder = *sys::TemporaryFolder::Make("journal-");
  std::vector<std::string> names;
  for (int i = 0; i < 3; i++) {
    RunBegin b = Begin();
    b.at += absl::Hours(i);
    names.push_back(RunJournal::Begin(folder.path(), b)->name());
  }
  REQUIRE(sys::ReplaceFile(folder.path() + "/9.run", "junk\n").ok());
  REQUIRE(sys::ReplaceFile(folder.path() + "/note", "x").ok());
  std::vector<std::string> bad;
  const auto runs = ListRuns(folder.path(), 2, &bad);
  REQUIRE(runs.size() == 2);
  CHECK(runs[0].name == names[2]);
  CHECK(runs[1].name == names[1]);
  CHECK(bad.size() == 1);
  CHECK(ReadRun(folder.path(), names[1])->name == names[1]);
  CHECK(ReadRun(folder.path(), "2023").status().code() ==
        absl::StatusCode::kInvalidArgument);
  CHECK(ReadRun(folder.path(), "2024").status().code() ==
        absl::StatusCode::kNotFound);
}

TEST_CASE(
    "run journal: cut anywhere it is read as far as it is whole; what is "
    "none is refused",
    "[msrc]") {
  const auto folder = *sys::TemporaryFolder::Make("journal-");
  std::string name;
  {
    auto journal = RunJournal::Begin(folder.path(), Begin());
    name = journal->name();
    REQUIRE(journal->Add(Host("web1", 0)).ok());
    REQUIRE(journal->Add(Host("web2", 255)).ok());
    REQUIRE(journal->End(kAt, 1).ok());
  }
  const std::string text =
      *sys::ReadFile(absl::StrCat(folder.path(), "/", name, ".run"));
  const size_t first = text.find('\n');
  size_t most = 0;
  for (size_t n = 0; n <= text.size(); n++) {
    const auto run = ParseRun(absl::string_view(text).substr(0, n));
    CHECK(run.ok() == (n > first));
    if (!run.ok()) continue;
    CHECK(run->hosts.size() >= most);
    most = run->hosts.size();
    CHECK(run->ended.has_value() == (n == text.size()));
  }
  CHECK(most == 2);
  const std::string head = text.substr(0, first + 1);
  for (const char* line :
       {"{}\n", "[]\n", "x\n", "{\"host\":1}\n", "\n",
        "{\"host\":\"a\",\"status\":-1,\"phase_failed\":\"\"}\n",
        "{\"host\":\"a\",\"status\":99999,\"phase_failed\":\"\"}\n",
        "{\"ends\":\"never\",\"exit_code\":0}\n",
        "{\"ends\":\"2025-01-31T10:15:04Z\",\"exit_code\":256}\n"}) {
    CHECK(ParseRun(line).status().code() == absl::StatusCode::kInvalidArgument);
    CHECK(ParseRun(head + line).status().code() ==
          absl::StatusCode::kInvalidArgument);
  }
}
