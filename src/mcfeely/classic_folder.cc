#include "mcfeely/classic_folder.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include "base/limits.h"
#include "base/status.h"
#include "sys/file.h"

namespace mcfeely {

absl::StatusOr<bool> IsClassicFolder(const std::string& folder) {
  for (const char* name : {"task", "info", "job", "newj"}) {
    TRY_ASSIGN(const sys::FileInfo info,
               sys::Stat(absl::StrCat(folder, "/", name)));
    if (!info.folder) return false;
  }
  return true;
}

absl::StatusOr<ClassicFiles> ReadClassicFolder(const std::string& folder) {
  ClassicFiles files;
  const std::pair<const char*, ClassicFiles::Numbered*> places[] = {
      {"task", &files.task}, {"info", &files.info}, {"desc", &files.desc},
      {"fnot", &files.fnot}, {"snot", &files.snot}, {"newj", &files.jobs},
      {"job", &files.jobs},  {"rep", &files.rep},   {"pid", nullptr}};
  for (const auto& [name, numbered] : places) {
    const std::string place = absl::StrCat(folder, "/", name);
    TRY_ASSIGN(const sys::FileInfo there, sys::Stat(place));
    if (!there.exists) continue;
    TRY_ASSIGN(const std::vector<std::string> names, sys::ListFolder(place));
    for (const std::string& n : names) {
      ClassicFile file{.path = absl::StrCat(name, "/", n), .content = ""};
      const std::string path = absl::StrCat(place, "/", n);
      TRY_ASSIGN(const sys::FileInfo info, sys::Stat(path));
      uint32_t number;
      if (numbered == nullptr || !info.regular ||
          !absl::SimpleAtoi(n, &number) || absl::StrCat(number) != n ||
          numbered->contains(number)) {
        files.strange.push_back(std::move(file.path));
        continue;
      }
      TRY_ASSIGN(file.content, sys::ReadFile(path, base::kMaxBodyBytes));
      file.changed_ns = info.mtime_ns;
      numbered->emplace(number, std::move(file));
    }
  }
  return files;
}

}  // namespace mcfeely
