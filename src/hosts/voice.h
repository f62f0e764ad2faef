// What the room has to say on standard error; its owner prints it.
#pragma once

#include <absl/status/status.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/string_view.h>

#include <functional>

namespace hosts {

struct Voice {
  // A line in the shape of all messages; the work goes on.
  std::function<void(const absl::Status&)> warn;
  // Bytes as they are: what m4 and its errprint say.
  std::function<void(absl::string_view)> raw;

  void Warn(absl::string_view line) const { warn(absl::UnknownError(line)); }
  // What a debug letter asks for: "-dB: line".
  void Debug(char letter, absl::string_view line) const {
    Warn(absl::StrCat("-d", absl::string_view(&letter, 1), ": ", line));
  }
};

}  // namespace hosts
