// The names of a job as written, and what groups hold. Pure.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "mcfeely/jobfile_model.h"

namespace mcfeely {

// Every name of a draft as a number: tasks first, in order, then barriers, then
// groups. Borrows the draft's strings.
class JobNames {
 public:
  // Tells names used twice, unknown members, and groups that contain
  // themselves.
  JobNames(const Draft& draft, JobErrors& errors);

  uint32_t tasks() const { return tasks_; }
  // Tasks and barriers: what a requirement is between once groups are gone.
  uint32_t points() const { return points_; }
  uint32_t size() const { return places_.size(); }
  bool IsGroup(uint32_t name) const { return name >= points_; }
  absl::string_view Text(uint32_t name) const { return texts_[name]; }

  // None when it is unknown; then that is told, with `place` or, when that is
  // null, as an error of `option`.
  std::optional<uint32_t> Find(absl::string_view text, const Place* place,
                               absl::string_view option, JobErrors& errors);
  // Whether the errors told before may be the reason that a name is unknown.
  bool Forgiven(absl::string_view text) const;

  // Direct members of a group; the groups a name is a direct member of.
  const std::vector<uint32_t>& Members(uint32_t group) const {
    return members_[group - points_];
  }
  const std::vector<uint32_t>& GroupsOf(uint32_t name) const {
    return groups_of_[name];
  }
  // The tasks and barriers in a group at any depth, each once, ascending.
  std::vector<uint32_t> Points(uint32_t group) const;

 private:
  void Declare(absl::string_view text, const Place& place, JobErrors& errors);
  void FindSelfContaining(const Draft& draft, JobErrors& errors);

  const Draft& draft_;
  uint32_t tasks_ = 0, points_ = 0;
  absl::flat_hash_map<absl::string_view, uint32_t> numbers_;
  absl::flat_hash_set<absl::string_view> forgiven_;
  std::vector<absl::string_view> texts_;
  std::vector<Place> places_;
  std::vector<std::vector<uint32_t>> members_, groups_of_;
};

}  // namespace mcfeely
