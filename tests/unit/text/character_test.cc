#include "text/character.h"

#include <absl/strings/str_format.h>

#include <catch2/catch.hpp>

using text::ParseCharacter;

namespace {

// The byte, or -1.
int Byte(absl::string_view text) {
  const auto c = ParseCharacter(text);
  return c.ok() ? static_cast<unsigned char>(*c) : -1;
}

}  // namespace

TEST_CASE("xapply A23: the escape character is written in many ways",
          "[text]") {
  CHECK(Byte("=") == '=');
  CHECK(Byte("^A") == 1);
  CHECK(Byte("\\100") == '@');
}

TEST_CASE("character: a character is written as itself", "[text]") {
  for (int byte = 1; byte < 256; byte++) {
    CHECK(Byte(std::string(1, static_cast<char>(byte))) == byte);
  }
}

TEST_CASE("character: a character may be a control character", "[text]") {
  CHECK(Byte("^a") == 1);
  CHECK(Byte("^Z") == 26);
  CHECK(Byte("^[") == 27);
  CHECK(Byte("^\\") == 28);
  CHECK(Byte("^_") == 31);
  CHECK(Byte("^^") == 30);
  CHECK(Byte("^?") == 127);
  for (const char* text : {"^1", "^`", "^{", "^~", "^ ", "^AB", "^\xc1"}) {
    CHECK(Byte(text) == -1);
  }
}

TEST_CASE("character: a character may have the eighth bit", "[text]") {
  CHECK(Byte("M-a") == 0xE1);
  CHECK(Byte("M-^A") == 0x81);
  CHECK(Byte("M-^?") == 0xFF);
  CHECK(Byte("M-^@") == 0x80);
  CHECK(Byte("M--") == 0xAD);
  CHECK(Byte("M-^") == 0xDE);
  CHECK(Byte("M") == 'M');
  for (const char* text : {"M-", "M-ab", "m-a", "M-M-a", "M-\\n", "M-101"}) {
    INFO(text);
    CHECK(Byte(text) == -1);
  }
}

TEST_CASE("character: a character may be written as in C", "[text]") {
  CHECK(Byte("\\n") == '\n');
  CHECK(Byte("\\t") == '\t');
  CHECK(Byte("\\a") == '\a');
  CHECK(Byte("\\b") == '\b');
  CHECK(Byte("\\f") == '\f');
  CHECK(Byte("\\r") == '\r');
  CHECK(Byte("\\v") == '\v');
  CHECK(Byte("\\\\") == '\\');
  CHECK(Byte("\\") == '\\');
  for (const char* text : {"\\x41", "\\e", "\\nn", "\\ ", "\\'"}) {
    INFO(text);
    CHECK(Byte(text) == -1);
  }
}

TEST_CASE("character: a character may be an octal number", "[text]") {
  for (int byte = 1; byte < 256; byte++) {
    CHECK(Byte(absl::StrFormat("\\%03o", byte)) == byte);
    CHECK(Byte(absl::StrFormat("%03o", byte)) == byte);
    CHECK(Byte(absl::StrFormat("\\%o", byte)) == byte);
    if (byte > 7) CHECK(Byte(absl::StrFormat("%o", byte)) == byte);
  }
  CHECK(Byte("7") == '7');
  for (const char* text : {"400", "\\777", "18", "\\8", "0101", "\\0101"}) {
    INFO(text);
    CHECK(Byte(text) == -1);
  }
}

TEST_CASE("character: a character is one, and not NUL", "[text]") {
  for (const char* text : {"", "ab", "%%", "\xc3\xa9", "a\n"}) {
    INFO(text);
    CHECK(absl::IsInvalidArgument(ParseCharacter(text).status()));
  }
  CHECK(ParseCharacter("a\n").status().message() ==
        "'a\\n' is not one character");
  for (const auto& text :
       {std::string("\\0"), std::string("\\000"), std::string("00"),
        std::string("000"), std::string("^@"), std::string(1, '\0')}) {
    INFO(text);
    CHECK(absl::IsFailedPrecondition(ParseCharacter(text).status()));
  }
}
