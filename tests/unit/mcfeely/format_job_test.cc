#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <random>

#include "mcfeely/jobfile_lexer.h"
#include "unit/mcfeely/jobfile_example.h"

namespace mcfeely {
namespace {

std::string RandomBytes(std::mt19937& random, size_t most) {
  // Bytes that mean something, and any but NUL.
  static constexpr char kTelling[] = "'\"\\$#: \t\n\r{}${x}\xc3\xa9\x04";
  std::string out;
  for (size_t n = random() % (most + 1); n > 0; n--) {
    out += random() % 2 ? kTelling[random() % (sizeof kTelling - 1)]
                        : static_cast<char>(1 + random() % 255);
  }
  return out;
}

Job RandomJob(std::mt19937& random) {
  Job job;
  job.description = RandomBytes(random, 20);
  job.key = RandomBytes(random, 6);
  for (int n = random() % 3; n > 0; n--) job.success.push_back("a b#'\"");
  for (int n = random() % 3; n > 0; n--) job.failure.push_back("\xff ${x}");
  const int tasks = 1 + random() % 8;
  for (int t = 0; t < tasks; t++) {
    Task task{absl::StrCat("t", t), "h:1", "c+1", {}, {}};
    for (int n = random() % 4; n > 0; n--) {
      task.arguments.push_back(RandomBytes(random, 12));
    }
    TaskOptions& o = task.options.Edit();
    if (random() % 3 == 0) o.delay = absl::Milliseconds(random() % 100'000'000);
    if (random() % 3 == 0) o.timeout = absl::Seconds(random() % 1000);
    if (random() % 3 == 0) o.step = 1 + random() % 1000;
    if (random() % 3 == 0) o.retry_max = absl::Seconds(1 + random() % 1000);
    if (random() % 3 == 0) o.retry_for = absl::InfiniteDuration();
    o.safe_to_repeat = random() % 3 != 0;
    job.tasks.push_back(std::move(task));
  }
  for (int n = random() % 5; n > 0 && tasks > 1; n--) {
    Requirement r;
    const uint32_t middle = 1 + random() % (tasks - 1);
    for (int i = 1 + random() % 4; i > 0; i--) {
      r.tasks.push_back(middle + random() % (tasks - middle));
      r.needs.push_back(random() % middle);
    }
    job.requirements.push_back(std::move(r));
  }
  return job;
}

TEST_CASE("jobfile: what is printed of any job is read back as that job",
          "[mcfeely]") {
  std::mt19937 random(17);
  for (int round = 0; round < 2000; round++) {
    const Job job = RandomJob(random);
    const std::string text = FormatJobFile(job);
    const Job back = Right(text);
    REQUIRE(FormatJobFile(back) == text);
    REQUIRE(back.tasks == job.tasks);
    REQUIRE(back.description == job.description);
    REQUIRE(back.key == job.key);
    REQUIRE(back.success == job.success);
    REQUIRE(back.failure == job.failure);
    REQUIRE(Edges(back) == Edges(job));
    // And in JSON.
    const std::string json = FormatJson(job);
    const Job from_json = Right(json);
    REQUIRE(from_json == back);
    REQUIRE(FormatJson(from_json) == json);
  }
}

TEST_CASE("jobfile: words are printed in the plainest quotes", "[mcfeely]") {
  CHECK(QuoteJobWord("virtdom_1.example.com") == "virtdom_1.example.com");
  CHECK(QuoteJobWord("") == "''");
  CHECK(QuoteJobWord(":") == "':'");
  CHECK(QuoteJobWord("#x") == "'#x'");
  CHECK(QuoteJobWord("a ${b} \\") == "'a ${b} \\'");
  CHECK(QuoteJobWord("caf\xc3\xa9") == "'caf\xc3\xa9'");
  CHECK(QuoteJobWord("it's ${b}\n\x04\xff") ==
        "\"it's \\x24{b}\\n\\x04\\xff\"");
}

TEST_CASE("jobfile: the flat job is printed as a job file", "[mcfeely]") {
  const Job job =
      Right(kExample, {.parameters = {{"domain", "x y"}}, .subset = {}});
  CHECK(FormatJobFile(job) ==
        "description 'virtual domain x y'\n"
        "success sales@example.com\n"
        "failure ops@example.com\n"
        "task zone ns1.example.com virtdom_named_conf_add 'x y' : "
        "retry-for=2d timeout=5m\n"
        "task nshup ns1.example.com virtdom_named_hup : retry-for=2d step=10 "
        "timeout=5m\n"
        "task web www3.example.com virtdom_httpd_conf_add 'x y' 192.0.2.7 : "
        "retry-for=2d timeout=5m\n"
        "task stats www3.example.com virtdom_httpd_stats_conf 'x y' : "
        "retry-for=2d timeout=5m\n"
        "task wwwhup www3.example.com virtdom_httpd_hup : retry-for=2d "
        "timeout=5m\n"
        "task tell hub.example.com virtdom_alias_info 'x y' : delay=10m "
        "retry-for=2d timeout=5m\n"
        "require nshup zone\n"
        "require wwwhup web stats\n"
        "require tell nshup wwwhup\n");
}

TEST_CASE("jobfile: the graph is printed for graphviz", "[mcfeely]") {
  const Job job = Right(
      "description 'say \"hi\" \\'\n"
      "task a h1 c1\ntask b h2 c2\ntask c h1 c1\ntask d h2 c1\n"
      "require c d : a b\nrequire b a\n");
  CHECK(FormatDot(job) ==
        "digraph job {\n"
        "  rankdir=LR;\n"
        "  node [shape=box];\n"
        "  label=\"say \\\"hi\\\" \\\\\";\n"
        "  subgraph \"cluster 0\" {\n"
        "    label=\"h1\";\n"
        "    \"a\" [label=\"a\\nc1\"];\n"
        "    \"c\" [label=\"c\\nc1\"];\n"
        "  }\n"
        "  subgraph \"cluster 1\" {\n"
        "    label=\"h2\";\n"
        "    \"b\" [label=\"b\\nc2\"];\n"
        "    \"d\" [label=\"d\\nc1\"];\n"
        "  }\n"
        "  \"point 0\" [shape=point];\n"
        "  \"a\" -> \"point 0\";\n"
        "  \"b\" -> \"point 0\";\n"
        "  \"point 0\" -> \"c\";\n"
        "  \"point 0\" -> \"d\";\n"
        "  \"a\" -> \"b\";\n"
        "}\n");
}

TEST_CASE("jobfile: JSON has groups, barriers and implications too",
          "[mcfeely]") {
  const std::string json = R"({
    "description": {"base64": "/w=="}, "success": ["a"], "key": "k",
    "tasks": [
      {"name": "a", "host": "h", "comm": "c", "arguments": ["", "x y",
       {"base64": "gA=="}], "options": {"delay": 90, "step": 7,
       "timeout": "5m", "safe-to-repeat": false}},
      {"name": "b", "host": "h", "comm": "c"},
      {"name": "c", "host": "h", "comm": "c"}],
    "groups": [{"name": "G", "members": ["a", "b"]}],
    "barriers": ["B"],
    "requirements": [{"tasks": ["B"], "needs": ["G"]},
                     {"tasks": ["c"], "needs": ["B"]}],
    "implications": [{"if": "G", "then": ["c"]}]})";
  const Job job = Right(json);
  CHECK(job.description == "\xff");
  CHECK(job.tasks[0].arguments == std::vector<std::string>{"", "x y", "\x80"});
  CHECK(job.tasks[0].options == TaskOptions{.delay = absl::Seconds(90),
                                            .timeout = absl::Minutes(5),
                                            .step = 7,
                                            .safe_to_repeat = false});
  CHECK(Edges(job) == "c:a,b");
  CHECK(Names(Right(json, {.parameters = {}, .subset = {.only = {"b"}}})) ==
        "b c");
}

TEST_CASE("jobfile: errors of JSON name the item", "[mcfeely]") {
  CHECK(Wrong(R"({"tasks": [{"name": "a", "host": "h"}, 7,
      {"name": "b", "host": "-h", "comm": "c", "argumnets": [],
       "arguments": [1], "options": {"step": 0, "delay": null, "x": 1}}],
      "requirements": [{"tasks": ["b"], "needs": []},
                       {"tasks": ["b"], "needs": ["q"]}],
      "groups": {}, "colour": 1, "description": {"base64": "*"},
      "success": ["-x"]})") ==
        "x.job: unknown key 'colour'\n"
        "x.job: description: not base64\n"
        "x.job: the address '-x' begins with '-'\n"
        "x.job: tasks[0]: comm: is missing\n"
        "x.job: tasks[0]: the comm is empty\n"
        "x.job: tasks[1]: is not an object\n"
        "x.job: tasks[2]: unknown key 'argumnets', did you mean 'arguments'?\n"
        "x.job: tasks[2]: arguments: is not a string or {\"base64\": "
        "\"...\"}\n"
        "x.job: tasks[2]: the host '-h' is not letters, digits, '.', '-', '_' "
        "and ':', no '-' first\n"
        "x.job: tasks[2]: unknown key 'x'\n"
        "x.job: tasks[2]: delay: is not a string, a whole number or a bool\n"
        "x.job: tasks[2]: step: '0' is not a number from 1 to 1000\n"
        "x.job: groups: is not an array\n"
        "x.job: requirements[0]: has an empty side");
  CHECK(absl::StartsWith(Wrong("{\"tasks\": [}"), "x.job: line 1: column"));
  CHECK(absl::StartsWith(Wrong(" {}"), "x.job: the job has no tasks"));
}

TEST_CASE("jobfile: a NUL in JSON is refused", "[mcfeely]") {
  CHECK(Wrong(R"({"tasks": [{"name": "a", "host": "h", "comm": "c",
      "arguments": ["x\u0000"]}]})") ==
        "x.job: tasks[0]: argument 1 holds a NUL byte");
}

TEST_CASE("jobfile: text and JSON together are one job, in order",
          "[mcfeely]") {
  const Parsed parsed =
      ParseJob({{"a.job", "task a h c\nrequire c b\n"},
                {"b.json", R"({"tasks":[{"name":"b","host":"h","comm":"c"}]})"},
                {"-e", "task c h c"}},
               {});
  REQUIRE(parsed.errors.empty());
  CHECK(Names(parsed.job) == "a b c");
  CHECK(Edges(parsed.job) == "c:b");
}

}  // namespace
}  // namespace mcfeely
