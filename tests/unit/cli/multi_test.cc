#include "cli/multi.h"

#include <unistd.h>

#include <catch2/catch.hpp>

#include "cli/report.h"
#include "sys/file.h"

namespace {

absl::StatusOr<int> Zero(const cli::Call&) { return 0; }
constexpr cli::Applet kKey = {
    .name = "fleetbox-key", .summary = "make keys", .run = Zero};
constexpr cli::Applet kHxmd = {
    .name = "hxmd", .summary = "run a command", .run = Zero};
constexpr cli::Applet kMsrc = {
    .name = "msrc", .summary = "send a folder", .run = Zero};
constexpr cli::Row kTable[] = {
    {"fleetbox-key", &kKey}, {"hxmd", &kHxmd}, {"msrc", &kMsrc}};
constexpr absl::string_view kNames[] = {"fleetbox-key", "hxmd", "msrc"};

sys::TemporaryFolder Folder() {
  absl::StatusOr<sys::TemporaryFolder> f = sys::TemporaryFolder::Make("multi");
  REQUIRE(f.ok());
  return *std::move(f);
}
uint64_t Inode(const std::string& path) {
  const absl::StatusOr<sys::FileInfo> info = sys::Stat(path);
  REQUIRE(info.ok());
  return info->exists ? info->inode : 0;
}
std::string Target(const std::string& path) {
  char target[4096];
  const ssize_t n = readlink(path.c_str(), target, sizeof target);
  return n < 0 ? "" : std::string(target, n);
}

}  // namespace

TEST_CASE("multi: a name leads to its command", "[cli]") {
  CHECK(cli::Choose(kTable, "hxmd", false).applet == &kHxmd);
  CHECK(cli::Choose(kTable, "hxmd", false).program == "hxmd");
  CHECK(cli::Choose(kTable, "hxm", false).applet == nullptr);
  CHECK(cli::Choose(kTable, "", true).applet == nullptr);
  CHECK(cli::Choose(kTable, "zzz", true).applet == nullptr);
  CHECK(cli::Choose({}, "hxmd", true).applet == nullptr);
}

TEST_CASE("multi: a command is found by its links, and knows by which",
          "[cli]") {
  static constexpr cli::Applet init = {
      .name = "isinit", .summary = "", .links = "init telinit"};
  const cli::Row table[] = {{"hxmd", &kHxmd}, {"isinit", &init}};
  CHECK(cli::Choose(table, "telinit", false).applet == &init);
  CHECK(cli::Choose(table, "telinit", false).program == "telinit");
  CHECK(cli::Choose(table, "isinit", false).program == "isinit");
  CHECK(cli::Choose(table, "tel", false).applet == nullptr);
  CHECK(cli::Choose(table, "init telinit", false).applet == nullptr);
}

TEST_CASE("multi: NAME.COMMAND runs a command under another name", "[cli]") {
  CHECK(cli::Choose(kTable, "site.msrc", false).applet == &kMsrc);
  CHECK(cli::Choose(kTable, "site.msrc", false).program == "site");
  CHECK(cli::Choose(kTable, "a.b.msrc", false).program == "a.b");
  CHECK(cli::Choose(kTable, ".msrc", false).applet == nullptr);
  CHECK(cli::Choose(kTable, "msrc.", false).applet == nullptr);
  CHECK(cli::Choose(kTable, "msrc.old", false).applet == nullptr);
}

TEST_CASE("multi: fleetbox's own commands have a short name", "[cli]") {
  CHECK(cli::Choose(kTable, "key", true).applet == &kKey);
  CHECK(cli::Choose(kTable, "key", true).program == "fleetbox-key");
  CHECK(cli::Choose(kTable, "key", false).applet == nullptr);
}

TEST_CASE("multi: an unknown name suggests its neighbours", "[cli]") {
  const absl::Status status = cli::NoSuchCommand(kTable, "hxdm");
  CHECK(cli::ExitCode(status) == 127);
  CHECK(status.message() == "'hxdm' is not a command; did you mean 'hxmd'?");
  CHECK(cli::NoSuchCommand(kTable, "kye").message() ==
        "'kye' is not a command; did you mean 'key'?");
  CHECK(cli::NoSuchCommand(kTable, "zebra").message() ==
        "'zebra' is not a command");
}

TEST_CASE("install: hard links lead to the executable", "[cli]") {
  const sys::TemporaryFolder f = Folder();
  const std::string exe = f.path() + "/box", dir = f.path() + "/a/bin";
  REQUIRE(sys::ReplaceFile(exe, "x", 0755).ok());
  for (int again = 0; again < 2; again++) {
    CHECK(cli::Install(kNames, exe, dir, false).ok());
    for (const char* name : {"fleetbox-key", "hxmd", "msrc"}) {
      CHECK(Inode(dir + "/" + name) == Inode(exe));
      CHECK(Target(dir + "/" + name) == "");
    }
    CHECK(sys::ListFolder(dir)->size() == 3);
  }
}

TEST_CASE("install: symbolic links replace links to an older fleetbox",
          "[cli]") {
  const sys::TemporaryFolder f = Folder();
  const std::string exe = f.path() + "/box", dir = f.path() + "/bin";
  REQUIRE(sys::ReplaceFile(exe, "x", 0755).ok());
  REQUIRE(sys::ReplaceFile(f.path() + "/old/box", "old", 0755).code() ==
          absl::StatusCode::kNotFound);
  REQUIRE(sys::MakeFolders(f.path() + "/old").ok());
  REQUIRE(sys::ReplaceFile(f.path() + "/old/box", "old", 0755).ok());
  REQUIRE(sys::MakeFolders(dir).ok());
  REQUIRE(symlink("/nowhere/at/all", (dir + "/hxmd").c_str()) == 0);
  REQUIRE(symlink("../old/box", (dir + "/msrc").c_str()) == 0);
  REQUIRE(link(exe.c_str(), (dir + "/fleetbox-key").c_str()) == 0);
  CHECK(cli::Install(kNames, exe, dir, true).ok());
  for (absl::string_view name : kNames) {
    CHECK(Target(dir + "/" + std::string(name)) == exe);
  }
  CHECK(sys::ListFolder(dir)->size() == 3);
}

TEST_CASE("install: links lead to the program beside them if there is one",
          "[cli]") {
  const sys::TemporaryFolder f = Folder();
  const std::string exe = f.path() + "/box", dir = f.path() + "/bin";
  REQUIRE(sys::MakeFolders(dir).ok());
  REQUIRE(sys::ReplaceFile(exe, "x", 0755).ok());
  REQUIRE(sys::ReplaceFile(dir + "/box", "x", 0755).ok());
  CHECK(cli::Install(kNames, exe, dir, true).ok());
  CHECK(Target(dir + "/hxmd") == "box");
  CHECK(cli::Install(kNames, exe, dir, false).ok());
  CHECK(Inode(dir + "/hxmd") == Inode(dir + "/box"));
  CHECK(*sys::ReadFile(dir + "/box") == "x");
}

TEST_CASE("install: somebody else's file stays, the others are made", "[cli]") {
  const sys::TemporaryFolder f = Folder();
  const std::string exe = f.path() + "/box", dir = f.path() + "/bin";
  REQUIRE(sys::MakeFolders(dir).ok());
  REQUIRE(sys::ReplaceFile(exe, "x", 0755).ok());
  REQUIRE(sys::ReplaceFile(dir + "/hxmd", "theirs", 0755).ok());
  REQUIRE(sys::ReplaceFile(f.path() + "/other", "theirs", 0755).ok());
  REQUIRE(symlink("../other", (dir + "/fleetbox-key").c_str()) == 0);
  for (bool symbolic : {false, true}) {
    const absl::Status status = cli::Install(kNames, exe, dir, symbolic);
    CHECK(cli::ExitCode(status) == 73);
    CHECK(status.message() == dir + "/fleetbox-key: is no link to fleetbox\n" +
                                  dir + "/hxmd: is no link to fleetbox");
    CHECK(*sys::ReadFile(dir + "/hxmd") == "theirs");
    CHECK(Target(dir + "/fleetbox-key") == "../other");
    CHECK(Inode(dir + "/msrc") == Inode(exe));
  }
}

TEST_CASE("install: an executable that is gone is an error", "[cli]") {
  const sys::TemporaryFolder f = Folder();
  CHECK(cli::Install(kNames, f.path() + "/gone", f.path() + "/bin", true)
            .code() == absl::StatusCode::kNotFound);
}

namespace {

std::string g_asked;
int Ask(absl::string_view path, absl::Span<const std::string> words) {
  g_asked = std::string(path);
  for (const std::string& word : words) g_asked += "|" + word;
  return 3;
}
constexpr cli::Applet kAsker = {.name = "asker",
                                .summary = "ask",
                                .private_name = "own-ask",
                                .private_run = Ask,
                                .run = Zero};
constexpr cli::Row kAskers[] = {{"asker", &kAsker}};

}  // namespace

TEST_CASE(
    "multi: a private name runs with its words as they are, and is not listed",
    "[cli]") {
  std::string path = "/run/x/own-ask", word = "--help (yes)?";
  char* argv[] = {path.data(), word.data(), nullptr};
  CHECK(cli::FleetboxMain(kAskers, 2, argv) == 3);
  CHECK(g_asked == "/run/x/own-ask|--help (yes)?");
  CHECK(cli::Choose(kAskers, "own-ask", true).applet == nullptr);
  CHECK(cli::ListText(kAskers).find("own-ask") == std::string::npos);
}
