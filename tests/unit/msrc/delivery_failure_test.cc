// Deliveries that fail, wait or die: the old or the new folder is there.
#include <absl/strings/match.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <csignal>

#include "msrc/delivery.h"
#include "msrc/look.h"
#include "sys/beneath.h"
#include "sys/child.h"
#include "sys/process.h"
#include "unit/msrc/deliver.h"
#include "wire/compress.h"

using namespace msrc_test;  // NOLINT: it is this test's other half

namespace {

// As a user who is not root, where the test is.
bool BecomeNobody() { return setgid(65534) == 0 && setuid(65534) == 0; }

}  // namespace

TEST_CASE_METHOD(World,
                 "msrc M28: when one of five files cannot be replaced, none is",
                 "[msrc]") {
  if (getuid() != 0) return;  // root makes what a user cannot change
  const auto outcome = [&](const char* locked) {
    REQUIRE(sys::MakeFolders(into).ok());
    for (const char* d : {"1", "2", "3", "4", "5"}) {
      Put(std::string(d) + "/f", "old");
      File(std::string(d) + "/f", "new");
      File(std::string(d) + "/g", "new");
    }
    REQUIRE(sys::RunProgram({"chown", "-R", "65534:65534", dir}, "",
                            absl::Seconds(10))
                .ok());
    REQUIRE(chown(At(locked).c_str(), 0, 0) == 0);
    const int how = InChild([&] {
      if (!BecomeNobody()) return 1;
      const absl::Status status = Deliver();
      return status.ok() ? 2 : static_cast<int>(applied.status());
    });
    CHECK(WEXITSTATUS(how) == 73);
    for (const char* d : {"1", "2", "3", "4", "5"}) {
      CHECK(Read(std::string(d) + "/f") == "old");
      CHECK(Names(d) == Strings{"f"});
    }
    CHECK(Names() == Strings{"1", "2", "3", "4", "5"});
  };
  REQUIRE(chmod(dir.c_str(), 0755) == 0);
  outcome(GENERATE("1", "3", "5"));
}

TEST_CASE_METHOD(World, "msrc M28: a full disk leaves the folder as it was",
                 "[msrc]") {
  const int how = InChild([&] {
    if (unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mkdir(into.c_str(), 0755) != 0 ||
        mount("tmpfs", into.c_str(), "tmpfs", 0, "size=1m") != 0) {
      return 77;
    }
    Put("a", "old");
    File("a", "new");
    File("b", Noise(300'000, 1));
    File("c", Noise(700'000, 2));
    File("d", Noise(300'000, 3));
    const absl::Status status = Deliver();
    if (status.ok() || applied.status() != 73) return 1;
    if (applied.outcome() != pb::Applied::ROLLED_BACK) return 2;
    if (Names() != Strings{"a"} || Read("a") != "old") return 3;
    // And there is room again.
    Clear();
    File("b", Noise(300'000, 1));
    return Deliver().ok() ? 0 : 4;
  });
  if (WEXITSTATUS(how) == 77) {
    WARN("skipped: no mount can be made");
    return;
  }
  CHECK(how == 0);
}

TEST_CASE_METHOD(World,
                 "delivery: a forged content is refused, and nothing happens",
                 "[msrc]") {
  Put("a", "old");
  File("a", "new");
  File("b", "new too");
  sent["b"] = "forged!";
  const msrc::DeliveryOrder order = Order();
  msrc::DeliveryWork work(order);
  REQUIRE(work.Open().ok());
  REQUIRE(work.Compare().ok());
  absl::Status status = work.Feed(wire::CompressedFrame("new"));
  REQUIRE(status.ok());
  status = work.Feed(wire::CompressedFrame("forged!"));
  CHECK(absl::IsInvalidArgument(status));
  CHECK(work.applied(status).status() == 65);
  CHECK(work.applied(status).outcome() == pb::Applied::ROLLED_BACK);
  CHECK(Read("a") == "old");
}

TEST_CASE_METHOD(World, "delivery: given up, it leaves nothing behind",
                 "[msrc]") {
  File("a/b", Noise(100));
  File("c", Noise(200, 2));
  into += "/x/y";
  {
    const msrc::DeliveryOrder order = Order();
    msrc::DeliveryWork work(order);
    REQUIRE(work.Open().ok());
    REQUIRE(work.Compare().ok());
    const auto frames = wire_test::Frames(order.manifest, work.need(), sent);
    REQUIRE(work.Feed(frames[0]).ok());
    CHECK(!work.fed());
  }
  CHECK(*sys::ListFolder(dir) == Strings{"cache"});
  {
    const msrc::DeliveryOrder order = Order();
    msrc::DeliveryWork work(order);
    work.Stop();
    CHECK(absl::IsCancelled(Run(work, order.manifest)));
  }
  CHECK(*sys::ListFolder(dir) == Strings{"cache"});
}

TEST_CASE_METHOD(World, "delivery: one at a time writes to a folder",
                 "[msrc]") {
  File("a", "x");
  const msrc::DeliveryOrder order = Order();
  msrc::DeliveryWork first(order), second(order);
  REQUIRE(first.Open().ok());
  const absl::Status status = second.Open();
  CHECK(absl::IsUnavailable(status));
  CHECK(second.applied(status).status() == 75);
  REQUIRE(first.Compare().ok());
  REQUIRE(first.Feed(wire::CompressedFrame("x")).ok());
  REQUIRE(first.Finish().ok());
  REQUIRE(second.Open().ok());
  REQUIRE(second.Compare().ok());
  CHECK(second.need().empty());
  CHECK(second.Finish().ok());
}

TEST_CASE_METHOD(World, "delivery: who waited for a folder gets the new one",
                 "[msrc]") {
  Put("a", "old");
  File("a", "new");
  policy.set_at_once(true);
  const msrc::DeliveryOrder order = Order();
  msrc::DeliveryWork first(order), second(order);
  REQUIRE(first.Open().ok());
  REQUIRE(absl::IsUnavailable(second.Open()));
  REQUIRE(first.Compare().ok());
  REQUIRE(first.Feed(wire::CompressedFrame("new")).ok());
  REQUIRE(first.Finish().ok());
  REQUIRE(second.Open().ok());
  REQUIRE(second.Compare().ok());
  CHECK(second.need().empty());
}

TEST_CASE_METHOD(World, "delivery: an error at the end undoes the beginning",
                 "[msrc]") {
  Put("a", "old", 0600);
  Put("d/b", "old", 0640);
  Put("gone", "old");
  REQUIRE(symlink("a", At("l").c_str()) == 0);
  File("a", "new", 0644);
  File("d/b", "old", 0600);
  File("d/fresh/c", "new");
  Add(Link("l", "d/b"));
  policy.set_prune_all(true);
  // Somebody puts something where the last file is to be, in the midst of it.
  File("z", "new");
  int steps = 0;
  before = [&] { steps++; };
  {
    World other;
    other.entries = entries;
    other.sent = sent;
  }
  bool placing = false;
  before = [&] {
    if (!placing && Read("a") == "new") {
      placing = true;
      Put("z", "in the way");
    }
  };
  CHECK(absl::IsAlreadyExists(Deliver()));
  CHECK(applied.outcome() == pb::Applied::ROLLED_BACK);
  CHECK(applied.status() == 73);
  CHECK(Names() == Strings{"a", "d", "gone", "l", "z"});
  CHECK(Names("d") == Strings{"b"});
  CHECK(Read("a") == "old");
  CHECK(Info("a").mode == 0600);
  CHECK(Info("d/b").mode == 0640);
  CHECK(Read("l") == "old");
}

// Every change of the file system is preceded by `before`: killed at each of
// them, the receiver leaves the old or the new whole file, and the next one
// finds its way.
TEST_CASE_METHOD(World,
                 "delivery: killed at any step, the old or the new is there",
                 "[msrc]") {
  const bool at_once = GENERATE(false, true);
  int steps = 0;
  for (int kill_at = 1;; kill_at++) {
    REQUIRE(sys::RemoveTree(into).ok());
    REQUIRE(sys::RemoveTree(cache).ok());
    REQUIRE(sys::MakeFolders(cache, 0700).ok());
    Clear();
    Put("a", "old a", 0600);
    Put("d/b", "old b");
    Put("d/gone", "old");
    REQUIRE(sys::MakeFolders(At("was-folder")).ok());
    Put("was-file", "old");
    REQUIRE(symlink("a", At("l").c_str()) == 0);
    File("a", "new a");
    File("d/b", Noise(2000));
    File("fresh/c", "new");
    File("was-folder", "now a file");
    File("was-file/in", "now a folder");
    Add(Link("l", "d/b"));
    policy.set_force(true);
    policy.set_prune_all(true);
    policy.set_at_once(at_once);
    policy.set_no_sync(true);
    run = std::string(32, 'a');
    int left = kill_at;
    before = [&] {
      if (--left == 0) kill(getpid(), SIGKILL);
    };
    const int how = InChild([&] { return Deliver().ok() ? 0 : 1; });
    before = nullptr;
    CHECK((Read("a") == "old a" || Read("a") == "new a"));
    CHECK((Read("d/b") == "old b" || Read("d/b") == Noise(2000)));
    CHECK((Names("was-folder").empty() || Read("was-folder") == "now a file"));
    // A folder has to be there before what is in it.
    CHECK((Read("was-file") == "old" || Info("was-file").folder));
    CHECK((Info("l").symlink &&
           (Read("l") == Read("a") || Read("l") == Read("d/b"))));
    if (at_once) {
      const bool is_new = Read("a") == "new a";
      CHECK((Read("d/b") == Noise(2000)) == is_new);
      CHECK((Read("fresh/c") == "new") == is_new);
      CHECK((Read("d/gone") == "(none)") == is_new);
    }
    if (WIFEXITED(how)) {
      CHECK(WEXITSTATUS(how) == 0);
      steps = kill_at - 1;
      break;
    }
    REQUIRE(WTERMSIG(how) == SIGKILL);
    run = std::string(32, 'b');
    const absl::Status status = Deliver();
    INFO("killed at step " << kill_at << ": " << status.message());
    REQUIRE(status.ok());
    CHECK(Names() == Strings{"a", "d", "fresh", "l", "was-file", "was-folder"});
    CHECK(Names("d") == Strings{"b"});
    CHECK(Read("was-file/in") == "now a folder");
    CHECK(*sys::ListFolder(dir) == Strings{"cache", "into"});
  }
  CHECK(steps > 15);
}

TEST_CASE_METHOD(World, "delivery: a run that is at work is not taken for dead",
                 "[msrc]") {
  File("a", "x");
  const msrc::DeliveryOrder order = Order();
  msrc::DeliveryWork work(order);
  REQUIRE(work.Open().ok());
  REQUIRE(work.Compare().ok());
  REQUIRE(work.Feed(wire::CompressedFrame("x")).ok());
  REQUIRE(Names() == Strings{".msrc-" + run});
  REQUIRE(sys::MakeFolders(At(".msrc-dead/d")).ok());
  const sys::Fd root = *sys::Open(into, O_PATH);
  msrc::RemoveLeftovers(root.get());
  CHECK(Names() == Strings{".msrc-" + run});
  REQUIRE(work.Finish().ok());
  CHECK(Names() == Strings{"a"});
}
