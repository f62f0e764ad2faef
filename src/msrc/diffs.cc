#include "msrc/diffs.h"

#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "msrc/receiver_limits.h"
#include "sys/beneath.h"
#include "sys/file.h"
#include "text/diff.h"

namespace msrc {

Diffs::Diffs(const wire::Manifest& manifest, const std::vector<Target>& targets,
             const Comparison& comparison, int root)
    : manifest_(manifest),
      targets_(targets),
      comparison_(comparison),
      root_(root) {}
Diffs::~Diffs() = default;

const wire::Entry& Diffs::EntryOf(size_t target) const {
  return manifest_.entries()[*targets_[target].entry];
}

bool Diffs::Shows(size_t target) const {
  const Change change = comparison_.changes[target];
  return targets_[target].entry &&
         (change == Change::kCreated || change == Change::kChanged) &&
         EntryOf(target).type == wire::EntryType::kFile &&
         EntryOf(target).bytes <= kMaxDiffBytes;
}

// Nothing for what is no file, or too long.
std::string Diffs::ReadThere(const std::string& path) const {
  if (root_ < 0) return "";
  const absl::StatusOr<sys::Fd> fd =
      sys::OpenBeneath(root_, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!fd.ok()) return "";
  const absl::StatusOr<sys::FileInfo> info = sys::Stat(fd->get());
  if (!info.ok() || !info->regular) return "";
  return sys::ReadFd(fd->get(), kMaxDiffBytes)
      .value_or(std::string("\0", 1));  // no text
}

void Diffs::Add(size_t target, absl::string_view content) {
  if (!Shows(target)) return;
  const std::string old = ReadThere(targets_[target].path);
  if (!text::IsText(old) || !text::IsText(content)) return;
  std::string diff = text::UnifiedDiff(old, content);
  if (diff.empty()) return;
  if (bytes_ + diff.size() > kMaxDiffsBytes) {
    left_out_ = true;
    return;
  }
  bytes_ += diff.size();
  diffs_.emplace_back(*targets_[target].entry, std::move(diff));
}

wire::Need Diffs::NeedOf() const {
  std::vector<wire::Want> wants;
  for (size_t i = 0; i < targets_.size(); i++) {
    if (Shows(i) && comparison_.sources[i].kind == Source::Kind::kStream) {
      wants.push_back({.entry = *targets_[i].entry, .chunks = {}});
    }
  }
  absl::StatusOr<wire::Need> need =
      wire::Need::Make(manifest_, std::move(wants));
  MUST(need.ok());
  return *std::move(need);
}

// What is shown is no longer than a piece.
absl::Status Diffs::Feed(const wire::Need& need, absl::string_view bytes) {
  if (receiver_ == nullptr) {
    receiver_ = std::make_unique<wire::ContentReceiver>(manifest_, need);
  }
  return receiver_->Feed(
      bytes, [this](const wire::Piece& piece, absl::string_view content) {
        const wire::Hash& hash = manifest_.entries()[piece.entry].hash;
        // Others may have the same content.
        for (size_t i = 0; i < targets_.size(); i++) {
          if (targets_[i].entry && EntryOf(i).hash == hash &&
              EntryOf(i).type == wire::EntryType::kFile) {
            Add(i, content);
          }
        }
        return absl::OkStatus();
      });
}

bool Diffs::complete() const {
  return receiver_ != nullptr && receiver_->done();
}

void Diffs::AddLocal(bool have_come) {
  for (size_t i = 0; i < targets_.size(); i++) {
    if (!Shows(i)) continue;
    const Source& source = comparison_.sources[i];
    if (source.kind == Source::Kind::kLocal && !have_come) {
      Add(i, ReadThere(targets_[source.from].path));
    } else if (source.kind == Source::Kind::kNone) {
      Add(i, "");
    }
  }
}

std::vector<std::pair<uint32_t, std::string>> Diffs::Take() {
  std::sort(diffs_.begin(), diffs_.end());
  return std::move(diffs_);
}

}  // namespace msrc
