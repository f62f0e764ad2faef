#include "oue/markup.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>

#include <optional>
#include <utility>
#include <vector>

#include "base/status.h"
#include "text/chop.h"
#include "text/mixer.h"
#include "text/template_scanner.h"

namespace oue {
namespace {

using text::TemplateScanner;

enum class Fold : char { kNone, kUpper, kLower };

struct Form {
  Field field = Field::kNothing;
  size_t index = 0;  // of a line, from 1
  Fold fold = Fold::kNone;
  bool swallows = false;  // %P
  std::vector<text::Chop> chops;
  std::optional<text::Mixer> mixer;
};

std::optional<Field> OfLetter(int letter) {
  switch (letter) {
    case '*':
      return Field::kJoined;
    case '@':
      return Field::kText;
    case 'f':
      return Field::kFile;
    case 'n':
      return Field::kLineNumber;
    case 'i':
      return Field::kFilePosition;
    case 'u':
      return Field::kUnique;
    case 'k':
      return Field::kKey;
    case 'm':
    case 'r':
      return Field::kMemory;
    case 'v':
      return Field::kOldMemory;
    case 'c':
      return Field::kCount;
    case 'o':
      return Field::kOldCount;
    case 't':
      return Field::kTotal;
    case 'e':
      return Field::kAccumulator;
    case 'p':
      return Field::kPrevious;
  }
  return std::nullopt;
}

// Reads one form, from behind its escape character.
class FormReader {
 public:
  FormReader(TemplateScanner& in, const Markup::Syntax& syntax, Form* form)
      : in_(in), syntax_(syntax), form_(*form) {}

  absl::Status Read() {
    if (in_.Peek() == TemplateScanner::kEnd) {
      return in_.Fail("nothing follows the escape character");
    }
    if (in_.TakeIf('P')) {
      form_.swallows = true;
      form_.field = Field::kPrevious;
      return CheckKnown();
    }
    if (in_.TakeIf('U')) {
      form_.fold = Fold::kUpper;
    } else if (in_.TakeIf('L')) {
      form_.fold = Fold::kLower;
    }
    if (!in_.TakeIf('(')) return ReadSource();
    TRY(ReadSource());
    return text::Mixer::Read(in_, &form_.mixer.emplace());
  }

 private:
  absl::Status ReadSource() {
    if (in_.TakeIf('{')) {
      TRY(ReadReference(/*many_digits=*/true));
      if (!in_.TakeIf('}')) return in_.Fail("missing close curly (})");
      return absl::OkStatus();
    }
    if (in_.TakeIf('[')) {
      TRY(ReadReference(/*many_digits=*/true));
      return text::ReadChops(in_, &form_.chops);
    }
    return ReadReference(/*many_digits=*/false);
  }

  absl::Status ReadReference(bool many_digits) {
    if (in_.AtDigit() || in_.Peek() == '$') return ReadLine(many_digits);
    const std::optional<Field> field = OfLetter(in_.Peek());
    if (!field) return in_.Fail("unknown escape sequence");
    in_.Skip(1);
    form_.field = *field;
    // Of one line, and so that whoever asks for the text finds it.
    if (*field == Field::kJoined && syntax_.lines == 1) {
      form_.field = Field::kText;
    }
    return CheckKnown();
  }

  absl::Status ReadLine(bool many_digits) {
    size_t line = syntax_.lines;
    if (in_.AtDigit() && many_digits) {
      line = in_.TakeNumber();
    } else if (in_.AtDigit()) {
      line = static_cast<size_t>(in_.Peek() - '0');
      in_.Skip(1);
    } else {
      in_.Skip(1);
    }
    if (line == 0) return absl::OkStatus();
    if (line > syntax_.lines) {
      return in_.FailForm(absl::StrCat("an element has no line ", line,
                                       ", its last is ", syntax_.lines));
    }
    form_.index = line;
    form_.field = syntax_.lines == 1 ? Field::kText : Field::kLine;
    return CheckKnown();
  }

  absl::Status CheckKnown() const {
    if ((syntax_.known & Has(form_.field)) != 0) return absl::OkStatus();
    return in_.FailForm("is not known here");
  }

  TemplateScanner& in_;
  const Markup::Syntax& syntax_;
  Form& form_;
};

void FoldCase(Fold fold, std::string* text, size_t from) {
  if (fold == Fold::kNone) return;
  for (size_t i = from; i < text->size(); i++) {
    char& c = (*text)[i];
    c = fold == Fold::kUpper ? absl::ascii_toupper(c) : absl::ascii_tolower(c);
  }
}

}  // namespace

absl::string_view LineOf(absl::string_view text, size_t index,
                         char terminator) {
  for (; index > 1; index--) {
    const size_t end = text.find(terminator);
    if (end == absl::string_view::npos) return "";
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find(terminator));
}

struct Markup::Compiled {
  struct Piece {
    absl::string_view text;  // copied, in front of the form
    bool may_go = true;      // what %P swallows; not so behind a doubled escape
    std::optional<Form> form;
  };

  absl::Status Read();
  absl::Status Append(const Form& form, const Facts& facts,
                      std::string* out) const;
  absl::string_view ValueOf(const Form& form, const Facts& facts,
                            std::string* scratch) const;

  Syntax syntax;
  std::string source;  // borrowed by the rest
  std::vector<Piece> pieces;
  Fields fields = 0;
};

absl::Status Markup::Compiled::Read() {
  TemplateScanner in(source, syntax.utf8);
  bool may_go = true;
  while (in.Peek() != TemplateScanner::kEnd) {
    Piece piece;
    piece.may_go = std::exchange(may_go, true);
    const size_t from = in.at();
    // A doubled escape ends its piece; its second character begins the next.
    if (!piece.may_go) in.Skip(1);
    in.TakeUntil(syntax.escape);
    piece.text = in.Since(from);
    in.BeginForm();
    if (in.TakeIf(syntax.escape)) {
      if (in.Peek() == static_cast<unsigned char>(syntax.escape)) {
        may_go = false;
      } else {
        TRY(FormReader(in, syntax, &piece.form.emplace()).Read());
        fields |= Has(piece.form->field);
      }
    }
    pieces.push_back(std::move(piece));
  }
  return absl::OkStatus();
}

absl::string_view Markup::Compiled::ValueOf(const Form& form,
                                            const Facts& facts,
                                            std::string* scratch) const {
  const auto number = [scratch](int64_t n) -> absl::string_view {
    *scratch = absl::StrCat(n);
    return *scratch;
  };
  switch (form.field) {
    case Field::kNothing:
      return "";
    case Field::kLine:
      return LineOf(facts.text, form.index, syntax.terminator);
    case Field::kJoined:
      *scratch = std::string(facts.text);
      for (char& c : *scratch) {
        if (c == syntax.terminator) c = ' ';
      }
      return *scratch;
    case Field::kText:
      return facts.text;
    case Field::kFile:
      return facts.file;
    case Field::kLineNumber:
      return number(facts.line_number);
    case Field::kFilePosition:
      return number(facts.file_position);
    case Field::kUnique:
      return number(facts.unique);
    case Field::kKey:
      return facts.key;
    case Field::kMemory:
      return facts.memory;
    case Field::kOldMemory:
      return facts.old_memory;
    case Field::kCount:
      return number(facts.count);
    case Field::kOldCount:
      return number(facts.old_count);
    case Field::kTotal:
      return number(facts.count + facts.old_count);
    case Field::kAccumulator:
      return facts.accumulator;
    case Field::kPrevious:
      return facts.previous;
  }
  return "";
}

absl::Status Markup::Compiled::Append(const Form& form, const Facts& facts,
                                      std::string* out) const {
  std::string scratch, diced;
  absl::string_view value = ValueOf(form, facts, &scratch);
  if (!form.chops.empty()) value = text::Dice(value, form.chops, &diced);
  const size_t from = out->size();
  if (form.mixer) {
    TRY(form.mixer->Append(value, syntax.utf8, out));
  } else {
    out->append(value.data(), value.size());
  }
  FoldCase(form.fold, out, from);
  return absl::OkStatus();
}

absl::StatusOr<Markup> Markup::Compile(absl::string_view text,
                                       const Syntax& syntax) {
  auto compiled = std::make_unique<Compiled>();
  compiled->syntax = syntax;
  compiled->source = std::string(text);
  TRY(compiled->Read());
  return Markup(std::move(compiled));
}

Markup::Markup(std::unique_ptr<Compiled> compiled)
    : compiled_(std::move(compiled)) {}
Markup::Markup(Markup&&) noexcept = default;
Markup& Markup::operator=(Markup&&) noexcept = default;
Markup::~Markup() = default;

absl::Status Markup::Expand(const Facts& facts, std::string* out) const {
  bool swallow = false;
  for (const Compiled::Piece& piece : compiled_->pieces) {
    if (!swallow || !piece.may_go) {
      out->append(piece.text.data(), piece.text.size());
    }
    swallow = false;
    if (!piece.form) continue;
    TRY(compiled_->Append(*piece.form, facts, out));
    swallow = piece.form->swallows && facts.previous.empty();
  }
  return absl::OkStatus();
}

Fields Markup::fields() const { return compiled_->fields; }

bool Markup::IsText() const {
  const std::vector<Compiled::Piece>& pieces = compiled_->pieces;
  if (pieces.size() != 1 || !pieces[0].text.empty() || !pieces[0].form) {
    return false;
  }
  const Form& form = *pieces[0].form;
  return form.field == Field::kText && form.fold == Fold::kNone &&
         form.chops.empty() && !form.mixer;
}

}  // namespace oue
