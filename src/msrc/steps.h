// The steps that make a folder what a manifest says, in their order: what an
// apply (msrc/apply.h) does once every content is there. Pure.
//
// Folders come before what is in them, and get attributes that would be in the
// way, such as a mode without writing, when all is in place. What is removed
// comes last. Each step can be undone, so that whatever fails the folder can be
// made what it was, by undoing in the opposite order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "msrc/comparison.h"

namespace msrc {

struct Attributes {
  std::optional<uint32_t> mode = {};
  std::optional<uint32_t> uid = {}, gid = {};
  std::optional<int64_t> mtime_ns = {};
  bool empty() const { return !mode && !uid && !gid && !mtime_ns; }
  friend bool operator==(const Attributes&, const Attributes&) = default;
};

struct Step {
  enum class What {
    kMakeFolder,     // where nothing is
    kPlace,          // the staged file or link, where nothing is
    kReplace,        // the staged file, link or folder, in the place of another
    kSetAttributes,  // of what is there
    kRemove,         // a file or a link, or a folder that is empty by then
  };
  What what;
  std::string path;
  size_t target = 0;           // but for kRemove
  Attributes attributes = {};  // kSetAttributes
  // kMakeFolder: with the usual mode, as it is not listed.
  bool usual_mode = false;
};

// What a file that is staged for the target, or a folder made for it, is given.
Attributes AttributesFor(const wire::Manifest& manifest, const Target& target,
                         const Sight& sight, size_t at, const Policy& policy);

// `removals` (msrc/prune.h) are in their order. Of a comparison that can be
// done.
std::vector<Step> PlanOf(const wire::Manifest& manifest,
                         const std::vector<Target>& targets, const Sight& sight,
                         const Comparison& comparison, const Policy& policy,
                         const std::vector<std::string>& removals);

}  // namespace msrc
