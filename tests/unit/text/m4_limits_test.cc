// What stops a stream that would not stop by itself.
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <string>

#include "text/m4.h"

namespace {

struct Outcome {
  int status = 0;
  std::string output, messages;
};

Outcome Run(absl::string_view text, text::M4Limits limits) {
  Outcome outcome;
  text::M4Options options;
  options.limits = std::move(limits);
  text::M4 m4(std::move(options), nullptr,
              {.output =
                   [&](absl::string_view s) {
                     outcome.output.append(s.data(), s.size());
                   },
               .messages =
                   [&](absl::string_view s) {
                     outcome.messages.append(s.data(), s.size());
                   }});
  m4.Expand("t", text);
  outcome.status = m4.Finish();
  return outcome;
}

std::string Repeated(absl::string_view part, int n) {
  std::string all;
  for (int i = 0; i < n; ++i) absl::StrAppend(&all, part);
  return all;
}

}  // namespace

TEST_CASE("m4 limits: calls within calls end the stream at the limit",
          "[text]") {
  const Outcome good = Run("define(`f',`$1')f(f(f(1)))", {.nesting = 3});
  CHECK(good.status == 0);
  const Outcome bad = Run("define(`f',`$1')\nf(f(f(f(1))))", {.nesting = 3});
  CHECK(bad.status == 1);
  CHECK(bad.messages == "m4:t:2: recursion limit of 3 exceeded in `f'\n");
}

TEST_CASE("m4 limits: a hundred thousand calls within each other need no stack",
          "[text]") {
  constexpr int kDepth = 100'000;
  const Outcome deep =
      Run(absl::StrCat("define(`f',`$1')", Repeated("f(", kDepth), "x",
                       Repeated(")", kDepth)),
          {.nesting = 0});
  CHECK(deep.status == 0);
  CHECK(deep.output == "x");
  const Outcome indirect = Run(
      absl::StrCat("indir(", Repeated("`indir',", kDepth), "`len',`abc')"), {});
  CHECK(indirect.output == "3");
  const Outcome quoted =
      Run(absl::StrCat(Repeated("`", kDepth), "x", Repeated("'", kDepth)), {});
  CHECK(quoted.output.size() == 2 * kDepth - 1);
}

TEST_CASE("m4 limits: a macro that grows without end is stopped", "[text]") {
  const Outcome grown = Run("define(`x',`y x(x)')\nx",
                            {.pushed_bytes = 1 << 16, .output_bytes = 1 << 20});
  CHECK(grown.status == 1);
  CHECK(grown.messages.find("m4:t:2: ") == 0);
  const Outcome doubled = Run("define(`d',`d(`$1$1')')\nd(`0123456789')",
                              {.pushed_bytes = 1 << 20});
  CHECK(doubled.status == 1);
  CHECK(doubled.messages ==
        "m4:t:2: limit of 1048576 bytes to be read again exceeded in `d'\n");
}

TEST_CASE(
    "m4 limits: a macro that calls itself for ever is stopped by its "
    "output",
    "[text]") {
  const Outcome output = Run("define(`x',`more x')\nx", {.output_bytes = 4096});
  CHECK(output.status == 1);
  CHECK(output.output.size() <= 4096);
  CHECK(output.messages ==
        "m4:t:2: limit of 4096 bytes of output exceeded in `x'\n");
}

TEST_CASE("m4 limits: diverted text counts as output once", "[text]") {
  const Outcome some =
      Run("divert(1)0123456789divert(0)undivert(1)", {.output_bytes = 10});
  CHECK(some.status == 0);
  CHECK(some.output == "0123456789");
  const Outcome many = Run("divert(1)0123456789a", {.output_bytes = 10});
  CHECK(many.status == 1);
}

TEST_CASE("m4 limits: a stream that is asked to stop says why", "[text]") {
  int asked = 0;
  const Outcome stopped =
      Run("define(`x',``'x')\nx", {.stop = [&asked]() -> std::string {
            return ++asked == 3 ? "60 seconds are over" : "";
          }});
  CHECK(asked == 3);
  CHECK(stopped.status == 1);
  CHECK(stopped.messages == "m4:t:2: 60 seconds are over in `x'\n");
}

TEST_CASE("m4 limits: one builtin cannot fill the memory", "[text]") {
  const text::M4Limits small = {.pushed_bytes = 1 << 20};
  for (const char* text :
       {"format(`%2000000000d',1)", "format(`%.2000000000f',1)",
        "format(`%-2000000000s',a)", "format(`%*c',2000000000,65)",
        "eval(1,10,2000000000)", "eval(2000000000,1)",
        "eval(-2000000000,1,5)"}) {
    INFO(text);
    const Outcome outcome = Run(text, small);
    CHECK(outcome.status == 1);
    CHECK(outcome.messages.find("limit of 1048576 bytes") != std::string::npos);
  }
}

TEST_CASE("m4 limits: expressions and patterns nested too deeply are refused",
          "[text]") {
  const Outcome sum = Run(absl::StrCat("eval(`", Repeated("(", 50'000), "1",
                                       Repeated(")", 50'000), "')"),
                          {});
  CHECK(sum.status == 0);
  CHECK(sum.messages.find("expression nested too deeply in eval") !=
        std::string::npos);
  CHECK(Run(absl::StrCat("eval(`", Repeated("- ", 50'000), "1')"), {})
            .messages.find("nested too deeply") != std::string::npos);
  CHECK(Run(absl::StrCat("eval(`1", Repeated("**1", 50'000), "')"), {})
            .messages.find("nested too deeply") != std::string::npos);
  const Outcome pattern =
      Run(absl::StrCat("regexp(`a',`", Repeated("\\(", 50'000), "a",
                       Repeated("\\)", 50'000), "')"),
          {});
  CHECK(pattern.messages.find("Groups nested too deeply") != std::string::npos);
}
