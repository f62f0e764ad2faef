#include "oue/cutter.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <string>
#include <vector>

using oue::Cutter;
using oue::Element;

namespace {

// The elements of `content` that comes `step` bytes at a time, as
// "line:text;".
std::string Cut(Cutter& cutter, absl::string_view content, size_t step) {
  std::string out;
  std::vector<Element> elements;
  const auto show = [&out](const Element& e) {
    absl::StrAppend(&out, e.line_number, ":", e.text, ";");
  };
  cutter.Begin();
  while (!content.empty()) {
    const absl::Span<char> room = cutter.Room();
    const size_t n = std::min({room.size(), step, content.size()});
    memcpy(room.data(), content.data(), n);
    content.remove_prefix(n);
    cutter.Filled(n);
    while (cutter.Cut(2, &elements)) {
      CHECK(elements.size() <= 2);
      for (const Element& e : elements) show(e);
    }
  }
  Element last;
  if (cutter.CutLast(&last)) show(last);
  CHECK(!cutter.CutLast(&last));
  return out;
}

}  // namespace

TEST_CASE("cutter: however the bytes come the lines are the same", "[oue]") {
  for (size_t step : {1, 2, 3, 100}) {
    Cutter cutter(1, '\n', "");
    CHECK(Cut(cutter, "a\n\nlong line\nend", step) ==
          "1:a;2:;3:long line;4:end;");
    CHECK(Cut(cutter, "b\n", step) == "1:b;");
    CHECK(Cut(cutter, "", step) == "");
    CHECK(Cut(cutter, "\n", step) == "1:;");
  }
}

TEST_CASE("cutter: elements of many lines do not reach into the next file",
          "[oue]") {
  for (size_t step : {1, 4, 100}) {
    Cutter cutter(2, '\n', "-");
    CHECK(Cut(cutter, "a\nb\nc\nd\n", step) == "1:a\nb;3:c\nd;");
    CHECK(Cut(cutter, "a\nb\nc", step) == "1:a\nb;3:c\n-;");
    CHECK(Cut(cutter, "a\n", step) == "1:a\n-;");
    CHECK(Cut(cutter, "\n", step) == "1:\n-;");
    CHECK(Cut(cutter, "a\n\n", step) == "1:a\n;");
  }
  Cutter three(3, '\0', "p");
  CHECK(Cut(three, absl::string_view("x\0", 2), 1) ==
        std::string("1:x\0p\0p;", 8));
}

TEST_CASE("cutter: a line may be larger than any buffer", "[oue]") {
  Cutter cutter(1, '\n', "");
  const std::string large(3 << 20, 'x');
  const std::string got =
      Cut(cutter, absl::StrCat("a\n", large, "\nb\n"), 100'000);
  CHECK(got == absl::StrCat("1:a;2:", large, ";3:b;"));
}
