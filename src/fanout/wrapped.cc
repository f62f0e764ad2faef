#include "fanout/wrapped.h"

#include "fanout/command.h"
#include "sys/file.h"

namespace fanout {

absl::StatusOr<std::string> FindWrapped(absl::string_view name,
                                        const sys::Environment& environment) {
  const std::string path(environment.Get("PATH").value_or("/bin:/usr/bin"));
  absl::StatusOr<std::string> found = FindProgram(name, path);
  if (found.ok()) return found;
  return absl::ResourceExhaustedError(found.status().message());
}

void Rename(const std::string& name, const std::string& path,
            std::vector<std::string>* argv) {
  if (name.empty()) return;
  const absl::StatusOr<sys::FileInfo> program = sys::Stat(path);
  const absl::StatusOr<sys::FileInfo> ours = sys::Stat("/proc/self/exe");
  if (program.ok() && ours.ok() && program->exists && ours->exists &&
      program->inode == ours->inode && program->device == ours->device) {
    return;
  }
  (*argv)[0] = name;
}

}  // namespace fanout
