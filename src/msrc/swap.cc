#include "msrc/swap.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "sys/beneath.h"
#include "sys/file.h"
#include "sys/tree.h"

namespace msrc {
namespace {

constexpr int kFolderFlags = O_PATH | O_DIRECTORY | O_NOFOLLOW;
constexpr size_t kMaxNames = 1'000'000;
constexpr int kMaxDepth = 500;

class Cloner {
 public:
  Cloner(sys::Mount mount, const std::atomic<bool>* stop)
      : mount_(mount), stop_(stop) {}

  absl::Status Clone(int from, int to, int depth) {
    if (depth > kMaxDepth) {
      return absl::FailedPreconditionError("folders too deep in folders");
    }
    TRY_ASSIGN(const std::vector<std::string> names,
               sys::NamesIn(from, kMaxNames));
    for (const std::string& name : names) {
      if (stop_ != nullptr && *stop_) return absl::CancelledError("given up");
      if (depth == 0 && absl::StartsWith(name, ".msrc-")) continue;
      TRY(CloneOne(from, to, name, depth));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status CloneOne(int from, int to, const std::string& name, int depth) {
    TRY_ASSIGN(const sys::Item item, sys::LookAt(from, name));
    if (item.type != sys::Item::Type::kFolder) {
      return sys::LinkTo(from, name, to, name);
    }
    TRY_ASSIGN(const sys::Fd old, sys::OpenAt(from, name, kFolderFlags));
    TRY_ASSIGN(const sys::Mount mount, sys::MountOf(old.get()));
    if (mount != mount_) {
      return absl::FailedPreconditionError(
          absl::StrCat("'", base::Escape(name), "': is a mount"));
    }
    TRY(sys::MakeFolder(to, name, 0700));
    TRY_ASSIGN(const sys::Fd made, sys::OpenAt(to, name, kFolderFlags));
    TRY(Clone(old.get(), made.get(), depth + 1));
    return SetAs(to, name, item);
  }

 public:
  // Its time comes last: what is made in it changes that.
  static absl::Status SetAs(int folder, const std::string& name,
                            const sys::Item& item) {
    sys::FileAttributes attributes = {
        .mode = item.mode, .mtime = absl::FromUnixNanos(item.mtime_ns)};
    TRY_ASSIGN(const sys::Item now, sys::LookAt(folder, name));
    if (now.uid != item.uid) attributes.uid = item.uid;
    if (now.gid != item.gid) attributes.gid = item.gid;
    return sys::SetAttributesBeneath(folder, name, attributes);
  }

 private:
  const sys::Mount mount_;
  const std::atomic<bool>* stop_;
};

}  // namespace

absl::StatusOr<Sibling> Sibling::Make(const std::string& path,
                                      const std::string& run_hex,
                                      const std::atomic<bool>* stop) {
  const size_t slash = path.rfind('/');
  const auto context = [&path](const absl::Status& status) {
    return base::Context(
        status, absl::StrCat("'", base::Escape(path), "' cannot be exchanged"));
  };
  if (slash == std::string::npos || slash + 1 == path.size()) {
    return context(
        absl::FailedPreconditionError("the root folder has no sibling"));
  }
  Sibling sibling;
  sibling.name_ = path.substr(slash + 1);
  sibling.sibling_ = absl::StrCat(".msrc-", run_hex, "-new");
  TRY_ASSIGN(sibling.parent_,
             sys::Open(slash == 0 ? "/" : path.substr(0, slash),
                       O_PATH | O_DIRECTORY));
  const int parent = sibling.parent_.get();
  TRY_ASSIGN(const sys::Fd old,
             sys::OpenAt(parent, sibling.name_, kFolderFlags));
  TRY_ASSIGN(const sys::Mount here, sys::MountOf(parent));
  TRY_ASSIGN(const sys::Mount mount, sys::MountOf(old.get()));
  if (mount != here) {
    return context(absl::FailedPreconditionError("it is a mount"));
  }
  TRY_ASSIGN(const sys::Item item, sys::LookAt(parent, sibling.name_));
  TRY(sys::RemoveAll(parent, sibling.sibling_));
  absl::Status status = sys::MakeFolder(parent, sibling.sibling_, 0700);
  if (!status.ok()) return context(status);
  TRY_ASSIGN(sibling.root_, sys::OpenAt(parent, sibling.sibling_,
                                        O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  // So that nobody takes it for left behind.
  flock(sibling.root_.get(), LOCK_EX | LOCK_NB);
  status = Cloner(mount, stop).Clone(old.get(), sibling.root_.get(), 0);
  if (status.ok()) status = Cloner::SetAs(parent, sibling.sibling_, item);
  if (!status.ok()) return context(status);
  return sibling;
}

Sibling::~Sibling() {
  if (parent_) (void)sys::RemoveAll(parent_.get(), sibling_);
}

absl::Status Sibling::TakePlace(bool sync) {
  const int parent = parent_.get();
  absl::Status status = sys::Exchange(parent, sibling_, parent, name_);
  if (absl::IsUnimplemented(status)) {
    const std::string old = absl::StrCat(sibling_, "-old");
    TRY(sys::Move(parent, name_, parent, old));
    status = sys::Move(parent, sibling_, parent, name_);
    if (!status.ok()) {
      (void)sys::Move(parent, old, parent, name_);
      return status;
    }
    sibling_ = old;
  }
  TRY(status);
  return sync ? sys::SyncNames(parent) : absl::OkStatus();
}

}  // namespace msrc
