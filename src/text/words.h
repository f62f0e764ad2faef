// Shell words: how a line of text is a list of words, and back.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <string>
#include <vector>

namespace text {

// Splits as a POSIX shell does (XCU 2.2, Quoting): words are separated by
// blanks, tabs and newlines; `\`, '...' and "..." quote; "" is a word of no
// letters; within "..." a backslash quotes only $ ` " \ and a newline. Nothing
// is expanded, and operators, comments and globs are ordinary characters.
// InvalidArgument, naming the position (bytes from 1), for a quote that is
// never closed, a backslash at the very end, and a NUL.
absl::StatusOr<std::vector<std::string>> SplitWords(absl::string_view text);

// Splits by the plainer rule of variables that hold options: words are
// separated by blanks and tabs; '...' and "..." group, also a part of a word;
// every other character, a backslash or a newline too, is an ordinary one.
// InvalidArgument, naming the position, for a quote that is never closed.
absl::StatusOr<std::vector<std::string>> SplitGrouped(absl::string_view text);

// `word` such that a POSIX shell, and SplitWords, take it for that one word:
// as it is where no character could mean anything, in '...' elsewhere.
std::string QuoteWord(absl::string_view word);
std::string JoinWords(absl::Span<const std::string> words);

}  // namespace text
