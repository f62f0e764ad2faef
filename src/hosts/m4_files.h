// What an m4 stream gets of this host: files of a search path, commands, and
// temporary files.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/strings/string_view.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sys/fd.h"
#include "text/m4.h"

namespace hosts {

struct M4FilesOptions {
  // Looked through behind the working folder, in this order.
  std::vector<std::string> folders = {};
  // Files are read once and kept; for many streams over the same ones.
  bool keep = false;
  // Safe mode: only files below the working folder, `folders` and these, after
  // links are resolved. Commands are refused by the engine.
  bool safe = false;
  std::vector<std::string> safe_folders = {};
  // Asked while a command runs, ten times a second: a reason to kill it, or "".
  std::function<std::string()> stop = {};
};

class M4Files : public text::M4System {
 public:
  explicit M4Files(M4FilesOptions options);

  absl::StatusOr<File> Read(absl::string_view name) override;
  absl::StatusOr<int> Shell(const std::string& command,
                            std::string* output) override;
  absl::StatusOr<std::string> MakeFile(const std::string& pattern) override;
  absl::Status OpenDebug(const std::string& name) override;
  void WriteDebug(absl::string_view text) override;

  // Files that were kept, and were another one when they were read again.
  const std::vector<std::string>& changed() const { return changed_; }

 private:
  struct Kept {
    std::shared_ptr<const std::string> content;
    uint64_t device = 0, inode = 0;
    int64_t bytes = 0, mtime_ns = 0;
    bool reported = false;
  };
  absl::StatusOr<std::shared_ptr<const std::string>> ReadPath(
      const std::string& path);
  bool IsAllowed(const std::string& path) const;

  M4FilesOptions options_;
  absl::flat_hash_map<std::string, Kept> kept_;
  std::vector<std::string> changed_;
  sys::Fd debug_;
};

// The folders of a list like M4PATH, "a:b"; "" is none.
std::vector<std::string> SplitFolders(absl::string_view list);

}  // namespace hosts
