#include "fanout/result_folder.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <utility>

#include "base/status.h"
#include "sys/file.h"

namespace fanout {
namespace {

constexpr absl::string_view kMeta = "/meta.json",
                            kUndelivered = "/undelivered.json";
constexpr size_t kMaxMetaBytes = 16 << 20;

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
  TRY(sys::RemoveFile(absl::StrCat(folder, kMeta)));
  TRY(sys::RemoveFile(absl::StrCat(folder, kUndelivered)));
  Files files;
  TRY_ASSIGN(files.out, NewFile(folder + "/stdout"));
  TRY_ASSIGN(files.err, NewFile(folder + "/stderr"));
  return files;
}

absl::Status ResultFolder::Complete(absl::string_view number,
                                    absl::string_view meta_json) const {
  return sys::ReplaceFile(absl::StrCat(path_, "/", number, kUndelivered),
                          meta_json);
}

absl::Status ResultFolder::End(absl::string_view number,
                               absl::string_view meta_json) const {
  const std::string folder = absl::StrCat(path_, "/", number);
  TRY(sys::ReplaceFile(absl::StrCat(folder, kMeta), meta_json));
  return sys::RemoveFile(absl::StrCat(folder, kUndelivered));
}

absl::StatusOr<std::optional<ResultFolder::Undelivered>> ResultFolder::Find(
    absl::string_view number) const {
  const std::string folder = absl::StrCat(path_, "/", number);
  const absl::StatusOr<std::string> meta =
      sys::ReadFile(absl::StrCat(folder, kUndelivered), kMaxMetaBytes);
  if (absl::IsNotFound(meta.status())) return std::nullopt;
  TRY(meta.status());
  Undelivered found;
  // One that was cut short by a full disk, or is somebody else's: the task is
  // run again, and its folder made anew.
  absl::StatusOr<TaskRecord> task = ParseMeta(*meta);
  if (!task.ok()) return std::nullopt;
  found.task = *std::move(task);
  TRY_ASSIGN(found.out, sys::Open(folder + "/stdout", O_RDONLY | O_NOFOLLOW));
  TRY_ASSIGN(found.err, sys::Open(folder + "/stderr", O_RDONLY | O_NOFOLLOW));
  for (const auto& [fd, bytes] :
       {std::pair(found.out.get(), found.task.stdout_bytes),
        std::pair(found.err.get(), found.task.stderr_bytes)}) {
    struct stat info;
    if (fstat(fd, &info) != 0 || info.st_size != bytes) return std::nullopt;
  }
  return found;
}

}  // namespace fanout
