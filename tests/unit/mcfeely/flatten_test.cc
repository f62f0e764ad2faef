#include "mcfeely/flatten.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>

#include <random>
#include <set>

#include "mcfeely/graph.h"
#include "unit/mcfeely/jobfile_example.h"

namespace mcfeely {
namespace {

// Tasks of the given names.
std::string Tasks(std::initializer_list<absl::string_view> names) {
  std::string out;
  for (absl::string_view name : names) {
    absl::StrAppend(&out, "task ", name, " h c\n");
  }
  return out;
}

TEST_CASE("mcfeely 10: groups with inner dependencies flatten to tasks",
          "[mcfeely]") {
  const Job job = Right(Tasks({"a", "b", "c", "d"}) +
                        "group M a b\ngroup N c d\nrequire b a\nrequire d c\n"
                        "require N M\n");
  CHECK(Names(job) == "a b c d");
  CHECK(Edges(job) == "b:a c:a,b d:a,b,c");
}

TEST_CASE("mcfeely 11: groups of groups stand for their members on both sides",
          "[mcfeely]") {
  const std::string tasks = Tasks({"a", "b", "c", "d", "e", "f"});
  const Job nested = Right(
      "require X3 Y3\ngroup X3 X2 a\ngroup X2 X1\ngroup X1 b\ngroup X1 c\n" +
      tasks + "group Y3 Y2\ngroup Y2 Y1 d\ngroup Y1 e f e\n");
  const Job plain = Right(tasks + "require a b c : d e f\n");
  CHECK(Edges(nested) == Edges(plain));
  CHECK(Edges(nested) == "a:d,e,f b:d,e,f c:d,e,f");
  CHECK(nested.requirements == plain.requirements);
}

TEST_CASE("mcfeely 12: a cycle is printed, also over a group", "[mcfeely]") {
  CHECK(Wrong(Tasks({"a", "b"}) + "group G b\nrequire a G\nrequire b a\n") ==
        "x.job:4: the requirements make a cycle: a -> b -> a");
  CHECK(Wrong(Tasks({"a", "b"}) + "require b a\nrequire a a\n") ==
        "x.job:4: the requirements make a cycle: a -> a");
  // A group that requires one of its own.
  CHECK(Wrong(Tasks({"a", "b"}) + "group G a b\nrequire G b\n") ==
        "x.job:4: the requirements make a cycle: b -> b");
  // The shortest of two.
  CHECK(Wrong(Tasks({"a", "b", "c", "d"}) +
              "require a b\nrequire b c\nrequire c a\nrequire d c\n"
              "require c d\n") ==
        "x.job:9: the requirements make a cycle: c -> d -> c");
  // Over barriers alone.
  CHECK(Wrong("barrier p\nbarrier q\ntask a h c\nrequire p q\nrequire q p\n") ==
        "x.job:4: the requirements make a cycle: p -> q -> p");
}

TEST_CASE("mcfeely 12: a long cycle is printed with its length", "[mcfeely]") {
  std::string text;
  for (int i = 0; i < 1000; i++) {
    absl::StrAppend(&text, "task t", i, " h c\nrequire t", i, " t",
                    (i + 1) % 1000, "\n");
  }
  const std::string errors = Wrong(text);
  CHECK(absl::StartsWith(
      errors, "x.job:2: the requirements make a cycle: t0 -> t1 -> t2 -> "));
  CHECK(absl::EndsWith(errors, "t49 -> (949 more) -> t999 -> t0"));
}

TEST_CASE("mcfeely 12: a group that contains itself is refused with its chain",
          "[mcfeely]") {
  CHECK(Wrong("task a h c\ngroup g a\ngroup g h\ngroup h i\ngroup i g a\n"
              "group j j\nrequire a g\n") ==
        "x.job:5: the group 'g' contains itself: g -> h -> i -> g\n"
        "x.job:6: the group 'j' contains itself: j -> j\n"
        "x.job:7: the requirements make a cycle: a -> a");
}

TEST_CASE("mcfeely 13: all errors of a job are told in one run", "[mcfeely]") {
  CHECK(Wrong(Tasks({"zone", "web", "web"}) +
              "group none\nrequire zone wbe\nrequire none web\n"
              "require zone : web none\nimply zone nix\ngroup zone web\n"
              "group more nowhere\n") ==
        "x.job:3: the name 'web' is used twice, first at x.job:2\n"
        "x.job:5: there is no task or group 'wbe', did you mean 'web'?\n"
        "x.job:6: the group 'none' is empty, so nothing would wait for it; "
        "declare it as a barrier if that is meant\n"
        "x.job:7: the group 'none' is empty, so nothing would wait for it; "
        "declare it as a barrier if that is meant\n"
        "x.job:8: there is no task or group 'nix'\n"
        "x.job:9: the name 'zone' is used twice, first at x.job:1\n"
        "x.job:10: there is no task or group 'nowhere'");
}

TEST_CASE("mcfeely 13: a job without tasks is refused unless it may be empty",
          "[mcfeely]") {
  CHECK(Wrong("description x\n# no more\n") == "x.job:2: the job has no tasks");
  CHECK(Wrong("") == "x.job:1: the job has no tasks");
  const Parsed parsed = Parse(
      "description x\n", {.parameters = {}, .subset = {}, .allow_empty = true});
  CHECK(parsed.errors.empty());
  CHECK(parsed.job.tasks.empty());
}

TEST_CASE("flatten: an empty group is fine where nothing waits", "[mcfeely]") {
  CHECK(Names(Right("task a h c\ngroup g\ngroup f g\nimply a g\n")) == "a");
}

TEST_CASE("flatten: both forms of require mean the same", "[mcfeely]") {
  const std::string tasks = Tasks({"a", "b", "c"});
  CHECK(Edges(Right(tasks + "require a b c\n")) == "a:b,c");
  CHECK(Edges(Right(tasks + "require a : b c\n")) == "a:b,c");
  CHECK(Edges(Right(tasks + "require b c : a\n")) == "b:a c:a");
  for (const char* bad :
       {"require a", "require", "require : a", "require a :", "require :"}) {
    CHECK(Wrong(tasks + bad) ==
          "x.job:4: require: must be: require X Y..., or require X... : Y...");
  }
}

TEST_CASE("flatten: a product is kept as one requirement", "[mcfeely]") {
  std::string text;
  for (int i = 0; i < 2000; i++) {
    absl::StrAppend(&text, "task t", i, " h c\ngroup ", i < 1000 ? "A" : "B",
                    " t", i, "\n");
  }
  const Job job = Right(text + "require B A\n");
  REQUIRE(job.requirements.size() == 1);
  CHECK(job.requirements[0].tasks.size() == 1000);
  CHECK(job.requirements[0].needs.size() == 1000);
  CHECK(Wrong(text + "task x h c\nrequire B A\nrequire x t0\n") ==
        "x.job:4003: more than 1000000 edges between tasks");
}

TEST_CASE("flatten: requirements that repeat a large group are bounded",
          "[mcfeely]") {
  std::string text = "task x h c\n";
  for (int i = 0; i < 5000; i++) {
    absl::StrAppend(&text, "task t", i, " h c\ngroup A t", i, "\n");
  }
  for (int i = 0; i < 5000; i++) text += "require x A\n";
  CHECK(absl::StrContains(Wrong(text), "the requirements repeat each other"));
}

// --- barriers ----------------------------------------------------------------

TEST_CASE("barrier: whatever requires it requires what it requires",
          "[mcfeely]") {
  const std::string tasks = Tasks({"a", "b", "c", "d"});
  const Job job = Right(tasks + "barrier B\nrequire B a b\nrequire c d : B\n");
  CHECK(Names(job) == "a b c d");
  CHECK(Edges(job) == "c:a,b d:a,b");
  CHECK(job.requirements.size() == 1);
  // Behind each other, in a group, and beside tasks.
  CHECK(Edges(Right(tasks + "barrier B\nbarrier C\ngroup G B b\n"
                            "require C G\nrequire B a\nrequire d C c\n")) ==
        "d:a,b,c");
  // One that waits for nothing holds nothing up.
  CHECK(Edges(Right(tasks + "barrier B\nrequire a B\n")) == "");
  CHECK(Wrong("barrier B\n") == "x.job:1: the job has no tasks");
  CHECK(Wrong("barrier B C\ntask a h c\nrequire a B\n") ==
        "x.job:1: barrier: must be: barrier NAME");
}

TEST_CASE("barrier: between tasks it is kept when only they are chosen",
          "[mcfeely]") {
  const std::string text = Tasks({"a", "b", "c"}) +
                           "barrier B\nrequire B a b\nrequire c B\n"
                           "imply B b\n";
  const auto only = [&](Subset subset) {
    return Right(text, {.parameters = {}, .subset = std::move(subset)});
  };
  CHECK(Edges(only({.only = {"c", "a"}})) == "c:a");
  CHECK(Names(only({.only = {"c"}})) == "c");
  CHECK(Names(only({.only = {"c"}, .with_needs = true})) == "a b c");
  CHECK(Names(only(
            {.only = {"a"}, .with_needs = false, .with_dependents = true})) ==
        "a b c");
  CHECK(Names(only({.only = {"B"}})) == "b");
}

TEST_CASE("barrier: chains of them cannot fill the memory", "[mcfeely]") {
  std::string text = "barrier B0\nrequire B0 t0\n";
  for (int i = 0; i < 5000; i++) absl::StrAppend(&text, "task t", i, " h c\n");
  for (int i = 1; i < 5000; i++) {
    absl::StrAppend(&text, "barrier B", i, "\nrequire B", i, " B", i - 1, " t",
                    i, "\n");
  }
  CHECK(absl::StrContains(Wrong(text), "the barriers stand for more than"));
}

// --- subsets -----------------------------------------------------------------

Job Take(Subset subset, const std::string& text = kExample) {
  return Right(
      text,
      {.parameters =
           text == kExample
               ? decltype(JobOptions::parameters){{"domain", "example.org"}}
               : decltype(JobOptions::parameters){},
       .subset = std::move(subset)});
}

TEST_CASE("mcfeely 17: --only web chooses web and what its group implies",
          "[mcfeely]") {
  const Job job = Take({.only = {"web"}});
  CHECK(Names(job) == "web wwwhup");
  CHECK(Edges(job) == "wwwhup:web");
}

TEST_CASE("mcfeely 17: --only zone chooses zone and nshup", "[mcfeely]") {
  const Job job = Take({.only = {"zone"}});
  CHECK(Names(job) == "zone nshup");
  CHECK(Edges(job) == "nshup:zone");
}

TEST_CASE("mcfeely 17: --only tell chooses tell alone", "[mcfeely]") {
  const Job job = Take({.only = {"tell"}});
  CHECK(Names(job) == "tell");
  CHECK(job.requirements.empty());
}

TEST_CASE("mcfeely 17: --only tell --with-needs chooses all six tasks",
          "[mcfeely]") {
  const Job job = Take({.only = {"tell"}, .with_needs = true});
  CHECK(Names(job) == "zone nshup web stats wwwhup tell");
  CHECK(Edges(job) == "nshup:zone wwwhup:web,stats tell:nshup,wwwhup");
}

TEST_CASE("mcfeely 17: --only web --with-dependents chooses what waits for it",
          "[mcfeely]") {
  const Job job =
      Take({.only = {"web"}, .with_needs = false, .with_dependents = true});
  CHECK(Names(job) == "web wwwhup tell");
  CHECK(Edges(job) == "wwwhup:web tell:wwwhup");
}

TEST_CASE("subset: several names, groups, and unknown ones", "[mcfeely]") {
  CHECK(Names(Take({.only = {"httpd", "zone"}})) ==
        "zone nshup web stats wwwhup");
  CHECK(Wrong(kExample, {.parameters = {{"domain", "x"}},
                         .subset = {.only = {"wbe", "tell", "sone"}}}) ==
        "--only: there is no task or group 'wbe', did you mean 'web'?\n"
        "--only: there is no task or group 'sone', did you mean 'zone'?");
}

TEST_CASE("subset: implications go on from what was added", "[mcfeely]") {
  const std::string text = Tasks({"a", "b", "c", "d", "e", "f"}) +
                           "group G c d\ngroup H G\nimply a G\nimply H e\n"
                           "require b a\nimply b f\n";
  CHECK(Names(Take({.only = {"a"}}, text)) == "a c d e");
  CHECK(Names(Take({.only = {"d"}}, text)) == "d e");
  CHECK(
      Names(Take({.only = {"a"}, .with_needs = false, .with_dependents = true},
                 text)) == "a b c d e f");
  // A need that is added implies too: it is to run.
  CHECK(Names(Take({.only = {"b"}, .with_needs = true}, text)) ==
        "a b c d e f");
}

TEST_CASE("subset: dependents are those of the chosen, not of their needs",
          "[mcfeely]") {
  const std::string text =
      Tasks({"base", "mine", "after", "other", "late"}) +
      "require mine base\nrequire other base\nrequire after mine late\n";
  CHECK(Names(Take(
            {.only = {"mine"}, .with_needs = true, .with_dependents = true},
            text)) == "base mine after late");
}

TEST_CASE("subset: one that chooses nothing is refused", "[mcfeely]") {
  CHECK(Wrong("task a h c\ngroup g\n",
              {.parameters = {}, .subset = {.only = {"g"}}}) ==
        "--only: no task is chosen");
}

// --- random jobs against the definition --------------------------------------

TEST_CASE("flatten: random groups mean what their members mean", "[mcfeely]") {
  std::mt19937 random(5);
  for (int round = 0; round < 300; round++) {
    // Names in layers, so that a group holds only what comes before it, and a
    // requirement goes only from later tasks to earlier ones.
    const int tasks = 2 + random() % 6, groups = 1 + random() % 5;
    std::string text;
    std::vector<std::set<int>> holds;
    for (int t = 0; t < tasks; t++) {
      absl::StrAppend(&text, "task n", t, " h c\n");
      holds.push_back({t});
    }
    for (int g = tasks; g < tasks + groups; g++) {
      absl::StrAppend(&text, "group n", g);
      holds.emplace_back();
      for (int i = 1 + random() % 3; i > 0; i--) {
        const int m = random() % g;
        absl::StrAppend(&text, " n", m);
        holds[g].insert(holds[m].begin(), holds[m].end());
      }
      text += '\n';
    }
    std::set<std::pair<int, int>> expected;
    for (int i = random() % 6; i > 0; i--) {
      const int x = random() % holds.size(), y = random() % holds.size();
      if (*holds[x].begin() <= *holds[y].rbegin()) continue;
      absl::StrAppend(&text, "require n", x, " n", y, "\n");
      for (int a : holds[x]) {
        for (int b : holds[y]) expected.insert({a, b});
      }
    }
    const Job job = Right(text);
    const auto graph = Graph::Make(job.tasks.size(), job.requirements);
    REQUIRE(graph.ok());
    std::set<std::pair<int, int>> edges;
    for (int t = 0; t < tasks; t++) {
      for (uint32_t n : graph->Needs(t)) edges.insert({t, n});
    }
    REQUIRE(edges == expected);
  }
}

// --- size --------------------------------------------------------------------

TEST_CASE("jobfile: a job of 100000 tasks is read in linear time",
          "[mcfeely]") {
  std::string text;
  for (int i = 0; i < 100'000; i++) {
    absl::StrAppend(&text, "task task-", i, " host", i % 1000,
                    ".example.com make_homedir user", i, " 'x y'\n");
    if (i > 0)
      absl::StrAppend(&text, "require task-", i, " task-", i - 1, "\n");
    absl::StrAppend(&text, "group g", i % 100, " task-", i, "\n");
  }
  const absl::Time start = absl::Now();
  const Parsed parsed = Parse(text);
  const absl::Duration took = absl::Now() - start;
  REQUIRE(parsed.errors.empty());
  CHECK(parsed.job.tasks.size() == 100'000);
  CHECK(parsed.job.requirements.size() == 99'999);
  // Far above what it takes, far below what anything quadratic would.
  CHECK(took < absl::Seconds(20));
}

TEST_CASE("flatten: groups nested 100000 deep do not overflow the stack",
          "[mcfeely]") {
  std::string text = "task a h c\ntask b h c\ngroup g0 a\n";
  for (int i = 1; i < 100'000; i++) {
    absl::StrAppend(&text, "group g", i, " g", i - 1, "\n");
  }
  CHECK(Edges(Right(text + "require b g99999\n")) == "b:a");
  CHECK(absl::StrContains(Wrong(text + "group g0 g99999\n"),
                          "contains itself: "));
}

}  // namespace
}  // namespace mcfeely
