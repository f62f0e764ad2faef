#include "msrc/prune.h"

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <iterator>

#include "base/bytes.h"
#include "base/strings.h"
#include "msrc/receiver_limits.h"

namespace msrc {
namespace {

absl::string_view FolderOf(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == absl::string_view::npos ? "" : path.substr(0, slash);
}

}  // namespace

bool IsRevisionFolder(absl::string_view path) {
  static constexpr absl::string_view kNames[] = {"RCS",  "CVS", "SCCS", "SVN",
                                                 ".git", ".hg", ".svn", ".jj"};
  const size_t slash = path.rfind('/');
  if (slash != absl::string_view::npos) path.remove_prefix(slash + 1);
  return std::find(std::begin(kNames), std::end(kNames), path) !=
         std::end(kNames);
}

bool IsIgnored(absl::string_view path, const Policy& policy) {
  for (size_t end = path.find('/');; end = path.find('/', end + 1)) {
    const absl::string_view part = path.substr(0, end);
    for (const std::string& word : policy.ignore()) {
      if (base::GlobMatch(word, part)) return true;
    }
    if (end == absl::string_view::npos) return false;
  }
}

Pruning PruningOf(const std::vector<Target>& targets,
                  const std::vector<Found>& found, const Policy& policy) {
  absl::flat_hash_set<absl::string_view> listed;
  for (const Target& target : targets) listed.insert(target.path);
  absl::flat_hash_map<absl::string_view, size_t> removed_in;
  Pruning pruning;
  // From the end: what is in a folder comes behind it.
  for (auto f = found.rbegin(); f != found.rend(); f++) {
    if (listed.contains(f->path)) continue;
    bool keep = IsIgnored(f->path, policy);
    for (absl::string_view p = f->path; !p.empty() && !keep; p = FolderOf(p)) {
      keep = IsRevisionFolder(p);
    }
    if (f->folder && removed_in[f->path] != f->names) keep = true;
    if (keep) {
      pruning.kept++;
      continue;
    }
    removed_in[FolderOf(f->path)]++;
    pruning.remove.push_back(f->path);
  }
  return pruning;
}

absl::Status CheckPruneAll(absl::string_view into,
                           const std::vector<std::string>& homes) {
  const auto refuse = [into](absl::string_view what) {
    return absl::FailedPreconditionError(
        absl::StrCat("'", base::Escape(into), "' is ", what,
                     ": what is not listed is not removed from there"));
  };
  if (into.empty() || into == "/") return refuse("the root folder");
  if (into.find('/', 1) == absl::string_view::npos) {
    return refuse("right below the root folder");
  }
  for (const std::string& home : homes) {
    if (into == home) return refuse("a home folder");
  }
  return absl::OkStatus();
}

absl::Status CheckPruneCount(size_t files, const Policy& policy) {
  const size_t most =
      policy.max_prune() != 0 ? policy.max_prune() : kDefaultMaxPrune;
  if (files <= most) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("would remove ", files, " names, more than ", most));
}

}  // namespace msrc
