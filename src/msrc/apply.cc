#include "msrc/apply.h"

#include <absl/container/flat_hash_set.h>
#include <absl/strings/str_cat.h>
#include <absl/time/time.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "sys/beneath.h"
#include "sys/file.h"
#include "sys/tree.h"

namespace msrc {
namespace {

sys::FileAttributes ForSystem(const Attributes& attributes) {
  sys::FileAttributes out;
  out.mode = attributes.mode;
  out.uid = attributes.uid;
  out.gid = attributes.gid;
  if (attributes.mtime_ns) {
    out.mtime = absl::FromUnixNanos(*attributes.mtime_ns);
  }
  return out;
}

std::string Quoted(const std::string& path) {
  return absl::StrCat("'", base::Escape(path), "'");
}

// One that has the type of a link keeps no mode.
Attributes AttributesOf(const sys::Item& item) {
  Attributes attributes = {
      .uid = item.uid, .gid = item.gid, .mtime_ns = item.mtime_ns};
  if (item.type != sys::Item::Type::kLink) attributes.mode = item.mode;
  return attributes;
}

}  // namespace

Application::Application(int root, Staging& staging,
                         std::function<void()> before)
    : root_(root), staging_(staging), before_(std::move(before)) {
  if (!before_) before_ = [] {};
}

absl::Status Application::Sync() {
  for (const auto& [target, staged] : staged_) {
    const sys::Fd fd(openat(staged.folder->fd.get(), staged.name.c_str(),
                            O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    // A link has nothing to sync but its name; what we may not read any more
    // was synced before.
    if (!fd && (errno == ELOOP || errno == EACCES)) continue;
    if (!fd) return base::SysError("staging");
    if (fsync(fd.get()) != 0 && errno != EINVAL) return base::SysError("sync");
  }
  return absl::OkStatus();
}

absl::Status Application::Run(const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    absl::Status status = Do(step);
    if (status.ok()) continue;
    const absl::Status undone = Undo();
    if (!undone.ok()) {
      status = absl::Status(
          status.code(),
          absl::StrCat(status.message(),
                       "; not all is as it was: ", undone.message()));
    }
    return status;
  }
  return absl::OkStatus();
}

absl::Status Application::Do(const Step& step) {
  switch (step.what) {
    case Step::What::kMakeFolder:
      return MakeFolder(step);
    case Step::What::kPlace:
      return Place(step);
    case Step::What::kReplace:
      return Replace(step);
    case Step::What::kSetAttributes:
      return SetAttributes(step);
    case Step::What::kRemove:
      return Remove(step);
  }
  return absl::OkStatus();
}

absl::Status Application::MakeFolder(const Step& step) {
  TRY_ASSIGN(const sys::ParentBeneath at,
             sys::OpenParentBeneath(root_, step.path));
  before_();
  TRY(sys::MakeFolder(at.folder.get(), at.name, step.usual_mode ? 0755 : 0700));
  done_.push_back({Done::What::kMade, step.path});
  return absl::OkStatus();
}

absl::Status Application::Place(const Step& step) {
  const Staged& staged = staged_.at(step.target);
  TRY_ASSIGN(const sys::ParentBeneath at,
             sys::OpenParentBeneath(root_, step.path));
  before_();
  TRY(sys::MoveToNew(staged.folder->fd.get(), staged.name, at.folder.get(),
                     at.name));
  done_.push_back({Done::What::kPlaced, step.path, staged});
  return absl::OkStatus();
}

// The old one is kept in the staging folder until the end. In one step where
// the system can; else it first gets a second name there, and is then renamed
// over. A folder has no second name, and is moved: only then, and only on such
// file systems, is there a moment with nothing in the place.
absl::Status Application::Replace(const Step& step) {
  const Staged& staged = staged_.at(step.target);
  TRY_ASSIGN(const sys::ParentBeneath at,
             sys::OpenParentBeneath(root_, step.path));
  const int to = at.folder.get(), from = staged.folder->fd.get();
  before_();
  const absl::Status exchanged = sys::Exchange(from, staged.name, to, at.name);
  if (exchanged.ok()) {
    done_.push_back({Done::What::kExchanged, step.path, staged});
    return absl::OkStatus();
  }
  if (!absl::IsUnimplemented(exchanged)) return exchanged;
  TRY_ASSIGN(const Staged old, staging_.NameFor(step.path));
  before_();
  if (!sys::LinkTo(to, at.name, old.folder->fd.get(), old.name).ok()) {
    TRY(sys::Move(to, at.name, old.folder->fd.get(), old.name));
  }
  done_.push_back({Done::What::kReplaced, step.path, old});
  before_();
  return sys::Move(from, staged.name, to, at.name);
}

absl::Status Application::SetAttributes(const Step& step) {
  TRY_ASSIGN(const sys::ParentBeneath at,
             sys::OpenParentBeneath(root_, step.path));
  TRY_ASSIGN(const sys::Item item, sys::LookAt(at.folder.get(), at.name));
  before_();
  done_.push_back({Done::What::kSet, step.path, {}, AttributesOf(item)});
  return sys::SetAttributesBeneath(root_, step.path,
                                   ForSystem(step.attributes));
}

absl::Status Application::Remove(const Step& step) {
  TRY_ASSIGN(const sys::ParentBeneath at,
             sys::OpenParentBeneath(root_, step.path));
  TRY_ASSIGN(const Staged old, staging_.NameFor(step.path));
  before_();
  TRY(sys::Move(at.folder.get(), at.name, old.folder->fd.get(), old.name));
  done_.push_back({Done::What::kRemoved, step.path, old});
  return absl::OkStatus();
}

absl::Status Application::SyncFolders() {
  absl::flat_hash_set<std::string> folders;
  for (const Done& done : done_) {
    const size_t slash = done.path.rfind('/');
    folders.insert(slash == std::string::npos ? ""
                                              : done.path.substr(0, slash));
    if (done.what == Done::What::kMade) folders.insert(done.path);
  }
  for (const std::string& folder : folders) {
    if (folder.empty()) {
      TRY(sys::SyncNames(root_));
      continue;
    }
    absl::StatusOr<sys::Fd> fd =
        sys::OpenBeneath(root_, folder, O_PATH | O_DIRECTORY);
    if (absl::IsNotFound(fd.status())) continue;  // removed by a later step
    TRY(fd);
    // One that may not be read, by the mode it was sent with, is synced by
    // nobody.
    const absl::Status status = sys::SyncNames(fd->get());
    if (!status.ok() && !absl::IsPermissionDenied(status)) return status;
  }
  return absl::OkStatus();
}

absl::Status Application::Undo() {
  absl::Status status;
  for (; !done_.empty(); done_.pop_back()) {
    const absl::Status one = UndoOne(done_.back());
    if (status.ok() && !one.ok()) {
      status = base::Context(one, Quoted(done_.back().path));
    }
  }
  return status;
}

absl::Status Application::UndoOne(const Done& done) {
  if (done.what == Done::What::kSet) {
    before_();
    return sys::SetAttributesBeneath(root_, done.path,
                                     ForSystem(done.attributes));
  }
  TRY_ASSIGN(const sys::ParentBeneath at,
             sys::OpenParentBeneath(root_, done.path));
  const int folder = at.folder.get();
  before_();
  switch (done.what) {
    case Done::What::kMade:
      return sys::Remove(folder, at.name);
    case Done::What::kPlaced:
      return sys::Move(folder, at.name, done.staged.folder->fd.get(),
                       done.staged.name);
    case Done::What::kExchanged:
      return sys::Exchange(folder, at.name, done.staged.folder->fd.get(),
                           done.staged.name);
    case Done::What::kReplaced: {
      const int staging = done.staged.folder->fd.get();
      if (sys::Move(staging, done.staged.name, folder, at.name).ok()) {
        return absl::OkStatus();
      }
      // A folder and a file do not take each other's place.
      TRY(sys::Move(folder, at.name, staging,
                    absl::StrCat(done.staged.name, "-new")));
      return sys::Move(staging, done.staged.name, folder, at.name);
    }
    case Done::What::kRemoved:
      return sys::Move(done.staged.folder->fd.get(), done.staged.name, folder,
                       at.name);
    case Done::What::kSet:
      break;
  }
  return absl::OkStatus();
}

}  // namespace msrc
