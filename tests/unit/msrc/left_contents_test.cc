// What a delivery that was cut off has left, and what the next one makes of it.
#include "msrc/left_contents.h"

#include <sys/file.h>
#include <sys/mount.h>

#include <csignal>

#include "unit/msrc/deliver.h"

using namespace msrc_test;  // NOLINT: it is this test's other half

namespace {

struct CutWorld : World {
  // A delivery of which `frames` have come when its connection breaks.
  void Cut(size_t frames) {
    const msrc::DeliveryOrder order = Order();
    msrc::DeliveryWork work(order);
    Feed(work, order, frames);
    work.Leave();
  }
  void Feed(msrc::DeliveryWork& work, const msrc::DeliveryOrder& order,
            size_t frames) {
    REQUIRE(work.Open().ok());
    REQUIRE(work.Compare().ok());
    const auto all = wire_test::Frames(order.manifest, work.need(), sent);
    for (size_t i = 0; i < frames; i++) REQUIRE(work.Feed(all.at(i)).ok());
  }
  // Of which the next one, by another run, has had to send so much.
  size_t Next() {
    run = std::string(32, 'b');
    REQUIRE(Deliver().ok());
    for (const auto& [path, content] : sent) CHECK((Read(path) == content));
    return stream_bytes;
  }
  // Where they are; "" for nowhere.
  std::string LeftIn(const std::string& folder) const {
    const Strings names = *sys::ListFolder(folder);
    for (const std::string& name : names) {
      if (name.rfind(".msrc-", 0) == 0) return folder + "/" + name;
    }
    return "";
  }
  std::string Left() const {
    const std::string in = sys::Stat(into)->exists ? LeftIn(into) : "";
    return in.empty() ? LeftIn(dir) : in;
  }
  std::string LeftFile(const std::string& path) const {
    return Left() + "/" + msrc::ContentName(wire::HashOf(sent.at(path)));
  }
  void Overwrite(const std::string& file, off_t at, absl::string_view bytes) {
    const sys::Fd fd = *sys::Open(file, O_WRONLY);
    REQUIRE(pwrite(fd.get(), bytes.data(), bytes.size(), at) ==
            static_cast<ssize_t>(bytes.size()));
  }
  // a and b come as one piece each, big in chunks; all can be told apart.
  void Files() {
    File("a", Noise(400'000, 1));
    File("b", Noise(400'000, 2));
    File("big", Noise(6'000'000, 3));
  }
};

constexpr size_t kAll = 6'800'000;

}  // namespace

TEST_CASE_METHOD(CutWorld,
                 "resume: what has come of a cut delivery is not sent again",
                 "[msrc]") {
  Files();
  SECTION("into a folder that was there") {
    Put("a", "old");
    Cut(30);
    CHECK(Names().size() == 2);
    CHECK(Read("a") == "old");
    CHECK(Info("a").mode == 0644);
    CHECK(sys::Stat(Left())->mode == 0700);
  }
  SECTION("into one that would have been made: it is beside it") {
    into += "/x/y";
    Cut(30);
    CHECK(sys::ListFolder(dir)->size() == 2);
    CHECK(!sys::Stat(dir + "/into")->exists);
  }
  SECTION("into one that somebody has made since") {
    into += "/x/y";
    Cut(30);
    REQUIRE(sys::MakeFolders(into).ok());
  }
  SECTION("and again, before anything more has come") {
    Cut(30);
    run = std::string(32, 'c');
    Cut(0);
    CHECK(!Left().empty());
  }
  SECTION("by a receiver that was killed") {
    const int how = InChild([&] {
      const msrc::DeliveryOrder order = Order();
      msrc::DeliveryWork work(order);
      Feed(work, order, 30);
      return kill(getpid(), SIGKILL);
    });
    CHECK(WIFSIGNALED(how));
  }
  SECTION("whatever it is called now") {
    Cut(30);
    const std::string big = sent.at("big");
    Clear();
    File("other/name", big);
    CHECK(Next() < big.size() - 1'000'000);
    CHECK(Left().empty());
    return;
  }
  const size_t came = Next();
  CHECK(came > 1'000'000);
  CHECK(came < kAll - 2'000'000);
  CHECK(Left().empty());
  CHECK(*sys::ListFolder(dir) == Strings{"cache", "into"});
}

TEST_CASE_METHOD(CutWorld, "resume: a content that is all there is not sent",
                 "[msrc]") {
  Files();
  Put("x", "");
  const msrc::DeliveryOrder order = Order();
  const size_t frames =
      wire_test::Frames(order.manifest, wire::Need::Everything(order.manifest),
                        sent)
          .size();
  Cut(frames);
  // A second path that has it, too, is a copy.
  File("c", sent.at("a"));
  CHECK(Next() == 0);
  CHECK(Left().empty());
}

TEST_CASE_METHOD(CutWorld, "resume: nothing is believed for its name",
                 "[msrc]") {
  Files();
  Put("x", "");
  Cut(30);
  const size_t honest = 2'000'000;
  SECTION("a file of another content") {
    Overwrite(LeftFile("a"), 1000, "other");
    CHECK(Next() >= 400'000);
  }
  SECTION("one that was cut short") {
    REQUIRE(truncate(LeftFile("a").c_str(), 399'999) == 0);
    CHECK(Next() >= 400'000);
  }
  SECTION("one that is longer") {
    Overwrite(LeftFile("a"), 400'000, "more");
    CHECK(Next() < kAll - honest);
  }
  SECTION("one chunk of another content, and others that are right") {
    Overwrite(LeftFile("big"), 0, "other");
    const size_t came = Next();
    CHECK(came < kAll - 1'000'000);
  }
  SECTION("a file of which nothing is right") {
    for (off_t at = 0; at < 6'000'000; at += 10'000) {
      Overwrite(LeftFile("big"), at, "other");
    }
    CHECK(Next() >= 6'000'000);
  }
  SECTION("a file that others can write to") {
    REQUIRE(chmod(LeftFile("big").c_str(), 0622) == 0);
    CHECK(Next() >= 6'000'000);
  }
  SECTION("a file that has another name elsewhere") {
    REQUIRE(link(LeftFile("big").c_str(), (dir + "/handle").c_str()) == 0);
    CHECK(Next() >= 6'000'000);
    CHECK(sys::Stat(dir + "/handle")->exists);
  }
  SECTION("a link") {
    REQUIRE(rename(LeftFile("big").c_str(), (dir + "/outside").c_str()) == 0);
    REQUIRE(symlink((dir + "/outside").c_str(), LeftFile("big").c_str()) == 0);
    CHECK(Next() >= 6'000'000);
    CHECK(sys::Stat(dir + "/outside")->bytes > 0);
  }
  SECTION("a folder that is a link to another") {
    REQUIRE(rename(Left().c_str(), (dir + "/outside").c_str()) == 0);
    REQUIRE(symlink((dir + "/outside").c_str(), At(".msrc-0").c_str()) == 0);
    CHECK(Next() > kAll);
    CHECK(sys::ListFolder(dir + "/outside")->size() == 3);
  }
  SECTION("a folder that others can write to") {
    REQUIRE(chmod(Left().c_str(), 0777) == 0);
    CHECK(Next() > kAll);
    CHECK(Left().empty());
  }
  if (getuid() == 0) {
    SECTION("a folder of somebody else's") {
      REQUIRE(chown(Left().c_str(), 65534, 65534) == 0);
      CHECK(Next() > kAll);
    }
    SECTION("a file of somebody else's") {
      REQUIRE(chown(LeftFile("big").c_str(), 65534, 65534) == 0);
      CHECK(Next() >= 6'000'000);
    }
  }
}

TEST_CASE_METHOD(CutWorld, "resume: zeros come over what was there", "[msrc]") {
  File("z",
       Noise(1'200'000, 5) + std::string(3 << 20, '\0') + Noise(100'000, 6));
  Put("x", "");
  Cut(25);
  const std::string noise = Noise(3'500'000, 7);
  Overwrite(LeftFile("z"), 1'000'000, noise);
  Next();
}

TEST_CASE_METHOD(CutWorld,
                 "resume: what is there, what was left, and what is missing",
                 "[msrc]") {
  const std::string old = Noise(4'000'000, 1);
  Put("big", old);
  File("big",
       Noise(2'000'000, 2) + old.substr(0, 3'000'000) + Noise(2'000'000, 3));
  Cut(20);
  CHECK(Read("big") == old);
  const size_t came = Next();
  CHECK(came < 3'500'000);
  CHECK(came > 1'000'000);
}

TEST_CASE_METHOD(CutWorld, "resume: what is a day old is removed", "[msrc]") {
  Files();
  Put("x", "");
  Cut(30);
  const timespec times[2] = {{.tv_sec = time(nullptr) - 90'000, .tv_nsec = 0},
                             {.tv_sec = time(nullptr) - 90'000, .tv_nsec = 0}};
  REQUIRE(utimensat(AT_FDCWD, Left().c_str(), times, 0) == 0);
  SECTION("by a delivery that could have used it") { CHECK(Next() > kAll); }
  SECTION("by one that lacks nothing") {
    Clear();
    CHECK(Next() == 0);
  }
  CHECK(Left().empty());
}

TEST_CASE_METHOD(CutWorld, "resume: beside a folder, others' is left alone",
                 "[msrc]") {
  Files();
  Cut(30);
  const std::string left = Left();
  REQUIRE(!left.empty());
  const std::string first = into;
  into = dir + "/other";
  REQUIRE(Deliver().ok());
  CHECK(stream_bytes > kAll);
  CHECK(Left() == left);
  into = first;
  CHECK(Next() < kAll - 2'000'000);
  CHECK(Left().empty());
}

TEST_CASE_METHOD(CutWorld, "resume: not where nothing is to stay", "[msrc]") {
  Files();
  Put("x", "");
  SECTION("after --no-cache") {
    const std::string kept = std::exchange(cache, "");
    Cut(30);
    CHECK(Left().empty());
  }
  SECTION("a check writes nothing") {
    Cut(30);
    const std::string left = Left();
    policy.set_check(true);
    REQUIRE(Deliver().ok());
    CHECK(Left() == left);
    CHECK(sys::ListFolder(left)->size() == 3);
  }
  SECTION("after nothing has come") {
    Cut(0);
    CHECK(Left().empty());
    CHECK(Names() == Strings{"x"});
  }
  SECTION("of a bundle, which comes whole") {
    msrc::DeliveryOrder order = Order();
    order.everything = true;
    {
      msrc::DeliveryWork work(order);
      Feed(work, order, 30);
      work.Leave();
    }
    CHECK(Left().empty());
  }
}

TEST_CASE_METHOD(CutWorld, "resume: what somebody has locked is theirs",
                 "[msrc]") {
  Files();
  Put("x", "");
  Cut(30);
  const std::string left = Left();
  const sys::Fd holder = *sys::Open(left, O_RDONLY | O_DIRECTORY);
  REQUIRE(flock(holder.get(), LOCK_EX | LOCK_NB) == 0);
  CHECK(Next() > kAll);
  CHECK(sys::ListFolder(left)->size() == 3);
}

TEST_CASE_METHOD(CutWorld, "resume: on a full disk, room comes first",
                 "[msrc]") {
  const int how = InChild([&] {
    if (unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mkdir((dir + "/disk").c_str(), 0755) != 0 ||
        mount("tmpfs", (dir + "/disk").c_str(), "tmpfs", 0, "size=10m") != 0) {
      return 77;
    }
    into = dir + "/disk/one";
    Files();
    Cut(30);  // 4 MB or so are left beside it
    if (LeftIn(dir + "/disk").empty()) return 1;
    // Another one has no room; the next try has.
    into = dir + "/disk/two";
    Clear();
    File("huge", Noise(9'000'000, 9));
    run = std::string(32, 'c');
    if (Deliver().ok() || applied.status() != 73) return 2;
    if (!LeftIn(dir + "/disk").empty()) return 3;
    if (!Deliver().ok()) return 4;
    // And to the folder itself: what it has no use for goes first.
    Clear();
    File("a", Noise(100'000, 1));
    File("big", Noise(500'000, 2));
    Cut(1);
    if (LeftIn(into).empty()) return 5;
    Clear();
    File("other", Noise(100'000, 3));
    if (!Deliver().ok() || !LeftIn(into).empty()) return 6;
    return 0;
  });
  if (WEXITSTATUS(how) == 77) {
    WARN("skipped: no mount can be made");
    return;
  }
  CHECK(how == 0);
}

TEST_CASE("resume: chunks that were left are not asked for", "[msrc]") {
  const std::string content = Noise(3'000'000, 1);
  const wire::Manifest manifest = *wire::Manifest::Make(
      {wire_test::File("a", "short"),
       wire_test::File("b", content, wire::Cut::kEachMib)});
  const auto targets = msrc::TargetsOf(manifest);
  msrc::Sight sight;
  sight.there.resize(targets.size());
  msrc::Comparison c = msrc::Compare(manifest, targets, sight, {});
  REQUIRE(c.need.wants().size() == 2);
  using Kind = msrc::Source::Kind;
  SECTION("some of them") {
    msrc::UseLeft(manifest, targets, {{1, {false, {false, true, false}}}}, &c);
    REQUIRE(c.need.wants().size() == 2);
    CHECK(c.need.wants()[1] == wire::Want{1, {{0, 1}, {2, 1}}});
    CHECK(c.sources[1].kind == Kind::kChunks);
    CHECK(c.sources[1].old_offsets == std::vector<int64_t>{-1, -1, -1});
  }
  SECTION("with what the old file has") {
    c.sources[1] = {.kind = Kind::kChunks, .old_offsets = {7, 8, -1}};
    msrc::UseLeft(manifest, targets, {{1, {false, {true, false, false}}}}, &c);
    CHECK(c.need.wants()[1] == wire::Want{1, {{2, 1}}});
    CHECK(c.sources[1].old_offsets == std::vector<int64_t>{-1, 8, -1});
  }
  SECTION("all of them together") {
    c.sources[1] = {.kind = Kind::kChunks, .old_offsets = {7, -1, -1}};
    msrc::UseLeft(manifest, targets, {{1, {false, {false, true, true}}}}, &c);
    REQUIRE(c.need.wants().size() == 1);
    CHECK(c.need.wants()[0].entry == 0);
  }
  SECTION("whole ones") {
    msrc::UseLeft(manifest, targets,
                  {{0, {.whole = true}}, {1, {.whole = true}}}, &c);
    CHECK(c.need.empty());
    CHECK(c.sources[0].kind == Kind::kLeft);
    CHECK(c.sources[1].kind == Kind::kLeft);
  }
}
