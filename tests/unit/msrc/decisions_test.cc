// What is decided of a delivery, without any folder: comparison, plan, pruning,
// and what a utility's words come to.
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "msrc/apply_plan.h"
#include "msrc/comparison.h"
#include "msrc/hash_cache.h"
#include "msrc/prune.h"
#include "msrc/receiver_limits.h"
#include "msrc/utility_words.h"
#include "unit/wire/content_testing.h"

using namespace wire_test;  // NOLINT: it is this test's other half

namespace {

using Strings = std::vector<std::string>;
using Type = msrc::There::Type;

// A manifest and what is there, by hand.
struct Case {
  std::vector<wire::Entry> entries;
  msrc::Policy policy;
  wire::Manifest manifest;
  std::vector<msrc::Target> targets;
  msrc::Sight sight;
  msrc::Comparison result;

  void See() {
    manifest = *wire::Manifest::Make(entries);
    targets = msrc::TargetsOf(manifest);
    sight.there.resize(targets.size());
  }
  msrc::There& At(const std::string& path) {
    for (size_t i = 0; i < targets.size(); i++) {
      if (targets[i].path == path) return sight.there[i];
    }
    FAIL("no target " << path);
    return sight.there[0];
  }
  void Is(const std::string& path, Type type, uint32_t mode = 0644,
          const std::string& content = "") {
    msrc::There& there = At(path);
    there.type = type;
    there.mode = mode;
    there.bytes = static_cast<int64_t>(content.size());
    if (type == Type::kFile) there.hash = wire::HashOf(content);
  }
  void Compare() { result = msrc::Compare(manifest, targets, sight, policy); }
  // "make d, place d/f, ...".
  std::string Plan(const Strings& removals = {}) {
    Compare();
    REQUIRE(result.error == "");
    static const char* const kNames[] = {"make", "place", "replace", "set",
                                         "remove"};
    std::string out;
    for (const msrc::Step& step :
         msrc::PlanOf(manifest, targets, sight, result, policy, removals)) {
      absl::StrAppend(&out, out.empty() ? "" : ", ",
                      kNames[static_cast<int>(step.what)], " ", step.path);
    }
    return out;
  }
};

std::vector<msrc::Found> Tree(const Strings& paths) {
  std::vector<msrc::Found> found;
  for (std::string path : paths) {
    const bool folder = path.back() == '/';
    if (folder) path.pop_back();
    found.push_back({path, folder, 0});
  }
  for (msrc::Found& f : found) {
    for (const msrc::Found& in : found) {
      f.names += wire::IsBelow(in.path, f.path) &&
                 in.path.find('/', f.path.size() + 1) == std::string::npos;
    }
  }
  return found;
}

}  // namespace

TEST_CASE_METHOD(Case, "comparison: folders that are not listed are targets",
                 "[msrc]") {
  entries = {File("a/b/c", "x"), File("a/b/d", "x"), Folder("a/e"),
             File("f", "x"), File("a.b", "x")};
  See();
  std::string all;
  for (const msrc::Target& target : targets) {
    absl::StrAppend(&all, target.path, target.entry ? "" : "(part)", " ");
  }
  CHECK(all == "a(part) a/b(part) a/b/c a/b/d a/e a.b f ");
}

TEST_CASE_METHOD(Case, "comparison: names are one where case is folded",
                 "[msrc]") {
  entries = {File("Readme", "x"), File("readme", "y")};
  See();
  Compare();
  CHECK(result.status == 0);
  sight.folds_case = true;
  Compare();
  CHECK(result.status == 73);
  CHECK(result.error ==
        "'Readme': is the same as 'readme' in this file system");
}

TEST_CASE_METHOD(Case, "comparison: each content is asked for once, or not",
                 "[msrc]") {
  entries = {File("a", "one"), File("b", "one"), File("c", "two"),
             File("d", "three"), File("e", "")};
  See();
  Is("a", Type::kFile, 0644, "three");
  Is("c", Type::kFile, 0644, "two");
  Compare();
  REQUIRE(result.need.wants().size() == 1);
  CHECK(result.need.wants()[0].entry == 0);
  using Kind = msrc::Source::Kind;
  CHECK(result.sources[1].kind == Kind::kStaged);
  CHECK(result.sources[2].kind == Kind::kNone);
  CHECK(result.sources[3].kind == Kind::kLocal);
  CHECK(result.sources[3].from == 0);
  CHECK(result.changes[2] == msrc::Change::kSame);
}

TEST_CASE_METHOD(Case, "plan: folders first, what would be in the way last",
                 "[msrc]") {
  entries = {Folder("d"),        File("d/f", "x"), Folder("old"),
             File("old/g", "x"), Folder("shut"),   File("shut/h", "x")};
  entries[2].mode = 0755;
  entries[4].mode = 0555;
  See();
  Is("old", Type::kFolder, 0500);
  Is("shut", Type::kFolder, 0755);
  CHECK(Plan({"x/y", "x"}) ==
        "make d, place d/f, set old, place old/g, place shut/h, set shut, "
        "set d, remove x/y, remove x");
}

TEST_CASE_METHOD(Case, "plan: only what differs is set", "[msrc]") {
  entries = {File("a", "x"), File("b", "x")};
  entries[0].mtime = absl::FromUnixSeconds(5);
  See();
  Is("a", Type::kFile, 0600, "x");
  Is("b", Type::kFile, 0644, "x");
  sight.owners.resize(targets.size());
  sight.owners[1].uid = 7;
  Compare();
  const auto steps = msrc::PlanOf(manifest, targets, sight, result, policy, {});
  REQUIRE(steps.size() == 2);
  CHECK(steps[0].attributes == msrc::Attributes{.mode = 0644});
  // A change of owner takes bits of the mode away.
  CHECK(steps[1].attributes == msrc::Attributes{.mode = 0644, .uid = 7});
  policy.set_at_once(true);
  CHECK(Plan() == "replace a, replace b");
}

TEST_CASE("prune: a folder goes only when everything in it does", "[msrc]") {
  const wire::Manifest manifest = *wire::Manifest::Make({File("d/keep", "x")});
  const auto targets = msrc::TargetsOf(manifest);
  msrc::Policy policy;
  policy.add_ignore("*.log");
  policy.add_ignore("private");
  const msrc::Pruning pruning = msrc::PruningOf(
      targets,
      Tree({"d/", "d/keep", "d/old", "e/", "e/f", "g/", "g/h/", "g/h/i.log",
            "g/j", "k/", "k/CVS/", "private/", "private/x"}),
      policy);
  CHECK(pruning.remove == Strings{"g/j", "e/f", "e", "d/old"});
  CHECK(pruning.kept == 7);
}

TEST_CASE("prune: some folders are never emptied", "[msrc]") {
  const Strings homes = {"/home/ops"};
  for (const char* into : {"/", "/etc", "/home/ops"}) {
    CHECK(absl::IsFailedPrecondition(msrc::CheckPruneAll(into, homes)));
  }
  CHECK(msrc::CheckPruneAll("/home/ops/app", homes).ok());
  CHECK(msrc::CheckPruneAll("/srv/www", homes).ok());
  msrc::Policy policy;
  CHECK(msrc::CheckPruneCount(25, policy).ok());
  CHECK(!msrc::CheckPruneCount(26, policy).ok());
  policy.set_max_prune(26);
  CHECK(msrc::CheckPruneCount(26, policy).ok());
}

TEST_CASE("hash cache: a hash is believed of what changed before it was read",
          "[msrc]") {
  constexpr int64_t kSecond = 1'000'000'000;
  msrc::HashCache cache;
  const msrc::HashCache::Key key = {1, 2, 3, 4, 100 * kSecond};
  const wire::Hash hash = wire::HashOf("x");
  cache.Add(key, hash, 101 * kSecond);  // it may have changed once more
  CHECK(!cache.Find(key));
  cache.Add(key, hash, 103 * kSecond);
  CHECK(cache.Find(key) == hash);
  msrc::HashCache::Key other = key;
  other.mtime_ns++;
  CHECK(!cache.Find(other));
  const std::string bytes = cache.Encode();
  CHECK(msrc::HashCache::Decode(bytes)->Find(key) == hash);
  for (size_t i = 0; i < bytes.size(); i++) {
    std::string damaged = bytes;
    damaged[i] ^= 1;
    CHECK(!msrc::HashCache::Decode(damaged).ok());
    CHECK(!msrc::HashCache::Decode(bytes.substr(0, i)).ok());
  }
}

TEST_CASE("utility words: what cannot be run is refused", "[msrc]") {
  using Change = std::function<void(pb::Utility&)>;
  const auto why = [](const Change& change) {
    pb::Utility utility;
    utility.add_word("make");
    change(utility);
    return std::string(msrc::CheckUtility(utility).message());
  };
  CHECK(why([](auto&) {}) == "");
  CHECK_THAT(why([](auto& u) { u.add_word(std::string("a\0", 2)); }),
             Catch::Contains("NUL"));
  CHECK_THAT(
      why([](auto& u) { u.add_word(std::string(msrc::kMaxWordsBytes, 'x')); }),
      Catch::Contains("bytes"));
  CHECK_THAT(why([](auto& u) {
               for (size_t i = 0; i < msrc::kMaxWords; i++) u.add_word("");
             }),
             Catch::Contains("words"));
  CHECK_THAT(why([](auto& u) { u.set_shell("sh"); }),
             Catch::Contains("not absolute"));
  for (const char* variable : {"=x", "a", "1=x", "a-b=c"}) {
    CHECK_THAT(why([&](auto& u) { u.add_environment(variable); }),
               Catch::Contains("variable"));
  }
  CHECK_THAT(why([](auto& u) {
               u.clear_word();
               u.set_argv(true);
             }),
             Catch::Contains("no program"));
  CHECK_THAT(why([](auto& u) { u.set_detach(true), u.set_input(true); }),
             Catch::Contains("no input"));
  const auto terminal = [&](uint32_t columns, uint32_t lines,
                            const std::string& type) {
    return why([&](auto& u) {
      u.mutable_terminal()->set_columns(columns);
      u.mutable_terminal()->set_lines(lines);
      u.mutable_terminal()->set_type(type);
    });
  };
  CHECK(terminal(80, 24, "xterm-256color") == "");
  CHECK(terminal(0, 0, "") == "");
  CHECK(terminal(msrc::kMaxTerminalSide, msrc::kMaxTerminalSide,
                 std::string(msrc::kMaxTerminalTypeBytes, 'x')) == "");
  for (const std::string& bad :
       {terminal(msrc::kMaxTerminalSide + 1, 24, "vt100"),
        terminal(80, msrc::kMaxTerminalSide + 1, "vt100"),
        terminal(80, 24, std::string(msrc::kMaxTerminalTypeBytes + 1, 'x')),
        terminal(80, 24, "../../etc/x"), terminal(80, 24, "a\nb"),
        terminal(80, 24, std::string("a\0", 2))}) {
    CHECK_THAT(bad, Catch::Contains("terminal that is none"));
  }
  CHECK_THAT(why([](auto& u) { u.set_detach(true), u.mutable_terminal(); }),
             Catch::Contains("no input"));
}

TEST_CASE("utility words: a quote in a folder's name stays one", "[msrc]") {
  pb::Utility utility;
  utility.add_word("x");
  utility.set_defs("$HOME/defs");
  const msrc::Command command = msrc::CommandOf(utility, "/a b'c", "/home");
  CHECK(command.folder == "/home");
  CHECK(command.argv ==
        Strings{"/bin/sh", "-c",
                ". $HOME/defs || exit\ncd '/a b'\\''c' || exit\nx"});
}
