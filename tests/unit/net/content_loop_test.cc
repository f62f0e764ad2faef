// Manifests, streams and placing together (here, as net is the first room that
// may know both wire and sys): what a sender has below a folder stands below a
// receiver's afterwards.
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <map>

#include "base/status.h"
#include "sys/file.h"
#include "sys/place_file.h"
#include "unit/wire/content_testing.h"
#include "wire/compress.h"

using namespace wire_test;  // NOLINT: tests/unit/wire's half of this

namespace {

std::string LinkTarget(const std::string& path) {
  char target[4096];
  const ssize_t n = readlink(path.c_str(), target, sizeof target);
  return std::string(target, n < 0 ? 0 : static_cast<size_t>(n));
}

// What is below a folder: every path with all that a manifest says of it.
void Collect(const std::string& root, const std::string& path,
             std::vector<wire::Entry>* entries) {
  const std::vector<std::string> names = *sys::ListFolder(root + "/" + path);
  for (const std::string& name : names) {
    const std::string below = path.empty() ? name : path + "/" + name;
    const std::string full = root + "/" + below;
    const sys::FileInfo info = *sys::Stat(full);
    if (info.symlink) {
      entries->push_back(Link(below, LinkTarget(full)));
      continue;
    }
    wire::Entry entry =
        info.folder ? Folder(below) : File(below, *sys::ReadFile(full));
    entry.mode = info.mode;
    // A folder's changes with what is put into it.
    if (!info.folder) entry.mtime = absl::FromUnixNanos(info.mtime_ns);
    entries->push_back(std::move(entry));
    if (info.folder) Collect(root, below, entries);
  }
}
wire::Manifest ManifestOfTree(const std::string& root) {
  std::vector<wire::Entry> entries;
  Collect(root, "", &entries);
  return *wire::Manifest::Make(std::move(entries));
}

// Of a longer content that has an older version, only the chunks that differ.
wire::Need NeedOf(const wire::Manifest& manifest, const std::string& root) {
  std::vector<wire::Want> wants;
  const wire::Need all = wire::Need::Everything(manifest);
  for (const wire::Want& want : all.wants()) {
    const wire::Entry& entry = manifest.entries()[want.entry];
    const auto old = sys::ReadFile(root + "/" + entry.path);
    const wire::ContentDigest digest =
        old.ok() ? wire::DigestOf(*old) : wire::ContentDigest();
    if (old.ok() && digest.hash == entry.hash) continue;
    wire::Want lacking = {want.entry, {}};
    for (uint32_t i = 0; i < entry.chunks.size(); i++) {
      if (i >= digest.chunks.size() || digest.chunks[i] != entry.chunks[i]) {
        lacking.chunks.push_back({i, 1});
      }
    }
    wants.push_back(std::move(lacking));
  }
  return *wire::Need::Make(manifest, std::move(wants));
}

std::string StreamOf(const wire::Manifest& manifest, const wire::Need& need,
                     const std::string& root) {
  std::string stream;
  for (wire::Pieces pieces(manifest, need); !pieces.AtEnd(); pieces.Next()) {
    const wire::Piece piece = pieces.Now();
    const std::string content =
        *sys::ReadFile(root + "/" + manifest.entries()[piece.entry].path);
    const absl::string_view bytes = absl::string_view(content).substr(
        static_cast<size_t>(piece.offset), piece.bytes);
    stream += *wire::PieceFrame(manifest, piece, bytes,
                                wire::LooksCompressed(content)
                                    ? wire::Packing::kStored
                                    : wire::Packing::kCompressed);
  }
  return stream;
}

absl::Status Apply(const wire::Manifest& manifest, const wire::Need& need,
                   absl::string_view stream, const std::string& root_path) {
  TRY_ASSIGN(const sys::Fd root, sys::Open(root_path, O_PATH | O_DIRECTORY));
  TRY_ASSIGN(auto staging_folder, sys::TemporaryFolder::Make("loop-staging-"));
  TRY_ASSIGN(const sys::Fd staging,
             sys::Open(staging_folder.path(), O_PATH | O_DIRECTORY));
  // Everything is staged before anything is placed.
  std::map<wire::Hash, std::string> contents;
  std::map<size_t, sys::StagedFile> staged;
  for (const wire::Want& want : need.wants()) {
    TRY_ASSIGN(
        sys::StagedFile file,
        sys::StagedFile::Make(staging.get(), sys::StagedFile::Durable::kNo));
    const wire::Entry& entry = manifest.entries()[want.entry];
    if (!want.chunks.empty()) {
      const auto old = sys::ReadFile(root_path + "/" + entry.path);
      if (old.ok()) {
        TRY(file.Write(0, absl::string_view(*old).substr(
                              0, static_cast<size_t>(entry.bytes))));
      }
    }
    staged.emplace(want.entry, std::move(file));
  }
  wire::ContentReceiver receiver(manifest, need);
  while (!stream.empty()) {
    TRY(receiver.Feed(stream.substr(0, 4000), [&](const wire::Piece& piece,
                                                  absl::string_view bytes) {
      return staged.at(piece.entry).Write(piece.offset, bytes);
    }));
    stream.remove_prefix(std::min<size_t>(4000, stream.size()));
  }
  TRY(receiver.End());
  for (auto& [position, file] : staged) {
    const wire::Entry& entry = manifest.entries()[position];
    TRY_ASSIGN(contents[entry.hash], sys::ReadFd(file.fd()));
    if (wire::HashOf(contents[entry.hash]) != entry.hash) {
      return absl::DataLossError(entry.path);
    }
  }
  for (size_t i = 0; i < manifest.entries().size(); i++) {
    const wire::Entry& entry = manifest.entries()[i];
    const sys::FileAttributes attributes = {.mode = entry.mode,
                                            .mtime = entry.mtime};
    if (entry.type == wire::EntryType::kFolder) {
      TRY(sys::MakeFoldersBeneath(root.get(), entry.path));
      TRY(sys::SetAttributesBeneath(root.get(), entry.path, attributes));
    } else if (entry.type == wire::EntryType::kLink) {
      TRY(sys::PlaceLink(root.get(), staging.get(), entry.path, entry.target));
    } else if (staged.count(i) != 0) {
      TRY(staged.at(i).Settle(attributes));
      TRY(staged.at(i).Place(root.get(), entry.path));
    } else if (entry.bytes == 0 || contents.count(entry.hash) != 0) {
      // Nothing, or what came for another path.
      TRY_ASSIGN(sys::StagedFile file, sys::StagedFile::Make(staging.get()));
      TRY(file.Write(0, contents[entry.hash]));
      TRY(file.Settle(attributes));
      TRY(file.Place(root.get(), entry.path));
    } else {
      TRY(sys::SetAttributesBeneath(root.get(), entry.path, attributes));
    }
  }
  return absl::OkStatus();
}

struct TwoFolders {
  sys::TemporaryFolder from_folder = *sys::TemporaryFolder::Make("loop-from-");
  sys::TemporaryFolder to_folder = *sys::TemporaryFolder::Make("loop-to-");
  std::string from = from_folder.path(), to = to_folder.path();

  void Write(const std::string& path, absl::string_view content,
             int mode = 0644) {
    REQUIRE(sys::ReplaceFile(from + "/" + path, content, mode).ok());
  }
  TwoFolders() {
    REQUIRE(sys::MakeFolders(from + "/bin/deep/er").ok());
    Write("Makefile", Words(5000));
    Write("bin/tool", "#!/bin/sh\n", 0755);
    Write("bin/deep/er/data", Noise((3 << 20) + 17));
    Write("bin/deep/copy", "#!/bin/sh\n", 0600);
    Write("empty", "");
    Write("new\nline \xff", "odd");
    Write("packed.gz", "\x1f\x8b\x08" + Noise(9000));
    REQUIRE(symlink("bin/tool", (from + "/tool").c_str()) == 0);
    REQUIRE(chmod((from + "/bin/deep").c_str(), 0700) == 0);
  }
};

}  // namespace

TEST_CASE_METHOD(TwoFolders, "content loop: a tree arrives as it was sent",
                 "[wire][sys]") {
  const wire::Manifest sent = ManifestOfTree(from);
  const auto manifest = wire::Manifest::Decode(sent.Encode());
  REQUIRE(manifest.ok());
  const auto need = wire::Need::Decode(sent, NeedOf(*manifest, to).Encode());
  REQUIRE(need.ok());
  REQUIRE(Apply(*manifest, *need, StreamOf(sent, *need, from), to).ok());
  CHECK(ManifestOfTree(to) == sent);

  // Nothing has changed, nothing is asked for.
  CHECK(NeedOf(*manifest, to).empty());

  // One byte in the middle of the long file: one chunk travels.
  std::string data = *sys::ReadFile(from + "/bin/deep/er/data");
  data[(1 << 20) + 5] ^= 1;
  Write("bin/deep/er/data", data);
  const wire::Manifest changed = ManifestOfTree(from);
  const wire::Need chunk = NeedOf(changed, to);
  const std::string stream = StreamOf(changed, chunk, from);
  CHECK(stream.size() < (1 << 20) + 5000);
  REQUIRE(Apply(changed, chunk, stream, to).ok());
  CHECK(ManifestOfTree(to) == changed);
}

TEST_CASE_METHOD(TwoFolders,
                 "content loop: a damaged stream leaves the old "
                 "tree",
                 "[wire][sys]") {
  const wire::Manifest empty = ManifestOfTree(to);
  const wire::Manifest sent = ManifestOfTree(from);
  const wire::Need need = NeedOf(sent, to);
  std::string stream = StreamOf(sent, need, from);
  CHECK_FALSE(Apply(sent, need, stream.substr(0, stream.size() - 1), to).ok());
  CHECK_FALSE(Apply(sent, need, stream + "x", to).ok());
  stream[stream.size() / 2] ^= 1;
  CHECK_FALSE(Apply(sent, need, stream, to).ok());
  CHECK(ManifestOfTree(to) == empty);
}

TEST_CASE_METHOD(TwoFolders,
                 "content loop: a link that lies in wait on the "
                 "receiver is not followed",
                 "[wire][sys]") {
  auto outside = *sys::TemporaryFolder::Make("loop-outside-");
  REQUIRE(symlink(outside.path().c_str(), (to + "/bin").c_str()) == 0);
  const wire::Manifest sent = ManifestOfTree(from);
  const wire::Need need = wire::Need::Everything(sent);
  const absl::Status status = Apply(sent, need, StreamOf(sent, need, from), to);
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(status.message() == "'bin': is a symbolic link");
  CHECK(sys::ListFolder(outside.path())->empty());
}
