#include "hosts/search.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include "base/status.h"
#include "hosts/name.h"
#include "sys/file.h"
#include "sys/users.h"

namespace hosts {
namespace {

constexpr absl::string_view kBuiltIn =
    ".:/usr/local/lib/hxmd:/usr/local/lib/distrib";

bool Exists(const std::string& path) {
  const absl::StatusOr<sys::FileInfo> info = sys::Stat(path);
  return info.ok() && info->exists;
}

std::string FirstAbsolute(absl::Span<const std::string> folders) {
  for (const std::string& folder : folders) {
    if (absl::StartsWith(folder, "/")) return folder;
  }
  return "";
}

}  // namespace

Search::Search(const sys::Environment& environment)
    : environment_(environment) {
  const auto given = environment.Get("HXMD_PATH");
  list_given_ = given && !given->empty();
  const std::vector<std::string> built_in =
      absl::StrSplit(kBuiltIn, ':', absl::SkipEmpty());
  folders_ = built_in;
  if (list_given_) {
    folders_ = absl::StrSplit(*given, ':', absl::SkipEmpty());
    own_folder_ = FirstAbsolute(folders_);
    own_folder_given_ = !own_folder_.empty();
  }
  if (own_folder_.empty()) own_folder_ = FirstAbsolute(built_in);
}

absl::StatusOr<std::string> Search::Expand(absl::string_view name) const {
  if (absl::StartsWith(name, "$")) {
    size_t end = 1;
    while (end < name.size() && IsNameByte(name[end])) end++;
    const absl::string_view variable = name.substr(1, end - 1);
    const auto value = environment_.Get(variable);
    if (!value) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": ", variable, " is not in the environment"));
    }
    return absl::StrCat(*value, name.substr(end));
  }
  if (absl::StartsWith(name, "~")) {
    const size_t end = std::min(name.find('/'), name.size());
    const std::string user(name.substr(1, end - 1));
    if (user.empty()) {
      return absl::StrCat(sys::HomeFolder(), name.substr(end));
    }
    const absl::StatusOr<sys::Account> account = sys::FindAccount(user);
    if (!account.ok()) return base::Context(account.status(), name);
    return absl::StrCat(account->home, name.substr(end));
  }
  return std::string(name);
}

absl::StatusOr<std::string> Search::Find(absl::string_view name) const {
  TRY_ASSIGN(const std::string expanded, Expand(name));
  const auto missing = [&] {
    return absl::NotFoundError(absl::StrCat("cannot find file '", name, "'"));
  };
  if (expanded.empty()) return missing();
  if (expanded[0] == '/' || absl::StartsWith(expanded, "./")) {
    if (!Exists(expanded)) return missing();
    return expanded;
  }
  for (const std::string& folder : folders_) {
    std::string path =
        folder == "." ? expanded : absl::StrCat(folder, "/", expanded);
    if (Exists(path)) return path;
  }
  return missing();
}

absl::StatusOr<std::string> Search::FindTable(absl::string_view name) const {
  if (name == "--") return own_folder_;
  if (absl::StartsWith(name, "--/")) {
    std::string path = absl::StrCat(own_folder_, name.substr(2));
    if (Exists(path)) return path;
    return absl::NotFoundError(absl::StrCat("cannot find file '", name, "'"));
  }
  return Find(name);
}

std::string Search::list() const { return absl::StrJoin(folders_, ":"); }

std::string ReportedName(const std::string& path) {
  const absl::StatusOr<std::string> absolute = sys::AbsolutePath(path);
  if (!absolute.ok()) return path;
  std::vector<absl::string_view> parts;
  for (absl::string_view part :
       absl::StrSplit(*absolute, '/', absl::SkipEmpty())) {
    if (part == ".") continue;
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else {
      parts.push_back(part);
    }
  }
  std::string folded = absl::StrCat("/", absl::StrJoin(parts, "/"));
  // A link on the way makes of a/../b another file.
  const auto before = sys::Stat(path), after = sys::Stat(folded);
  if (before.ok() && after.ok() && before->exists && after->exists &&
      before->inode == after->inode && before->device == after->device) {
    return folded;
  }
  return path;
}

}  // namespace hosts
