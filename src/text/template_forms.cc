#include "text/template_forms.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>

#include <utility>

#include "base/status.h"
#include "text/template_scanner.h"

namespace text {
namespace {

constexpr absl::string_view kUnknown = "unknown escape sequence";

// In front of a reference: of what it is one.
enum class Class : char { kArgument, kFile, kToken };

FormSource OneOf(Class c) {
  switch (c) {
    case Class::kArgument:
      return FormSource::kArgument;
    case Class::kFile:
      return FormSource::kFile;
    case Class::kToken:
      return FormSource::kToken;
  }
  return FormSource::kNothing;
}

FormSource AllOf(Class c) {
  switch (c) {
    case Class::kArgument:
      return FormSource::kAllArguments;
    case Class::kFile:
      return FormSource::kAllFiles;
    case Class::kToken:
      return FormSource::kAllTokens;
  }
  return FormSource::kNothing;
}

std::optional<FormSource> OfLetter(Class c, int letter) {
  if (c == Class::kToken) return std::nullopt;
  const bool f = c == Class::kFile;
  switch (letter) {
    case 'u':
    case 'U':
      return f ? FormSource::kCounterSource : FormSource::kNumber;
    case 'p':
      return f ? FormSource::kProgram : FormSource::kPid;
    case 'c':
      return f ? FormSource::kScriptPath : FormSource::kScript;
    case 't':
      if (f) return FormSource::kTokenSource;
      break;
  }
  return std::nullopt;
}

// Reads one form, from behind its escape character.
class FormReader {
 public:
  FormReader(TemplateScanner& in, Form* form) : in_(in), form_(*form) {}

  absl::Status Read() {
    if (in_.Peek() == TemplateScanner::kEnd) {
      // Differs: the original read on past the end.
      return in_.Fail("nothing follows the escape character");
    }
    ReadQuote();
    if (in_.TakeIf('+')) {
      form_.source = FormSource::kTemplate;
    } else if (in_.TakeIf('(')) {
      TRY(ReadSource(/*mixed=*/true));
      TRY(Mixer::Read(in_, &form_.mixer.emplace()));
    } else {
      TRY(ReadSource(/*mixed=*/false));
    }
    form_.spelled = in_.Since(in_.form());
    return absl::OkStatus();
  }

 private:
  void ReadQuote() {
    if (in_.TakeIf('q')) {
      form_.quote = Quote::kInDouble;
    } else if (in_.TakeIf('Q')) {
      form_.quote = Quote::kShell;
    } else if (in_.TakeIf('W')) {
      form_.quote = Quote::kWord;
    }
  }

  absl::Status ReadSource(bool mixed) {
    if (in_.TakeIf('f')) {
      class_ = Class::kFile;
    } else if (in_.TakeIf('t')) {
      class_ = Class::kToken;
      if (!mixed && in_.TakeIf('+')) {
        form_.source = FormSource::kTokenTemplate;
        return absl::OkStatus();
      }
    }
    // Differs: the original has no braces within a mixer.
    if (in_.TakeIf('{')) return ReadBraces();
    if (in_.TakeIf('[')) {
      TRY(ReadReference(/*digits=*/SIZE_MAX));
      return ReadChops(in_, &form_.chops);
    }
    TRY(ReadReference(/*digits=*/1));
    return form_.source == FormSource::kScript ? ReadBehindScript()
                                               : absl::OkStatus();
  }

  // One digit, or as many as there are; "$", "*", or a letter.
  absl::Status ReadReference(size_t digits) {
    const size_t from = in_.at();
    if (in_.AtDigit()) {
      if (digits == 1) {
        form_.index = in_.Peek() - '0';
        in_.Skip(1);
      } else {
        form_.index = in_.TakeNumber();
      }
      form_.source = OneOf(class_);
      if (form_.index == 0 && class_ == Class::kArgument) {
        form_.source = FormSource::kNothing;
      }
    } else if (in_.TakeIf('$')) {
      form_.index = Form::kLast;
      form_.source = OneOf(class_);
    } else if (in_.TakeIf('*')) {
      form_.source = AllOf(class_);
    } else {
      const std::optional<FormSource> source = OfLetter(class_, in_.Peek());
      if (!source) return in_.Fail(kUnknown);
      form_.source = *source;
      in_.Skip(1);
    }
    form_.reference = in_.Since(from);
    return absl::OkStatus();
  }

  absl::Status ReadBraces() {
    const int c = in_.Peek();
    if (in_.AtDigit() || c == '$' || c == '*') {
      TRY(ReadReference(/*digits=*/SIZE_MAX));
    } else {
      const size_t from = in_.at();
      while (in_.Peek() == '_' || (in_.Peek() >= 0 && in_.Peek() < 0x80 &&
                                   absl::ascii_isalnum(in_.Peek()))) {
        in_.Skip(1);
      }
      form_.reference = in_.Since(from);
      TRY(ResolveName());
    }
    if (!in_.TakeIf('}')) return in_.Fail("missing close curly (})");
    return absl::OkStatus();
  }

  absl::Status ResolveName() {
    const absl::string_view name = form_.reference;
    if (name.empty()) return in_.Fail(kUnknown);
    if (name.size() == 1) {
      if (const auto source = OfLetter(class_, name[0])) {
        form_.source = *source;
        return absl::OkStatus();
      }
    }
    if (class_ != Class::kArgument) return in_.Fail(kUnknown);
    form_.source = name == "ct" ? FormSource::kScriptLine : FormSource::kNamed;
    return absl::OkStatus();
  }

  // %ct, %c{t} and %c[t...]: here "c" stands where a class does, but only in
  // front of a "t", since %c is a form by itself.
  absl::Status ReadBehindScript() {
    const absl::string_view rest = in_.rest();
    const bool diced = absl::StartsWith(rest, "[t");
    if (absl::StartsWith(rest, "t")) {
      in_.Skip(1);
    } else if (absl::StartsWith(rest, "{t}")) {
      in_.Skip(3);
    } else if (diced) {
      in_.Skip(2);
    } else {
      return absl::OkStatus();
    }
    form_.source = FormSource::kScriptLine;
    return diced ? ReadChops(in_, &form_.chops) : absl::OkStatus();
  }

  TemplateScanner& in_;
  Form& form_;
  Class class_ = Class::kArgument;
};

bool RefersToArguments(FormSource source) {
  return source == FormSource::kArgument ||
         source == FormSource::kAllArguments ||
         source == FormSource::kNothing || source == FormSource::kTemplate ||
         source == FormSource::kTokenTemplate;
}

bool UsesTokens(FormSource source) {
  return source == FormSource::kToken || source == FormSource::kAllTokens ||
         source == FormSource::kTokenTemplate;
}

bool IsPlainAll(const Form& form) {
  return form.source == FormSource::kAllArguments && form.chops.empty() &&
         !form.mixer && form.quote == Quote::kNone;
}

}  // namespace

absl::StatusOr<TemplateForms> ReadForms(absl::string_view text,
                                        const TemplateSyntax& syntax) {
  TemplateForms forms;
  TemplateScanner in(text, syntax.utf8);
  while (in.Peek() != TemplateScanner::kEnd) {
    TemplatePiece piece;
    const size_t from = in.at();
    in.TakeUntil(syntax.escape);
    piece.text = in.Since(from);
    in.BeginForm();
    if (in.TakeIf(syntax.escape)) {
      if (in.Peek() == static_cast<unsigned char>(syntax.escape)) {
        // The first of the two is text; the second is left out.
        piece.text = in.Since(from);
        in.Skip(1);
      } else {
        Form& form = piece.form.emplace();
        TRY(FormReader(in, &form).Read());
        const bool refers = RefersToArguments(form.source);
        if (refers && syntax.pack && !IsPlainAll(form)) {
          return in.FailForm("packed arguments have no other form than %*");
        }
        forms.refers_to_arguments |= refers;
        forms.uses_tokens |= UsesTokens(form.source);
      }
    }
    forms.pieces.push_back(std::move(piece));
  }
  return forms;
}

}  // namespace text
