// One character, as the value of an option spells it.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

namespace text {

// The byte that `text` stands for:
//
//   c             itself
//   ^X  ^?        a control character, DEL; X from @ to _, or a small letter
//   M-c  M-^X     the same with the eighth bit set
//   \n \t \a \b \f \r \v \\    as in C
//   \o \oo \ooo   octal, and without the backslash two or three digits
//
// InvalidArgument for everything else; FailedPrecondition for NUL.
absl::StatusOr<char> ParseCharacter(absl::string_view text);

}  // namespace text
