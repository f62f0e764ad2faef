#include "msrc/steps.h"

#include <absl/time/time.h>

#include <algorithm>
#include <utility>

namespace msrc {
namespace {

using What = Step::What;

class Planner {
 public:
  Planner(const wire::Manifest& manifest, const std::vector<Target>& targets,
          const Sight& sight, const Comparison& comparison,
          const Policy& policy)
      : manifest_(manifest),
        targets_(targets),
        sight_(sight),
        comparison_(comparison),
        policy_(policy) {}

  std::vector<Step> Run(const std::vector<std::string>& removals) {
    for (size_t i = 0; i < targets_.size(); i++) Plan(i);
    std::reverse(late_.begin(), late_.end());
    std::move(late_.begin(), late_.end(), std::back_inserter(steps_));
    for (const std::string& path : removals) {
      steps_.push_back({.what = What::kRemove, .path = path});
    }
    return std::move(steps_);
  }

 private:
  bool IsFolder(size_t i) const {
    return !targets_[i].entry || manifest_.entries()[*targets_[i].entry].type ==
                                     wire::EntryType::kFolder;
  }

  void Add(What what, size_t i) {
    steps_.push_back({.what = what, .path = targets_[i].path, .target = i});
  }
  static Step Set(const Target& target, size_t i, Attributes attributes) {
    return {.what = What::kSetAttributes,
            .path = target.path,
            .target = i,
            .attributes = std::move(attributes)};
  }

  void Plan(size_t i) {
    const Change change = comparison_.changes[i];
    if (change == Change::kSame) return;
    if (IsFolder(i)) return PlanFolder(i, change);
    switch (change) {
      case Change::kSame:
        return;
      case Change::kCreated:
        return Add(What::kPlace, i);
      case Change::kChanged:
        return Add(What::kReplace, i);
      case Change::kModeOnly:
        // In a folder made beside the old one it is a second name of the old
        // file, which must stay as it is.
        if (policy_.at_once()) return Add(What::kReplace, i);
        steps_.push_back(Set(targets_[i], i, Changed(i)));
        return;
    }
  }

  void PlanFolder(size_t i, Change change) {
    const bool listed = targets_[i].entry.has_value();
    if (change == Change::kModeOnly) {
      Attributes attributes = Changed(i);
      const uint32_t mode = attributes.mode.value_or(0700);
      if ((mode & 0300) == 0300) {
        Attributes early = attributes;
        early.mtime_ns.reset();
        if (!early.empty()) steps_.push_back(Set(targets_[i], i, early));
        attributes = {.mtime_ns = attributes.mtime_ns};
      }
      if (!attributes.empty()) late_.push_back(Set(targets_[i], i, attributes));
      return;
    }
    Add(change == Change::kCreated ? What::kMakeFolder : What::kReplace, i);
    steps_.back().usual_mode = !listed;
    if (listed) {
      late_.push_back(
          Set(targets_[i], i,
              AttributesFor(manifest_, targets_[i], sight_, i, policy_)));
    }
  }

  // Only what differs: a time that stays is not touched.
  Attributes Changed(size_t i) const {
    Attributes wanted =
        AttributesFor(manifest_, targets_[i], sight_, i, policy_);
    const There& there = sight_.there[i];
    if (wanted.mode == there.mode) wanted.mode.reset();
    if (wanted.uid == there.uid) wanted.uid.reset();
    if (wanted.gid == there.gid) wanted.gid.reset();
    if (!policy_.all_times() || wanted.mtime_ns == there.mtime_ns) {
      wanted.mtime_ns.reset();
    }
    // A change of owner takes set-id bits away; they are then set again.
    if ((wanted.uid || wanted.gid) && !wanted.mode) {
      wanted.mode =
          AttributesFor(manifest_, targets_[i], sight_, i, policy_).mode;
    }
    return wanted;
  }

  const wire::Manifest& manifest_;
  const std::vector<Target>& targets_;
  const Sight& sight_;
  const Comparison& comparison_;
  const Policy& policy_;
  std::vector<Step> steps_, late_;
};

}  // namespace

Attributes AttributesFor(const wire::Manifest& manifest, const Target& target,
                         const Sight& sight, size_t at, const Policy& policy) {
  Attributes attributes;
  if (!target.entry) return attributes;
  const wire::Entry& entry = manifest.entries()[*target.entry];
  if (entry.type != wire::EntryType::kLink) {
    attributes.mode = WantedMode(entry, sight.there[at], policy);
  }
  if (!sight.owners.empty()) {
    attributes.uid = sight.owners[at].uid;
    attributes.gid = sight.owners[at].gid;
  }
  if (entry.mtime) attributes.mtime_ns = absl::ToUnixNanos(*entry.mtime);
  return attributes;
}

std::vector<Step> PlanOf(const wire::Manifest& manifest,
                         const std::vector<Target>& targets, const Sight& sight,
                         const Comparison& comparison, const Policy& policy,
                         const std::vector<std::string>& removals) {
  return Planner(manifest, targets, sight, comparison, policy).Run(removals);
}

}  // namespace msrc
