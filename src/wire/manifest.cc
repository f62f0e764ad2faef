#include "wire/manifest.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <numeric>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "wire/message.h"

namespace wire {
namespace {

namespace pb = fleetbox::wire;

absl::Status Bad(absl::string_view why) {
  return absl::InvalidArgumentError(why);
}

// Bytes in tree order: "/" before all others.
int Rank(char c) { return c == '/' ? -1 : static_cast<unsigned char>(c); }

bool RankedBefore(absl::string_view a, absl::string_view b, int (*rank)(char)) {
  const size_t n = std::min(a.size(), b.size());
  for (size_t i = 0; i < n; i++) {
    if (a[i] != b[i] && rank(a[i]) != rank(b[i]))
      return rank(a[i]) < rank(b[i]);
  }
  return a.size() < b.size();
}

absl::Status CheckAccount(absl::string_view name, absl::string_view what) {
  if (name.size() > base::kMaxAccountNameBytes) {
    return Bad(absl::StrCat("its ", what, " has ", name.size(),
                            " bytes, more than ", base::kMaxAccountNameBytes));
  }
  // These end a name in passwd(5), so no account has them.
  for (char c : name) {
    if (!absl::ascii_isprint(c) && static_cast<unsigned char>(c) < 0x80) {
      return Bad(absl::StrCat("its ", what, " has a control character"));
    }
    if (c == ':' || c == '/') {
      return Bad(absl::StrCat("its ", what, " has a '",
                              absl::string_view(&c, 1), "'"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckChunkBytes(const Entry& entry) {
  const std::vector<uint32_t>& lengths = entry.chunk_bytes;
  if (entry.bytes <= static_cast<int64_t>(kChunkBytes)) {
    return Bad(absl::StrCat("its ", entry.bytes, " bytes need no chunks"));
  }
  if (lengths.size() != entry.chunks.size()) {
    return Bad(absl::StrCat("its ", entry.chunks.size(), " chunk hashes have ",
                            lengths.size(), " lengths"));
  }
  uint64_t sum = 0;
  for (size_t i = 0; i < lengths.size(); i++) {
    const bool last = i + 1 == lengths.size();
    if (lengths[i] > kChunkBytes ||
        lengths[i] < (last ? size_t{1} : kMinChunkBytes)) {
      return Bad(absl::StrCat("a chunk of ", lengths[i], " bytes"));
    }
    sum += lengths[i];
  }
  if (sum != static_cast<uint64_t>(entry.bytes)) {
    return Bad(
        absl::StrCat("its chunks have ", sum, " bytes, not ", entry.bytes));
  }
  return absl::OkStatus();
}

absl::Status CheckFile(const Entry& entry) {
  if (!entry.target.empty()) return Bad("a file with a target");
  if (entry.bytes < 0) return Bad("its size is negative");
  if (!entry.chunk_bytes.empty()) return CheckChunkBytes(entry);
  const uint64_t chunks = ChunksOf(static_cast<uint64_t>(entry.bytes));
  if (entry.chunks.size() != chunks) {
    return Bad(absl::StrCat("its ", entry.bytes, " bytes have ", chunks,
                            " chunk hashes, not ", entry.chunks.size()));
  }
  if (entry.bytes == 0 && entry.hash != HashOf("")) {
    return Bad("it is empty, but its hash is not that of nothing");
  }
  return absl::OkStatus();
}

absl::Status CheckNoContent(const Entry& entry) {
  if (entry.bytes != 0 || entry.hash != Hash{} || !entry.chunks.empty() ||
      !entry.chunk_bytes.empty()) {
    return Bad("only a file has a content");
  }
  return absl::OkStatus();
}

absl::Status CheckLink(const Entry& entry) {
  TRY(CheckNoContent(entry));
  if (entry.mode != 0) return Bad("a link has no mode");
  if (entry.target.empty()) return Bad("a link without a target");
  if (entry.target.size() > base::kMaxPathBytes) {
    return Bad(absl::StrCat("its target has ", entry.target.size(),
                            " bytes, more than ", base::kMaxPathBytes));
  }
  if (absl::StrContains(entry.target, absl::string_view("\0", 1))) {
    return Bad("its target has a NUL");
  }
  return absl::OkStatus();
}

absl::Status CheckEntry(const Entry& entry) {
  TRY(CheckEntryPath(entry.path));
  if (entry.mode > 07777) {
    return Bad(
        absl::StrFormat("its mode %o is more than permissions", entry.mode));
  }
  TRY(CheckAccount(entry.owner, "owner"));
  TRY(CheckAccount(entry.group, "group"));
  if (entry.mtime && (*entry.mtime < absl::FromUnixNanos(INT64_MIN) ||
                      *entry.mtime > absl::FromUnixNanos(INT64_MAX))) {
    return Bad("its time is beyond what nanoseconds since 1970 can say");
  }
  switch (entry.type) {
    case EntryType::kFile:
      return CheckFile(entry);
    case EntryType::kFolder:
      if (!entry.target.empty()) return Bad("a folder with a target");
      return CheckNoContent(entry);
    case EntryType::kLink:
      return CheckLink(entry);
  }
  return Bad("it is of no type");
}

// In tree order all that is below an entry comes right behind it, so that
// neighbours show every duplicate and everything below a file or a link.
absl::Status CheckEntries(const std::vector<Entry>& entries) {
  if (entries.size() > base::kMaxManifestEntries) {
    return Bad(absl::StrCat("manifest: ", entries.size(),
                            " entries, more than ", base::kMaxManifestEntries));
  }
  for (size_t i = 0; i < entries.size(); i++) {
    const Entry& entry = entries[i];
    absl::Status status = CheckEntry(entry);
    if (status.ok() && i > 0) {
      const Entry& before = entries[i - 1];
      if (before.path == entry.path) {
        status = Bad("it is listed twice");
      } else if (!PathBefore(before.path, entry.path)) {
        status = Bad(absl::StrCat("it must stand before ",
                                  EntryName(i - 1, before.path)));
      } else if (before.type != EntryType::kFolder &&
                 IsBelow(entry.path, before.path)) {
        status = Bad(absl::StrCat("it is below ", EntryName(i - 1, before.path),
                                  ", which is no folder"));
      }
    }
    if (!status.ok()) {
      return base::Context(
          status, absl::StrCat("manifest: ", EntryName(i, entry.path)));
    }
  }
  return absl::OkStatus();
}

absl::Status ReadHash(absl::string_view bytes, Hash& hash) {
  if (bytes.size() != hash.size()) {
    return Bad(absl::StrCat("its hash has ", bytes.size(), " bytes, not ",
                            hash.size()));
  }
  memcpy(hash.data(), bytes.data(), hash.size());
  return absl::OkStatus();
}

// What a message can say and an Entry cannot; CheckEntry sees to the rest.
absl::Status ReadEntry(const pb::ManifestEntry& message, Entry& entry) {
  entry.mode = message.mode();
  entry.owner = message.owner();
  entry.group = message.group();
  if (message.has_mtime_ns()) {
    entry.mtime = absl::FromUnixNanos(message.mtime_ns());
  }
  if (message.size() > uint64_t{INT64_MAX}) {
    return Bad(absl::StrCat("a size of ", message.size(), " bytes"));
  }
  entry.bytes = static_cast<int64_t>(message.size());
  entry.target = message.target();
  if (message.chunk_hashes().size() % sizeof(Hash) != 0) {
    return Bad(absl::StrCat("its chunk hashes have ",
                            message.chunk_hashes().size(),
                            " bytes, no multiple of ", sizeof(Hash)));
  }
  entry.chunks.resize(message.chunk_hashes().size() / sizeof(Hash));
  if (!entry.chunks.empty()) {
    memcpy(entry.chunks.data(), message.chunk_hashes().data(),
           message.chunk_hashes().size());
  }
  entry.chunk_bytes.assign(message.chunk_bytes().begin(),
                           message.chunk_bytes().end());
  if (message.type() == pb::ManifestEntry::REGULAR) {
    entry.type = EntryType::kFile;
    return ReadHash(message.hash(), entry.hash);
  }
  if (!message.hash().empty()) return Bad("only a file has a hash");
  if (message.type() == pb::ManifestEntry::FOLDER) {
    entry.type = EntryType::kFolder;
  } else if (message.type() == pb::ManifestEntry::LINK) {
    entry.type = EntryType::kLink;
  } else {
    return Bad(absl::StrCat("it is of the unknown type ",
                            static_cast<int>(message.type())));
  }
  return absl::OkStatus();
}

pb::ManifestEntry::Type TypeOf(EntryType type) {
  switch (type) {
    case EntryType::kFile:
      return pb::ManifestEntry::REGULAR;
    case EntryType::kFolder:
      return pb::ManifestEntry::FOLDER;
    case EntryType::kLink:
      return pb::ManifestEntry::LINK;
  }
  return pb::ManifestEntry::TYPE_NONE;
}

absl::string_view View(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

}  // namespace

uint32_t ChunkBytes(const Entry& entry, size_t chunk) {
  if (!entry.chunk_bytes.empty()) return entry.chunk_bytes[chunk];
  return static_cast<uint32_t>(std::min<int64_t>(
      kChunkBytes, entry.bytes - static_cast<int64_t>(chunk * kChunkBytes)));
}

absl::Status CheckEntryPath(absl::string_view path) {
  if (path.empty()) return Bad("its path is empty");
  if (path.size() > base::kMaxPathBytes) {
    return Bad(absl::StrCat("its path has ", path.size(), " bytes, more than ",
                            base::kMaxPathBytes));
  }
  if (path.front() == '/') return Bad("its path is absolute");
  for (absl::string_view part : absl::StrSplit(path, '/')) {
    if (part.empty()) return Bad("its path has an empty part");
    if (part == "." || part == "..") {
      return Bad(absl::StrCat("its path has the part '", part, "'"));
    }
    if (part.size() > base::kMaxPathPartBytes) {
      return Bad(absl::StrCat("a part of its path has ", part.size(),
                              " bytes, more than ", base::kMaxPathPartBytes));
    }
    if (absl::StrContains(part, absl::string_view("\0", 1))) {
      return Bad("its path has a NUL");
    }
  }
  return absl::OkStatus();
}

bool PathBefore(absl::string_view a, absl::string_view b) {
  return RankedBefore(a, b, Rank);
}

bool IsBelow(absl::string_view path, absl::string_view folder) {
  return path.size() > folder.size() && path[folder.size()] == '/' &&
         absl::StartsWith(path, folder);
}

std::string EntryName(size_t position, absl::string_view path) {
  constexpr size_t kShown = 200;
  return absl::StrCat("entry ", position, " ('",
                      base::Escape(path.substr(0, kShown)),
                      path.size() > kShown ? "...')" : "')");
}

absl::StatusOr<Manifest> Manifest::Make(std::vector<Entry> entries) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return PathBefore(a.path, b.path);
  });
  TRY(CheckEntries(entries));
  Manifest manifest;
  manifest.entries_ = std::move(entries);
  return manifest;
}

absl::StatusOr<Manifest> Manifest::FromMessage(const pb::Manifest& message) {
  const size_t n = static_cast<size_t>(message.entry_size());
  if (n > base::kMaxManifestEntries) {
    return Bad(absl::StrCat("manifest: ", n, " entries, more than ",
                            base::kMaxManifestEntries));
  }
  Manifest manifest;
  manifest.entries_.resize(n);
  for (size_t i = 0; i < n; i++) {
    const pb::ManifestEntry& from = message.entry(static_cast<int>(i));
    Entry& entry = manifest.entries_[i];
    entry.path = from.path();
    TRY(base::Context(ReadEntry(from, entry),
                      absl::StrCat("manifest: ", EntryName(i, entry.path))));
  }
  TRY(CheckEntries(manifest.entries_));
  return manifest;
}

absl::StatusOr<Manifest> Manifest::Decode(absl::string_view body) {
  const absl::StatusOr<pb::Manifest> message =
      Parse<pb::Manifest>(body, base::kMaxManifestBytes);
  if (!message.ok()) return base::Context(message.status(), "manifest");
  return FromMessage(*message);
}

absl::StatusOr<Manifest> Manifest::Merge(const Manifest& a, const Manifest& b) {
  Manifest both;
  both.entries_.reserve(a.entries_.size() + b.entries_.size());
  std::merge(a.entries_.begin(), a.entries_.end(), b.entries_.begin(),
             b.entries_.end(), std::back_inserter(both.entries_),
             [](const Entry& one, const Entry& other) {
               return PathBefore(one.path, other.path);
             });
  const auto same = [](const Entry& one, const Entry& other) {
    return one.type == EntryType::kFolder && one == other;
  };
  both.entries_.erase(
      std::unique(both.entries_.begin(), both.entries_.end(), same),
      both.entries_.end());
  TRY(CheckEntries(both.entries_));
  return both;
}

pb::Manifest Manifest::ToMessage() const {
  pb::Manifest message;
  message.mutable_entry()->Reserve(static_cast<int>(entries_.size()));
  for (const Entry& entry : entries_) {
    pb::ManifestEntry& to = *message.add_entry();
    to.set_path(entry.path);
    to.set_type(TypeOf(entry.type));
    to.set_mode(entry.mode);
    to.set_owner(entry.owner);
    to.set_group(entry.group);
    if (entry.mtime) to.set_mtime_ns(absl::ToUnixNanos(*entry.mtime));
    to.set_size(static_cast<uint64_t>(entry.bytes));
    to.set_target(entry.target);
    if (entry.type != EntryType::kFile) continue;
    to.set_hash(std::string(View(entry.hash)));
    std::string chunks;
    chunks.reserve(entry.chunks.size() * sizeof(Hash));
    for (const Hash& chunk : entry.chunks)
      absl::StrAppend(&chunks, View(chunk));
    to.set_chunk_hashes(std::move(chunks));
    to.mutable_chunk_bytes()->Add(entry.chunk_bytes.begin(),
                                  entry.chunk_bytes.end());
  }
  return message;
}

std::string Manifest::Encode() const { return Serialize(ToMessage()); }

int64_t Manifest::content_bytes() const {
  int64_t bytes = 0;
  for (const Entry& entry : entries_) bytes += entry.bytes;
  return bytes;
}

bool HasSetId(const Entry& entry) { return (entry.mode & 06000) != 0; }

bool LinkStaysInside(const Entry& entry) {
  if (entry.type != EntryType::kLink || absl::StartsWith(entry.target, "/")) {
    return false;
  }
  // How many folders there are above the link, and so ".." may be taken.
  auto above = std::count(entry.path.begin(), entry.path.end(), '/');
  bool at_beginning = true;
  for (absl::string_view part : absl::StrSplit(entry.target, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      at_beginning = false;
    } else if (!at_beginning || above-- == 0) {
      return false;
    }
  }
  return true;
}

// In the tree order of folded paths, those that share a folded beginning are
// neighbours; if their own beginnings are not all the same, two neighbours'
// differ.
std::optional<std::pair<std::string, std::string>> CaseCollision(
    const Manifest& manifest) {
  const std::vector<Entry>& entries = manifest.entries();
  const auto folded_rank = [](char c) { return Rank(absl::ascii_tolower(c)); };
  std::vector<uint32_t> order(entries.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return RankedBefore(entries[a].path, entries[b].path, folded_rank);
  });
  for (size_t i = 1; i < order.size(); i++) {
    const absl::string_view a = entries[order[i - 1]].path;
    const absl::string_view b = entries[order[i]].path;
    bool same = true;
    for (size_t at = 0;; at++) {
      const bool a_part = at == a.size() || a[at] == '/';
      const bool b_part = at == b.size() || b[at] == '/';
      if (a_part && b_part && !same) {
        return std::pair(std::string(a.substr(0, at)),
                         std::string(b.substr(0, at)));
      }
      if (at == a.size() || at == b.size()) break;
      if (absl::ascii_tolower(a[at]) != absl::ascii_tolower(b[at])) break;
      same = same && a[at] == b[at];
    }
  }
  return std::nullopt;
}

}  // namespace wire
