#include "mcfeely/job_names.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

namespace mcfeely {

JobNames::JobNames(const Draft& draft, JobErrors& errors) : draft_(draft) {
  forgiven_.insert(draft.forgiven.begin(), draft.forgiven.end());
  for (size_t i = 0; i < draft.tasks.size(); i++) {
    Declare(draft.tasks[i].name, draft.task_places[i], errors);
  }
  tasks_ = size();
  for (const DraftLine& line : draft.barriers) {
    Declare(line.left[0], line.place, errors);
  }
  points_ = size();
  for (const DraftLine& line : draft.groups) {
    // A group may be given in several lines.
    const auto at = numbers_.find(line.left[0]);
    if (at != numbers_.end() && IsGroup(at->second)) continue;
    Declare(line.left[0], line.place, errors);
  }
  members_.resize(size() - points_);
  groups_of_.resize(size());
  for (const DraftLine& line : draft.groups) {
    const uint32_t group = numbers_[line.left[0]];
    if (!IsGroup(group)) continue;  // the name of a task; that was told
    for (const std::string& text : line.right) {
      const auto member = Find(text, &line.place, "", errors);
      if (member.has_value())
        members_[group - points_].push_back(*member);
      else
        forgiven_.insert(line.left[0]);
    }
  }
  for (auto& list : members_) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
  }
  FindSelfContaining(draft, errors);
  for (uint32_t group = points_; group < size(); group++) {
    for (uint32_t member : Members(group)) groups_of_[member].push_back(group);
  }
}

void JobNames::Declare(absl::string_view text, const Place& place,
                       JobErrors& errors) {
  const auto [at, is_new] = numbers_.try_emplace(text, size());
  if (!is_new) {
    errors.Add(place, absl::StrCat("the name ", Quoted(text),
                                   " is used twice, first at ",
                                   errors.Where(places_[at->second])));
  }
  // The second keeps a number of its own, which nothing leads to.
  texts_.push_back(text);
  places_.push_back(place);
}

bool JobNames::Forgiven(absl::string_view text) const {
  return draft_.names_missing || forgiven_.contains(text);
}

std::optional<uint32_t> JobNames::Find(absl::string_view text,
                                       const Place* place,
                                       absl::string_view option,
                                       JobErrors& errors) {
  const auto at = numbers_.find(text);
  if (at != numbers_.end()) return at->second;
  if (Forgiven(text)) return std::nullopt;
  const std::string message =
      absl::StrCat("there is no task or group ", Quoted(text),
                   errors.DidYouMean(text, texts_));
  if (place != nullptr)
    errors.Add(*place, message);
  else
    errors.AddOption(option, message);
  return std::nullopt;
}

// Depth first, with a stack of our own: groups may be nested deeper than the
// machine's stack. On meeting a group that is still being walked, the walk's
// path from there is the chain.
void JobNames::FindSelfContaining(const Draft& draft, JobErrors& errors) {
  enum : uint8_t { kNew, kOpen, kDone };
  std::vector<uint8_t> state(members_.size(), kNew);
  int told = 0;
  std::vector<std::pair<uint32_t, size_t>> path;  // group, next member
  for (uint32_t start = points_; start < size(); start++) {
    if (state[start - points_] != kNew) continue;
    path = {{start, 0}};
    state[start - points_] = kOpen;
    while (!path.empty()) {
      auto& [group, next] = path.back();
      if (next == Members(group).size()) {
        state[group - points_] = kDone;
        path.pop_back();
        continue;
      }
      const uint32_t member = Members(group)[next++];
      if (!IsGroup(member) || state[member - points_] == kDone) continue;
      if (state[member - points_] == kNew) {
        state[member - points_] = kOpen;
        path.emplace_back(member, 0);
        continue;
      }
      auto from = std::find_if(path.begin(), path.end(), [&](const auto& p) {
        return p.first == member;
      });
      std::string chain;
      for (auto at = from; at != path.end(); ++at) {
        absl::StrAppend(&chain, texts_[at->first], " -> ");
      }
      // At the line that puts the first of them into the last.
      const absl::string_view holder = texts_[path.back().first];
      Place place = places_[path.back().first];
      for (const DraftLine& line : draft.groups) {
        if (line.left[0] == holder &&
            std::find(line.right.begin(), line.right.end(), texts_[member]) !=
                line.right.end()) {
          place = line.place;
        }
      }
      errors.Add(place,
                 absl::StrCat("the group ", Quoted(texts_[member]),
                              " contains itself: ", chain, texts_[member]));
      // Looking for the line is slow, and each of these is worth a fix first.
      if (++told == 20) return;
    }
  }
}

std::vector<uint32_t> JobNames::Points(uint32_t group) const {
  std::vector<uint32_t> points, open = {group};
  absl::flat_hash_set<uint32_t> seen = {group};
  while (!open.empty()) {
    const uint32_t at = open.back();
    open.pop_back();
    for (uint32_t member : Members(at)) {
      if (!IsGroup(member))
        points.push_back(member);
      else if (seen.insert(member).second)
        open.push_back(member);
    }
  }
  std::sort(points.begin(), points.end());
  points.erase(std::unique(points.begin(), points.end()), points.end());
  return points;
}

}  // namespace mcfeely
