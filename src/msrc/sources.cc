#include "msrc/sources.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "msrc/digest_file.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/loop.h"
#include "sys/pool.h"
#include "sys/tree.h"
#include "sys/users.h"
#include "wire/compress.h"

namespace msrc {
namespace {

// Below this, threads cost more than they save.
constexpr int64_t kMuchBytes = 8 << 20;

bool IsRevisionFolder(absl::string_view name) {
  for (absl::string_view n :
       {"RCS", "CVS", "SCCS", "SVN", ".git", ".hg", ".svn", ".jj"}) {
    if (name == n) return true;
  }
  return false;
}

absl::Status Failed(const std::string& file) {
  return base::SysError(base::Escape(file));
}

// A file that is still to be read.
struct Unread {
  size_t entry = 0;
  std::string file;
  int64_t bytes = 0;
  absl::Status status;
  std::string start;  // the first bytes
};

class Reader {
 public:
  explicit Reader(const SourceOptions& options) : options_(options) {}
  absl::Status Add(const SourceFile& source, bool named);
  absl::Status ReadAll();
  Sources Take() { return std::move(sources_); }

 private:
  absl::Status AddLink(const SourceFile& source, std::string target);
  absl::Status AddBelow(const SourceFile& source);
  absl::Status ReadOne(Unread& unread);
  void Describe(const struct stat& info, wire::Entry* entry) const;
  void Note(const std::string& file, absl::string_view what) {
    sources_.notes.push_back(absl::StrCat(base::Escape(file), ": ", what));
  }

  const SourceOptions& options_;
  Sources sources_;
  std::vector<Unread> unread_;
};

void Reader::Describe(const struct stat& info, wire::Entry* entry) const {
  entry->mode = info.st_mode & 07777;
  entry->mtime = options_.mtime.value_or(absl::TimeFromTimespec(info.st_mtim));
  if (!options_.owners) return;
  const auto account = sys::FindAccount(info.st_uid);
  entry->owner = account.ok() ? account->name : absl::StrCat(info.st_uid);
  entry->group = absl::StrCat(info.st_gid);
}

absl::Status Reader::Add(const SourceFile& source, bool named) {
  struct stat info;
  if (lstat(source.file.c_str(), &info) != 0) return Failed(source.file);
  if (S_ISLNK(info.st_mode) &&
      options_.links != SourceOptions::Links::kFollow) {
    char target[PATH_MAX];
    const ssize_t n = readlink(source.file.c_str(), target, sizeof target);
    if (n < 0) return Failed(source.file);
    wire::Entry link;
    link.path = source.path;
    link.type = wire::EntryType::kLink;
    link.target.assign(target, static_cast<size_t>(n));
    if (options_.links == SourceOptions::Links::kKeep ||
        wire::LinkStaysInside(link)) {
      sources_.entries.push_back(std::move(link));
      return absl::OkStatus();
    }
    Note(source.file, "a link that leads elsewhere; its file is sent");
  }
  if (stat(source.file.c_str(), &info) != 0) return Failed(source.file);
  wire::Entry entry;
  entry.path = source.path;
  if (S_ISDIR(info.st_mode)) {
    Describe(info, &entry);
    entry.type = wire::EntryType::kFolder;
    entry.mtime = std::nullopt;
    sources_.entries.push_back(std::move(entry));
    return source.descend ? AddBelow(source) : absl::OkStatus();
  }
  if (!S_ISREG(info.st_mode)) {
    if (named) {
      return absl::InvalidArgumentError(absl::StrCat(
          base::Escape(source.file), ": neither a file nor a folder"));
    }
    Note(source.file, "neither a file nor a folder; not sent");
    return absl::OkStatus();
  }
  Describe(info, &entry);
  unread_.push_back(
      {sources_.entries.size(), source.file, info.st_size, {}, {}});
  sources_.entries.push_back(std::move(entry));
  return absl::OkStatus();
}

absl::Status Reader::AddBelow(const SourceFile& source) {
  TRY_ASSIGN(const std::vector<std::string> names,
             sys::ListFolder(source.file));
  for (const std::string& name : names) {
    if (IsRevisionFolder(name)) continue;
    if (sources_.entries.size() > base::kMaxManifestEntries) {
      return absl::ResourceExhaustedError(
          absl::StrCat(base::Escape(source.file), ": more than ",
                       base::kMaxManifestEntries, " files"));
    }
    TRY(Add({absl::StrCat(source.path, "/", name),
             absl::StrCat(source.file, "/", name), true},
            false));
  }
  return absl::OkStatus();
}

absl::Status Reader::ReadOne(Unread& unread) {
  TRY_ASSIGN(const sys::Fd fd,
             sys::Open(unread.file, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  std::string buffer;
  auto read = DigestOfFd(fd.get(), wire::Cut::kByContent, buffer, nullptr,
                         &unread.start);
  if (!read.ok()) {
    return base::Context(read.status(), base::Escape(unread.file));
  }
  wire::ContentDigest digest = *std::move(read);
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return Failed(unread.file);
  if (digest.bytes != unread.bytes || info.st_size != unread.bytes) {
    return absl::FailedPreconditionError(absl::StrCat(
        base::Escape(unread.file), ": has changed while it was read"));
  }
  wire::Entry& entry = sources_.entries[unread.entry];
  entry.bytes = digest.bytes;
  entry.hash = digest.hash;
  entry.chunks = std::move(digest.chunks);
  entry.chunk_bytes = std::move(digest.chunk_bytes);
  return absl::OkStatus();
}

absl::Status Reader::ReadAll() {
  int64_t all = 0;
  for (const Unread& u : unread_) all += u.bytes;
  if (options_.threads > 1 && all >= kMuchBytes) {
    // The largest first, so that none is left for the end.
    std::sort(
        unread_.begin(), unread_.end(),
        [](const Unread& a, const Unread& b) { return a.bytes > b.bytes; });
    sys::Loop loop;
    sys::Pool pool(loop, options_.threads);
    for (Unread& u : unread_) {
      pool.Run([this, &u] { u.status = ReadOne(u); }, [] {});
    }
    loop.Run();
  } else {
    for (Unread& u : unread_) u.status = ReadOne(u);
  }
  for (const Unread& u : unread_) {
    TRY(u.status);
    ContentPlace place{u.file, wire::LooksCompressed(u.start)};
    sources_.places.emplace(PlaceKey(sources_.entries[u.entry].hash),
                            std::move(place));
  }
  return absl::OkStatus();
}

}  // namespace

std::string PlaceKey(const wire::Hash& hash) {
  return std::string(reinterpret_cast<const char*>(hash.data()), hash.size());
}

absl::StatusOr<Sources> ReadSources(absl::Span<const SourceFile> files,
                                    const SourceOptions& options) {
  Reader reader(options);
  for (const SourceFile& file : files) TRY(reader.Add(file, true));
  TRY(reader.ReadAll());
  return reader.Take();
}

}  // namespace msrc
