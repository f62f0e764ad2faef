#include "store/watchers.h"

#include <limits>
#include <utility>

#include "base/status.h"
#include "store/changes.h"

namespace store {
namespace {

constexpr size_t kPieceBytes = 1 << 20;

}  // namespace

int64_t Watchers::Add(absl::string_view prefix, Revision from,
                      Changed changed) {
  const std::lock_guard<std::mutex> lock(mutex_);
  watchers_[++last_] = {std::string(prefix), from + 1, false,
                        std::move(changed)};
  return last_;
}

void Watchers::Remove(int64_t watch) {
  const std::lock_guard<std::mutex> lock(mutex_);
  watchers_.erase(watch);
}

bool Watchers::Any() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return !watchers_.empty();
}

Watchers::Changed Watchers::CallOf(int64_t watch) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto it = watchers_.find(watch);
  return it == watchers_.end() ? Changed() : it->second.changed;
}

absl::Status Watchers::ReadRows(Tables& tables, Watcher& watcher,
                                std::vector<WatchBatch>* batches) {
  TRY_ASSIGN(const std::vector<Tables::ChangeRow> rows,
             tables.ChangesAfter(watcher.next - 1, kPieceBytes));
  for (const auto& [revision, packed] : rows) {
    TRY_ASSIGN(std::vector<Change> changes,
               UnpackChanges(revision, packed, watcher.prefix));
    watcher.next = revision + 1;
    if (!changes.empty()) batches->push_back({revision, std::move(changes), 0});
  }
  return absl::OkStatus();
}

Watchers::Piece Watchers::ReadOn(int64_t watch, Tables& tables) {
  Piece piece;
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto it = watchers_.find(watch);
  if (it == watchers_.end()) return piece;
  Watcher& watcher = it->second;
  piece.status = tables.EnsureOpen();
  if (!piece.status.ok()) return piece;
  if (watcher.next <= tables.compacted()) {
    WatchBatch gone;
    gone.revision = tables.revision();
    gone.compacted = tables.compacted() + 1;
    piece.batches.push_back(std::move(gone));
    // Stays known, so that it can be removed, and silent.
    watcher.next = std::numeric_limits<Revision>::max();
    return piece;
  }
  piece.status = ReadRows(tables, watcher, &piece.batches);
  watcher.live = piece.status.ok() && watcher.next > tables.revision();
  piece.more = piece.status.ok() && !watcher.live;
  return piece;
}

std::vector<Watchers::Telling> Watchers::Tell(
    const std::vector<Tables::ChangeRow>& rows) {
  std::vector<Telling> tellings;
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& [revision, packed] : rows) {
    for (auto& [id, watcher] : watchers_) {
      if (!watcher.live || revision < watcher.next) continue;
      watcher.next = revision + 1;
      auto changes = UnpackChanges(revision, packed, watcher.prefix);
      MUST(changes.ok());  // packed a moment ago
      if (changes->empty()) continue;
      tellings.push_back({id, {revision, *std::move(changes), 0}});
    }
  }
  return tellings;
}

std::vector<int64_t> Watchers::StartOver() {
  std::vector<int64_t> all;
  const std::lock_guard<std::mutex> lock(mutex_);
  for (auto& [id, watcher] : watchers_) {
    if (watcher.live) all.push_back(id);
    watcher.live = false;
  }
  return all;
}

}  // namespace store
