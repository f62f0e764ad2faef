// Manifests from outside, and what is asked for of them: refused, or one that
// keeps every promise of wire/manifest.h and makes the same message again. The
// input is a path, too.
#include "wire/manifest.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <cstdint>
#include <set>

#include "base/limits.h"
#include "base/status.h"
#include "wire/need.h"

namespace {

// Said once more, without the library functions that the check is made of.
bool IsHostile(absl::string_view path) {
  const std::string around = absl::StrCat("/", path, "/");
  return path.empty() || path.size() > base::kMaxPathBytes ||
         absl::StrContains(around, "//") || absl::StrContains(around, "/./") ||
         absl::StrContains(around, "/../") ||
         absl::StrContains(path, absl::string_view("\0", 1));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  if (wire::CheckEntryPath(input).ok()) MUST(!IsHostile(input));

  const absl::StatusOr<wire::Manifest> manifest = wire::Manifest::Decode(input);
  if (!manifest.ok()) return 0;
  std::set<std::string> no_folders, seen;
  for (const wire::Entry& entry : manifest->entries()) {
    MUST(!IsHostile(entry.path));
    MUST(seen.insert(entry.path).second);
    for (size_t at = 0; at < entry.path.size(); at++) {
      if (entry.path[at] == '/')
        MUST(!no_folders.count(entry.path.substr(0, at)));
    }
    if (entry.type != wire::EntryType::kFolder) no_folders.insert(entry.path);
    MUST(entry.mode <= 07777);
    MUST(entry.bytes >= 0);
    MUST(entry.target.empty() == (entry.type != wire::EntryType::kLink));
    (void)wire::LinkStaysInside(entry);
    int64_t bytes = 0;
    for (size_t i = 0; i < entry.chunks.size(); i++) {
      MUST(wire::ChunkBytes(entry, i) <= wire::kChunkBytes);
      bytes += wire::ChunkBytes(entry, i);
    }
    if (!entry.chunks.empty()) MUST(bytes == entry.bytes);
  }
  // As a set: nothing was accepted below what came later.
  for (const std::string& path : seen) {
    for (size_t at = 0; at < path.size(); at++) {
      if (path[at] == '/') MUST(!no_folders.count(path.substr(0, at)));
    }
  }
  const auto again = wire::Manifest::Decode(manifest->Encode());
  MUST(again.ok() && *again == *manifest);
  const auto sorted = wire::Manifest::Make(manifest->entries());
  MUST(sorted.ok() && *sorted == *manifest);
  (void)wire::CaseCollision(*manifest);
  const wire::Need all = wire::Need::Everything(*manifest);
  MUST(wire::Need::Make(*manifest, all.wants()).ok());
  const auto need = wire::Need::Decode(*manifest, input);
  if (need.ok()) {
    const auto same = wire::Need::Decode(*manifest, need->Encode());
    MUST(same.ok() && *same == *need);
  }
  return 0;
}
