// How a template becomes a command.
//
// A template is read once, by ReadForms, into pieces: text to be copied and a
// form behind it. What happens to a form is a short pipeline, always in this
// order, of which most forms use only the first station:
//
//   source ──► dicer ──► mixer ──► quote ──► the command
//     1         [/$]     (,1-4)    q Q W
//
// Worked example: one item, /srv/logs/web$1-20260731.log, in the template
//
//   gzip -c %W1 >%W([1/$.1],1-4).gz
//
//   piece 1   "gzip -c "   and the form   %W1
//                          source         /srv/logs/web$1-20260731.log
//                          quote   W      /srv/logs/web\$1-20260731.log
//   piece 2   " >"         and the form   %W([1/$.1],1-4)
//                          source         /srv/logs/web$1-20260731.log
//                          dicer   /$     web$1-20260731.log
//                                  .1     web$1-20260731
//                          mixer   1-4    web$
//                          quote   W      web\$
//   piece 3   ".gz"        and no form
//
// and the command is
//
//   gzip -c /srv/logs/web\$1-20260731.log >web\$.gz
//
// A source is borrowed: from the arguments, the tokens, the script. The dicer
// answers with a part of what it is given wherever it can, since keeping a
// field and removing the first or last one leave one piece. So the usual
// template copies each byte once, into the command, and asks for no memory but
// that.
//
// %+ and %t+ are the only forms that are read anew each time, since their
// template is an item (or a token) itself. They run the whole of this again,
// one level down, with the arguments (or tokens) that are left. What they make
// is never looked at for forms a second time. An item comes from outside and
// may hold "%+%+%+": the levels, the number of templates and the bytes they
// make are limited (base/limits.h).
#include "text/dicer.h"

#include <absl/strings/str_cat.h>

#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "text/chop.h"
#include "text/mixer.h"
#include "text/template_forms.h"
#include "text/template_quote.h"
#include "text/template_scanner.h"

namespace text {
namespace {

bool IsWhite(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

absl::Status OutOfRange(absl::string_view reference, absl::string_view what,
                        size_t limit) {
  return absl::InvalidArgumentError(absl::StrCat(
      ShowForm(reference), ": escape references an out of range parameter (",
      what, " limit ", limit, ")"));
}

using List = absl::Span<const std::string>;
using MaybeView = absl::StatusOr<absl::string_view>;

// One call of Expand.
class Expander {
 public:
  Expander(const TemplateSyntax& syntax, const TemplateValues& values,
           std::string* out)
      : syntax_(syntax),
        out_(*out),
        begin_(out->size()),
        unused_tokens_(values.tokens) {}

  absl::Status Append(const TemplateForms& forms, const TemplateValues& values,
                      bool with_tail) {
    const size_t begin = out_.size();
    for (const TemplatePiece& piece : forms.pieces) {
      out_.append(piece.text.data(), piece.text.size());
      if (piece.form) TRY(AppendForm(*piece.form, values));
      // The outermost template is the operator's own and may be of any size.
      if (level_ > 0) TRY(CheckSize());
    }
    if (with_tail && !forms.refers_to_arguments) {
      AppendTail(values.arguments, begin);
    }
    return absl::OkStatus();
  }

 private:
  absl::Status AppendForm(const Form& form, const TemplateValues& values) {
    if (form.source == FormSource::kTemplate ||
        form.source == FormSource::kTokenTemplate) {
      return AppendTemplate(form, values);
    }
    if (syntax_.pack && form.source == FormSource::kAllArguments) {
      AppendPacked(values.arguments);
      return absl::OkStatus();
    }
    TRY_ASSIGN(absl::string_view value, ValueOf(form, values));
    value = Dice(value, form.chops, &diced_);
    if (form.mixer) {
      mixed_.clear();
      absl::Status mixed = form.mixer->Append(value, syntax_.utf8, &mixed_);
      if (!mixed.ok()) {
        return base::Context(mixed,
                             absl::StrCat("mixer ", ShowForm(form.spelled)));
      }
      value = mixed_;
    }
    AppendQuoted(form.quote, value, &out_);
    return absl::OkStatus();
  }

  // All arguments, but for the blank where there is white space already.
  void AppendTail(List arguments, size_t begin) {
    if (arguments.empty()) return;
    if (out_.size() > begin && !IsWhite(out_.back())) out_ += ' ';
    if (syntax_.pack) {
      AppendPacked(arguments);
    } else {
      AppendJoined(arguments, &out_);
    }
  }

  void AppendPacked(List arguments) {
    for (size_t i = 0; i < arguments.size(); i++) {
      if (i > 0) out_ += ' ';
      AppendQuoted(Quote::kWord, arguments[i], &out_);
    }
  }

  static void AppendJoined(List list, std::string* out) {
    for (size_t i = 0; i < list.size(); i++) {
      if (i > 0) *out += ' ';
      out->append(list[i]);
    }
  }

  // --- Sources --------------------------------------------------------------

  MaybeView ValueOf(const Form& form, const TemplateValues& values) {
    switch (form.source) {
      case FormSource::kArgument:
        return OneOf(form, values.arguments, "argument");
      case FormSource::kFile:
        if (!values.from_files) return UsedWithout("f", "-f");
        return OneOf(form, values.file_names, "file");
      case FormSource::kToken:
        return OneOf(form, values.tokens, "token");
      case FormSource::kAllArguments:
        return AllOf(values.arguments);
      case FormSource::kAllFiles:
        if (!values.from_files) return UsedWithout("f", "-f");
        return AllOf(values.file_names);
      case FormSource::kAllTokens:
        return AllOf(values.tokens);
      case FormSource::kNothing:
        return "";
      case FormSource::kNumber:
        return values.number;
      case FormSource::kCounterSource:
        return values.counter_source;
      case FormSource::kTokenSource:
        return values.token_source;
      case FormSource::kPid:
        return values.pid;
      case FormSource::kProgram:
        return values.program;
      case FormSource::kScript:
        if (!values.from_script) return UsedWithout("c", "-F");
        return values.script;
      case FormSource::kScriptPath:
        if (!values.from_script) return UsedWithout("fc", "-F");
        return values.script_path;
      case FormSource::kScriptLine:
        if (!values.from_script) return UsedWithout("ct", "-F");
        return values.script_line;
      case FormSource::kNamed:
        return Named(form, values);
      case FormSource::kTemplate:
      case FormSource::kTokenTemplate:
        break;  // have no value of their own: AppendTemplate
    }
    return absl::InternalError("a form without a source");
  }

  MaybeView OneOf(const Form& form, List list, absl::string_view what) {
    // Differs: %t$ of the original is the token with the number of arguments.
    const size_t index = form.index == Form::kLast ? list.size() : form.index;
    if (index < 1 || index > list.size()) {
      return OutOfRange(form.reference, what, list.size());
    }
    return list[index - 1];
  }

  MaybeView AllOf(List list) {
    if (list.size() == 1) return list[0];
    joined_.clear();
    AppendJoined(list, &joined_);
    return joined_;
  }

  MaybeView UsedWithout(absl::string_view form, absl::string_view option) {
    return absl::InvalidArgumentError(absl::StrCat(
        ShowForm({&syntax_.escape, 1}), form, " used without ", option));
  }

  static MaybeView Named(const Form& form, const TemplateValues& values) {
    for (const auto& [name, value] : values.named) {
      if (name == form.reference) return value;
    }
    return absl::InvalidArgumentError(
        absl::StrCat(ShowForm(form.spelled), ": unknown escape sequence"));
  }

  // --- Recursion ------------------------------------------------------------

  absl::Status AppendTemplate(const Form& form, const TemplateValues& values) {
    const size_t begin = out_.size();
    absl::Status done = form.source == FormSource::kTemplate
                            ? AppendArgumentTemplate(values)
                            : AppendTokenTemplate(values);
    if (!done.ok()) {
      // Once, however deep it is.
      return level_ > 0 ? done : base::Context(done, ShowForm(form.spelled));
    }
    if (form.quote != Quote::kNone) {
      const std::string made = out_.substr(begin);
      out_.resize(begin);
      AppendQuoted(form.quote, made, &out_);
    }
    return CheckSize();
  }

  absl::Status AppendArgumentTemplate(const TemplateValues& values) {
    if (values.arguments.empty()) {
      // Differs: the original ended the expansion here, as if that were all.
      return absl::InvalidArgumentError("no argument is left for a template");
    }
    TemplateValues inner = values;
    inner.arguments.remove_prefix(1);
    if (!inner.file_names.empty()) inner.file_names.remove_prefix(1);
    return AppendInner(values.arguments.front(), inner);
  }

  absl::Status AppendTokenTemplate(const TemplateValues& values) {
    if (unused_tokens_.empty()) {
      return absl::InvalidArgumentError("no token is left for a template");
    }
    const std::string& text = unused_tokens_.front();
    unused_tokens_.remove_prefix(1);
    TemplateValues inner = values;
    inner.tokens = unused_tokens_;
    return AppendInner(text, inner);
  }

  absl::Status AppendInner(absl::string_view text,
                           const TemplateValues& values) {
    if (level_ == base::kMaxTemplateDepth) {
      return absl::InvalidArgumentError(
          absl::StrCat("templates in templates, more than ",
                       base::kMaxTemplateDepth, " levels"));
    }
    if (++templates_ > base::kMaxTemplates) {
      return absl::InvalidArgumentError(
          absl::StrCat("more than ", base::kMaxTemplates, " templates"));
    }
    TRY_ASSIGN(const TemplateForms forms, ReadForms(text, syntax_));
    level_++;
    absl::Status done = Append(forms, values, /*with_tail=*/true);
    level_--;
    return done;
  }

  absl::Status CheckSize() const {
    if (out_.size() - begin_ <= base::kMaxTemplateBytes) {
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(absl::StrCat(
        "templates make more than ", base::kMaxTemplateBytes, " bytes"));
  }

  const TemplateSyntax& syntax_;
  std::string& out_;
  const size_t begin_;
  List unused_tokens_;  // by %t+
  size_t level_ = 0, templates_ = 0;
  std::string joined_, diced_, mixed_;
};

}  // namespace

struct Template::Compiled {
  TemplateSyntax syntax;
  std::string text;  // which `forms` borrow
  TemplateForms forms;
};

absl::StatusOr<Template> Template::Compile(absl::string_view text,
                                           const TemplateSyntax& syntax) {
  auto compiled = std::make_unique<Compiled>();
  compiled->syntax = syntax;
  compiled->text = std::string(text);
  TRY_ASSIGN(compiled->forms, ReadForms(compiled->text, syntax));
  return Template(std::move(compiled));
}

Template::Template(std::unique_ptr<Compiled> compiled)
    : compiled_(std::move(compiled)) {}
Template::Template(Template&&) noexcept = default;
Template& Template::operator=(Template&&) noexcept = default;
Template::~Template() = default;

absl::Status Template::Expand(const TemplateValues& values, std::string* out,
                              bool with_tail) const {
  return Expander(compiled_->syntax, values, out)
      .Append(compiled_->forms, values, with_tail);
}

bool Template::uses_tokens() const { return compiled_->forms.uses_tokens; }
bool Template::refers_to_arguments() const {
  return compiled_->forms.refers_to_arguments;
}

}  // namespace text
