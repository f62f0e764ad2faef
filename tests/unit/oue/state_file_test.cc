#include "oue/state_file.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

#include "sys/file.h"

using oue::StateFile;

namespace {

struct Fixture {
  sys::TemporaryFolder folder = *sys::TemporaryFolder::Make("oue");
  std::string path = folder.path() + "/state";

  StateFile Open() {
    absl::StatusOr<StateFile> state = StateFile::Open(path, true);
    REQUIRE(state.ok());
    return *std::move(state);
  }
  // "key=memory;" of what somebody who comes now finds.
  std::string All() {
    std::string seen;
    REQUIRE(StateFile::Read(path, true, Into(&seen)).ok());
    return seen;
  }
  static oue::VisitEntry Into(std::string* seen) {
    return [seen](absl::string_view key, absl::string_view memory) {
      absl::StrAppend(seen, key, "=", memory, ";");
    };
  }
};

// An update that adds one key; returns what it saw of others.
std::string Add(StateFile& state, absl::string_view key) {
  std::string seen, content;
  REQUIRE(state.Begin(Fixture::Into(&seen)).ok());
  oue::PutEntry(key, ".", &content);
  REQUIRE(state.Append(content).ok());
  state.End();
  return seen;
}

}  // namespace

TEST_CASE("state file: each update sees what others have added since",
          "[oue]") {
  Fixture f;
  StateFile one = f.Open(), two = f.Open();
  CHECK(Add(one, "a") == "");
  CHECK(Add(one, "b") == "");
  CHECK(Add(two, "c") == "a=.;b=.;");
  CHECK(Add(one, "d") == "c=.;");
  CHECK(f.All() == "a=.;b=.;c=.;d=.;");
}

TEST_CASE("state file: an update keeps others out until it ends", "[oue]") {
  Fixture f;
  StateFile state = f.Open();
  const sys::Fd other = *sys::Open(f.path, O_RDWR);
  const auto is_locked = [&other] {
    if (flock(other.get(), LOCK_EX | LOCK_NB) != 0) return true;
    flock(other.get(), LOCK_UN);
    return false;
  };
  std::string seen;
  CHECK(!is_locked());
  REQUIRE(state.Begin(Fixture::Into(&seen)).ok());
  CHECK(is_locked());
  std::string content;
  oue::PutEntry("k", ".", &content);
  REQUIRE(state.Append(content).ok());
  CHECK(is_locked());
  state.End();
  CHECK(!is_locked());

  absl::StatusOr<StateFile> careless = StateFile::Open(f.path, false);
  REQUIRE(careless.ok());
  REQUIRE(careless->Begin(Fixture::Into(&seen)).ok());
  CHECK(!is_locked());
  CHECK(seen == "k=.;");
}

TEST_CASE("state file: after a crash at any byte the next update goes on",
          "[oue]") {
  Fixture f;
  {
    StateFile state = f.Open();
    Add(state, "a");
    Add(state, "b");
  }
  const std::string whole = *sys::ReadFile(f.path);
  for (size_t n = 0; n < whole.size(); n++) {
    INFO(n);
    REQUIRE(sys::ReplaceFile(f.path, whole.substr(0, n)).ok());
    const std::string before = f.All();
    CHECK((before == "" || before == "a=.;"));
    StateFile state = f.Open();
    CHECK(Add(state, "c") == before);
    REQUIRE(f.All() == before + "c=.;");
  }
}

TEST_CASE("state file: a file that is taken away is made anew", "[oue]") {
  Fixture f;
  StateFile one = f.Open(), two = f.Open();
  Add(one, "a");
  REQUIRE(sys::RemoveFile(f.path).ok());
  CHECK(Add(two, "b") == "");
  CHECK(Add(one, "c") == "b=.;");
  CHECK(f.All() == "b=.;c=.;");
}

TEST_CASE("state file: what cannot be used is said with its name", "[oue]") {
  Fixture f;
  const auto visit = [](absl::string_view, absl::string_view) {};
  absl::Status status = StateFile::Read(f.path, true, visit);
  CHECK(absl::IsNotFound(status));
  CHECK(status.message().find(f.path) != std::string::npos);
  REQUIRE(sys::ReplaceFile(f.path, "my diary\n").ok());
  StateFile state = f.Open();
  status = state.Begin(visit);
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(status.message() == absl::StrCat(f.path, ": is not a state of oue"));
  // Nor was it touched.
  CHECK(*sys::ReadFile(f.path) == "my diary\n");
  CHECK(!StateFile::Open(f.folder.path(), true).ok());
  CHECK(
      absl::IsFailedPrecondition(StateFile::Open("/dev/null", true).status()));
}

TEST_CASE("state file: one that became shorter is damaged", "[oue]") {
  Fixture f;
  StateFile state = f.Open();
  Add(state, "a");
  REQUIRE(truncate(f.path.c_str(), 25) == 0);
  const absl::Status status =
      state.Begin([](absl::string_view, absl::string_view) {});
  CHECK(absl::IsDataLoss(status));
}

TEST_CASE("state file: one that is mostly waste can be written anew", "[oue]") {
  Fixture f;
  StateFile one = f.Open(), two = f.Open();
  REQUIRE(chmod(f.path.c_str(), 0666) == 0);
  const std::string memory(700'000, 'm');
  std::string seen, content, all;
  for (int i = 0; i < 2; i++) {
    REQUIRE(one.Begin(Fixture::Into(&seen)).ok());
    CHECK(!one.IsWasteful(10));
    content.clear();
    oue::PutEntry("k", memory, &content);
    REQUIRE(one.Append(content).ok());
    one.End();
  }
  REQUIRE(one.Begin(Fixture::Into(&seen)).ok());
  CHECK(!one.IsWasteful(content.size()));
  CHECK(one.IsWasteful(10));
  oue::PutEntry("k", "short", &all);
  REQUIRE(one.Replace(all).ok());
  one.End();
  CHECK(f.All() == "k=short;");
  CHECK(sys::Stat(f.path)->mode == 0666);
  CHECK(Add(two, "l") == "k=short;");
  CHECK(Add(one, "m") == "k=short;l=.;");
}
