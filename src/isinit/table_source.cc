#include "isinit/table_source.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <utility>

#include "base/status.h"
#include "sys/file.h"
#include "wire/content_hash.h"

namespace isinit {
namespace {

constexpr char kTable[] = "/etc/isinittab", kOldTable[] = "/etc/cltab";

std::string UsualTable() {
  const auto there = [](const char* path) {
    const absl::StatusOr<sys::FileInfo> info = sys::Stat(path);
    return info.ok() && info->exists;
  };
  return !there(kTable) && there(kOldTable) ? kOldTable : kTable;
}

std::vector<std::string> ErrorLines(const Reading& reading,
                                    absl::string_view file) {
  std::vector<std::string> lines;
  for (const Problem& p : reading.problems) {
    if (!p.error) continue;
    lines.push_back(absl::StrCat(file, ": line ", p.line, ": ", p.text));
  }
  return lines;
}

std::string HashText(absl::string_view text) {
  const wire::Hash hash = wire::HashOf(text);
  return std::string(hash.begin(), hash.end());
}

std::pair<std::string, std::string> FolderAndName(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace

TableSource::TableSource(std::string file, bool compat)
    : file_(file.empty() ? UsualTable() : std::move(file)), compat_(compat) {
  last_.table = std::make_shared<const Table>();
}

TableSource::~TableSource() { Unwatch(); }

absl::StatusOr<const Reading*> TableSource::Reread() {
  absl::StatusOr<std::string> text = sys::ReadFile(file_);
  if (!text.ok()) {
    problems_ = {std::string(text.status().message())};
    // If it comes back as it was, that is news.
    read_ = false;
    return text.status();
  }
  if (read_ && *text == text_) return nullptr;
  read_ = true;
  text_ = *std::move(text);
  last_ = ReadTable(text_, compat_);
  problems_ = ErrorLines(last_, file_);
  if (last_.ok()) hash_ = HashText(text_);
  return &last_;
}

absl::Status TableSource::Replace(absl::string_view text) {
  const Reading reading = ReadTable(text, compat_);
  if (!reading.ok()) {
    return absl::InvalidArgumentError(
        absl::StrJoin(ErrorLines(reading, "table"), "\n"));
  }
  const absl::StatusOr<std::string> before = sys::ReadFile(file_);
  if (before.ok()) {
    TRY(sys::ReplaceFile(absl::StrCat(file_, ".1"), *before));
  } else if (!absl::IsNotFound(before.status())) {
    return before.status();
  }
  return sys::ReplaceFile(file_, text);
}

// The folder is watched, not the file: editors put a new file in its place.
void TableSource::Unwatch() {
  if (!watch_) return;
  loop_->Unwatch(watch_.get());
  watch_.Reset();
}

absl::Status TableSource::Watch(sys::Loop& loop,
                                std::function<void()> changed) {
  if (watch_) return absl::OkStatus();
  const auto [folder, name] = FolderAndName(file_);
  sys::Fd fd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd || inotify_add_watch(fd.get(), folder.c_str(),
                               IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE) < 0) {
    return base::SysError(absl::StrCat("watch ", folder));
  }
  loop_ = &loop;
  watch_ = std::move(fd);
  return loop.Watch(
      watch_.get(), EPOLLIN,
      [fd = watch_.get(), name = name, changed = std::move(changed)](uint32_t) {
        alignas(inotify_event) char buffer[16 << 10];
        bool ours = false;
        ssize_t n;
        while ((n = read(fd, buffer, sizeof buffer)) > 0) {
          for (ssize_t at = 0; at < n;) {
            const auto* event =
                reinterpret_cast<const inotify_event*>(buffer + at);
            ours |= event->len > 0 && name == event->name;
            at += sizeof *event + event->len;
          }
        }
        if (ours) changed();
      });
}

}  // namespace isinit
