#include "fakes/settings.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <cstdio>
#include <utility>

#include "base/status.h"

namespace fakes {

Settings::Settings(std::string program) : program_(std::move(program)) {
  Bind("--ready-fd", &ready_fd_);
}

Settings& Settings::Bind(std::string word, Take take) {
  bound_.push_back({std::move(word), std::move(take)});
  return *this;
}

Settings& Settings::Bind(std::string word, int* number) {
  return Bind(std::move(word), [number](const std::string& value) {
    return absl::SimpleAtoi(value, number);
  });
}

Settings& Settings::Bind(std::string word, size_t* number) {
  return Bind(std::move(word), [number](const std::string& value) {
    return absl::SimpleAtoi(value, number);
  });
}

Settings& Settings::Bind(std::string word, double* number) {
  return Bind(std::move(word), [number](const std::string& value) {
    return absl::SimpleAtod(value, number);
  });
}

Settings& Settings::Bind(std::string word, std::string* text) {
  return Bind(std::move(word), [text](const std::string& value) {
    *text = value;
    return true;
  });
}

Settings& Settings::Bind(std::string word, absl::Duration* span) {
  return Bind(std::move(word), [span](const std::string& value) {
    return absl::ParseDuration(value, span);
  });
}

Settings& Settings::Flag(std::string word, bool* to, bool means) {
  return Bind(std::move(word), [to, means](const std::string& value) {
    *to = means;
    return value.empty();
  });
}

bool Settings::Read(int argc, char** argv, int first) {
  for (int i = first; i < argc; ++i) {
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(argv[i], absl::MaxSplits('=', 1));
    bool is_taken = false;
    for (const Bound& bound : bound_) {
      if (bound.word == parts.first) is_taken = bound.take(parts.second);
    }
    if (is_taken) continue;
    fprintf(stderr, "%s: %s: not known\n", program_.c_str(), argv[i]);
    return false;
  }
  return true;
}

std::string AddressBehind(absl::string_view address, int n) {
  const std::vector<std::string> parts = absl::StrSplit(address, '.');
  uint32_t number = 0;
  for (const std::string& part : parts) {
    int byte = 0;
    MUST(absl::SimpleAtoi(part, &byte));
    number = number << 8 | byte;
  }
  number += n;
  return absl::StrCat(number >> 24, ".", number >> 16 & 255, ".",
                      number >> 8 & 255, ".", number & 255);
}

}  // namespace fakes
