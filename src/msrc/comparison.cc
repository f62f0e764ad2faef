#include "msrc/comparison.h"

#include <absl/container/flat_hash_map.h>
#include <absl/strings/str_cat.h>
#include <absl/time/time.h>

#include <utility>

#include "base/bytes.h"
#include "base/status.h"

namespace msrc {
namespace {

using Type = There::Type;

// Puts chunk `c` behind those that a want asks for.
void AddChunk(size_t c, wire::Want& want) {
  if (!want.chunks.empty() &&
      want.chunks.back().first + want.chunks.back().count == c) {
    want.chunks.back().count++;
  } else {
    want.chunks.push_back({static_cast<uint32_t>(c), 1});
  }
}

class Comparer {
 public:
  Comparer(const wire::Manifest& manifest, const std::vector<Target>& targets,
           const Sight& sight, const Policy& policy)
      : manifest_(manifest),
        targets_(targets),
        sight_(sight),
        policy_(policy) {}

  Comparison Run() {
    result_.changes.resize(targets_.size(), Change::kSame);
    result_.sources.resize(targets_.size());
    if (!CheckCase()) return std::move(result_);
    for (size_t i = 0; i < targets_.size(); i++) {
      if (!Judge(i)) return std::move(result_);
    }
    FindSources();
    return std::move(result_);
  }

 private:
  const wire::Entry* EntryOf(size_t i) const {
    return targets_[i].entry ? &manifest_.entries()[*targets_[i].entry]
                             : nullptr;
  }
  const There& ThereAt(size_t i) const { return sight_.there[i]; }

  bool Refuse(int status, absl::string_view path, absl::string_view why) {
    result_.status = status;
    result_.error = absl::StrCat("'", base::Escape(path), "': ", why);
    return false;
  }

  bool CheckCase() {
    if (!sight_.folds_case) return true;
    const auto names = wire::CaseCollision(manifest_);
    if (!names) return true;
    return Refuse(73, names->first,
                  absl::StrCat("is the same as '", base::Escape(names->second),
                               "' in this file system"));
  }

  // False when it cannot be done.
  bool Judge(size_t i) {
    const wire::Entry* entry = EntryOf(i);
    const wire::EntryType wanted =
        entry != nullptr ? entry->type : wire::EntryType::kFolder;
    const There& there = ThereAt(i);
    if (there.type == Type::kNothing) {
      result_.changes[i] = Change::kCreated;
      return true;
    }
    switch (wanted) {
      case wire::EntryType::kFolder:
        return JudgeFolder(i, entry);
      case wire::EntryType::kFile:
      case wire::EntryType::kLink:
        return JudgeFileOrLink(i, *entry);
    }
    return true;
  }

  bool JudgeFolder(size_t i, const wire::Entry* entry) {
    const There& there = ThereAt(i);
    const std::string& path = targets_[i].path;
    if (there.type == Type::kFolder) {
      if (entry != nullptr && AttributesDiffer(i, *entry)) {
        result_.changes[i] = Change::kModeOnly;
      }
      return true;
    }
    if (there.type == Type::kLink && HasBelow(i)) {
      return Refuse(76, path, "is a symbolic link; nothing is put behind it");
    }
    if (!policy_.force()) return Refuse(73, path, "is no folder");
    result_.changes[i] = Change::kChanged;
    return true;
  }

  bool JudgeFileOrLink(size_t i, const wire::Entry& entry) {
    const There& there = ThereAt(i);
    const std::string& path = targets_[i].path;
    if (there.type == Type::kFolder && !(policy_.force() && there.empty)) {
      return Refuse(73, path,
                    there.empty ? "is a folder" : "is a folder with content");
    }
    if (there.type == Type::kOther && !policy_.force()) {
      return Refuse(73, path, "is a special file");
    }
    if (!SameContent(there, entry)) {
      result_.changes[i] = Change::kChanged;
    } else if (AttributesDiffer(i, entry)) {
      result_.changes[i] = Change::kModeOnly;
    }
    return true;
  }

  static bool SameContent(const There& there, const wire::Entry& entry) {
    if (entry.type == wire::EntryType::kLink) {
      return there.type == Type::kLink && there.target == entry.target;
    }
    return there.type == Type::kFile && there.bytes == entry.bytes &&
           (entry.bytes == 0 || there.hash == entry.hash);
  }

  bool AttributesDiffer(size_t i, const wire::Entry& entry) const {
    const There& there = ThereAt(i);
    if (entry.type != wire::EntryType::kLink &&
        there.mode != WantedMode(entry, there, policy_)) {
      return true;
    }
    if (!sight_.owners.empty()) {
      const Owner& owner = sight_.owners[i];
      if (owner.uid.value_or(there.uid) != there.uid ||
          owner.gid.value_or(there.gid) != there.gid) {
        return true;
      }
    }
    return policy_.all_times() && entry.mtime &&
           absl::ToUnixNanos(*entry.mtime) != there.mtime_ns;
  }

  // All that is below comes right behind.
  bool HasBelow(size_t i) const {
    return i + 1 < targets_.size() &&
           wire::IsBelow(targets_[i + 1].path, targets_[i].path);
  }

  bool IsToBeWritten(size_t i) const {
    const wire::Entry* entry = EntryOf(i);
    if (entry == nullptr || entry->type != wire::EntryType::kFile) return false;
    const Change change = result_.changes[i];
    // What is only given another mode is, in a folder that is made anew beside
    // the old one, a file of its own: the old one is to stay as it is.
    return change == Change::kCreated || change == Change::kChanged ||
           (change == Change::kModeOnly && policy_.at_once());
  }

  void FindSources() {
    absl::flat_hash_map<wire::Hash, size_t> here, coming;
    for (size_t i = 0; i < targets_.size(); i++) {
      if (ThereAt(i).hash) here.emplace(*ThereAt(i).hash, i);
    }
    std::vector<wire::Want> wants;
    for (size_t i = 0; i < targets_.size(); i++) {
      if (!IsToBeWritten(i) || EntryOf(i)->bytes == 0) continue;
      const wire::Entry& entry = *EntryOf(i);
      Source& source = result_.sources[i];
      if (const auto at = here.find(entry.hash); at != here.end()) {
        source.kind = Source::Kind::kLocal;
        source.from = at->second;
      } else if (const auto before = coming.find(entry.hash);
                 before != coming.end()) {
        source.kind = Source::Kind::kStaged;
        source.from = before->second;
      } else {
        coming.emplace(entry.hash, i);
        wants.push_back(WantOf(i, entry, source));
      }
    }
    // Everything that Make refuses was left out above.
    absl::StatusOr<wire::Need> need =
        wire::Need::Make(manifest_, std::move(wants));
    MUST(need.ok());
    result_.need = *std::move(need);
  }

  // The chunks that the file of today does not have; all, if it has none.
  wire::Want WantOf(size_t i, const wire::Entry& entry, Source& source) const {
    wire::Want want = {.entry = *targets_[i].entry, .chunks = {}};
    source.kind = Source::Kind::kStream;
    const There& there = ThereAt(i);
    if (entry.chunks.empty() || there.chunks.empty()) return want;
    absl::flat_hash_map<wire::Hash, int64_t> old;
    int64_t offset = 0;
    for (size_t c = 0; c < there.chunks.size(); c++) {
      old.emplace(there.chunks[c], offset);
      offset += there.chunk_bytes[c];
    }
    std::vector<int64_t> offsets(entry.chunks.size(), -1);
    bool any = false;
    for (size_t c = 0; c < entry.chunks.size(); c++) {
      if (const auto at = old.find(entry.chunks[c]); at != old.end()) {
        offsets[c] = at->second;
        any = true;
      } else {
        AddChunk(c, want);
      }
    }
    // The same chunks in another order: a want of none of them cannot be said,
    // so the first comes once more.
    if (any && want.chunks.empty()) {
      offsets[0] = -1;
      want.chunks = {{0, 1}};
    }
    if (any) {
      source.kind = Source::Kind::kChunks;
      source.old_offsets = std::move(offsets);
    } else {
      want.chunks.clear();
    }
    return want;
  }

  const wire::Manifest& manifest_;
  const std::vector<Target>& targets_;
  const Sight& sight_;
  const Policy& policy_;
  Comparison result_;
};

}  // namespace

std::vector<Target> TargetsOf(const wire::Manifest& manifest) {
  std::vector<Target> targets;
  targets.reserve(manifest.entries().size());
  std::string last;  // the path of the last target
  for (size_t e = 0; e < manifest.entries().size(); e++) {
    const std::string& path = manifest.entries()[e].path;
    // The folders above it that are not the last target, and not above that.
    for (size_t slash = path.find('/'); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
      const absl::string_view folder = absl::string_view(path).substr(0, slash);
      if (last == folder || wire::IsBelow(last, folder)) continue;
      targets.push_back({std::string(folder), std::nullopt});
      last = std::string(folder);
    }
    targets.push_back({path, static_cast<uint32_t>(e)});
    last = path;
  }
  return targets;
}

void UseLeft(const wire::Manifest& manifest, const std::vector<Target>& targets,
             const std::map<size_t, LeftContent>& left,
             Comparison* comparison) {
  std::map<uint32_t, wire::Want> wants;  // by entry
  for (const wire::Want& want : comparison->need.wants()) {
    wants[want.entry] = want;
  }
  for (const auto& [target, found] : left) {
    const uint32_t position = *targets[target].entry;
    Source& source = comparison->sources[target];
    wire::Want& want = wants.at(position);
    want.chunks.clear();
    if (found.whole) {
      source = {.kind = Source::Kind::kLeft};
      wants.erase(position);
      continue;
    }
    source.kind = Source::Kind::kChunks;
    source.old_offsets.resize(found.chunks.size(), -1);
    for (size_t c = 0; c < found.chunks.size(); c++) {
      if (found.chunks[c]) {
        source.old_offsets[c] = -1;
      } else if (source.old_offsets[c] < 0) {
        AddChunk(c, want);
      }
    }
    if (want.chunks.empty()) wants.erase(position);
  }
  std::vector<wire::Want> list;
  for (auto& [position, want] : wants) list.push_back(std::move(want));
  // Fewer of what could be asked for can be.
  absl::StatusOr<wire::Need> need = wire::Need::Make(manifest, std::move(list));
  MUST(need.ok());
  comparison->need = *std::move(need);
}

uint32_t WantedMode(const wire::Entry& entry, const There& there,
                    const Policy& policy) {
  if (policy.set_id()) return entry.mode;
  const uint32_t mode = entry.mode & 01777;
  // A folder's may be how its host makes a group share files.
  const bool kept = entry.type == wire::EntryType::kFolder &&
                    there.type == There::Type::kFolder;
  return kept ? mode | (there.mode & 06000) : mode;
}

Comparison Compare(const wire::Manifest& manifest,
                   const std::vector<Target>& targets, const Sight& sight,
                   const Policy& policy) {
  return Comparer(manifest, targets, sight, policy).Run();
}

}  // namespace msrc
