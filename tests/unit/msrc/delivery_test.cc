#include "msrc/delivery.h"

#include <absl/strings/match.h>
#include <sys/mount.h>

#include "msrc/look.h"
#include "sys/beneath.h"
#include "sys/child.h"
#include "sys/process.h"
#include "unit/msrc/deliver.h"
#include "wire/compress.h"

using namespace msrc_test;  // NOLINT: it is this test's other half

namespace {

using Numbers = std::vector<uint32_t>;
Numbers Of(const google::protobuf::RepeatedField<uint32_t>& list) {
  return {list.begin(), list.end()};
}

}  // namespace

TEST_CASE_METHOD(World, "delivery: all that is listed is there afterwards",
                 "[msrc]") {
  File("a", "first");
  File("d/b", "second", 0755).mtime = absl::FromUnixSeconds(1'000'000'000);
  File("d/e/empty", "");
  File("big", Noise(3 << 20));
  wire::Entry folder = Folder("f");
  folder.mode = 0555;
  Add(folder);
  File("f/in", "in it");
  Add(Link("l", "d/b"));
  policy.set_folder_mode(0751);
  REQUIRE(Deliver().ok());
  CHECK(applied.outcome() == pb::Applied::APPLIED);
  CHECK(applied.created_size() == 7);
  CHECK(applied.into() == into);
  CHECK(Read("a") == "first");
  CHECK(Read("d/b") == "second");
  CHECK(Info("d/b").mode == 0755);
  CHECK(Info("d/b").mtime_ns == 1'000'000'000'000'000'000);
  CHECK(Read("d/e/empty").empty());
  CHECK(Read("big") == Noise(3 << 20));
  CHECK(Info("f").mode == 0555);
  CHECK(Read("l") == "second");
  CHECK(Info("l").symlink);
  CHECK(sys::Stat(into)->mode == 0751);
  CHECK(Names() == Strings{"a", "big", "d", "f", "l"});
}

TEST_CASE_METHOD(World, "msrc M26: what has not changed is not touched",
                 "[msrc]") {
  File("a", "first").mtime = absl::FromUnixSeconds(1'000'000'000);
  File("d/b", "second");
  Add(Link("l", "a"));
  REQUIRE(Deliver().ok());
  const sys::FileInfo a = Info("a"), b = Info("d/b"), d = Info("d");
  entries[0].mtime = absl::FromUnixSeconds(5);
  REQUIRE(Deliver().ok());
  CHECK(applied.created_size() + applied.changed_size() +
            applied.mode_only_size() ==
        0);
  CHECK(stream_bytes == 0);
  for (const auto& [path, before] :
       {std::pair("a", a), std::pair("d/b", b), std::pair("d", d)}) {
    CHECK(Info(path).inode == before.inode);
    CHECK(Info(path).mtime_ns == before.mtime_ns);
    CHECK(Info(path).ctime_ns == before.ctime_ns);
  }
  policy.set_all_times(true);
  REQUIRE(Deliver().ok());
  CHECK(Of(applied.mode_only()) == Numbers{0});
  CHECK(Info("a").mtime_ns == 5'000'000'000);
  CHECK(Info("a").inode == a.inode);
}

TEST_CASE_METHOD(World,
                 "msrc M27: only what changed travels, and old names keep "
                 "the old content",
                 "[msrc]") {
  Put("a", "old");
  Put("b", "same");
  REQUIRE(link(At("a").c_str(), (dir + "/other").c_str()) == 0);
  File("a", "new");
  File("b", "same");
  REQUIRE(Deliver().ok());
  CHECK(Of(applied.changed()) == Numbers{0});
  CHECK(applied.created_size() == 0);
  CHECK(stream_bytes < 30);
  CHECK(Read("a") == "new");
  CHECK(*sys::ReadFile(dir + "/other") == "old");
}

TEST_CASE_METHOD(World, "delivery: another mode is all that is set", "[msrc]") {
  Put("a", "x", 0600);
  const sys::FileInfo before = Info("a");
  File("a", "x", 0755);
  REQUIRE(Deliver().ok());
  CHECK(Of(applied.mode_only()) == Numbers{0});
  CHECK(Info("a").mode == 0755);
  CHECK(Info("a").inode == before.inode);
  CHECK(Info("a").mtime_ns == before.mtime_ns);
}

TEST_CASE_METHOD(World, "delivery: set-id bits arrive only where they may",
                 "[msrc]") {
  File("a", "x", 04755);
  REQUIRE(Deliver().ok());
  CHECK(Info("a").mode == 0755);
  policy.set_set_id(true);
  REQUIRE(Deliver().ok());
  CHECK(Info("a").mode == 04755);
  policy.set_set_id(false);
  REQUIRE(Deliver().ok());
  CHECK(Info("a").mode == 0755);
}

TEST_CASE_METHOD(World, "delivery: a folder that gives its group stays so",
                 "[msrc]") {
  REQUIRE(sys::MakeFolders(At("d")).ok());
  REQUIRE(chmod(At("d").c_str(), 02775) == 0);
  wire::Entry folder = Folder("d");
  Add(folder);
  REQUIRE(Deliver().ok());
  CHECK(Info("d").mode == 02755);
}

TEST_CASE_METHOD(World, "delivery: of a large file only the new chunks travel",
                 "[msrc]") {
  const std::string before = Noise(20 << 20);
  Put("big", before);
  std::string after = before;
  after.insert(5 << 20, "some bytes that were not there");
  after.replace(15 << 20, 100'000, Noise(100'000, 9));
  File("big", after);
  REQUIRE(Deliver().ok());
  CHECK(Read("big") == after);
  CHECK(stream_bytes > 100'000);
  CHECK(stream_bytes < 1'000'000);
}

TEST_CASE_METHOD(World,
                 "delivery: the chunks of before in another order are enough",
                 "[msrc]") {
  const std::string before = Noise(4 << 20);
  const wire::Entry cut = wire_test::File("x", before, wire::Cut::kByContent);
  // Halves that are cut where it is cut anyway.
  size_t half = 0, c = 0;
  while (half < before.size() / 2) half += cut.chunk_bytes[c++];
  Put("big", before);
  File("big", before.substr(half) + before.substr(0, half));
  REQUIRE(Deliver().ok());
  CHECK(Read("big") == sent["big"]);
  CHECK(stream_bytes < 1'000'000);
}

TEST_CASE_METHOD(World, "delivery: what is there under another name is copied",
                 "[msrc]") {
  const std::string content = Words(5000);
  Put("old/name", content);
  File("new/name", content);
  File("old/name", "now another one");
  File("other", content);
  REQUIRE(Deliver().ok());
  CHECK(Read("new/name") == content);
  CHECK(Read("other") == content);
  CHECK(Read("old/name") == "now another one");
  CHECK(stream_bytes < 50);
}

TEST_CASE_METHOD(World, "delivery: a content for two files travels once",
                 "[msrc]") {
  const std::string content = Noise(5000);
  File("a", content, 0600);
  File("b", content, 0).mtime = absl::FromUnixSeconds(7);
  File("c", content, 0755);
  REQUIRE(Deliver().ok());
  CHECK(stream_bytes < 5300);
  CHECK(Info("b").mode == 0);
  CHECK(Info("b").mtime_ns == 7'000'000'000);
  CHECK(Info("c").mode == 0755);
  REQUIRE(chmod(At("b").c_str(), 0600) == 0);
  CHECK(Read("b") == content);
}

TEST_CASE_METHOD(World, "delivery: runs of zeros become holes", "[msrc]") {
  std::string content = Noise(5000) + std::string(3 << 20, '\0') + Noise(100);
  File("sparse", content);
  File("zeros", std::string(500'000, '\0'));
  REQUIRE(Deliver().ok());
  CHECK(Read("sparse") == content);
  CHECK(Read("zeros") == std::string(500'000, '\0'));
  struct stat info;
  REQUIRE(stat(At("sparse").c_str(), &info) == 0);
  CHECK(info.st_blocks * 512 < 200'000);
}

TEST_CASE_METHOD(World, "delivery: a link in the place of a file is replaced",
                 "[msrc]") {
  REQUIRE(sys::MakeFolders(into).ok());
  REQUIRE(sys::ReplaceFile(dir + "/outside", "untouched").ok());
  REQUIRE(symlink("../outside", At("a").c_str()) == 0);
  Put("b", "a file");
  File("a", "inside");
  Add(Link("b", "a"));
  REQUIRE(Deliver().ok());
  CHECK(!Info("a").symlink);
  CHECK(Read("a") == "inside");
  CHECK(Info("b").symlink);
  CHECK(*sys::ReadFile(dir + "/outside") == "untouched");
}

TEST_CASE_METHOD(World, "delivery: nothing is put behind a link", "[msrc]") {
  REQUIRE(sys::MakeFolders(into).ok());
  REQUIRE(sys::MakeFolders(dir + "/outside").ok());
  REQUIRE(symlink("../outside", At("d").c_str()) == 0);
  File("d/f", "x");
  File("e", "x");
  policy.set_force(GENERATE(false, true));
  CHECK(absl::IsFailedPrecondition(Deliver()));
  CHECK(applied.status() == 76);
  CHECK(applied.outcome() == pb::Applied::REFUSED);
  CHECK(Names() == Strings{"d"});
  CHECK(sys::ListFolder(dir + "/outside")->empty());
}

TEST_CASE_METHOD(World, "delivery: the folder itself may be behind a link",
                 "[msrc]") {
  REQUIRE(sys::MakeFolders(dir + "/real").ok());
  REQUIRE(symlink("real", into.c_str()) == 0);
  File("a", "x");
  REQUIRE(Deliver().ok());
  CHECK(*sys::ReadFile(dir + "/real/a") == "x");
  CHECK(applied.into() == dir + "/real");
}

TEST_CASE_METHOD(World, "delivery: types change only when forced", "[msrc]") {
  REQUIRE(sys::MakeFolders(At("was-folder")).ok());
  Put("was-file", "x");
  REQUIRE(mkfifo(At("was-fifo").c_str(), 0600) == 0);
  const auto refused = [&](int status) {
    CHECK(!Deliver().ok());
    CHECK(applied.status() == static_cast<uint32_t>(status));
    CHECK(Names() == Strings{"was-fifo", "was-file", "was-folder"});
    CHECK(sys::Stat(At("was-folder"))->folder);
  };
  SECTION("a file over an empty folder") {
    File("was-folder", "now a file");
    refused(73);
    policy.set_force(true);
    REQUIRE(Deliver().ok());
    CHECK(Read("was-folder") == "now a file");
  }
  SECTION("a file over a folder with content, never") {
    Put("was-folder/x", "x");
    File("was-folder", "now a file");
    policy.set_force(true);
    refused(73);
    CHECK(Read("was-folder/x") == "x");
  }
  SECTION("a folder over a file") {
    File("was-file/in", "x");
    refused(73);
    policy.set_force(true);
    REQUIRE(Deliver().ok());
    CHECK(Read("was-file/in") == "x");
    CHECK(Info("was-file").mode == 0755);
  }
  SECTION("a listed folder over a file") {
    Add(Folder("was-file"));
    refused(73);
    policy.set_force(true);
    REQUIRE(Deliver().ok());
    CHECK(Info("was-file").folder);
  }
  SECTION("a file over a named pipe") {
    File("was-fifo", "x");
    refused(73);
    policy.set_force(true);
    REQUIRE(Deliver().ok());
    CHECK(Read("was-fifo") == "x");
  }
}

TEST_CASE_METHOD(World, "delivery: into a file nothing is delivered",
                 "[msrc]") {
  REQUIRE(sys::ReplaceFile(into, "x").ok());
  File("a", "x");
  CHECK(absl::IsAlreadyExists(Deliver()));
  CHECK(applied.status() == 73);
}

TEST_CASE_METHOD(World, "delivery: what is on other mounts is put there, too",
                 "[msrc]") {
  const int how = InChild([&] {
    const std::string inside = into + "/d/m";
    if (unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        !sys::MakeFolders(inside).ok() ||
        mount("tmpfs", inside.c_str(), "tmpfs", 0, "size=1m") != 0) {
      return 77;
    }
    Put("d/m/old", "old");
    File("a", "a");
    File("d/m/e/f", "x");
    File("d/m/old", "new");
    if (!Deliver().ok()) return 1;
    if (Read("d/m/e/f") != "x" || Read("d/m/old") != "new") return 2;
    if (Names() != Strings{"a", "d"}) return 3;
    if (Names("d/m") != Strings{"e", "old"}) return 4;
    // Readers would see a mix: there is no one step for two mounts.
    policy.set_at_once(true);
    Clear();
    File("a", "b");
    if (Deliver().ok() || applied.status() != 76) return 5;
    return Read("a") == "a" && Names() == Strings{"a", "d"} ? 0 : 6;
  });
  if (WEXITSTATUS(how) == 77) {
    WARN("skipped: no mount can be made");
    return;
  }
  CHECK(how == 0);
}

TEST_CASE_METHOD(World, "delivery: at once, a whole folder takes its place",
                 "[msrc]") {
  Put("a", "old", 0600);
  Put("d/keep", "kept", 0640);
  Put("d/mode", "same", 0600);
  REQUIRE(symlink("a", At("l").c_str()) == 0);
  REQUIRE(chmod(into.c_str(), 0710) == 0);
  const sys::FileInfo keep = Info("d/keep");
  const sys::Fd old = *sys::Open(into, O_PATH | O_DIRECTORY);
  const sys::Fd old_mode = *sys::Open(At("d/mode"), O_RDONLY);
  File("a", "new");
  File("d/mode", "same", 0755);
  File("n/new", "x");
  policy.set_at_once(true);
  REQUIRE(Deliver().ok());
  CHECK(Read("a") == "new");
  CHECK(Info("d/keep").inode == keep.inode);
  CHECK(Info("d/keep").mode == 0640);
  CHECK(Info("d/mode").mode == 0755);
  CHECK(sys::Stat(old_mode.get())->mode == 0600);
  CHECK(Names() == Strings{"a", "d", "l", "n"});
  CHECK(sys::Stat(into)->mode == 0710);
  CHECK(sys::Stat(into)->inode != sys::Stat(old.get())->inode);
  CHECK(*sys::ListFolder(dir) == Strings{"cache", "into"});

  SECTION("and not at all when nothing changes") {
    const uint64_t inode = sys::Stat(into)->inode;
    REQUIRE(Deliver().ok());
    CHECK(sys::Stat(into)->inode == inode);
  }
  SECTION("also a new one") {
    into = dir + "/fresh";
    REQUIRE(Deliver().ok());
    CHECK(Read("a") == "new");
    CHECK(*sys::ListFolder(dir) == Strings{"cache", "fresh", "into"});
  }
}

TEST_CASE_METHOD(World,
                 "msrc M31: a check says what would be, and does nothing",
                 "[msrc]") {
  Put("a", "one\ntwo\nthree\n");
  Put("gone", "x");
  Put("same", "same\n");
  File("a", "one\n2\nthree\n");
  File("fresh", "new\n");
  File("same", "same\n", 0755);
  File("binary", std::string("\0\1", 2));
  File("copy", "one\ntwo\nthree\n");
  policy.set_check(true);
  policy.set_prune_all(true);
  const int64_t before = sys::Stat(into)->mtime_ns;
  REQUIRE(Deliver().ok());
  CHECK(stream_bytes == 0);
  CHECK(applied.outcome() == pb::Applied::COMPARED);
  CHECK(applied.created_size() == 3);
  CHECK(Of(applied.changed()) == Numbers{0});
  CHECK(Of(applied.mode_only()) == Numbers{4});
  REQUIRE(applied.removed_size() == 1);
  CHECK(applied.removed(0) == "gone");
  CHECK(applied.diff_size() == 0);

  policy.set_diff(true);
  REQUIRE(Deliver().ok());
  REQUIRE(applied.diff_size() == 3);
  CHECK(applied.diff(0).entry() == 0);
  CHECK(applied.diff(0).text() == "@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n");
  CHECK(applied.diff(1).text() == "@@ -0,0 +1,3 @@\n+one\n+two\n+three\n");
  CHECK(applied.diff(2).text() == "@@ -0,0 +1 @@\n+new\n");
  CHECK(Names() == Strings{"a", "gone", "same"});
  CHECK(sys::Stat(into)->mtime_ns == before);
  CHECK(sys::ListFolder(cache)->empty());

  SECTION("the same differences come with what is done") {
    policy.set_check(false);
    REQUIRE(Deliver().ok());
    REQUIRE(applied.diff_size() == 3);
    CHECK(applied.diff(0).text() ==
          "@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n");
    CHECK(Read("a") == "one\n2\nthree\n");
  }
  SECTION("where there is no folder, all is new") {
    into = dir + "/none";
    REQUIRE(Deliver().ok());
    CHECK(applied.created_size() == 5);
    CHECK(!sys::Stat(into)->exists);
  }
}

TEST_CASE_METHOD(World,
                 "msrc M29: what is not listed stays, or goes when asked",
                 "[msrc]") {
  File("a", "x");
  Put("extra", "x");
  Put("d/e/extra", "x");
  Put("keep/me", "x");
  Put(".git/config", "x");
  Put("sub/RCS/f,v", "x");
  REQUIRE(Deliver().ok());
  CHECK(Names() == Strings{".git", "a", "d", "extra", "keep", "sub"});
  policy.set_prune(true);
  REQUIRE(Deliver().ok());
  CHECK(applied.removed_size() == 0);
  CHECK(Names() == Strings{".git", "a", "d", "extra", "keep", "sub"});
  policy.set_prune_all(true);
  policy.add_ignore("keep");
  REQUIRE(Deliver().ok());
  CHECK(Names() == Strings{".git", "a", "keep", "sub"});
  CHECK(Read("keep/me") == "x");
  CHECK(Read("sub/RCS/f,v") == "x");
  CHECK(applied.removed_size() == 4);
}

TEST_CASE_METHOD(World,
                 "msrc M30: what was sent before and is not listed any more",
                 "[msrc]") {
  File("a", "x");
  File("b", "x");
  Add(Folder("d"));
  File("d/c", "x");
  policy.set_recipe("Msrc.mk");
  REQUIRE(Deliver().ok());
  Put("d/own", "x");
  Clear();
  File("a", "x");
  REQUIRE(Deliver().ok());
  CHECK(Names() == Strings{"a", "b", "d"});
  policy.set_prune(true);
  SECTION("another recipe's files are not its own") {
    policy.set_recipe("other");
    REQUIRE(Deliver().ok());
    CHECK(Names() == Strings{"a", "b", "d"});
  }
  SECTION("they go, and a folder with somebody else's file stays") {
    REQUIRE(Deliver().ok());
    CHECK(Names() == Strings{"a", "d"});
    CHECK(Names("d") == Strings{"own"});
    REQUIRE(unlink(At("d/own").c_str()) == 0);
    REQUIRE(Deliver().ok());
    CHECK(Names() == Strings{"a"});
  }
  SECTION("what is another thing now stays") {
    REQUIRE(unlink(At("b").c_str()) == 0);
    Put("b/inside", "x");
    REQUIRE(Deliver().ok());
    CHECK(Names() == Strings{"a", "b", "d"});
  }
}

TEST_CASE_METHOD(World, "delivery: pruning of everything has its limits",
                 "[msrc]") {
  File("a", "x");
  policy.set_prune_all(true);
  SECTION("not in a home folder") {
    into = dir + "/home";
    CHECK(absl::IsFailedPrecondition(Deliver()));
    CHECK(!sys::Stat(into)->exists);
  }
  SECTION("not more than was said") {
    for (int i = 0; i < 30; i++) Put("extra" + std::to_string(i), "x");
    CHECK(absl::IsFailedPrecondition(Deliver()));
    CHECK(Names().size() == 30);
    policy.set_max_prune(30);
    REQUIRE(Deliver().ok());
    CHECK(Names() == Strings{"a"});
  }
}

TEST_CASE_METHOD(World, "delivery: owners are set by name where we may",
                 "[msrc]") {
  File("a", "x").owner = "daemon";
  File("b", "x").owner = "nobody-of-that-name";
  File("c", "x").group = "12345";
  policy.set_owners(true);
  REQUIRE(Deliver().ok());
  if (getuid() != 0) {
    CHECK(applied.warning_size() == 1);
    return;
  }
  CHECK(Info("a").uid == 1);
  CHECK(Info("b").uid == 0);
  CHECK(Info("c").gid == 12345);
  REQUIRE(applied.warning_size() == 1);
  CHECK_THAT(applied.warning(0), Catch::Contains("is unknown"));
  policy.set_owner("2");
  policy.set_group("3");
  REQUIRE(Deliver().ok());
  CHECK(applied.mode_only_size() == 3);
  CHECK(Info("a").uid == 2);
  CHECK(Info("a").gid == 3);
  CHECK(Info("a").mode == 0644);
}

TEST_CASE_METHOD(World, "delivery: a large tree is not read each time",
                 "[msrc]") {
  // Sparse files on the sending side as well: 65 MiB of zeros, and a byte.
  File("large", std::string(65 << 20, '\0') + "x");
  REQUIRE(Deliver().ok());
  REQUIRE(Deliver().ok());
  const Strings names = *sys::ListFolder(cache);
  REQUIRE(names.size() == 2);
  CHECK(absl::StartsWith(names[0], "hashes-"));
  const auto known =
      msrc::HashCache::Decode(*sys::ReadFile(cache + "/" + names[0]));
  REQUIRE(known.ok());
  CHECK(known->size() == 1);
  REQUIRE(sys::ReplaceFile(cache + "/" + names[0], "damaged").ok());
  REQUIRE(Deliver().ok());
  CHECK(applied.changed_size() == 0);
}
