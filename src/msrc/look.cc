#include "msrc/look.h"

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "msrc/digest_file.h"
#include "msrc/receiver_limits.h"
#include "sys/beneath.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/tree.h"
#include "sys/users.h"

namespace msrc {
namespace {

// Opens the folders that paths are in; the last one stays open, as most
// neighbours share theirs.
class Parents {
 public:
  explicit Parents(int root) : root_(root) {}

  // The folder of `path`, or -1: there is none, or the way there is no folder.
  absl::StatusOr<int> Of(const std::string& path) {
    const size_t slash = path.rfind('/');
    if (slash == std::string::npos) return root_;
    const std::string folder = path.substr(0, slash);
    if (folder == last_) return fd_ ? fd_.get() : -1;
    last_ = folder;
    fd_.Reset();
    absl::StatusOr<sys::Fd> opened =
        sys::OpenBeneath(root_, folder, O_PATH | O_DIRECTORY);
    if (absl::IsNotFound(opened.status()) ||
        absl::IsFailedPrecondition(opened.status())) {
      return -1;
    }
    TRY(opened);
    fd_ = *std::move(opened);
    return fd_.get();
  }

 private:
  const int root_;
  std::string last_;
  sys::Fd fd_;
};

std::string NameOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

There::Type TypeOf(sys::Item::Type type) {
  switch (type) {
    case sys::Item::Type::kNothing:
      return There::Type::kNothing;
    case sys::Item::Type::kFile:
      return There::Type::kFile;
    case sys::Item::Type::kFolder:
      return There::Type::kFolder;
    case sys::Item::Type::kLink:
      return There::Type::kLink;
    case sys::Item::Type::kOther:
      break;
  }
  return There::Type::kOther;
}

absl::StatusOr<wire::ContentDigest> DigestOfFile(int folder,
                                                 const std::string& name,
                                                 wire::Cut cut,
                                                 const std::atomic<bool>* stop,
                                                 std::string& buffer) {
  TRY_ASSIGN(const sys::Fd fd,
             sys::OpenAt(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  auto digest = DigestOfFd(fd.get(), cut, buffer, stop);
  if (digest.ok()) return digest;
  return base::Context(digest.status(),
                       absl::StrCat("'", base::Escape(name), "'"));
}

class Looker {
 public:
  Looker(const wire::Manifest& manifest, const std::vector<Target>& targets,
         const LookOptions& options)
      : manifest_(manifest),
        targets_(targets),
        options_(options),
        parents_(options.root) {
    for (const wire::Entry& entry : manifest.entries()) {
      if (entry.bytes > 0) sizes_.insert(entry.bytes);
    }
  }

  absl::StatusOr<std::vector<There>> Run() {
    std::vector<There> there(targets_.size());
    if (options_.root < 0) return there;
    for (size_t i = 0; i < targets_.size(); i++) {
      const absl::Status status = Look(targets_[i], there[i]);
      if (!status.ok()) {
        return base::Context(
            status, absl::StrCat("'", base::Escape(targets_[i].path), "'"));
      }
    }
    return there;
  }

 private:
  absl::Status Look(const Target& target, There& there) {
    TRY_ASSIGN(const int folder, parents_.Of(target.path));
    if (folder < 0) return absl::OkStatus();
    const std::string name = NameOf(target.path);
    TRY_ASSIGN(sys::Item item, sys::LookAt(folder, name));
    there.type = TypeOf(item.type);
    there.mode = item.mode;
    there.uid = item.uid;
    there.gid = item.gid;
    there.bytes = item.bytes;
    there.mtime_ns = item.mtime_ns;
    there.target = std::move(item.target);
    const wire::Entry* entry =
        target.entry ? &manifest_.entries()[*target.entry] : nullptr;
    if (there.type == There::Type::kFolder && entry != nullptr &&
        entry->type != wire::EntryType::kFolder) {
      TRY_ASSIGN(sys::Fd inside, sys::OpenBeneath(options_.root, target.path,
                                                  O_PATH | O_DIRECTORY));
      there.empty = sys::NamesIn(inside.get(), 0).ok();
    }
    if (there.type != There::Type::kFile) return absl::OkStatus();
    return LookInto(folder, name, item, entry, there);
  }

  absl::Status LookInto(int folder, const std::string& name,
                        const sys::Item& item, const wire::Entry* entry,
                        There& there) {
    if (item.bytes == 0) return absl::OkStatus();
    const bool for_chunks = entry != nullptr && !entry->chunks.empty() &&
                            entry->bytes != item.bytes;
    if (!sizes_.contains(item.bytes) && !for_chunks) return absl::OkStatus();
    const HashCache::Key key = {item.device, item.inode, item.bytes,
                                item.mtime_ns, item.ctime_ns};
    const bool for_entry =
        entry != nullptr && entry->type == wire::EntryType::kFile;
    if (options_.cache != nullptr) {
      there.hash = options_.cache->Find(key);
      // One that has changed is read all the same, for its chunks.
      if (there.hash &&
          (!for_entry || entry->chunks.empty() ||
           (there.bytes == entry->bytes && *there.hash == entry->hash))) {
        return absl::OkStatus();
      }
    }
    absl::StatusOr<wire::ContentDigest> digest = DigestOfFile(
        folder, name, for_entry ? wire::CutOf(*entry) : wire::Cut::kEachMib,
        options_.stop, buffer_);
    // What we may not read is not the same, as far as we know.
    if (absl::IsPermissionDenied(digest.status())) return absl::OkStatus();
    TRY(digest);
    if (digest->bytes != item.bytes) return absl::OkStatus();  // it is growing
    there.hash = digest->hash;
    if (options_.cache != nullptr) {
      options_.cache->Add(key, digest->hash, absl::ToUnixNanos(options_.began));
    }
    if (for_entry && !entry->chunks.empty()) TakeChunks(*digest, there);
    return absl::OkStatus();
  }

  static void TakeChunks(wire::ContentDigest& digest, There& there) {
    // A short content is a chunk, too: it may be one of the longer one's.
    if (digest.chunks.empty()) digest.chunks = {digest.hash};
    if (digest.chunk_bytes.empty()) {
      int64_t left = digest.bytes;
      while (left > 0) {
        const int64_t n = std::min<int64_t>(left, wire::kChunkBytes);
        digest.chunk_bytes.push_back(static_cast<uint32_t>(n));
        left -= n;
      }
    }
    there.chunks = std::move(digest.chunks);
    there.chunk_bytes = std::move(digest.chunk_bytes);
  }

  const wire::Manifest& manifest_;
  const std::vector<Target>& targets_;
  const LookOptions& options_;
  Parents parents_;
  absl::flat_hash_set<int64_t> sizes_;
  std::string buffer_;
};

class Finder {
 public:
  Finder(const Policy& policy, const sys::Mount& mount)
      : policy_(policy), mount_(mount) {}

  absl::Status Find(int folder, const std::string& prefix, int depth) {
    TRY_ASSIGN(const std::vector<std::string> names,
               sys::NamesIn(folder, kMaxWalkedNames));
    for (const std::string& name : names) {
      const std::string path = absl::StrCat(prefix, name);
      TRY(FindOne(folder, name, path, depth));
    }
    return absl::OkStatus();
  }
  std::vector<Found> Take() {
    std::sort(found_.begin(), found_.end(), [](const Found& a, const Found& b) {
      return wire::PathBefore(a.path, b.path);
    });
    return std::move(found_);
  }

 private:
  absl::Status FindOne(int folder, const std::string& name,
                       const std::string& path, int depth) {
    constexpr int kMaxDepth = 500;
    // Ours, of a run that crashed or has not come to its end.
    if (depth == 0 && absl::StartsWith(name, ".msrc-")) {
      return absl::OkStatus();
    }
    if (found_.size() >= kMaxWalkedNames) {
      return absl::ResourceExhaustedError(
          absl::StrCat("more than ", kMaxWalkedNames, " names"));
    }
    TRY_ASSIGN(const sys::Item item, sys::LookAt(folder, name));
    if (item.type == sys::Item::Type::kNothing) return absl::OkStatus();
    const size_t at = found_.size();
    found_.push_back({path, item.type == sys::Item::Type::kFolder, 0});
    if (!found_[at].folder) return absl::OkStatus();
    if (IsIgnored(path, policy_) || IsRevisionFolder(path)) {
      found_[at].names = 1;
      return absl::OkStatus();
    }
    TRY_ASSIGN(const sys::Fd inside,
               sys::OpenAt(folder, name, O_PATH | O_DIRECTORY | O_NOFOLLOW));
    TRY_ASSIGN(const sys::Mount mount, sys::MountOf(inside.get()));
    if (mount != mount_ || depth >= kMaxDepth) {
      found_[at].names = 1;  // so that it stays
      return absl::OkStatus();
    }
    TRY_ASSIGN(const std::vector<std::string> names,
               sys::NamesIn(inside.get(), kMaxWalkedNames));
    found_[at].names = names.size();
    return Find(inside.get(), absl::StrCat(path, "/"), depth + 1);
  }

  const Policy& policy_;
  const sys::Mount mount_;
  std::vector<Found> found_;
};

// An id that is written as a number, or that of a name.
std::optional<uint32_t> IdOf(const std::string& name, bool group) {
  uint32_t id = 0;
  if (!name.empty() && absl::ascii_isdigit(name[0]) &&
      absl::SimpleAtoi(name, &id)) {
    return id;
  }
  if (group) {
    const absl::StatusOr<uint32_t> found = sys::FindGroup(name);
    if (found.ok()) return *found;
  } else {
    const absl::StatusOr<sys::Account> found = sys::FindAccount(name);
    if (found.ok()) return found->uid;
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<std::vector<There>> LookAtTargets(
    const wire::Manifest& manifest, const std::vector<Target>& targets,
    const LookOptions& options) {
  return Looker(manifest, targets, options).Run();
}

bool FoldsCase(int root) {
  const std::string name =
      absl::StrCat(".msrc-case-", base::Hex(sys::RandomBytes(8)), "a");
  const sys::Fd made(openat(root, name.c_str(),
                            O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!made) return false;
  const absl::StatusOr<sys::Item> other =
      sys::LookAt(root, absl::AsciiStrToUpper(name));
  (void)sys::Remove(root, name);
  return other.ok() && other->type != sys::Item::Type::kNothing;
}

int64_t BytesAt(const std::vector<Target>& targets, int root) {
  if (root < 0) return 0;
  Parents parents(root);
  int64_t bytes = 0;
  for (const Target& target : targets) {
    const absl::StatusOr<int> folder = parents.Of(target.path);
    if (!folder.ok() || *folder < 0) continue;
    const absl::StatusOr<sys::Item> item =
        sys::LookAt(*folder, NameOf(target.path));
    if (item.ok() && item->type == sys::Item::Type::kFile) bytes += item->bytes;
  }
  return bytes;
}

absl::StatusOr<std::vector<Found>> FindAll(int root, const Policy& policy) {
  TRY_ASSIGN(const sys::Mount mount, sys::MountOf(root));
  Finder finder(policy, mount);
  TRY(finder.Find(root, "", 0));
  return finder.Take();
}

absl::StatusOr<std::vector<Found>> FindSome(
    int root, const std::vector<std::string>& paths) {
  Parents parents(root);
  std::vector<Found> found;
  for (std::string path : paths) {
    const bool was_folder = absl::EndsWith(path, "/");
    if (was_folder) path.pop_back();
    // A list that somebody else has written is as good as none.
    if (!wire::CheckEntryPath(path).ok()) continue;
    TRY_ASSIGN(const int folder, parents.Of(path));
    if (folder < 0) continue;
    TRY_ASSIGN(const sys::Item item, sys::LookAt(folder, NameOf(path)));
    const bool is_folder = item.type == sys::Item::Type::kFolder;
    // What is there is another thing than was sent.
    if (item.type == sys::Item::Type::kNothing || was_folder != is_folder ||
        item.type == sys::Item::Type::kOther) {
      continue;
    }
    Found one = {path, is_folder, 0};
    if (is_folder) {
      TRY_ASSIGN(const sys::Fd inside,
                 sys::OpenBeneath(root, path, O_PATH | O_DIRECTORY));
      TRY_ASSIGN(const std::vector<std::string> names,
                 sys::NamesIn(inside.get(), kMaxWalkedNames));
      one.names = names.size();
    }
    found.push_back(std::move(one));
  }
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    return wire::PathBefore(a.path, b.path);
  });
  return found;
}

std::vector<Owner> OwnersOf(const wire::Manifest& manifest,
                            const std::vector<Target>& targets,
                            const Policy& policy,
                            std::vector<std::string>* warnings) {
  const bool for_all = !policy.owner().empty() || !policy.group().empty();
  if (!policy.owners() && !for_all) return {};
  if (!for_all && sys::MyUid() != 0) {
    warnings->push_back("owners are left alone: only root can set them");
    return {};
  }
  absl::flat_hash_map<std::pair<std::string, bool>, std::optional<uint32_t>>
      known;
  const auto id = [&](const std::string& name,
                      bool group) -> std::optional<uint32_t> {
    if (name.empty()) return std::nullopt;
    const auto [at, is_new] = known.try_emplace({name, group});
    if (is_new) {
      at->second = IdOf(name, group);
      if (!at->second) {
        warnings->push_back(absl::StrCat("the ", group ? "group" : "user", " '",
                                         base::Escape(name),
                                         "' is unknown: 0 is taken"));
        at->second = 0;
      }
    }
    return at->second;
  };
  std::vector<Owner> owners(targets.size());
  for (size_t i = 0; i < targets.size(); i++) {
    if (!targets[i].entry) continue;
    const wire::Entry& entry = manifest.entries()[*targets[i].entry];
    owners[i].uid =
        id(policy.owner().empty() ? entry.owner : policy.owner(), false);
    owners[i].gid =
        id(policy.group().empty() ? entry.group : policy.group(), true);
  }
  return owners;
}

}  // namespace msrc
