// Random templates and items go through two dicers that were written apart.
// SEED=n repeats one case, CASES=n does so many.
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>

#include "base/bytes.h"
#include "unit/text/expand.h"
#include "unit/text/slow_dicer.h"

using Kind = text::SlowResult::Kind;
using text::Strings;

namespace {

// Makes templates that are right more often than not, and items they cut.
class Author {
 public:
  explicit Author(uint32_t seed) : random_(seed) {}

  size_t Up(size_t below) { return random_() % below; }
  bool Rarely() { return Up(12) == 0; }
  std::string Of(absl::Span<const absl::string_view> choices) {
    return std::string(choices[Up(choices.size())]);
  }

  std::string Template(const std::string& escape) {
    std::string text;
    for (size_t n = 1 + Up(4); n > 0; n--) {
      switch (Up(8)) {
        case 0:
          text += Value(3);
          break;
        case 1:
          text += escape + escape;
          break;
        default:
          text += escape + Form();
      }
    }
    // What people mistype.
    if (Rarely() && !text.empty()) text.erase(Up(text.size()), 1);
    if (Rarely()) text.insert(Up(text.size() + 1), Letter());
    if (Rarely()) text.resize(Up(text.size() + 1));
    return text;
  }

  std::string Value(size_t letters) {
    std::string value;
    for (size_t n = Up(letters + 1); n > 0; n--) value += Letter();
    return value;
  }

 private:
  std::string Letter() {
    static constexpr absl::string_view kLetters[] = {
        "a",    "b",    "a", "/", ".",  ",",  ":",
        " ",    " ",    "-", "$", "@",  "%",  "]",
        "\\",   "1",    "2", "=", "\t", "\n", "\"",
        "`",    "'",    "(", ")", "{",  "}",  "[",
        "*",    "~",    "q", "t", "é",  "€",  "\xf0\x9d\x84\x9e",
        "\xc3", "\xa9", ";", "+"};
    return Of(kLetters);
  }
  std::string Count() {
    return Of({"1", "1", "2", "2", "3", "4", "0", "9", "01", "12",
               "99999999999999999999"});
  }
  std::string Form() {
    const std::string quote = Up(4) ? "" : Of({"q", "Q", "W"});
    switch (Up(6)) {
      case 0:
        return quote + Of({"+", "+", "t+"});
      case 1:
      case 2:
        return quote + "(" + Source() + Mixer(2) + ")";
      default:
        return quote + Source();
    }
  }
  std::string Source() {
    const std::string of = Up(3) ? "" : Of({"f", "t"});
    const std::string letter = Of({"$", "*", "u", "U", "t", "p", "c"});
    switch (Up(8)) {
      case 0:
        return of + letter;
      case 1:
        return of + "{" + (Up(2) ? Count() : letter) + "}";
      case 2:
        return Of({"ct", "c{t}", "{ct}", "c[t" + Chops() + "]", "{name}",
                   "{nobody}", "c{x}", "{t}", "{t1}"});
      case 3:
        return of + "[" + letter + Chops() + "]";
      case 4:
      case 5:
        return of + "[" + Of({"1", "2", Count()}) + Chops() + "]";
      default:
        return of + Of({"1", "1", "2", "3", "0"});
    }
  }
  std::string Chops() {
    std::string chops;
    for (size_t n = Up(4); n > 0; n--) {
      std::string sep = Letter();
      if (Up(10) && sep.find_first_of("]12\\") != sep.npos) sep = "\\" + sep;
      if (Up(10) == 0) sep = "\\" + sep;
      chops += sep;
      chops += Up(6) == 0   ? "@"
               : Up(3) == 0 ? Of({"$", "-$", "-"})
                            : Of({"", "-"}) + Count();
    }
    return chops;
  }
  std::string Position() {
    return Of({"$", "~$", Count(), Count(), "~" + Count()});
  }
  std::string Mixer(int depth) {
    std::string mixer;
    for (size_t n = Up(4); n > 0; n--) {
      mixer += Of({",", " ", "\t", ",,"});
      while (depth > 0 && Up(3) == 0) {
        absl::StrAppend(&mixer, "(", Mixer(depth - 1), ")");
      }
      while (Up(3) > 0) {
        mixer += Of({"*", "~*", Position(), Position() + "-" + Position(),
                     Position() + "-*", "\"" + Text("\"") + "\"",
                     "`" + Text("`'") + "'", "`a`b'c'"});
      }
    }
    return mixer;
  }
  std::string Text(const std::string& without) {
    const std::string text = Value(3);
    return text.find_first_of(without) == text.npos ? text : "";
  }

  std::mt19937 random_;
};

// One case. What became of it, or what is wrong.
Kind Compare(uint32_t seed) {
  Author author(seed);
  text::TemplateSyntax syntax;
  if (author.Rarely()) syntax.escape = author.Of({"=", "/", "a", "1", "("})[0];
  syntax.utf8 = author.Up(2);
  syntax.pack = author.Rarely();
  const std::string escape(1, syntax.escape);
  const auto list = [&](size_t most) {
    Strings list(author.Up(most + 1));
    for (std::string& one : list) {
      one = author.Up(4) ? author.Value(24) : author.Template(escape);
    }
    return list;
  };
  const Strings arguments = list(4), files = list(4), tokens = list(3);
  const std::string script = author.Value(9);
  const std::pair<absl::string_view, absl::string_view> named[] = {
      {"name", script}, {"t1", "x/y"}};
  text::TemplateValues values;
  values.arguments = arguments;
  values.from_files = author.Up(2);
  if (values.from_files) values.file_names = files;
  values.tokens = tokens;
  values.number = "12";
  values.pid = "4711";
  values.program = "xapply";
  values.from_script = author.Up(2);
  values.script = script;
  values.script_path = "/a/b.x";
  values.script_line = "#!a b/c";
  values.named = named;
  const std::string text = author.Template(escape);
  const bool with_tail = !author.Rarely();

  const auto real = text::Template::Compile(text, syntax);
  std::string made;
  const absl::Status done =
      real.ok() ? real->Expand(values, &made, with_tail) : real.status();
  const text::SlowResult slow =
      text::SlowExpand(text, syntax, values, with_tail);
  const Kind kind = !real.ok()   ? Kind::kWrongTemplate
                    : !done.ok() ? Kind::kWrongValues
                                 : Kind::kText;
  const bool same = kind == slow.kind &&
                    (kind != Kind::kText ? absl::IsInvalidArgument(done)
                                         : made == slow.text) &&
                    (kind == Kind::kWrongTemplate ||
                     (real->refers_to_arguments() == slow.refers &&
                      real->uses_tokens() == slow.tokens));
  // In words only when it is needed: that takes longer than all the rest.
  if (!same) {
    INFO("SEED=" << seed << "\ntemplate  " << base::Escape(text)
                 << "\narguments "
                 << base::Escape(absl::StrJoin(arguments, "|"))
                 << "\nfiles     " << base::Escape(absl::StrJoin(files, "|"))
                 << "\ntokens    " << base::Escape(absl::StrJoin(tokens, "|"))
                 << "\nscript    " << base::Escape(script) << "\nutf8 "
                 << syntax.utf8 << " pack " << syntax.pack << " files "
                 << values.from_files << " script " << values.from_script
                 << "\nstatus    " << done.message());
    CHECK(static_cast<int>(kind) == static_cast<int>(slow.kind));
    CHECK(base::Escape(made) == base::Escape(slow.text));
    FAIL("the two differ");
  }
  return kind;
}

}  // namespace

TEST_CASE("dicer: a template means the same to two dicers", "[text]") {
  if (const char* seed = getenv("SEED")) {
    Compare(strtoul(seed, nullptr, 10));
    return;
  }
  const char* const given = getenv("CASES");
  const uint32_t cases = given ? strtoul(given, nullptr, 10) : 8000;
  uint32_t count[3] = {};
  for (uint32_t seed = 1; seed <= cases; seed++) {
    count[static_cast<int>(Compare(seed))]++;
  }
  // Neither all right nor all wrong.
  CHECK(count[static_cast<int>(Kind::kText)] > cases / 5);
  CHECK(count[static_cast<int>(Kind::kWrongTemplate)] > cases / 10);
  CHECK(count[static_cast<int>(Kind::kWrongValues)] > cases / 10);
}
