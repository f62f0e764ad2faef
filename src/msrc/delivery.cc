#include "msrc/delivery.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "msrc/left_contents.h"
#include "msrc/look.h"
#include "msrc/receiver_limits.h"
#include "msrc/sent_list.h"
#include "msrc/swap.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/tree.h"

namespace msrc {
namespace {

namespace pb = fleetbox::wire;
constexpr size_t kMaxHashFileBytes = 64 << 20;
constexpr int kMaxWarningsTold = 100;
constexpr size_t kMaxListedBytes = 16 << 20;  // of removed paths in an answer

std::string Quoted(const std::string& path) {
  return absl::StrCat("'", base::Escape(path), "'");
}

}  // namespace

DeliveryWork::DeliveryWork(DeliveryOrder order)
    : order_(std::move(order)),
      targets_(TargetsOf(order_.manifest)),
      into_path_(order_.into) {}

// A folder that was made for nothing goes again, once nothing is staged in it.
DeliveryWork::~DeliveryWork() {
  application_.reset();
  contents_.reset();
  staging_.reset();
  if (open_ && reached_ != Reached::kDone) open_->RemoveMade();
}

absl::Status DeliveryWork::Open() {
  if (order_.policy.check()) return OpenForCheck();
  for (int tries = 0;; tries++) {
    if (!open_) {
      TRY_ASSIGN(Into into,
                 Into::OpenOrMake(order_.into, order_.policy.folder_mode()));
      open_ = std::move(into);
    }
    const absl::Status locked = open_->Lock();
    if (locked.ok()) break;
    if (!absl::IsAborted(locked) || tries == 10) return locked;
    open_.reset();
  }
  into_path_ = open_->path();
  return absl::OkStatus();
}

// Nothing is made, and nothing locked: what changes meanwhile is seen or not.
absl::Status DeliveryWork::OpenForCheck() {
  absl::StatusOr<Into> into = Into::Open(order_.into);
  if (absl::IsNotFound(into.status())) return absl::OkStatus();
  TRY(into);
  open_ = *std::move(into);
  into_path_ = open_->path();
  return absl::OkStatus();
}

absl::Status DeliveryWork::Compare() {
  TRY(Look());
  comparison_ = msrc::Compare(order_.manifest, targets_, sight_, order_.policy);
  switch (comparison_.status) {
    case 0:
      break;
    case 73:
      return absl::AlreadyExistsError(comparison_.error);
    default:
      return absl::FailedPreconditionError(comparison_.error);
  }
  TRY(DecidePruning());
  reached_ = Reached::kCompared;
  need_ = comparison_.need;
  if (order_.policy.diff()) {
    diffs_ =
        std::make_unique<Diffs>(order_.manifest, targets_, comparison_, root());
  }
  if (order_.policy.check()) {
    need_ = diffs_ != nullptr ? diffs_->NeedOf() : wire::Need();
  }
  if (order_.everything) need_ = wire::Need::Everything(order_.manifest);
  if (order_.policy.check()) {
    if (diffs_ == nullptr) need_ = wire::Need();
    return absl::OkStatus();
  }
  staging_ = std::make_unique<Staging>(root(), order_.run_hex, order_.before);
  std::map<size_t, Staged> left;
  if (!order_.everything) {
    TRY_ASSIGN(left, TakeLeft(order_.manifest, targets_, into_path_, *staging_,
                              &stop_, &comparison_));
    need_ = comparison_.need;
  }
  RemoveLeft(root(), into_path_);
  contents_ = std::make_unique<StagedContents>(
      order_.manifest, targets_, comparison_, need_, root(), *staging_,
      std::move(left), &stop_);
  return absl::OkStatus();
}

void DeliveryWork::Leave() {
  if (staging_ == nullptr || reached_ == Reached::kDone ||
      order_.cache.empty() || order_.everything) {
    return;
  }
  contents_.reset();
  sys::Fd beside;
  if (open_->made()) {
    absl::StatusOr<sys::Fd> opened =
        sys::Open(open_->beside(), O_PATH | O_DIRECTORY);
    if (!opened.ok()) return;
    beside = *std::move(opened);
  }
  staging_->Leave(beside.get(), LeftName(into_path_));
}

absl::Status DeliveryWork::Look() {
  LookOptions options = {
      .root = root(), .began = sys::WallNow(), .stop = &stop_};
  const std::string file = absl::StrCat(
      order_.cache, "/hashes-",
      base::Hex(absl::string_view(
          reinterpret_cast<const char*>(wire::HashOf(into_path_).data()), 16)));
  const bool cached =
      !order_.cache.empty() && BytesAt(targets_, root()) > kMinCachedTreeBytes;
  if (cached) {
    const absl::StatusOr<std::string> bytes =
        sys::ReadFile(file, kMaxHashFileBytes);
    // One that is damaged is as good as none.
    hashes_ = bytes.ok() ? HashCache::Decode(*bytes).value_or(HashCache())
                         : HashCache();
    options.cache = &*hashes_;
  }
  TRY_ASSIGN(sight_.there, LookAtTargets(order_.manifest, targets_, options));
  sight_.owners =
      OwnersOf(order_.manifest, targets_, order_.policy, &warnings_);
  sight_.folds_case = root() >= 0 && !order_.policy.check() &&
                      wire::CaseCollision(order_.manifest) && FoldsCase(root());
  if (cached) {
    const absl::Status saved = sys::ReplaceFile(file, hashes_->Encode(), 0600);
    if (!saved.ok()) warnings_.push_back(std::string(saved.message()));
    hashes_.reset();
  }
  return absl::OkStatus();
}

absl::Status DeliveryWork::DecidePruning() {
  if (root() < 0) return absl::OkStatus();
  std::vector<Found> found;
  if (order_.policy.prune_all()) {
    TRY(CheckPruneAll(into_path_, order_.homes));
    TRY_ASSIGN(found, FindAll(root(), order_.policy));
  } else if (order_.policy.prune()) {
    if (order_.cache.empty()) {
      warnings_.push_back("there is no list of what was sent before");
      return absl::OkStatus();
    }
    const SentPaths sent =
        ReadSent(order_.cache, into_path_, order_.policy.recipe());
    TRY_ASSIGN(found, FindSome(root(), {sent.begin(), sent.end()}));
  }
  pruning_ = PruningOf(targets_, found, order_.policy);
  if (!order_.policy.prune_all()) return absl::OkStatus();
  return CheckPruneCount(pruning_.remove.size(), order_.policy);
}

absl::Status DeliveryWork::Feed(absl::string_view bytes) {
  if (order_.policy.check()) {
    if (diffs_ == nullptr) {
      return absl::InvalidArgumentError("a content that nobody asked for");
    }
    return diffs_->Feed(need_, bytes);
  }
  const absl::Status status = contents_->Feed(bytes);
  if (absl::IsResourceExhausted(status)) MakeRoomBeside(into_path_);
  return status;
}

bool DeliveryWork::fed() const {
  if (need_.empty()) return true;
  return order_.policy.check() ? diffs_->complete() : contents_->complete();
}

absl::Status DeliveryWork::Finish() {
  const absl::Status status = FinishAll();
  if (absl::IsResourceExhausted(status)) MakeRoomBeside(into_path_);
  return status;
}

absl::Status DeliveryWork::FinishAll() {
  if (order_.policy.check()) {
    if (diffs_ != nullptr) diffs_->AddLocal(order_.everything);
    return absl::OkStatus();
  }
  TRY(Stage());
  if (diffs_ != nullptr) TRY(MakeDiffs());
  TRY(PutInPlace());
  reached_ = Reached::kDone;
  const absl::Status cleared = staging_->Clear();
  if (!cleared.ok()) {
    warnings_.push_back(absl::StrCat("staging folder: ", cleared.message()));
  }
  open_->Unlock();
  return absl::OkStatus();
}

absl::Status DeliveryWork::Stage() {
  TRY(contents_->MakeOthers());
  application_ =
      std::make_unique<Application>(root(), *staging_, order_.before);
  const bool sync = !order_.policy.no_sync();
  for (size_t i = 0; i < targets_.size(); i++) {
    const Change change = comparison_.changes[i];
    const wire::EntryType type =
        targets_[i].entry ? order_.manifest.entries()[*targets_[i].entry].type
                          : wire::EntryType::kFolder;
    absl::Status status;
    if (contents_->has(i)) {
      const Staged& staged = contents_->staged(i);
      status = Staging::Settle(
          staged,
          AttributesFor(order_.manifest, targets_[i], sight_, i, order_.policy),
          sync);
      application_->SetStaged(i, staged);
    } else if (type == wire::EntryType::kLink &&
               (change == Change::kCreated || change == Change::kChanged ||
                (change == Change::kModeOnly && order_.policy.at_once()))) {
      TRY_ASSIGN(const Staged staged, staging_->NameFor(targets_[i].path));
      TRY(sys::MakeLink(staged.folder->fd.get(), staged.name,
                        order_.manifest.entries()[*targets_[i].entry].target));
      status = Staging::Settle(
          staged,
          AttributesFor(order_.manifest, targets_[i], sight_, i, order_.policy),
          sync);
      application_->SetStaged(i, staged);
    } else if (type == wire::EntryType::kFolder && change == Change::kChanged) {
      TRY_ASSIGN(const Staged staged, staging_->NameFor(targets_[i].path));
      status = sys::MakeFolder(staged.folder->fd.get(), staged.name,
                               targets_[i].entry ? 0700 : 0755);
      application_->SetStaged(i, staged);
    }
    TRY(base::Context(status, Quoted(targets_[i].path)));
  }
  return sync ? application_->Sync() : absl::OkStatus();
}

absl::Status DeliveryWork::MakeDiffs() {
  for (size_t i = 0; i < targets_.size(); i++) {
    if (!diffs_->Shows(i) || !contents_->has(i)) continue;
    const Staged& staged = contents_->staged(i);
    const absl::StatusOr<sys::Fd> fd = sys::OpenAt(
        staged.folder->fd.get(), staged.name, O_RDONLY | O_NOFOLLOW);
    if (!fd.ok()) continue;  // its mode lets nobody read it
    TRY_ASSIGN(const std::string content,
               sys::ReadFd(fd->get(), kMaxDiffBytes));
    diffs_->Add(i, content);
  }
  return absl::OkStatus();
}

bool DeliveryWork::KeepsList() const { return !order_.cache.empty(); }

// Before anything is placed, so that after a crash nothing of ours is unknown;
// and once more for what was removed.
absl::Status DeliveryWork::KeepSent(bool before) {
  if (!KeepsList()) return absl::OkStatus();
  SentPaths sent = ReadSent(order_.cache, into_path_, order_.policy.recipe());
  sent.merge(PathsOf(order_.manifest));
  if (!before) {
    for (const std::string& path : pruning_.remove) {
      sent.erase(path);
      sent.erase(path + "/");
    }
  }
  return WriteSent(order_.cache, into_path_, order_.policy.recipe(), sent);
}

absl::Status DeliveryWork::PutInPlace() {
  const std::vector<Step> steps =
      PlanOf(order_.manifest, targets_, sight_, comparison_, order_.policy,
             pruning_.remove);
  if (stop_) return absl::CancelledError("given up");
  TRY(KeepSent(true));
  if (!steps.empty()) {
    if (order_.policy.at_once()) {
      TRY_ASSIGN(Sibling sibling,
                 Sibling::Make(into_path_, order_.run_hex, &stop_));
      TRY(RunSteps(sibling.root(), steps));
      TRY(sibling.TakePlace(!order_.policy.no_sync()));
    } else {
      TRY(RunSteps(root(), steps));
    }
  }
  if (!pruning_.remove.empty()) {
    const absl::Status kept = KeepSent(false);
    if (!kept.ok()) warnings_.push_back(std::string(kept.message()));
  }
  return absl::OkStatus();
}

absl::Status DeliveryWork::RunSteps(int root, const std::vector<Step>& steps) {
  application_->SetRoot(root);
  TRY(application_->Run(steps));
  if (order_.policy.no_sync()) return absl::OkStatus();
  const absl::Status synced = application_->SyncFolders();
  if (synced.ok()) return synced;
  (void)application_->Undo();
  return synced;
}

fleetbox::wire::Applied DeliveryWork::applied(
    const absl::Status& status) const {
  pb::Applied applied;
  applied.set_into(into_path_);
  for (const std::string& warning : warnings_) {
    if (applied.warning_size() == kMaxWarningsTold) {
      applied.add_warning("and more of the kind");
      break;
    }
    applied.add_warning(warning);
  }
  if (!status.ok()) {
    applied.set_outcome(reached_ == Reached::kNothing
                            ? pb::Applied::REFUSED
                            : pb::Applied::ROLLED_BACK);
    applied.set_error(std::string(status.message()));
    applied.set_status(static_cast<uint32_t>(DeliveryExitCode(status)));
    return applied;
  }
  applied.set_outcome(order_.policy.check() ? pb::Applied::COMPARED
                                            : pb::Applied::APPLIED);
  for (size_t i = 0; i < targets_.size(); i++) {
    if (!targets_[i].entry) continue;
    switch (comparison_.changes[i]) {
      case Change::kSame:
        break;
      case Change::kCreated:
        applied.add_created(*targets_[i].entry);
        break;
      case Change::kChanged:
        applied.add_changed(*targets_[i].entry);
        break;
      case Change::kModeOnly:
        applied.add_mode_only(*targets_[i].entry);
        break;
    }
  }
  size_t listed = 0;
  for (const std::string& path : pruning_.remove) {
    listed += path.size();
    if (listed > kMaxListedBytes) {
      applied.add_warning("not all that is removed is listed: it is too much");
      break;
    }
    applied.add_removed(path);
  }
  applied.set_kept(static_cast<uint32_t>(pruning_.kept));
  if (diffs_ != nullptr) {
    if (diffs_->left_out()) {
      applied.add_warning("not all differences are shown: they are too long");
    }
    for (auto& [entry, diff] : diffs_->Take()) {
      pb::Applied::Diff& to = *applied.add_diff();
      to.set_entry(entry);
      to.set_text(std::move(diff));
    }
  }
  return applied;
}

int DeliveryExitCode(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return 0;
    case absl::StatusCode::kInvalidArgument:
      return 65;
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
      return 74;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kDeadlineExceeded:
      return 75;
    case absl::StatusCode::kFailedPrecondition:
      return 76;
    default:
      return 73;  // no room, no permission, something in the way
  }
}

}  // namespace msrc
