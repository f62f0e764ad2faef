#include "hosts/stream_system.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/status.h"
#include "hosts/limits.h"
#include "hosts/run_command.h"
#include "sys/clock.h"
#include "sys/file.h"

namespace hosts {
namespace {

constexpr absl::Duration kStreamTime = absl::Seconds(60);

// Messages of m4 have the system's words only.
absl::Status Plain(int error_number) {
  const absl::Status whole = base::SysError(error_number, "");
  return absl::Status(whole.code(), strerror(error_number));
}

bool IsBelow(absl::string_view path, absl::string_view folder) {
  if (folder == "/") return true;
  return absl::StartsWith(path, folder) &&
         (path.size() == folder.size() || path[folder.size()] == '/');
}

}  // namespace

absl::StatusOr<std::shared_ptr<const std::string>> FileCache::Read(
    const std::string& path) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto at = files_.find(path);
  if (at != files_.end()) return at->second.content;
  // Not sys::ReadFile: its statuses name the file.
  const sys::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!fd) return Plain(errno);
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return Plain(errno);
  if (S_ISDIR(info.st_mode)) return Plain(EISDIR);
  absl::StatusOr<std::string> content = sys::ReadFd(fd.get(), kMaxOperandBytes);
  TRY(content.status());
  Kept kept;
  kept.content = std::make_shared<const std::string>(*std::move(content));
  if (S_ISREG(info.st_mode)) {
    kept.device = info.st_dev;
    kept.inode = info.st_ino;
    kept.bytes = info.st_size;
    kept.mtime_ns =
        int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
  }
  return files_.emplace(path, std::move(kept)).first->second.content;
}

std::vector<std::string> FileCache::Changed() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<std::string> changed;
  for (const auto& [path, kept] : files_) {
    if (kept.inode == 0) continue;
    const auto now = sys::Stat(path);
    if (!now.ok() || now->inode != kept.inode || now->device != kept.device ||
        now->bytes != kept.bytes || now->mtime_ns != kept.mtime_ns) {
      changed.push_back(path);
    }
  }
  std::sort(changed.begin(), changed.end());
  return changed;
}

std::vector<std::string> ResolvedFolders(
    const std::vector<std::string>& folders) {
  std::vector<std::string> resolved;
  const auto add = [&](const std::string& folder) {
    const auto fd = sys::Open(folder, O_PATH | O_DIRECTORY);
    if (!fd.ok()) return;
    auto path = sys::PathOf(fd->get());
    if (path.ok()) resolved.push_back(*std::move(path));
  };
  add(".");
  for (const std::string& folder : folders) add(folder);
  return resolved;
}

StreamSystem::StreamSystem(const SystemSettings& settings, Mode mode,
                           std::function<void(absl::string_view)> output,
                           std::function<void(absl::string_view)> debug_output)
    : settings_(settings),
      mode_(mode),
      output_(std::move(output)),
      debug_output_(std::move(debug_output)),
      deadline_(sys::SteadyNow() + kStreamTime) {}

std::string StreamSystem::WhyStop() const {
  if (wants_effects_) return "not in a trial";
  if (settings_.interrupted) {
    std::string reason = settings_.interrupted();
    if (!reason.empty()) return reason;
  }
  if (sys::SteadyNow() >= deadline_) return "more than 60 s of run time";
  return "";
}

bool StreamSystem::RefuseInTrial() {
  if (mode_ != Mode::kTrial) return false;
  wants_effects_ = true;
  return true;
}

void StreamSystem::Provide(absl::string_view name, std::string content) {
  provided_[std::string(name)] =
      std::make_shared<const std::string>(std::move(content));
}

absl::StatusOr<text::M4System::File> StreamSystem::ReadAt(
    const std::string& path) {
  const bool of_run =
      !settings_.work_folder.empty() && IsBelow(path, settings_.work_folder);
  if (settings_.safe) {
    const sys::Fd fd(
        open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!fd) return Plain(errno);
    struct stat info;
    if (fstat(fd.get(), &info) != 0) return Plain(errno);
    const auto resolved = sys::PathOf(fd.get());
    bool allowed = false;
    for (const std::string& folder : settings_.allowed_folders) {
      allowed = allowed || (resolved.ok() && IsBelow(*resolved, folder));
    }
    if (!allowed || !S_ISREG(info.st_mode)) {
      refused_ = true;
      return absl::PermissionDeniedError("disabled in safe mode");
    }
    // What was looked at is what is read: the path may mean another file by
    // now.
    absl::StatusOr<std::string> content =
        sys::ReadFd(fd.get(), kMaxOperandBytes);
    TRY(content.status());
    return File{path, std::make_shared<const std::string>(*std::move(content))};
  }
  if (of_run) {
    if (RefuseInTrial()) return absl::CancelledError("not in a trial");
    absl::StatusOr<std::string> content = sys::ReadFile(path, kMaxOperandBytes);
    if (absl::IsNotFound(content.status())) return Plain(ENOENT);
    TRY(content.status());
    return File{path, std::make_shared<const std::string>(*std::move(content))};
  }
  TRY_ASSIGN(auto content, settings_.files->Read(path));
  return File{path, std::move(content)};
}

absl::StatusOr<text::M4System::File> StreamSystem::Read(
    absl::string_view name) {
  const auto given = provided_.find(std::string(name));
  if (given != provided_.end()) return File{given->first, given->second};
  absl::StatusOr<File> file = ReadAt(std::string(name));
  if (file.ok() || absl::StartsWith(name, "/") || name.empty()) return file;
  for (const std::string& folder : settings_.include_folders) {
    absl::StatusOr<File> other = ReadAt(absl::StrCat(folder, "/", name));
    if (other.ok()) return other;
    // That it is not here says less than that it may not be read there.
    if (absl::IsNotFound(file.status())) file = std::move(other);
  }
  return file;
}

absl::StatusOr<int> StreamSystem::Shell(const std::string& command,
                                        std::string* output) {
  if (RefuseInTrial()) return absl::CancelledError("not in a trial");
  CommandOrder order;
  order.argv = {"/bin/sh", "-c", command};
  order.environment = settings_.environment;
  order.stop = [this] { return WhyStop(); };
  std::string ours;
  const absl::StatusOr<sys::Ended> ended =
      RunCommand(order, output != nullptr ? output : &ours);
  if (!ours.empty()) output_(ours);
  TRY(ended.status());
  return ended->signal != 0 ? ended->signal * 256 : ended->code;
}

absl::StatusOr<std::string> StreamSystem::MakeFile(const std::string& pattern) {
  if (RefuseInTrial()) return absl::CancelledError("not in a trial");
  std::string name = pattern;
  if (!absl::EndsWith(name, "XXXXXX")) name += "XXXXXX";
  const sys::Fd fd(mkostemp(name.data(), O_CLOEXEC));
  if (!fd) return Plain(errno);
  return name;
}

absl::Status StreamSystem::OpenDebug(const std::string& name) {
  if (RefuseInTrial()) return absl::CancelledError("not in a trial");
  debug_.Reset(open(name.c_str(),
                    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY,
                    0666));
  if (!debug_) return Plain(errno);
  return absl::OkStatus();
}

void StreamSystem::WriteDebug(absl::string_view text) {
  if (debug_) {
    sys::WriteAll(debug_.get(), text).IgnoreError();
  } else if (debug_output_) {
    debug_output_(text);
  }
}

}  // namespace hosts
