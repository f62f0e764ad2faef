// A manifest: what is to exist below a folder, small enough to be signed and
// enough to check every byte of the contents that travel by themselves.
//
// Whoever holds a Manifest may rely on all of this; Make and Decode refuse what
// does not keep it, naming the entry:
//
//   - at most base::kMaxManifestEntries entries;
//   - a path is relative, of at most base::kMaxPathBytes bytes, and its parts,
//     of at most base::kMaxPathPartBytes each, are neither empty nor "." nor
//     "..", and hold no NUL. Any other byte may occur, so paths are escaped
//     before they are printed;
//   - entries are in tree order (PathBefore), each path once;
//   - what has something below it is a folder: a file or link never has, so
//     that nothing is ever written through a link of the manifest. A folder
//     that is only a part of other paths need not be listed;
//   - modes are within 07777; a link's is 0;
//   - a file has its size, hash and, over 1 MiB, a hash for each chunk: each
//     MiB is one, or the chunks' lengths stand beside the hashes, sum up to the
//     size, and are kMinChunkBytes (but for the last) to kChunkBytes. A link
//     has a target of 1 to base::kMaxPathBytes bytes without NUL; neither has
//     what belongs to the other, and folders have nothing of both.
//
// What a manifest may ask for and a receiver may refuse to do is answered by
// predicates: set-id bits, links that lead out, names that differ in case only.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "wire/content_hash.h"
#include "wire/messages.pb.h"

namespace wire {

enum class EntryType { kFile, kFolder, kLink };

struct Entry {
  std::string path;
  EntryType type = EntryType::kFile;
  uint32_t mode = 0;
  std::string owner, group;         // names or numbers; empty: left alone
  std::optional<absl::Time> mtime;  // whole nanoseconds; absent: left alone
  // Files.
  int64_t bytes = 0;
  Hash hash{};
  std::vector<Hash> chunks;
  std::vector<uint32_t> chunk_bytes;  // empty: each MiB is a chunk
  // Links.
  std::string target;

  friend bool operator==(const Entry&, const Entry&) = default;
};

// The length of a file's chunk; it has that many.
uint32_t ChunkBytes(const Entry& entry, size_t chunk);
// What chunks of its kind are cut by.
inline Cut CutOf(const Entry& entry) {
  return entry.chunk_bytes.empty() ? Cut::kEachMib : Cut::kByContent;
}
// InvalidArgument unless `path` is one that a manifest may have.
absl::Status CheckEntryPath(absl::string_view path);
// Tree order: by bytes, with "/" before all others.
bool PathBefore(absl::string_view a, absl::string_view b);
// Whether `path` is in the folder `folder`, at any depth.
bool IsBelow(absl::string_view path, absl::string_view folder);
// For messages: "entry 3 ('etc/motd')", escaped and not too long.
std::string EntryName(size_t position, absl::string_view path);

class Manifest {
 public:
  Manifest() = default;  // of nothing
  // Puts the entries in order. InvalidArgument, see above.
  static absl::StatusOr<Manifest> Make(std::vector<Entry> entries);
  // Does not put them in order: what was signed is what is done.
  static absl::StatusOr<Manifest> FromMessage(
      const fleetbox::wire::Manifest& message);
  // The body of a parcel of kind manifest.
  static absl::StatusOr<Manifest> Decode(absl::string_view body);
  // What is in either: the part that many hosts share and one host's own. A
  // folder may be listed in both if both say the same of it; nothing else may.
  static absl::StatusOr<Manifest> Merge(const Manifest& a, const Manifest& b);

  fleetbox::wire::Manifest ToMessage() const;
  std::string Encode() const;

  const std::vector<Entry>& entries() const { return entries_; }
  // Of all files together; a content that several have counts for each.
  int64_t content_bytes() const;

  friend bool operator==(const Manifest&, const Manifest&) = default;

 private:
  std::vector<Entry> entries_;
};

// Whether it is to become set-user-id or set-group-id.
bool HasSetId(const Entry& entry);
// Whether the link leads to something below the folder that the manifest is
// for, whatever other links of which this is true stand there: its target is
// relative, and ".." occurs only at its beginning and not too often. (With
// ".." behind a name, "up/../x" would leave it when "up" is a link upwards.)
bool LinkStaysInside(const Entry& entry);
// Two paths that are one for a file system that takes "A" for "a", if there are
// any; those of unlisted folders too. Knows the ASCII letters only.
std::optional<std::pair<std::string, std::string>> CaseCollision(
    const Manifest& manifest);

}  // namespace wire
