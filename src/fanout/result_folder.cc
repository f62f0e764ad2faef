#include "fanout/result_folder.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>

#include "base/status.h"
#include "sys/file.h"

namespace fanout {
namespace {

absl::StatusOr<sys::Fd> NewFile(const std::string& path) {
  TRY(sys::RemoveFile(path));
  return sys::Open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW,
                   0666);
}

}  // namespace

absl::StatusOr<ResultFolder> ResultFolder::Open(const std::string& path) {
  TRY(sys::MakeFolders(path));
  return ResultFolder(path);
}

absl::StatusOr<ResultFolder::Files> ResultFolder::Begin(
    absl::string_view number) const {
  MUST(!number.empty() &&
       number.find_first_not_of("0123456789") == absl::string_view::npos);
  const std::string folder = absl::StrCat(path_, "/", number);
  TRY(sys::MakeFolders(folder));
  // First, or after a crash it would tell of files that are not its own.
  TRY(sys::RemoveFile(folder + "/meta.json"));
  Files files;
  TRY_ASSIGN(files.out, NewFile(folder + "/stdout"));
  TRY_ASSIGN(files.err, NewFile(folder + "/stderr"));
  return files;
}

absl::Status ResultFolder::End(absl::string_view number,
                               absl::string_view meta_json) const {
  return sys::ReplaceFile(absl::StrCat(path_, "/", number, "/meta.json"),
                          meta_json);
}

}  // namespace fanout
