// The world of an m4 stream: files of the search path, commands, temporary
// files; and what of that is refused.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "hosts/voice.h"
#include "sys/environment.h"
#include "sys/fd.h"
#include "text/m4.h"

namespace hosts {

// The files of a run, each read once. For any thread.
class FileCache {
 public:
  // The content. The text of a failure is the system's alone.
  absl::StatusOr<std::shared_ptr<const std::string>> Read(
      const std::string& path);
  // Those that are not any more what was read.
  std::vector<std::string> Changed() const;

 private:
  struct Kept {
    std::shared_ptr<const std::string> content;
    uint64_t device = 0, inode = 0;
    int64_t bytes = 0, mtime_ns = 0;
  };
  mutable std::mutex mutex_;
  absl::flat_hash_map<std::string, Kept> files_;
};

struct SystemSettings {
  std::vector<std::string> include_folders;  // in order; M4PATH's are the last
  bool safe = false;
  // In safe mode files are read below these only, links resolved.
  std::vector<std::string> allowed_folders;
  std::string work_folder;  // files in it change as the run goes on; or ""
  const sys::Environment* environment = nullptr;
  FileCache* files = nullptr;
  // Whether the run is to end: the reason, or "".
  std::function<std::string()> interrupted;
};

// The folders of safe mode: the current one and `folders`, free of links.
// Missing ones allow nothing.
std::vector<std::string> ResolvedFolders(
    const std::vector<std::string>& folders);

class StreamSystem : public text::M4System {
 public:
  enum class Mode {
    kReal,
    // Nothing that could be noticed is done; instead wants_effects() becomes
    // true, and the stream ends.
    kTrial,
  };
  // `settings` is borrowed. `output` gets what syscmd prints.
  StreamSystem(const SystemSettings& settings, Mode mode,
               std::function<void(absl::string_view)> output,
               std::function<void(absl::string_view)> debug_output);

  absl::StatusOr<File> Read(absl::string_view name) override;
  absl::StatusOr<int> Shell(const std::string& command,
                            std::string* output) override;
  absl::StatusOr<std::string> MakeFile(const std::string& pattern) override;
  absl::Status OpenDebug(const std::string& name) override;
  void WriteDebug(absl::string_view text) override;

  // A file that is not there but for this stream: `content` is what Read gives
  // for `name`.
  void Provide(absl::string_view name, std::string content);
  bool wants_effects() const { return wants_effects_; }
  // Whether safe mode has refused a file.
  bool refused() const { return refused_; }
  // For M4Limits: the run is to end, the stream has had its time, or a trial
  // met its end.
  std::string WhyStop() const;

 private:
  absl::StatusOr<File> ReadAt(const std::string& path);
  bool RefuseInTrial();

  const SystemSettings& settings_;
  Mode mode_;
  std::function<void(absl::string_view)> output_, debug_output_;
  absl::flat_hash_map<std::string, std::shared_ptr<const std::string>>
      provided_;
  bool wants_effects_ = false, refused_ = false;
  absl::Time deadline_;
  sys::Fd debug_;
};

}  // namespace hosts
