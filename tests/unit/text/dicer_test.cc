// The forms of a template, their tail, recursion, packing and errors. The dicer
// proper, the mixer and the quotes have tests of their own.
#include "text/dicer.h"

#include <absl/strings/match.h>

#include <catch2/catch.hpp>

#include "unit/text/expand.h"

using absl::StartsWith;
using text::Expanded;
using text::ExpandWith;
using text::Strings;
using text::Template;
using text::TemplateSyntax;
using text::TemplateValues;

namespace {

constexpr TemplateSyntax kPack{.pack = true};

// Two items out of files, and three tokens.
struct Task {
  Strings arguments = {"one", "two"};
  Strings files = {"f2", "svc"};
  Strings tokens = {"red", "", "blue"};

  TemplateValues Values() const {
    TemplateValues values;
    values.arguments = arguments;
    values.from_files = true;
    values.file_names = files;
    values.tokens = tokens;
    values.number = "7";
    values.pid = "4711";
    values.program = "xapply";
    return values;
  }
};

std::string OfTask(absl::string_view text) {
  return ExpandWith(text, Task().Values());
}

}  // namespace

// --- The scenarios of the specification -------------------------------------

TEST_CASE("xapply A1: one argument", "[text]") {
  CHECK(Expanded("echo \"<%1>\"", {"a b"}) == "echo \"<a b>\"");
}

TEST_CASE("xapply A2: no reference: the arguments are appended", "[text]") {
  CHECK(Expanded("ls -l", {"my file"}) == "ls -l my file");
}

TEST_CASE("xapply A3: no second blank behind white space", "[text]") {
  CHECK(Expanded("ls ", {"x"}) == "ls x");
  for (const char* white : {" ", "\t", "\n", "\r", "\v", "\f"}) {
    CHECK(Expanded(absl::StrCat("ls", white), {"x", "y"}) ==
          absl::StrCat("ls", white, "x y"));
  }
  CHECK(Expanded("ls\b", {"x"}) == "ls\b x");
}

TEST_CASE("xapply A4: an empty template is the argument itself", "[text]") {
  CHECK(Expanded("", {"echo hi; echo there"}) == "echo hi; echo there");
}

TEST_CASE("xapply A5: %0 is nothing and stops the appending", "[text]") {
  CHECK(Expanded("date %0#", {"a"}) == "date #");
}

TEST_CASE("xapply A6: three at a time", "[text]") {
  CHECK(Expanded("cp %1 %2 %3", {"d", "e", "f"}) == "cp d e f");
}

TEST_CASE("xapply A11: one digit without braces", "[text]") {
  CHECK(Expanded("%11 %{11} %{10}%{1}", {"a", "b", "c", "d", "e", "f", "g", "h",
                                         "i", "j", "k"}) == "a1 k ja");
}

TEST_CASE("xapply A12: last, all and the doubled escape", "[text]") {
  CHECK(Expanded("%$|%*|%%|%3%1", {"x", "y", "z"}) == "z|x y z|%|zx");
}

TEST_CASE("xapply A13: %u and %f do not stop the appending", "[text]") {
  CHECK(Expanded("n%u:", {"a"}) == "n0: a");
  CHECK(OfTask("%f1 has") == "f2 has one two");
  CHECK(OfTask("%t1%ft%fu") == "rediota. one two");
}

TEST_CASE("xapply A14: %u is the task's number", "[text]") {
  CHECK(OfTask("%u=%1%2") == "7=onetwo");
  CHECK(OfTask("%U=%0") == "7=");
}

TEST_CASE("xapply A15: a reference past the group", "[text]") {
  CHECK(Expanded("echo %2", {"a"}) ==
        "error: 2: escape references an out of range parameter "
        "(argument limit 1)");
}

TEST_CASE("xapply A16: an unknown escape", "[text]") {
  CHECK(Expanded("echo %y", {"a"}) ==
        "error: %y: unknown escape sequence at column 7");
}

TEST_CASE("xapply A19: shell text of an argument is live", "[text]") {
  CHECK(Expanded("echo %1", {"x;echo y"}) == "echo x;echo y");
}

TEST_CASE("xapply A20: %q protects what is special in double quotes",
          "[text]") {
  CHECK(Expanded("\"%q1\"", {"a\"b$c`d\\e it's"}) ==
        "\"a\\\"b\\$c\\`d\\\\e it's\"");
}

TEST_CASE("xapply A21: %% in a command that quotes", "[text]") {
  CHECK(Expanded("printf \"%%s\\n\" \"%q1\"", {"$HOME `id` \"x\" \\n"}) ==
        "printf \"%s\\n\" \"\\$HOME \\`id\\` \\\"x\\\" \\\\n\"");
}

TEST_CASE("xapply A22: %q with each form", "[text]") {
  CHECK(Expanded("%q1 %q{2} %q[1/2] %q(2,1-2) %q* %q$", {"a/$b", "`c"}) ==
        "a/\\$b \\`c \\$b \\`c a/\\$b \\`c \\`c");
}

TEST_CASE("xapply A23: another escape character", "[text]") {
  CHECK(Expanded("=1 %1 ==", {"v"}, {.escape = '='}) == "v %1 =");
  CHECK(Expanded("\1[1/2]", {"a/b"}, {.escape = '\1'}) == "b");
  CHECK(Expanded("@1@@", {"v"}, {.escape = '@'}) == "v@");
}

TEST_CASE("xapply B1: %+ takes the first argument as a template", "[text]") {
  CHECK(Expanded("nice %+;", {"cp %2 %1", "a", "b"}) == "nice cp b a;");
}

TEST_CASE("xapply B2: behind %+ the outer numbers go on", "[text]") {
  CHECK(Expanded("%+ #%3", {"x%1", "y", "z"}) == "xy #z");
}

TEST_CASE("xapply B3: an inner template has a tail of its own", "[text]") {
  CHECK(Expanded("(%+)", {"touch", "y", "z"}) == "(touch y z)");
}

TEST_CASE("xapply B4: %q+ quotes the finished inner text", "[text]") {
  CHECK(Expanded("sh -c \"%q+\"", {"echo \"$HOME\" %1", "k"}) ==
        "sh -c \"echo \\\"\\$HOME\\\" k\"");
}

TEST_CASE("xapply B5: another inner command for each task", "[text]") {
  const auto compiled = Template::Compile("%+");
  REQUIRE(compiled.ok());
  std::string out;
  for (const Strings& line :
       {Strings{"echo up %1", "h1"}, Strings{"halt %1 now", "h2"}}) {
    TemplateValues values;
    values.arguments = line;
    REQUIRE(compiled->Expand(values, &out).ok());
    out += '|';
  }
  CHECK(out == "echo up h1|halt h2 now|");
}

TEST_CASE("xapply E17: %f forms, and the mixer outside of the f", "[text]") {
  Task task;
  CHECK(ExpandWith("%0%f1 %f{2} %f[1v2] %f* %(f2,1-2) %q(f[2v1],1)",
                   task.Values()) == "f2 svc  f2 svc sv s");
  CHECK(OfTask("%f(1,1)") == "error: %f(: unknown escape sequence at column 3");
}

TEST_CASE("xapply E18: %f with fixed arguments", "[text]") {
  CHECK(Expanded("%f1", {"a"}) == "error: %f used without -f");
  CHECK(Expanded("%f*", {"a"}) == "error: %f used without -f");
}

TEST_CASE("xapply F4: a template for no arguments", "[text]") {
  CHECK(Expanded("echo %3", {}) ==
        "error: 3: escape references an out of range parameter "
        "(argument limit 0)");
  CHECK(Expanded("echo nothing", {}) == "echo nothing");
}

TEST_CASE("xapply G7: values of -e may use any form", "[text]") {
  TemplateValues values;
  const Strings arguments = {"c$d"};
  values.arguments = arguments;
  values.number = "1";
  CHECK(ExpandWith("%[1.1]", values, {}, false) == "c$d");
  CHECK(ExpandWith("%u", values, {}, false) == "1");
  CHECK(ExpandWith("%q1", values, {}, false) == "c\\$d");
}

TEST_CASE("xapply G8: the k-th argument, in braces", "[text]") {
  const Strings arguments = {"x", "y"};
  CHECK(Expanded("%{1}", arguments) == "x");
  CHECK(Expanded("%{2}", arguments) == "y");
}

TEST_CASE("xapply G10: a value that cannot be expanded", "[text]") {
  CHECK(Expanded("%4", {"x"}) ==
        "error: 4: escape references an out of range parameter "
        "(argument limit 1)");
}

TEST_CASE("xapply G11: values have no tail, and commands keep theirs",
          "[text]") {
  const Strings arguments = {"x"};
  TemplateValues values;
  values.arguments = arguments;
  CHECK(ExpandWith("text", values, {}, false) == "text");
  CHECK(ExpandWith("echo $A", values) == "echo $A x");
}

TEST_CASE("xapply H6: no tokens", "[text]") {
  TemplateValues values;
  const Strings arguments = {"a"}, tokens = {"0"};
  values.arguments = arguments;
  CHECK(ExpandWith("echo \"<%t*>\"", values) == "echo \"<>\" a");
  CHECK(ExpandWith("echo %t1", values) ==
        "error: 1: escape references an out of range parameter "
        "(token limit 0)");
  values.tokens = tokens;
  CHECK(ExpandWith("echo \"<%t*>\"", values) == "echo \"<0>\" a");
}

TEST_CASE("template: a template becomes the command of the essay", "[text]") {
  CHECK(Expanded("gzip -c %W1 >%W([1/$.1],1-4).gz",
                 {"/srv/logs/web$1-20260731.log"}) ==
        "gzip -c /srv/logs/web\\$1-20260731.log >web\\$.gz");
}

// --- Forms ------------------------------------------------------------------

TEST_CASE("template: a template's reference has many spellings", "[text]") {
  const Strings two = {"a/b", "c/d"};
  CHECK(Expanded("%{1}%[1]%{01}%[002]", two) == "a/ba/ba/bc/d");
  CHECK(Expanded("%{$}%[$]%{*}", two) == "c/dc/da/b c/d");
  CHECK(Expanded("<%{0}%[0]%[0/1]%{000}>", two) == "<>");
  CHECK(Expanded("%(1)%(*)%({1})%([1])", two) == "a/ba/b c/da/ba/b");
  CHECK(Expanded("%12", {"x", "y"}) == "x2");
  CHECK(Expanded("<%*>", {}) == "<>");
}

TEST_CASE("template: a template's %t stands for tokens", "[text]") {
  CHECK(OfTask("%0%t1,%t2,%t3,%t$,%t*") == "red,,blue,blue,red  blue");
  CHECK(OfTask("%0%t{3}%t[1e$]%(t1,1-2)%(t[3u1],*)") == "bluedrebl");
  CHECK(OfTask("%t4") ==
        "error: 4: escape references an out of range parameter "
        "(token limit 3)");
  CHECK(StartsWith(OfTask("%t0"), "error: 0: escape references"));
  CHECK(StartsWith(OfTask("%f0"), "error: 0: escape references"));
  CHECK(OfTask("%f3") ==
        "error: 3: escape references an out of range parameter "
        "(file limit 2)");
  CHECK(StartsWith(Expanded("%$", {}), "error: $: escape references"));
  CHECK(StartsWith(Expanded("%t$", {}), "error: $: escape references"));
}

TEST_CASE("template: a template knows where tokens and numbers come from",
          "[text]") {
  Task task;
  TemplateValues values = task.Values();
  CHECK(ExpandWith("%0%ft %f{t} %f[to1] %(ft,1) %fu %f{u}", values) ==
        "iota iota i i . .");
  values.token_source = "/etc/tags";
  values.counter_source = "gtfw";
  CHECK(ExpandWith("%0%ft %f[t/$] %(fu,~1) %fU", values) ==
        "/etc/tags tags w gtfw");
}

TEST_CASE("template: a template knows the process", "[text]") {
  CHECK(OfTask("%0kill -USR1 %p # %fp") == "kill -USR1 4711 # xapply");
  CHECK(OfTask("%0%{p}%[p\\72]%(p,1)%f{p}%f[pp2]%(fp,1)") == "4711114xapplyx");
}

TEST_CASE("template: a template knows its script", "[text]") {
  TemplateValues values;
  CHECK(ExpandWith("%c", values) == "error: %c used without -F");
  CHECK(ExpandWith("%fc", values) == "error: %fc used without -F");
  CHECK(ExpandWith("%ct", values) == "error: %ct used without -F");
  values.from_script = true;
  values.script = "echo %1\n";
  values.script_path = "/bin/up.xa";
  values.script_line = "#!/bin/xapply -F";
  CHECK(ExpandWith("[%c]", values) == "[echo %1\n]");
  CHECK(ExpandWith("%fc %f{c} %f[c/$] %(fc,1-4)", values) ==
        "/bin/up.xa /bin/up.xa up.xa /bin");
  CHECK(ExpandWith("%ct|%{ct}|%c{t}|%c[t/$]|%(ct,1-2)|%(c{t},1)|%(c[t 2],$)",
                   values) ==
        "#!/bin/xapply -F|#!/bin/xapply -F|"
        "#!/bin/xapply -F|xapply -F|#!|#|F");
  CHECK(ExpandWith("%{c}t %[c 1] %c{u} %c[1] %(c,1)", values) ==
        "echo %1\nt echo echo %1\n{u} echo %1\n[1] e");
}

TEST_CASE("template: a template takes names of its caller", "[text]") {
  const std::pair<absl::string_view, absl::string_view> named[] = {
      {"status", "3"}, {"elapsed", "0.250"}, {"t", "tee"}, {"u", "hidden"}};
  TemplateValues values;
  values.number = "12";
  values.named = named;
  CHECK(ExpandWith("%{status} in %{elapsed}%{t}%{u}", values) ==
        "3 in 0.250tee12");
  CHECK(ExpandWith("%({elapsed},1-3) %q{status}", values) == "0.2 3");
  CHECK(ExpandWith("%{signal}", values) ==
        "error: %{signal}: unknown escape sequence");
  CHECK(ExpandWith("%f{status}", values) ==
        "error: %f{status}: unknown escape sequence at column 10");
  CHECK(ExpandWith("%{sta-tus}", values) ==
        "error: %{sta-: missing close curly (}) at column 6");
  const Strings arguments = {"x"};
  values.arguments = arguments;
  CHECK(ExpandWith("%{status}", values) == "3 x");
}

TEST_CASE("template: a template says what it refers to", "[text]") {
  for (const char* text :
       {"%0", "%1", "%9", "%$", "%*", "%+", "%t+", "%{12}", "%[0]", "%[1/2]",
        "%(1,2)", "%({3})", "%([*/1])", "%q1", "%Q$", "%W*", "%q+", "x%1y"}) {
    INFO(text);
    CHECK(Template::Compile(text)->refers_to_arguments());
  }
  for (const char* text :
       {"",    "x",       "%%1",    "%u",      "%U",    "%f1",     "%f*", "%f$",
        "%t1", "%t*",     "%ft",    "%fu",     "%p",    "%fp",     "%c",  "%fc",
        "%ct", "%{name}", "%(u,1)", "%(f1,1)", "%f{1}", "%t[1/1]", "%qu"}) {
    INFO(text);
    CHECK_FALSE(Template::Compile(text)->refers_to_arguments());
  }
  for (const char* text : {"%t1", "%t*", "%t$", "%t{2}", "%t[1.1]", "%(t1,1)",
                           "%qt1", "%t+", "a%1%t1"}) {
    INFO(text);
    CHECK(Template::Compile(text)->uses_tokens());
  }
  for (const char* text : {"%ft", "%1", "%ct", "%{t}", "%%t1", "%u"}) {
    INFO(text);
    CHECK_FALSE(Template::Compile(text)->uses_tokens());
  }
}

TEST_CASE("template: a template is expanded behind what is there", "[text]") {
  const auto compiled = Template::Compile("");
  const Strings arguments = {"a", "b"};
  TemplateValues values;
  values.arguments = arguments;
  std::string out = "before";
  REQUIRE(compiled->Expand(values, &out).ok());
  CHECK(out == "beforea b");
}

TEST_CASE("template: a template is itself after a move", "[text]") {
  auto one = Template::Compile("a%1");
  Template two = *std::move(one);
  auto three = Template::Compile("b");
  *three = std::move(two);
  const Strings arguments = {"x"};
  TemplateValues values;
  values.arguments = arguments;
  std::string out;
  REQUIRE(three->Expand(values, &out).ok());
  CHECK(out == "ax");
}

TEST_CASE("template: a template may have any escape character", "[text]") {
  for (int byte = 1; byte < 256; byte++) {
    const char c = static_cast<char>(byte);
    // One that is a part of the form 1 or of the text.
    if (c == '1' || c == 'x') continue;
    const std::string e(1, c);
    INFO(byte);
    CHECK(Expanded(e + "1x" + e + e + "x", {"v"}, {.escape = c}) ==
          "vx" + e + "x");
  }
  // A digit: doubled it is itself, and the others are references.
  CHECK(Expanded("11 12", {"a", "b"}, {.escape = '1'}) == "1 b");
  CHECK(Expanded("qq q1 qq1", {"a"}, {.escape = 'q'}) == "q a q1");
}

// --- The tail ---------------------------------------------------------------

TEST_CASE("template: a template's tail is a blank and each argument",
          "[text]") {
  CHECK(Expanded("x", {"a", "", "b c"}) == "x a  b c");
  CHECK(Expanded("", {"", "b"}) == " b");
  CHECK(Expanded("%%", {"a"}) == "% a");
  CHECK(Expanded("x", {}) == "x");
  CHECK(OfTask("%t2") == "one two");
}

// --- Recursion --------------------------------------------------------------

TEST_CASE("template: a template in an item shifts the items and their files",
          "[text]") {
  Task task;
  task.arguments = {"%1 of %f1 (%$ %*)", "a", "b"};
  task.files = {"F1", "F2", "F3"};
  CHECK(ExpandWith("%f1: %+; %2", task.Values()) == "F1: a of F2 (b a b); a");
  task.arguments = {"nice %+", "time %+ #%u", "ls"};
  CHECK(ExpandWith("%+", task.Values()) == "nice time ls #7");
  task.arguments = {"a%+", "b", "c"};
  CHECK(ExpandWith("%+%+", task.Values()) == "ab cab c");
  CHECK(ExpandWith("%+ tail", task.Values()) == "ab c tail");
}

TEST_CASE("template: a template in an item without what it needs is an error",
          "[text]") {
  CHECK(Expanded("%+", {}) == "error: %+: no argument is left for a template");
  CHECK(Expanded("%+", {"%+"}) ==
        "error: %+: no argument is left for a template");
  CHECK(Expanded("%q+", {"%1"}) ==
        "error: %q+: 1: escape references an out of range parameter "
        "(argument limit 0)");
  CHECK(Expanded("%+", {"a %y", "b"}) ==
        "error: %+: %y: unknown escape sequence at column 4");
  CHECK(Expanded("%+", {"%"}) ==
        "error: %+: %: nothing follows the escape character at column 2");
}

TEST_CASE("template: what a template makes is not read again", "[text]") {
  CHECK(Expanded("%+", {"%%1 %1", "%2"}) == "%1 %2");
  CHECK(Expanded("%1", {"%1 %% %y"}) == "%1 %% %y");
}

TEST_CASE("template: a value of -e has a tail only within %+", "[text]") {
  const Strings arguments = {"date", "x"};
  TemplateValues values;
  values.arguments = arguments;
  CHECK(ExpandWith("%+", values, {}, false) == "date x");
}

TEST_CASE("template: a template in a token uses the token up", "[text]") {
  Task task;
  task.tokens = {"ssh %t1 %1", "blue", "<%t*>%0"};
  CHECK(ExpandWith("%t+", task.Values()) == "ssh blue one");
  CHECK(ExpandWith("%t+|%t1|%2", task.Values()) ==
        "ssh blue one|ssh %t1 %1|two");
  // The next %t+ takes the next one.
  task.tokens = {"a%t+b%0", "c%t1%0", "d%0", "e%0"};
  CHECK(ExpandWith("%t+ %t+ %t4", task.Values()) == "acd%0b d e%0");
  // Its template has the arguments as a tail, the outer one has not.
  task.tokens = {"run"};
  CHECK(ExpandWith("%t+.", task.Values()) == "run one two.");
  CHECK(ExpandWith("%W{1} %Wt+", task.Values()) == "one run\\ one\\ two");
  CHECK(ExpandWith("%t+%t+", task.Values()) ==
        "error: %t+: no token is left for a template");
  // Once used up by an inner template, it is gone for the outer one.
  task.arguments = {"%t+%0", "x"};
  task.tokens = {"1%0", "2%0"};
  CHECK(ExpandWith("%+%t+", task.Values()) == "12");
}

// --- Packing ----------------------------------------------------------------

TEST_CASE("template: a packed template has all arguments as words", "[text]") {
  const Strings items = {"a b", "", "c'd", "e"};
  CHECK(Expanded("rm -f", items, kPack) == "rm -f a\\ b '' c\\'d e");
  CHECK(Expanded("cp -t /x %* && :", items, kPack) ==
        "cp -t /x a\\ b '' c\\'d e && :");
  CHECK(Expanded("%{*};%[*]", {"a b"}, kPack) == "a\\ b;a\\ b");
  CHECK(Expanded("", items, kPack) == "a\\ b '' c\\'d e");
  CHECK(Expanded("%u%%", {"x"}, kPack) == "0% x");
}

TEST_CASE("template: a packed template has no other form of arguments",
          "[text]") {
  for (const char* text : {"%1", "%{2}", "%$", "%0", "%+", "%t+", "%[*/1]",
                           "%(*,1)", "%(*)", "%q*", "%Q*", "%W*", "%[1]"}) {
    const std::string command = absl::StrCat("ab", text);
    CHECK(Expanded(command, {"x"}, kPack) ==
          absl::StrCat("error: ", text,
                       ": packed arguments have no other form than %* at "
                       "column 3"));
  }
  CHECK(ExpandWith("%t1 %f1", Task().Values(), kPack) == "red f2 one two");
}
