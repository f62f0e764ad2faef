// What benchmarks are told by the environment.
#pragma once

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_format.h>

#include <cstdlib>
#include <string>

namespace bench {

inline std::string Variable(const char* name, const char* otherwise) {
  const char* value = getenv(name);
  return value == nullptr || *value == '\0' ? otherwise : value;
}

// A number from 1; ends the process with a word about any other.
inline int Number(const char* name, const char* otherwise) {
  int n = 0;
  if (!absl::SimpleAtoi(Variable(name, otherwise), &n) || n < 1) {
    absl::FPrintF(stderr, "%s is not a number\n", name);
    exit(1);
  }
  return n;
}

// Whether this part of a benchmark is among those asked for; all are if none
// is.
inline bool Wanted(absl::string_view group) {
  const std::string only = Variable("BENCH_ONLY", "");
  return only.empty() || absl::StrContains(only, group);
}

// Where a benchmark may write; its script makes it and removes it.
inline const std::string& Scratch() {
  static const auto& folder = *new std::string(Variable("SCRATCH", "/tmp"));
  return folder;
}

}  // namespace bench
