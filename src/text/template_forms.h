// A command template as it was understood: copied text, and forms.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "text/chop.h"
#include "text/dicer.h"
#include "text/mixer.h"
#include "text/template_quote.h"

namespace text {

// Where the value of a form comes from. The first three have an index.
enum class FormSource : char {
  kArgument,
  kFile,
  kToken,
  kAllArguments,
  kAllFiles,
  kAllTokens,
  kNothing,        // %0
  kNumber,         // %u
  kCounterSource,  // %fu
  kTokenSource,    // %ft
  kPid,            // %p
  kProgram,        // %fp
  kScript,         // %c
  kScriptPath,     // %fc
  kScriptLine,     // %ct
  kNamed,          // %{name}
  kTemplate,       // %+
  kTokenTemplate,  // %t+
};

// All text is borrowed from the template.
struct Form {
  static constexpr size_t kLast = SIZE_MAX;

  absl::string_view spelled;  // the whole of it, for messages
  FormSource source = FormSource::kNothing;
  size_t index = 0;             // from 1, or kLast
  absl::string_view reference;  // the index as written, or the name
  Quote quote = Quote::kNone;
  std::vector<Chop> chops;
  std::optional<Mixer> mixer;
};

// Text to be copied, and the form behind it.
struct TemplatePiece {
  absl::string_view text;
  std::optional<Form> form;
};

struct TemplateForms {
  std::vector<TemplatePiece> pieces;
  bool refers_to_arguments = false;
  bool uses_tokens = false;
};

// InvalidArgument, as Template::Compile says. `text` must outlive the result.
absl::StatusOr<TemplateForms> ReadForms(absl::string_view text,
                                        const TemplateSyntax& syntax);

}  // namespace text
