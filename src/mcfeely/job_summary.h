// A job in a line: what a list of many shows, and what it is found by. Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <array>
#include <string>

#include "base/ids.h"
#include "text/json.h"
#include "wire/messages.pb.h"

namespace mcfeely {

struct JobSummary {
  base::JobId job;
  fleetbox::wire::JobState state = fleetbox::wire::JOB_OPEN;
  std::string description;  // its first line, at most kMaxBytes of it
  std::string principal;
  uint64_t injected_ms = 0, ended_ms = 0;  // 0: not yet
  // Tasks in each state.
  std::array<uint32_t, fleetbox::wire::TaskState_ARRAYSIZE> tasks{};
  // In lower case: description, principal, and names of tasks and hosts as far
  // as they fit kMaxWordsBytes.
  std::string words;

  static constexpr size_t kMaxBytes = 200;
  static constexpr size_t kMaxWordsBytes = 4096;

  void Describe(absl::string_view all, absl::string_view by);
  void AddTask(absl::string_view name, absl::string_view host,
               fleetbox::wire::TaskState state);
  bool ended() const { return ended_ms != 0; }
  // Whether each word of `search` is its number or occurs in `words`, upper and
  // lower case being the same.
  bool Matches(absl::string_view search) const;
  void WriteTo(text::JsonWriter& json) const;
};

JobSummary SummaryOf(const fleetbox::wire::JobView& view);

}  // namespace mcfeely
