#include "hosts/m4_files.h"

#include <absl/status/status.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "sys/child.h"
#include "sys/file.h"

namespace hosts {
namespace {

// The engine's messages name the file; only the system's words are wanted.
absl::Status Words(int error) {
  return absl::Status(absl::ErrnoToStatusCode(error), strerror(error));
}

// The path without links; empty when there is none.
std::string Resolved(const std::string& path) {
  char* resolved = realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return "";
  std::string result = resolved;
  free(resolved);
  return result;
}

}  // namespace

M4Files::M4Files(M4FilesOptions options) : options_(std::move(options)) {}

bool M4Files::IsAllowed(const std::string& path) const {
  const std::string resolved = Resolved(path);
  const auto holds = [&resolved](const std::string& folder) {
    const std::string root = Resolved(folder.empty() ? "." : folder);
    return !root.empty() &&
           absl::StartsWith(resolved, root == "/" ? root : root + "/");
  };
  if (holds(".")) return true;
  for (const std::string& folder : options_.folders) {
    if (holds(folder)) return true;
  }
  return false;
}

absl::StatusOr<std::shared_ptr<const std::string>> M4Files::ReadPath(
    const std::string& path) {
  if (options_.safe) {
    // What is not there is said to be not there, wherever it is not.
    if (access(path.c_str(), F_OK) != 0) return Words(errno);
    if (!IsAllowed(path)) {
      return absl::PermissionDeniedError("disabled in safe mode");
    }
  }
  const sys::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return Words(errno);
  const absl::StatusOr<sys::FileInfo> info = sys::Stat(fd.get());
  if (!info.ok()) return info.status();
  if (info->folder) return Words(EISDIR);
  if (options_.safe) {
    // It may have become another file since.
    const absl::StatusOr<std::string> opened = sys::PathOf(fd.get());
    if (!opened.ok() || !IsAllowed(*opened)) {
      return absl::PermissionDeniedError("disabled in safe mode");
    }
  }
  absl::StatusOr<std::string> content = sys::ReadFd(fd.get(), SIZE_MAX / 2);
  if (!content.ok()) return content.status();
  return std::make_shared<const std::string>(*std::move(content));
}

absl::StatusOr<M4Files::File> M4Files::Read(absl::string_view name) {
  const std::string here(name);
  absl::StatusOr<std::shared_ptr<const std::string>> content = ReadPath(here);
  if (content.ok()) return File{here, *std::move(content)};
  if (!absl::StartsWith(here, "/")) {
    for (const std::string& folder : options_.folders) {
      const std::string path =
          folder.empty() ? here : absl::StrCat(folder, "/", here);
      absl::StatusOr<std::shared_ptr<const std::string>> found = ReadPath(path);
      if (found.ok()) return File{path, *std::move(found)};
    }
  }
  return content.status();
}

absl::StatusOr<int> M4Files::Shell(const std::string& command,
                                   std::string* output) {
  sys::Fd from, to;
  if (output != nullptr) {
    auto pipe = sys::Pipe();
    if (!pipe.ok()) return pipe.status();
    from = std::move(pipe->first);
    to = std::move(pipe->second);
  }
  sys::SpawnOptions spawn;
  spawn.in = 0;
  spawn.out = output != nullptr ? to.get() : 1;
  spawn.err = 2;
  const std::string argv[] = {"/bin/sh", "-c", command};
  absl::StatusOr<sys::Child> child = sys::Child::Spawn(argv, spawn);
  if (!child.ok()) return child.status();
  to.Reset();

  char piece[64 << 10];
  while (from) {
    const ssize_t got = read(from.get(), piece, sizeof piece);
    if (got == 0) break;
    if (got > 0) output->append(piece, got);
    if (got < 0 && errno != EINTR) break;
  }
  const sys::Ended ended = child->Wait();
  return ended.signal != 0 ? ended.signal << 8 : ended.code;
}

absl::StatusOr<std::string> M4Files::MakeFile(const std::string& pattern) {
  std::string name = pattern;
  const sys::Fd fd(mkostemp(name.data(), O_CLOEXEC));
  if (!fd) return Words(errno);
  return name;
}

absl::Status M4Files::OpenDebug(const std::string& name) {
  sys::Fd fd(
      open(name.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
  if (!fd) return Words(errno);
  debug_ = std::move(fd);
  return absl::OkStatus();
}

void M4Files::WriteDebug(absl::string_view text) {
  if (debug_) (void)sys::WriteAll(debug_.get(), text);
}

std::vector<std::string> SplitFolders(absl::string_view list) {
  if (list.empty()) return {};
  return absl::StrSplit(list, ':', absl::SkipEmpty());
}

}  // namespace hosts
