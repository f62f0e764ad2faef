#include "hosts/work_folder.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"
#include "sys/fd.h"
#include "sys/process.h"

namespace hosts {

absl::StatusOr<std::string> WorkFolder::Path() {
  if (!folder_) {
    if (signals_ == Signals::kHere) {
      loop_ = std::make_unique<sys::Loop>();
      waiting_ = std::make_unique<sys::Signals>(
          *loop_, sys::NotIgnored({SIGHUP, SIGINT, SIGTERM}), [](int) {});
    }
    TRY_ASSIGN(sys::TemporaryFolder folder,
               sys::TemporaryFolder::Make(kPrefix));
    folder_.emplace(std::move(folder));
    // Commands run in other folders, too.
    TRY_ASSIGN(path_, sys::AbsolutePath(folder_->path()));
  }
  return path_;
}

int WorkFolder::WaitingSignal() const {
  if (!waiting_) return 0;
  for (int signal : {SIGTERM, SIGINT, SIGHUP}) {
    if (sys::Signals::Waiting({signal})) return signal;
  }
  return 0;
}

absl::StatusOr<std::string> WorkFolder::Write(absl::string_view name,
                                              absl::string_view content,
                                              int mode) {
  TRY_ASSIGN(const std::string folder, Path());
  std::string path = absl::StrCat(folder, "/", name);
  FileLook look;
  look.mode = mode;
  TRY(WritePrivateFile(path, content, look));
  return path;
}

absl::Status WritePrivateFile(const std::string& path,
                              absl::string_view content, const FileLook& look) {
  TRY_ASSIGN(const sys::Fd fd,
             sys::Open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
  const absl::Status written = sys::WriteAll(fd.get(), content);
  if (!written.ok()) return base::Context(written, path);
  if (look.gid >= 0) {
    // Only root can give files away, and only a member its group: what cannot
    // be had is not worth a failure.
    const uid_t uid = sys::MyUid() == 0 ? static_cast<uid_t>(look.uid) : -1;
    if (fchown(fd.get(), uid, static_cast<gid_t>(look.gid)) != 0 &&
        sys::MyUid() == 0) {
      return base::SysError(path);
    }
  }
  // After the owner: that takes bits away. Never more than the source grants,
  // and no set-user-ID: the text is another.
  if (fchmod(fd.get(), static_cast<mode_t>(look.mode & 0777)) != 0) {
    return base::SysError(path);
  }
  return absl::OkStatus();
}

}  // namespace hosts
