// What is to be done so that a folder is what a manifest says: decided from the
// manifest, from what is there, and from the policy of the delivery. Pure.
//
// Every path of the manifest is a *target*, and so is every folder that is only
// a part of such paths. A target is the same, or to be created, or changed (its
// content, link or type), or only its attributes differ. Contents are compared
// by hash, never by time.
//
// Where the bytes of a file that is to be written come from:
//   kStream   the controller, who is asked for them with the Need
//   kLocal    another target that has them now
//   kStaged   another target for which they come, too: each content travels
//             once
//   kChunks   some from the file that is there now, the rest from the
//             controller
//   kLeft     an earlier delivery, which was interrupted, has left all of it
//             (msrc/left_contents.h)
//
// A comparison may also be that nothing can be done at all: then `status` is
// what the host ends with (76: a link where a folder must be; 73: something is
// in the way, or two names are one here).
#pragma once

#include <absl/strings/string_view.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "wire/manifest.h"
#include "wire/messages.pb.h"
#include "wire/need.h"

namespace msrc {

using Policy = fleetbox::wire::DeliveryPolicy;

struct Target {
  std::string path;
  std::optional<uint32_t> entry;  // none: a folder that is only part of paths
};
// In tree order.
std::vector<Target> TargetsOf(const wire::Manifest& manifest);

// What is at a target now.
struct There {
  enum class Type { kNothing, kFile, kFolder, kLink, kOther };
  Type type = Type::kNothing;
  uint32_t mode = 0;
  uint32_t uid = 0, gid = 0;
  int64_t bytes = 0;
  int64_t mtime_ns = 0;
  std::string target = {};  // links
  bool empty = false;       // a folder with no names
  // Of a file that was looked into.
  std::optional<wire::Hash> hash = {};
  // Of one that an entry with chunks is for, cut as those are.
  std::vector<wire::Hash> chunks = {};
  std::vector<uint32_t> chunk_bytes = {};
};

// Whom something shall belong to; absent: left alone.
struct Owner {
  std::optional<uint32_t> uid = {}, gid = {};
};

struct Sight {
  std::vector<There> there;   // of each target
  std::vector<Owner> owners;  // of each target; or none at all
  bool folds_case = false;    // the file system takes "A" for "a"
};

enum class Change { kSame, kCreated, kChanged, kModeOnly };

struct Source {
  enum class Kind { kNone, kStream, kLocal, kStaged, kChunks, kLeft };
  Kind kind = Kind::kNone;
  size_t from = 0;  // target: kLocal, kStaged
  // kChunks: each chunk's place in the old content, or -1 for one that comes
  // or was left.
  std::vector<int64_t> old_offsets = {};
};

struct Comparison {
  std::vector<Change> changes;  // of each target
  std::vector<Source> sources;  // likewise
  wire::Need need;
  int status = 0;  // 0: it can be done
  std::string error;
};

Comparison Compare(const wire::Manifest& manifest,
                   const std::vector<Target>& targets, const Sight& sight,
                   const Policy& policy);

// What an interrupted delivery has left of a content, as its hashes say.
struct LeftContent {
  bool whole = false;
  std::vector<bool> chunks = {};  // of a content that has any
};
// What is left need not come: `left` by target, each kStream or kChunks.
void UseLeft(const wire::Manifest& manifest, const std::vector<Target>& targets,
             const std::map<size_t, LeftContent>& left, Comparison* comparison);

// The mode that a target shall have: without set-id bits, unless the policy
// lets them be; those of a folder are then left as they are.
uint32_t WantedMode(const wire::Entry& entry, const There& there,
                    const Policy& policy);

}  // namespace msrc
