#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>

#include "base/limits.h"
#include "mcfeely/jobfile_model.h"
#include "unit/mcfeely/jobfile_example.h"

namespace mcfeely {
namespace {

using Strings = std::vector<std::string>;

std::string KnownOptions() {
  return "there are " + absl::StrJoin(kTaskOptionNames, ", ");
}

Strings ArgumentsOf(const std::string& words, const JobOptions& options = {}) {
  const Job job = Right(absl::StrCat("param p 'a  b'\nparam c :\nparam e ''\n",
                                     "task t h c ", words, "\n"),
                        options);
  REQUIRE(job.tasks.size() == 1);
  return job.tasks[0].arguments;
}

TEST_CASE("jobfile: the example of the manual page is read", "[mcfeely]") {
  const Job job = Right(
      kExample, {.parameters = {{"domain", "example.org"}}, .subset = {}});
  CHECK(job.description == "virtual domain example.org");
  CHECK(job.failure == Strings{"ops@example.com"});
  CHECK(job.success == Strings{"sales@example.com"});
  CHECK(Names(job) == "zone nshup web stats wwwhup tell");
  CHECK(Edges(job) == "nshup:zone wwwhup:web,stats tell:nshup,wwwhup");
  CHECK(job.tasks[2].arguments == Strings{"example.org", "192.0.2.7"});
  CHECK(job.tasks[0].options ==
        TaskOptions{.timeout = absl::Minutes(5), .retry_for = absl::Hours(48)});
  CHECK(job.tasks[1].options == TaskOptions{.timeout = absl::Minutes(5),
                                            .step = 10,
                                            .retry_for = absl::Hours(48)});
  CHECK(job.tasks[5].options == TaskOptions{.delay = absl::Minutes(10),
                                            .timeout = absl::Minutes(5),
                                            .retry_for = absl::Hours(48)});
}

TEST_CASE("mcfeely 1: arguments arrive as they are written", "[mcfeely]") {
  CHECK(ArgumentsOf("x \"y z\" ''") == Strings{"x", "y z", ""});
}

TEST_CASE("jobfile: words are bare, quoted, or these joined", "[mcfeely]") {
  CHECK(ArgumentsOf("a'b c'\"d\\\"e\"f") == Strings{"ab cd\"ef"});
  CHECK(ArgumentsOf("'\\n ${p} \"'") == Strings{"\\n ${p} \""});
  CHECK(ArgumentsOf(R"("\"\\\n\t\x41\xfF")") == Strings{"\"\\\n\tA\xff"});
  CHECK(ArgumentsOf(R"(a\b $ $x "$" $'{p}')") ==
        Strings{"a\\b", "$", "$x", "$", "${p}"});
  CHECK(ArgumentsOf("\t a\t\tb  ") == Strings{"a", "b"});
}

TEST_CASE("jobfile: a parameter is never split again", "[mcfeely]") {
  CHECK(ArgumentsOf("${p} x${p}y \"<${p}>\" ${e} ${e}${e}") ==
        Strings{"a  b", "xa  by", "<a  b>", "", ""});
  // Nor does its value mean anything.
  CHECK(ArgumentsOf("${c} ${p}",
                    {.parameters = {{"p", "'${c} \"#\\"}}, .subset = {}}) ==
        Strings{":", "'${c} \"#\\"});
}

TEST_CASE("jobfile: a comment begins only where a word would", "[mcfeely]") {
  CHECK(ArgumentsOf("a#b ''#c #d e 'f") == Strings{"a#b", "#c"});
  CHECK(ArgumentsOf("a #b \\") == Strings{"a"});
}

TEST_CASE("jobfile: a backslash at the end continues the line", "[mcfeely]") {
  CHECK(ArgumentsOf("a \\\n b\\\nc \\\r\n d\r\n") == Strings{"a", "bc", "d"});
  CHECK(ArgumentsOf("\"a\\\nb\"") == Strings{"ab"});
  CHECK(Wrong("task a h c \\\n \\\n 'x\n") ==
        "x.job:3: a ' is not closed on its line");
  CHECK(Right("task a h c x\\").tasks[0].arguments == Strings{"x"});
}

TEST_CASE("jobfile: a bare colon ends the arguments, a quoted one is one",
          "[mcfeely]") {
  const Job job = Right("task a h c ':' : delay=1s\ntask b h c x: :y\n");
  CHECK(job.tasks[0].arguments == Strings{":"});
  CHECK(job.tasks[0].options->delay == absl::Seconds(1));
  CHECK(job.tasks[1].arguments == Strings{"x:", ":y"});
}

TEST_CASE("jobfile: bytes that are no UTF-8 pass, NUL does not", "[mcfeely]") {
  CHECK(ArgumentsOf("\xff\x80 '\xfe'") == Strings{"\xff\x80", "\xfe"});
  CHECK(Wrong(std::string("task a h c x\0y\n", 15)) ==
        "x.job:1: there is a NUL byte");
  CHECK(Wrong(std::string("task a h c 'x\0y'\nzzz\0\n", 22)) ==
        "x.job:1: there is a NUL byte");
  CHECK(Wrong(std::string("task a h c x\0y\nzzz\0\n", 20)) ==
        "x.job:1: there is a NUL byte");
  CHECK(Wrong("task a h c \"\\x00\"\n") == "x.job:1: \\x00 is a NUL byte");
  CHECK(Wrong("param p\ntask a h c ${p}",
              {.parameters = {{"p", std::string(1, '\0')}}, .subset = {}}) ==
        "-D: p holds a NUL byte");
}

TEST_CASE("jobfile: lexical errors name their line", "[mcfeely]") {
  CHECK(Wrong("task a h c\ntask b h c \"x\ntask c h c \\\n \"\\q\" \"\\x4\"\n"
              "task d h c ${ ${a b}\n") ==
        "x.job:2: a \" is not closed on its line\n"
        "x.job:4: unknown escape '\\\\q' (there are \\\" \\\\ \\n \\t \\xHH)\n"
        "x.job:4: \\x without two hexadecimal digits\n"
        "x.job:5: '${ ${a b}' does not name a parameter");
}

TEST_CASE("mcfeely 17: a parameter without a value is named", "[mcfeely]") {
  CHECK(Wrong(kExample) ==
        "x.job:2: the parameter 'domain' has no value; set it with -D "
        "domain=VALUE");
}

TEST_CASE("jobfile: parameters are known in the whole job", "[mcfeely]") {
  CHECK(Right("task a h c ${p}\nparam p x\n").tasks[0].arguments ==
        Strings{"x"});
  const Parsed two =
      ParseJob({{"1", "task a h c ${p}\n"}, {"2", "param p x"}}, {});
  REQUIRE(two.errors.empty());
  CHECK(two.job.tasks[0].arguments == Strings{"x"});
  // A default may be made of what was declared before.
  CHECK(Right("param a x\nparam b ${a}y\ntask t h c ${b}\n",
              {.parameters = {{"a", "z"}}, .subset = {}})
            .tasks[0]
            .arguments == Strings{"zy"});
}

TEST_CASE("jobfile: every mistake with parameters is told", "[mcfeely]") {
  CHECK(Wrong("param dom x\nparam dom y\nparam late ${later}\nparam later z\n"
              "param\nparam -x\nparam self ${self}\nparam two a b\n"
              "task a h c ${domm}\ntask b h c ${late}\n",
              {.parameters = {{"doma", "1"}}, .subset = {}}) ==
        "x.job:2: the parameter 'dom' is declared twice, first at x.job:1\n"
        "x.job:3: the default of a parameter may use those declared before it; "
        "'later' is not\n"
        "x.job:5: param: a name is missing\n"
        "x.job:6: param: the name '-x' is not letters, digits, '.', '_' and "
        "'-', a letter or digit first\n"
        "x.job:7: the default of a parameter may use those declared before it; "
        "'self' is not\n"
        "x.job:8: param 'two': more than one default; quote it if it has "
        "blanks\n"
        "x.job:9: there is no parameter 'domm', did you mean 'dom'?\n"
        "-D: there is no parameter 'doma', did you mean 'dom'?");
}

TEST_CASE("jobfile: parameters of parameters cannot fill the memory",
          "[mcfeely]") {
  std::string text = "param p0 xxxxxxxxxxxxxxxx\n";
  for (int i = 1; i < 60; i++) {
    absl::StrAppend(&text, "param p", i, " ${p", i - 1, "}${p", i - 1, "}\n");
  }
  CHECK(Wrong(text + "task a h c ${p59}\n") ==
        "x.job:21: parameters grow the job by more than 16777216 bytes");
}

TEST_CASE("jobfile: unknown words bring the known ones along", "[mcfeely]") {
  CHECK(Wrong("tsak a h c\ntask b h c : timout=5m klass=x delay\n"
              "task c h c : delay=1s delay=2s step=0 step\n"
              "task d h c : retry-for=0 timeout=forever safe-to-repeat=maybe\n"
              "frob\n'task' e h c\nrequire b a\n") ==
        "x.job:1: unknown directive 'tsak', did you mean 'task'? (there are "
        "barrier, default, description, failure, group, hold, imply, key, "
        "param, require, start, success, task)\n"
        "x.job:2: task: unknown option 'timout', did you mean 'timeout'? "
        "(" +
            KnownOptions() +
            ")\n"
            "x.job:2: task: unknown option 'klass', did you mean 'class'? (" +
            KnownOptions() +
            ")\n"
            "x.job:2: task: the option delay has no =VALUE\n"
            "x.job:3: task: the option delay is given twice\n"
            "x.job:3: task: step: '0' is not a number from 1 to 1000\n"
            "x.job:3: task: the option step has no =VALUE\n"
            "x.job:4: task: retry-for: '0' is not longer than zero\n"
            "x.job:4: task: timeout: 'forever' is not a duration such as 30s, "
            "5m, "
            "2h, 7d, at most 100 years\n"
            "x.job:4: task: safe-to-repeat: 'maybe' is not yes or no\n"
            "x.job:5: unknown directive 'frob' (there are barrier, default, "
            "description, failure, group, hold, imply, key, param, require, "
            "start, success, task)\n"
            "x.job:6: a directive must be written out, without quotes");
}

TEST_CASE("jobfile: options have the ranges of the manual page", "[mcfeely]") {
  const Job job = Right(
      "task a h c : step=1000 retry-max=60 retry-for=forever "
      "safe-to-repeat=no\n"
      "default safe-to-repeat=no step=7\n"
      "task b h c : safe-to-repeat=yes\n"
      "default step=5\ntask d h c : retry-max=forever timeout=0\n");
  CHECK(job.tasks[0].options ==
        TaskOptions{.step = 1000,
                    .retry_max = absl::Seconds(60),
                    .retry_for = absl::InfiniteDuration(),
                    .safe_to_repeat = false});
  CHECK(job.tasks[1].options == TaskOptions{.step = 7});
  CHECK(job.tasks[2].options == TaskOptions{.safe_to_repeat = false});
}

TEST_CASE("mcfeely 6: a bad comm or host is refused with its line",
          "[mcfeely]") {
  CHECK(Wrong("task a h ../x\ntask b h -x\ntask c h ''\ntask d -h c\n"
              "task e h\ntask : delay=1s\ntask -f h c\n") ==
        "x.job:1: the comm '../x' is not letters, digits, '.', '_', '+' and "
        "'-', a letter or digit first\n"
        "x.job:2: the comm '-x' is not letters, digits, '.', '_', '+' and '-', "
        "a letter or digit first\n"
        "x.job:3: the comm is empty\n"
        "x.job:4: the host '-h' is not letters, digits, '.', '-', '_' and ':', "
        "no '-' first\n"
        "x.job:5: task: must be: task NAME HOST COMM [ARG...] [: "
        "OPTION=VALUE...]\n"
        "x.job:6: task: must be: task NAME HOST COMM [ARG...] [: "
        "OPTION=VALUE...]\n"
        "x.job:7: the name '-f' is not letters, digits, '.', '_' and '-', a "
        "letter or digit first");
}

TEST_CASE("mcfeely 23: an address that is an option or a header is refused",
          "[mcfeely]") {
  CHECK(Wrong("success -oX/x\nfailure \"a\\nBcc: b\" ok\nsuccess\n"
              "task a h c\n") ==
        "x.job:1: the address '-oX/x' begins with '-'\n"
        "x.job:2: the address 'a\\nBcc: b' holds a control character\n"
        "x.job:3: success: an address is missing");
  const Job job = Right(
      "description \"a\\n$(reboot) `x` ' \\x04 \\xff\"\nsuccess a b\n"
      "success c\nkey k\ntask a h c\n");
  CHECK(job.description == "a\n$(reboot) `x` ' \x04 \xff");
  CHECK(job.success == Strings{"a", "b", "c"});
  CHECK(*job.key == "k");
}

TEST_CASE("jobfile: description and key are given once, as one word",
          "[mcfeely]") {
  CHECK(Wrong("description a b\nkey a\nkey b\ntask a h c\n") ==
        "x.job:1: description: takes one word; quote it if it has blanks\n"
        "x.job:3: key: is given twice, first at x.job:2");
}

TEST_CASE("jobfile: a line that is wrong does not make others wrong",
          "[mcfeely]") {
  CHECK(Wrong("task a h c \"\ngroup g a '\ntask b h c : x=1\n"
              "task c h c ${no}\nrequire g b\nrequire a b\nrequire c a\n"
              "imply g a\n") ==
        "x.job:1: a \" is not closed on its line\n"
        "x.job:2: a ' is not closed on its line\n"
        "x.job:3: task: unknown option 'x' (" +
            KnownOptions() +
            ")\n"
            "x.job:4: there is no parameter 'no'");
}

TEST_CASE("jobfile: several sources are one job, each with its own lines",
          "[mcfeely]") {
  const Parsed parsed = ParseJob({{"one", "task a h c\ntask b h\n"},
                                  {"-e", "require a x"},
                                  {"-e", "task a h c"}},
                                 {});
  CHECK(parsed.errors ==
        Strings{"one:2: task: must be: task NAME HOST COMM [ARG...] [: "
                "OPTION=VALUE...]",
                "-e:1: there is no task or group 'x', did you mean 'a' or "
                "'b'?",
                "-e:1: the name 'a' is used twice, first at one:1"});
}

TEST_CASE("jobfile: limits are named when they are passed", "[mcfeely]") {
  std::string tasks;
  for (size_t i = 0; i <= base::kMaxTasks; i++) {
    absl::StrAppend(&tasks, "task t", i, " h c\n");
  }
  CHECK(Wrong(tasks) == "x.job:100001: more than 100000 tasks and barriers");
  std::string arguments = "task a h c";
  for (int i = 0; i < 1025; i++) arguments += " x";
  CHECK(Wrong(arguments) ==
        "x.job:1: 1025 arguments; at most 1024 are allowed");
  CHECK(Wrong("task a h c " + std::string(131072, 'x')) ==
        "x.job:1: the arguments take 131073 bytes; at most 131072 are allowed");
  CHECK(Wrong(std::string((16 << 20) + 1, '\n')) ==
        "the job takes 16777217 bytes; at most 16777216 are allowed");
  CHECK(Wrong("task " + std::string(65, 'a') + " h c\n") ==
        "x.job:1: the name '" + std::string(65, 'a') +
            "' is longer than 64 bytes");
}

TEST_CASE("jobfile: a million bad lines are counted, not kept", "[mcfeely]") {
  std::string text;
  for (int i = 0; i < 1'000'000; i++) text += "x\n";
  const Parsed parsed = Parse(text);
  REQUIRE(parsed.errors.size() == 1001);
  CHECK(parsed.errors.back() == "and 999001 errors more");
}

TEST_CASE("jobfile: an endless line of openings is read once", "[mcfeely]") {
  std::string text = "task a h c ";
  while (text.size() < (16 << 20) - 100) text += "${${\"${'";
  CHECK_FALSE(Parse(text).errors.empty());
}

}  // namespace
}  // namespace mcfeely
