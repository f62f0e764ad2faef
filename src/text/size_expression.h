// Numbers of bytes as people like to write them: "64k", "3m+512", "2(8k+1b)".
//
//   sum     = product { ( "+" | "-" ) product }
//   product = term { ( "*" | "/" | "%" ) term }
//   term    = part { part }                       ; multiplied: "7(2+1)m"
//   part    = number | unit | "(" sum ")"
//   unit    = "w" 2 | "l" 4 | "b" 512 | "k" 1024 | "m" 1024k | "g" 1024m
//
// Numbers are decimal, "0x" hexadecimal, "0" octal, as in C. White space is
// allowed between parts.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <string>

namespace text {

// InvalidArgument, naming what is wrong, for text that is no such expression,
// a division by zero, a number too large and a negative result.
absl::StatusOr<int64_t> ParseSizeExpression(absl::string_view text);

// The units, a line each, under "<program>: byte conversion table".
std::string SizeTable(absl::string_view program);

}  // namespace text
