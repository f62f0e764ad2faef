// What is at the paths of a manifest: the eyes of a comparison.
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <atomic>
#include <string>
#include <vector>

#include "msrc/comparison.h"
#include "msrc/hash_cache.h"
#include "msrc/prune.h"

namespace msrc {

struct LookOptions {
  int root = -1;  // -1: there is no such folder, and so nothing in it
  // Null: every file is read. Else hashes are taken from and put into it.
  HashCache* cache = nullptr;
  absl::Time began;  // of this run, for the cache
  // Given up, with Cancelled, once it is true. May be null.
  const std::atomic<bool>* stop = nullptr;
};

// Only listed paths are looked at, and only files whose size some entry has are
// read (and those that an entry with chunks is for). Where a folder on the way
// is a link or no folder at all, there is nothing behind it.
absl::StatusOr<std::vector<There>> LookAtTargets(
    const wire::Manifest& manifest, const std::vector<Target>& targets,
    const LookOptions& options);

// Whether the folder takes "A" for "a".
bool FoldsCase(int root);

// The sum of the sizes of files at the targets, without reading any.
int64_t BytesAt(const std::vector<Target>& targets, int root);

// Everything below the root but what is never removed, in tree order.
// ResourceExhausted when that is beyond counting.
absl::StatusOr<std::vector<Found>> FindAll(int root, const Policy& policy);
// Those of `paths` (a folder's ends in '/') that are there, in tree order.
absl::StatusOr<std::vector<Found>> FindSome(
    int root, const std::vector<std::string>& paths);

// The owners of all targets: names are looked up; one that is unknown, or
// another than the policy may set, is left alone with a warning.
std::vector<Owner> OwnersOf(const wire::Manifest& manifest,
                            const std::vector<Target>& targets,
                            const Policy& policy,
                            std::vector<std::string>* warnings);

}  // namespace msrc
