#include "oue/options.h"

#include <absl/strings/str_cat.h>

#include <utility>

#include "base/status.h"

namespace oue {
namespace {

// What there is before an element has a key, a count, a memory.
constexpr Fields kOfElement = Has(Field::kNothing) | kLineFields | kPlaceFields;
constexpr Fields kOfKey =
    kOfElement | Has(Field::kKey) | Has(Field::kOldMemory);
constexpr Fields kOfOccurrence =
    kOfKey | Has(Field::kCount) | Has(Field::kOldCount) | Has(Field::kTotal) |
    Has(Field::kAccumulator) | Has(Field::kPrevious);
constexpr Fields kOfMemory = kOfOccurrence | Has(Field::kUnique);

class Compiler {
 public:
  explicit Compiler(const Options& o) : o_(o) {}

  absl::StatusOr<Markup> Compile(const char* option, absl::string_view text,
                                 Fields known) {
    Markup::Syntax syntax{.escape = o_.escape,
                          .terminator = o_.terminator(),
                          .lines = o_.lines,
                          .known = known,
                          .utf8 = o_.utf8};
    return Named(option, Markup::Compile(text, syntax));
  }
  // `otherwise` has the usual escape character, whatever the option -a says.
  absl::StatusOr<Markup> CompileOr(const char* option,
                                   const std::optional<std::string>& text,
                                   absl::string_view otherwise, Fields known) {
    if (text) return Compile(option, *text, known);
    return Markup::Compile(otherwise,
                           {.terminator = o_.terminator(), .lines = o_.lines});
  }
  absl::Status CompileIf(const char* option,
                         const std::optional<std::string>& text, Fields known,
                         std::optional<Markup>* markup) {
    if (!text) return absl::OkStatus();
    TRY_ASSIGN(Markup compiled, Compile(option, *text, known));
    *markup = std::move(compiled);
    return absl::OkStatus();
  }

 private:
  static absl::StatusOr<Markup> Named(const char* option,
                                      absl::StatusOr<Markup> markup) {
    if (markup.ok()) return markup;
    return base::Context(markup.status(), option);
  }

  const Options& o_;
};

}  // namespace

constexpr absl::string_view kMarkupHelp =
    "%1 .. %9 %{12}   a line of the element     %$  its last line\n"
    "%*  %@           its lines joined by blanks, as they were\n"
    "%f  %n  %i       file, number of its first line, position of the file\n"
    "%u               how many elements came before it\n"
    "%k  %m (or %r)   its key, its memory\n"
    "%v               the memory in the previous state (-I)\n"
    "%c  %o  %t       occurrences now, in the previous state, both\n"
    "%e  %p           the accumulator (-e), and what it was before\n"
    "%P               %p; if that is empty, the text up to the next form goes\n"
    "%[1:2]           dicer: the second field between colons\n"
    "%[k/-$]          of the key all but the last field between slashes\n"
    "%(1,1-4)         mixer: characters 1 to 4\n"
    "%Uk  %L[1:2]     any of them in upper case, in lower case\n"
    "%0  %%           nothing; a percent sign\n";

absl::StatusOr<FilterOptions> ReadOptions(const Options& options) {
  const Options& o = options;
  Compiler compiler(o);
  TRY_ASSIGN(Markup key, compiler.CompileOr("-k", o.key, "%@", kOfElement));
  TRY_ASSIGN(
      Markup report,
      compiler.CompileOr("-R", o.report, o.count ? "%t %k" : "%k", kAllFields));
  TRY_ASSIGN(
      Markup memory,
      compiler.CompileOr("-r", o.memory, o.count ? "%t" : ".", kOfMemory));
  FilterOptions f{.key = std::move(key),
                  .report = std::move(report),
                  .memory = std::move(memory)};
  TRY(compiler.CompileIf("-B", o.replay, kAllFields, &f.replay));
  TRY(compiler.CompileIf("-f", o.first, kOfOccurrence, &f.first));
  TRY(compiler.CompileIf("-e", o.every, kOfOccurrence, &f.every));
  TRY(compiler.CompileIf("-x", o.extract, kOfKey, &f.extract));
  f.count = o.count;
  f.last = o.last;
  f.many = o.many;
  f.squeeze = o.squeeze;
  f.has_prev = o.prev.has_value();
  f.include_prev = o.include_prev || o.replay;
  f.only_prev = o.only_prev;
  f.has_state = o.state.has_value();
  f.json = o.json;
  f.terminator = o.terminator();
  return f;
}

}  // namespace oue
