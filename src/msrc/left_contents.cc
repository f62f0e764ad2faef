#include "msrc/left_contents.h"

#include <absl/container/flat_hash_set.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "sys/file.h"

namespace msrc {
namespace {

constexpr size_t kReadBytes = 256 << 10;

std::string ParentOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

// The folders above, the nearest first: what INTO was made in may be any.
template <typename Do>
void ForEachAbove(const std::string& path, Do&& act) {
  for (std::string at = path; at != "/";) {
    at = ParentOf(at);
    const absl::StatusOr<sys::Fd> fd = sys::Open(at, O_PATH | O_DIRECTORY);
    if (fd.ok()) act(fd->get());
  }
}

absl::Status Stopped(const std::atomic<bool>* stop) {
  if (stop != nullptr && *stop) return absl::CancelledError("given up");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LeftContent> CheckLeft(int fd, const wire::Entry& entry,
                                      const std::atomic<bool>* stop) {
  LeftContent left;
  left.chunks.resize(entry.chunks.size());
  wire::Hasher whole;
  std::string buffer;
  int64_t offset = 0;
  for (size_t c = 0; c < entry.chunks.size(); c++) {
    TRY(Stopped(stop));
    const uint32_t length = wire::ChunkBytes(entry, c);
    buffer.resize(length);
    TRY_ASSIGN(const absl::string_view bytes,
               Staging::Read(fd, offset, buffer));
    left.chunks[c] =
        bytes.size() == length && wire::HashOf(bytes) == entry.chunks[c];
    whole.Feed(bytes);
    offset += length;
  }
  // A short content is one piece: it is there, or it is not.
  buffer.resize(kReadBytes);
  while (entry.chunks.empty() && offset < entry.bytes) {
    TRY_ASSIGN(const absl::string_view bytes,
               Staging::Read(fd, offset, buffer));
    if (bytes.empty()) break;
    whole.Feed(bytes);
    offset += static_cast<int64_t>(bytes.size());
  }
  if (offset != entry.bytes) return left;
  TRY_ASSIGN(const sys::FileInfo info, sys::Stat(fd));
  if (info.bytes > entry.bytes) TRY(Staging::Finish(fd, entry.bytes));
  left.whole = whole.Finish() == entry.hash;
  return left;
}

absl::StatusOr<std::map<size_t, Staged>> TakeLeft(
    const wire::Manifest& manifest, const std::vector<Target>& targets,
    const std::string& into, Staging& staging, const std::atomic<bool>* stop,
    Comparison* comparison) {
  std::map<size_t, Staged> staged;
  std::vector<size_t> lacking;
  absl::flat_hash_set<std::string> names;
  for (size_t i = 0; i < targets.size(); i++) {
    const Source::Kind kind = comparison->sources[i].kind;
    if (kind != Source::Kind::kStream && kind != Source::Kind::kChunks) {
      continue;
    }
    lacking.push_back(i);
    names.insert(ContentName(manifest.entries()[*targets[i].entry].hash));
  }
  if (lacking.empty()) return staged;
  staging.Lack(std::move(names));
  for (const size_t i : lacking) {
    TRY_ASSIGN(staged[i], staging.NameForContent(
                              targets[i].path,
                              manifest.entries()[*targets[i].entry].hash));
  }
  ForEachAbove(into,
               [&](int above) { staging.TakeFrom(above, LeftName(into)); });
  std::map<size_t, LeftContent> found;
  for (const size_t i : lacking) {
    const wire::Entry& entry = manifest.entries()[*targets[i].entry];
    const absl::StatusOr<sys::Fd> fd = staging.OpenLeft(staged[i]);
    LeftContent left;
    if (fd.ok()) {
      absl::StatusOr<LeftContent> checked = CheckLeft(fd->get(), entry, stop);
      if (absl::IsCancelled(checked.status())) return checked.status();
      // What cannot be read back is as good as nothing.
      if (checked.ok()) left = *std::move(checked);
    }
    const bool any =
        left.whole || std::find(left.chunks.begin(), left.chunks.end(), true) !=
                          left.chunks.end();
    if (any) {
      found[i] = std::move(left);
    } else {
      if (!absl::IsNotFound(fd.status())) staging.Drop(staged[i]);
      staged.erase(i);
    }
  }
  UseLeft(manifest, targets, found, comparison);
  return staged;
}

void RemoveLeft(int root, const std::string& into) {
  RemoveLeftovers(root);
  ForEachAbove(into, [&](int above) { RemoveLeftover(above, LeftName(into)); });
  const absl::StatusOr<sys::Fd> parent =
      sys::Open(ParentOf(into), O_PATH | O_DIRECTORY);
  if (parent.ok()) RemoveLeftovers(parent->get(), true);
}

void MakeRoomBeside(const std::string& into) {
  const absl::StatusOr<sys::Fd> parent =
      sys::Open(ParentOf(into), O_PATH | O_DIRECTORY);
  if (parent.ok()) RemoveLeftovers(parent->get());
}

}  // namespace msrc
