// Command templates: text with forms like %1, %[1/$], %(1,2-4), %t1 and %u that
// are replaced for each task. The language of xapply, hxmd and their kin.
//
// Text is copied; the escape character ('%' unless TemplateSyntax says
// otherwise) starts a form, doubled it is itself.
//
//   form    = "%" [ quote ] body
//   quote   = "q" | "Q" | "W"                          ; text/template_quote.h
//   body    = "+" | "t+" | "(" source mixer ")" | source      ; text/mixer.h
//   source  = [ class ] ref | [ class ] "{" bref "}"
//           | [ class ] "[" bref chops "]"                    ; text/chop.h
//   class   = "f" | "t"             ; names of files, tokens; else arguments
//   ref     = digit | "$" | "*" | letter
//   bref    = digit { digit } | "$" | "*" | letter | name     ; name in {} only
//
//   %1 %{12}     argument 12          %f1 %f{12} %f$ %f*  the same of the files
//   %$           the last             %t1 %t{12} %t$ %t*  of the tokens
//   %*           all, with a blank between two
//   %0           nothing              %{name}   a name of the caller's
//   %u %U        the task's number    %fu       who counts
//   %p           process id           %fp       the program's name
//   %c           the script's text    %fc %ct   its path, its load line
//   %ft          where the tokens come from
//   %+           the first argument is a template for the others
//   %t+          the first token is a template
//
// Dicer, mixer and quote are applied in this order, and to whole values: %W* is
// all arguments as one word. %ct may be %c{t}, %{ct} and %c[t chops]; %c with
// such text behind it is %{c}.
//
// The tail. A template without any reference to arguments (%0-%9, %$, %*, %+,
// %t+ in any spelling) gets all arguments appended, each behind a blank, the
// first without where the template made nothing or ends in white space.
//
// Recursion. %+ expands the first argument with those behind it, of which the
// first is %1, and its file %f1; if the inner template has no reference, they
// are its tail. The outer template goes on with its own numbers. %t+ does so
// with a token: each %t+ uses up one, from the first, and in its template %t1
// is the next. The arguments stay what they were.
//
// A reference outside of what there is is an error: %$ without arguments, %t0,
// %+ with nothing left, %f without files, an unknown name. %* is then empty.
// Levels of %+, pairs of a dicer, nested groups and what all this makes are
// limited (base/limits.h).
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace text {

struct TemplateSyntax {
  char escape = '%';
  // Differs: the original knows bytes only.
  // Whether the dicer's separators are UTF-8 characters where the template has
  // one, and the mixer's positions where the value is valid; bytes otherwise.
  bool utf8 = false;
  // One command for many items: %* and the appended tail are all arguments,
  // each quoted as %W; every other form of arguments, %+ and %t+ is an error.
  bool pack = false;
};

// What the forms stand for. All borrowed for the call of Expand.
struct TemplateValues {
  absl::Span<const std::string> arguments;   // %1, %{12}, %$, %*
  bool from_files = false;                   // whether %f forms exist
  absl::Span<const std::string> file_names;  // %f1: one for each argument
  absl::Span<const std::string> tokens;      // %t1
  absl::string_view number;                  // %u
  absl::string_view token_source = "iota";   // %ft
  absl::string_view counter_source = ".";    // %fu
  absl::string_view pid, program;            // %p, %fp
  // Under a script: what was read, its path, its load line (%c, %fc, %ct).
  bool from_script = false;
  absl::string_view script, script_path, script_line;
  // Names of the caller's own, written %{status}: letters, digits and "_".
  absl::Span<const std::pair<absl::string_view, absl::string_view>> named;
};

class Template {
 public:
  // InvalidArgument, naming the form and the column (bytes from 1), for text no
  // values could make valid.
  static absl::StatusOr<Template> Compile(absl::string_view text,
                                          const TemplateSyntax& syntax = {});
  Template(Template&&) noexcept;
  Template& operator=(Template&&) noexcept;
  ~Template();

  // Appends the expansion to `out`. InvalidArgument, naming the form, when it
  // refers to what these values do not have ("2: escape references an out of
  // range parameter (argument limit 1)"); `out` may then hold a part.
  // `with_tail` is false where the caller never appends (-e of xapply); an
  // inner template of %+ has its tail all the same. May be called by several
  // threads at once.
  absl::Status Expand(const TemplateValues& values, std::string* out,
                      bool with_tail = true) const;
  bool uses_tokens() const;          // any %t form; what %+ brings is not known
  bool refers_to_arguments() const;  // whether the tail stays away

 private:
  struct Compiled;
  explicit Template(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace text
