// What an m4 stream gets of this host: files of a search path, commands, and
// temporary files.
#pragma once

#include <absl/strings/string_view.h>

#include <memory>
#include <string>
#include <vector>

#include "sys/fd.h"
#include "text/m4.h"

namespace hosts {

struct M4FilesOptions {
  // Looked through behind the working folder, in this order.
  std::vector<std::string> folders = {};
  // Safe mode: only files below the working folder and `folders`, after links
  // are resolved. Commands are refused by the engine.
  bool safe = false;
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

 private:
  absl::StatusOr<std::shared_ptr<const std::string>> ReadPath(
      const std::string& path);
  bool IsAllowed(const std::string& path) const;

  M4FilesOptions options_;
  sys::Fd debug_;
};

// The folders of a list like M4PATH, "a:b"; "" is none.
std::vector<std::string> SplitFolders(absl::string_view list);

}  // namespace hosts
