#include "hosts/lexer.h"

#include <catch2/catch.hpp>

using hosts::Lexer;
using hosts::Token;

namespace {

// "word:x name:X = % . str:<x> NL", or the message.
std::string Tokens(absl::string_view text,
                   std::vector<std::string>* warnings = nullptr) {
  std::vector<std::string> ours;
  Lexer lexer("f", text, warnings != nullptr ? warnings : &ours);
  std::string out;
  for (;;) {
    Token token;
    const absl::Status status = lexer.Next(&token);
    if (!status.ok()) return std::string(status.message());
    if (!out.empty()) out += ' ';
    switch (token.kind) {
      case Token::Kind::kNewline:
        out += "NL";
        break;
      case Token::Kind::kEquals:
        out += "=";
        break;
      case Token::Kind::kHeader:
        out += "%";
        break;
      case Token::Kind::kUnset:
        out += ".";
        break;
      case Token::Kind::kString:
        out += "str:<" + std::string(token.text) + ">";
        break;
      case Token::Kind::kWord:
        out += (token.is_name ? "name:" : "word:") + std::string(token.text);
        break;
      case Token::Kind::kEnd:
        return out + "END";
    }
  }
}

}  // namespace

TEST_CASE("lexer: words end at white space and at an equals sign", "[hosts]") {
  CHECK(Tokens("a b.c _D9 9a") == "name:a word:b.c name:_D9 word:9a END");
  CHECK(Tokens("A=b=c") == "name:A = name:b = name:c END");
  CHECK(Tokens("A = x") == "name:A = name:x END");
}

TEST_CASE("lexer: quotes and signs inside a word are ordinary", "[hosts]") {
  CHECK(Tokens("a#b x'y z\"w p`q r%s") ==
        "word:a#b word:x'y word:z\"w word:p`q word:r%s END");
}

TEST_CASE("lexer: a comment and its newline are one newline", "[hosts]") {
  CHECK(Tokens("a # b\nc") == "name:a NL name:c END");
  CHECK(Tokens("#only") == "END");
  CHECK(Tokens("\n#x\n\n") == "NL NL NL END");
}

TEST_CASE("lexer: a dot alone unsets and one in a word does not", "[hosts]") {
  CHECK(Tokens(". .5 .eq. .#x") == ". word:.5 word:.eq. . END");
  CHECK(Tokens(".\n.") == ". NL . END");
  CHECK(Tokens("\".\" `.'") == "str:<.> str:<.> END");
}

TEST_CASE("lexer: escapes of C strings", "[hosts]") {
  CHECK(Tokens(R"("x\e\tz\101\8")") == "str:<x\\\tzA8> END");
  CHECK(Tokens(R"("\n\b\r\f\v\"\'\\\q")") == "str:<\n\b\r\f\v\"'\\q> END");
  CHECK(Tokens("\"a\\\nb\"") == "str:<ab> END");
  CHECK(Tokens(R"("\18" "\0018" "\1012")") ==
        "str:<\x01"
        "8> str:<\x01"
        "8> str:<A2> END");
}

TEST_CASE("lexer: m4 quotes nest and may hold newlines", "[hosts]") {
  CHECK(Tokens("`q`r's' `a\nb'") == "str:<q`r's> str:<a\nb> END");
  CHECK(Tokens("`' \"\"") == "str:<> str:<> END");
}

TEST_CASE("lexer: a string that is never closed names its first line",
          "[hosts]") {
  CHECK(Tokens("a\nb `x\ny `z'\n") ==
        "f:2: the ` that begins here is never closed");
  CHECK(Tokens("\n\n\"x\n\n") ==
        "f:3: the \" that begins here is never closed");
  CHECK(Tokens("\"x\\") == "f:1: the \" that begins here is never closed");
}

TEST_CASE("lexer: a NUL is refused wherever it stands", "[hosts]") {
  CHECK(Tokens(absl::string_view("a\nb\0c", 5)) ==
        "f:2: a NUL cannot be in a host file");
  CHECK(Tokens(R"("a\0b")") == "f:1: a NUL cannot be in a value");
  CHECK(Tokens(R"("\777")") == "f:1: an escape beyond \\377");
}

TEST_CASE("lexer: a quote that closes nothing is skipped with a warning",
          "[hosts]") {
  std::vector<std::string> warnings;
  CHECK(Tokens("a\n'b", &warnings) == "name:a NL name:b END");
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0] == "f:2: unbalanced quotes: a ' closes none");
}

TEST_CASE("lexer: a million stray quotes are no reason to crash", "[hosts]") {
  std::vector<std::string> warnings;
  CHECK(Tokens(std::string(1'000'000, '\''), &warnings) == "END");
  CHECK(warnings.size() == 100);
}

TEST_CASE("lexer: lines are counted through strings", "[hosts]") {
  std::vector<std::string> warnings;
  CHECK(Tokens("`a\nb' \"c\nd\" \"e\\\nf\"\n'", &warnings) ==
        "str:<a\nb> str:<c\nd> str:<ef> NL END");
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].substr(0, 4) == "f:5:");
}
