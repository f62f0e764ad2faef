// Reads the statements of scripts: the part of the parser that is about them.
// Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <optional>
#include <string>
#include <vector>

#include "power/device_lexer.h"
#include "power/specification.h"

namespace power {

// The tokens and the mistakes, for all parts of the parser.
class TokenStream {
 public:
  TokenStream(DeviceLexer& lexer, DeviceProblems& problems)
      : lexer_(lexer), problems_(problems), token_(lexer.Next()) {}

  const DeviceToken& token() const { return token_; }
  DeviceProblems& problems() { return problems_; }
  bool AtEnd() const { return token_.kind == DeviceToken::Kind::kEnd; }
  DeviceToken Take();
  bool TakeWord(absl::string_view word);
  bool TakeMark(absl::string_view mark);
  // These say what is missing, and leave what is there.
  bool Expect(absl::string_view mark, absl::string_view behind);
  std::optional<std::string> String(absl::string_view behind);
  std::optional<absl::Duration> Seconds(absl::string_view behind);
  std::optional<int> Count(absl::string_view behind, int most);
  std::optional<int> Group();  // $N
  std::optional<Pattern> Regex(absl::string_view behind);
  void Error(absl::string_view rule, std::string text);
  void Missing(absl::string_view what, absl::string_view behind);
  // Over a block, if one stands here, without reading it.
  void SkipBlock();
  // The highest language of what was taken since the last call.
  int TakeLanguage();

 private:
  DeviceLexer& lexer_;
  DeviceProblems& problems_;
  DeviceToken token_;
  int language_ = 1;
};

// "{" statements "}"; `behind` is what it belongs to.
std::vector<Statement> ReadBlock(TokenStream& in, absl::string_view behind,
                                 const Script& script);
// What stands behind "setplugstate $1" and "state": { NAME = STRING }, STRING
// = STATE.
std::optional<Interpretation> ReadState(TokenStream& in);

// Whether `text` may be a send: %s and %%, and no other percent sign.
// InvalidArgument names the other one.
absl::Status CheckSendFormat(absl::string_view text);

}  // namespace power
