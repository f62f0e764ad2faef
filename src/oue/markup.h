// The markup of oue: text with forms like %k, %[1:2] and %c that are replaced
// for each element. Text is copied; the escape character ('%' unless told
// otherwise) starts a form, doubled it is itself.
//
//   form   = "%" ( "0" | "P" | [ fold ] value )
//   fold   = "U" | "L"                        ; ASCII letters to upper, lower
//   value  = "(" source mixer ")" | source                    ; text/mixer.h
//   source = ref | "{" bref "}" | "[" bref chops "]"          ; text/chop.h
//   ref    = digit | "$" | "*" | "@" | letter
//   bref   = digit { digit } | "$" | "*" | "@" | letter
//
//   %1 %{12} %$  a line of the element, the last one
//   %* %@        its lines, with blanks between them, as they were
//                (the original's own summary has the two the wrong way round)
//   %f %n %i     its file, the number of its first line, the file's position
//   %u           how many elements came before it
//   %k %m (%r)   its key, its memory        %v      the memory in prev
//   %c %o %t     occurrences now, in prev, both together
//   %e %p        the accumulator, and what it was before
//   %P           %p; if that is empty, also the text up to the next form goes
//   %0           nothing
//
// Not every option knows every field; Markup::Syntax says which.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace oue {

enum class Field : char {
  kNothing,
  kLine,
  kJoined,  // %*
  kText,    // %@
  kFile,
  kLineNumber,
  kFilePosition,
  kUnique,
  kKey,
  kMemory,
  kOldMemory,
  kCount,
  kOldCount,
  kTotal,
  kAccumulator,
  kPrevious,
};

// A set of fields.
using Fields = uint32_t;
constexpr Fields Has(Field field) { return 1u << static_cast<int>(field); }
inline constexpr Fields kLineFields =
    Has(Field::kLine) | Has(Field::kJoined) | Has(Field::kText);
inline constexpr Fields kPlaceFields =
    Has(Field::kFile) | Has(Field::kLineNumber) | Has(Field::kFilePosition);
inline constexpr Fields kAllFields = ~0u;

// What the forms stand for. All text is borrowed.
struct Facts {
  // The lines of the element, each but the last closed by the terminator.
  absl::string_view text;
  absl::string_view file;
  int64_t file_position = 0, line_number = 0, unique = 0;
  absl::string_view key, memory, old_memory;
  int64_t count = 0, old_count = 0;
  absl::string_view accumulator, previous;
};

class Markup {
 public:
  struct Syntax {
    char escape = '%';
    char terminator = '\n';
    size_t lines = 1;  // of an element
    Fields known = kAllFields;
    // Whether the dicer's separators and the mixer's positions are UTF-8
    // characters, as in text/dicer.h.
    bool utf8 = false;
  };
  // InvalidArgument, naming the form and the column (bytes from 1); also for a
  // line that no element has, and for fields that are not known.
  static absl::StatusOr<Markup> Compile(absl::string_view text,
                                        const Syntax& syntax);
  Markup(Markup&&) noexcept;
  Markup& operator=(Markup&&) noexcept;
  ~Markup();

  // Appends the expansion. InvalidArgument when a mixer makes more than
  // base::kMaxTemplateBytes; `out` may then hold a part.
  absl::Status Expand(const Facts& facts, std::string* out) const;

  Fields fields() const;  // those it refers to
  // Whether it is the text of the element, and nothing else.
  bool IsText() const;

 private:
  struct Compiled;
  explicit Markup(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

// Line `index` (from 1) of an element's text; empty when there is none.
absl::string_view LineOf(absl::string_view text, size_t index, char terminator);

}  // namespace oue
