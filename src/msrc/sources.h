// Files of this host as entries of a manifest, and where their contents are.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <absl/types/span.h>

#include <optional>
#include <string>
#include <vector>

#include "wire/content_hash.h"
#include "wire/manifest.h"

namespace msrc {

// One thing to be sent: a file, a link or a folder.
struct SourceFile {
  std::string path;      // in the manifest
  std::string file;      // here
  bool descend = false;  // a folder: with all it holds, but revision folders
};

struct SourceOptions {
  enum class Links {
    kInside,  // one that leads to something below is sent, else its file
    kKeep,
    kFollow,
  };
  Links links = Links::kInside;
  bool owners = false;  // by name, else by number
  // Instead of the files' own: of what is made for each run anew.
  std::optional<absl::Time> mtime;
  int threads = 1;  // to hash with, where there is much
};

// Where the bytes of a content are.
struct ContentPlace {
  std::string file;
  bool packed = false;  // it looks compressed already
};
using ContentPlaces = absl::flat_hash_map<std::string, ContentPlace>;
// What a content is called in ContentPlaces.
std::string PlaceKey(const wire::Hash& hash);

struct Sources {
  std::vector<wire::Entry> entries;  // in no order
  ContentPlaces places;
  std::vector<std::string> notes;  // what was left out, or followed
};

// Reads each file once; BLOCKS. Special files below folders are left out with a
// note; one that is named is InvalidArgument. NotFound, PermissionDenied.
// FailedPrecondition when a file changes while it is read.
absl::StatusOr<Sources> ReadSources(absl::Span<const SourceFile> files,
                                    const SourceOptions& options);

}  // namespace msrc
