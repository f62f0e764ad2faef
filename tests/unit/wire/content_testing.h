// What the tests of manifests and content streams share: entries of a line, and
// a tree of contents to look into.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "wire/content_stream.h"
#include "wire/manifest.h"
#include "wire/need.h"

namespace wire_test {

namespace pb = fleetbox::wire;

inline wire::Entry File(absl::string_view path, absl::string_view content,
                        wire::Cut cut = wire::Cut::kEachMib) {
  wire::Entry entry;
  entry.path = std::string(path);
  entry.mode = 0644;
  wire::ContentDigest digest = wire::DigestOf(content, cut);
  entry.bytes = digest.bytes;
  entry.hash = digest.hash;
  entry.chunks = std::move(digest.chunks);
  entry.chunk_bytes = std::move(digest.chunk_bytes);
  return entry;
}
inline wire::Entry Folder(absl::string_view path) {
  wire::Entry entry;
  entry.path = std::string(path);
  entry.type = wire::EntryType::kFolder;
  entry.mode = 0755;
  return entry;
}
inline wire::Entry Link(absl::string_view path, absl::string_view target) {
  wire::Entry entry;
  entry.path = std::string(path);
  entry.type = wire::EntryType::kLink;
  entry.target = std::string(target);
  return entry;
}

// Bytes that zstd cannot make smaller, others for each seed.
inline std::string Noise(size_t bytes, uint64_t seed = 1) {
  std::string noise;
  uint64_t x = 88172645463325252u ^ seed << 32;
  while (noise.size() < bytes) {
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    base::PutLe64(noise, x);
  }
  noise.resize(bytes);
  return noise;
}
inline std::string Words(size_t bytes, int seed = 0) {
  std::string text;
  while (text.size() < bytes) {
    text += std::to_string(seed++);
    text += " word ";
  }
  text.resize(bytes);
  return text;
}

using Contents = std::map<std::string, std::string>;  // by path

inline wire::Manifest ManifestOf(const Contents& contents,
                                 wire::Cut cut = wire::Cut::kEachMib) {
  std::vector<wire::Entry> entries;
  for (const auto& [path, content] : contents) {
    entries.push_back(File(path, content, cut));
  }
  return *wire::Manifest::Make(std::move(entries));
}

// The frames of a stream, one for each piece.
inline std::vector<std::string> Frames(
    const wire::Manifest& manifest, const wire::Need& need,
    const Contents& contents,
    wire::Packing packing = wire::Packing::kCompressed) {
  std::vector<std::string> frames;
  for (wire::Pieces pieces(manifest, need); !pieces.AtEnd(); pieces.Next()) {
    const wire::Piece piece = pieces.Now();
    const std::string& path = manifest.entries()[piece.entry].path;
    frames.push_back(*wire::PieceFrame(
        manifest, piece,
        absl::string_view(contents.at(path))
            .substr(static_cast<size_t>(piece.offset), piece.bytes),
        packing));
  }
  return frames;
}

// Feeds `stream` in parts of `part` bytes and to its end; what came is put
// where it belongs in `received`, by path.
inline absl::Status Receive(const wire::Manifest& manifest,
                            const wire::Need& need, absl::string_view stream,
                            size_t part, Contents* received) {
  wire::ContentReceiver receiver(manifest, need);
  while (!stream.empty()) {
    TRY(receiver.Feed(stream.substr(0, part), [&](const wire::Piece& piece,
                                                  absl::string_view bytes) {
      std::string& content = (*received)[manifest.entries()[piece.entry].path];
      const size_t end = static_cast<size_t>(piece.offset) + bytes.size();
      if (content.size() < end) content.resize(end);
      content.replace(static_cast<size_t>(piece.offset), bytes.size(),
                      bytes.data(), bytes.size());
      return absl::OkStatus();
    }));
    stream.remove_prefix(std::min(part, stream.size()));
  }
  return receiver.End();
}

}  // namespace wire_test
