#include "fanout/command.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "base/status.h"
#include "sys/fd.h"
#include "text/simple_command.h"

namespace fanout {
namespace {

// MAX_ARG_STRLEN of the kernel: one string of a command, its end included.
constexpr size_t kMaxStringBytes = 128 << 10;
constexpr absl::string_view kUsualPath = "/usr/local/bin:/usr/bin:/bin";

absl::string_view BaseName(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == absl::string_view::npos ? path : path.substr(slash + 1);
}

// Shells that run a simple command and do nothing else. zsh always reads
// start-up files; of the others we know nothing.
bool IsKnownShell(absl::string_view name) {
  for (absl::string_view known :
       {"sh", "dash", "bash", "ksh", "mksh", "ash", "busybox"}) {
    if (name == known) return true;
  }
  return false;
}

// Variables by which a shell is told to do more than it is asked.
bool ChangesShell(absl::string_view shell, absl::string_view name) {
  if (absl::EndsWith(shell, "ksh") && name == "ENV") return true;
  return name == "BASH_ENV" || name == "SHELLOPTS" || name == "BASHOPTS" ||
         absl::StartsWith(name, "BASH_FUNC_");
}

bool IsTooLong(const std::vector<std::string>& argv) {
  return std::any_of(argv.begin(), argv.end(), [](const std::string& word) {
    return word.size() >= kMaxStringBytes;
  });
}

// What every shell does with `:` and words it need not expand: nothing. (With
// `exec` before it, it is the name of a program.)
bool DoesNothing(absl::string_view text, bool utf8) {
  if (!absl::StartsWith(text, ":")) return false;
  const auto words = text::SimpleCommand(text, utf8, /*any_name=*/true);
  return words && words->front() == ":";
}

}  // namespace

absl::StatusOr<std::string> FindProgram(absl::string_view name,
                                        absl::string_view search_path) {
  const auto executable = [](const std::string& file, int* error) {
    struct stat info;
    if (stat(file.c_str(), &info) != 0) {
      if (errno == EACCES) *error = EACCES;
      return false;
    }
    if (S_ISREG(info.st_mode) &&
        faccessat(AT_FDCWD, file.c_str(), X_OK, AT_EACCESS) == 0) {
      return true;
    }
    *error = EACCES;
    return false;
  };
  int error = ENOENT;
  if (absl::StrContains(name, '/')) {
    std::string file(name);
    if (executable(file, &error)) return file;
  } else if (!name.empty()) {
    for (absl::string_view folder : absl::StrSplit(search_path, ':')) {
      std::string file = absl::StrCat(folder.empty() ? "." : folder, "/", name);
      if (executable(file, &error)) return file;
    }
  }
  return base::SysError(error, name);
}

absl::StatusOr<CommandMaker> CommandMaker::Make(
    const std::string& shell, bool shell_given, ExecMode mode, bool utf8,
    const sys::Environment& environment,
    absl::Span<const std::string> set_names) {
  CommandMaker maker;
  maker.mode_ = mode;
  maker.utf8_ = utf8;
  maker.search_path_ =
      std::string(environment.Get("PATH").value_or(kUsualPath));
  if (mode == ExecMode::kDirect) return maker;

  std::string name = shell_given ? shell : "";
  if (!shell_given) {
    name = std::string(environment.Get("SHELL").value_or("/bin/sh"));
  }
  if (name.empty()) return absl::UnimplementedError("no shell available");
  // Differs: the original said so for each task, and ended with 0.
  absl::StatusOr<std::string> path = FindProgram(name, maker.search_path_);
  if (!path.ok()) {
    return absl::UnimplementedError(
        absl::StrCat("shell: ", path.status().message()));
  }
  maker.shell_path_ = *std::move(path);
  const absl::string_view base = BaseName(name);
  const bool perl = absl::StrContains(base, "perl");
  maker.before_text_ = {name, perl ? "-e" : "-c"};
  maker.after_text_ = perl || absl::StrContains(base, "csh") ? "" : "_";

  // BusyBox, by whatever name, may run commands of its own before those that
  // PATH leads to.
  char* real = realpath(maker.shell_path_.c_str(), nullptr);
  maker.only_paths_direct_ = real != nullptr && BaseName(real) == "busybox";
  free(real);
  maker.may_be_direct_ =
      mode == ExecMode::kAuto && !shell_given && IsKnownShell(base);
  for (const std::string& entry : environment.entries()) {
    const absl::string_view variable =
        absl::string_view(entry).substr(0, entry.find('='));
    if (ChangesShell(base, variable)) maker.may_be_direct_ = false;
  }
  for (const std::string& variable : set_names) {
    // With a PATH of its own a task finds other programs than we would.
    if (ChangesShell(base, variable) || variable == "PATH") {
      maker.may_be_direct_ = false;
    }
  }
  return maker;
}

absl::StatusOr<CommandMaker::Found> CommandMaker::Find(
    const std::string& name) {
  const auto it = found_.find(name);
  if (it != found_.end()) return it->second;
  Found found;
  TRY_ASSIGN(found.path, FindProgram(name, search_path_));
  // What the kernel would refuse with ENOEXEC a shell reads as its own script.
  // Unreadable programs are binaries.
  char start[4] = {};
  const sys::Fd file(open(found.path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file && read(file.get(), start, sizeof start) >= 0) {
    const absl::string_view magic(start, sizeof start);
    found.needs_shell = magic != absl::string_view("\177ELF", 4) &&
                        !absl::StartsWith(magic, "#!");
  }
  found_[name] = found;
  return found;
}

absl::StatusOr<Prepared> CommandMaker::Prepare(
    absl::string_view text, absl::Span<const std::string> tokens) {
  Prepared prepared;
  if (may_be_direct_ && DoesNothing(text, utf8_)) {
    prepared.nothing = true;
    return prepared;
  }
  if (may_be_direct_ || mode_ == ExecMode::kDirect) {
    const bool no_shell = mode_ == ExecMode::kDirect;
    auto words = text::SimpleCommand(text, utf8_, /*any_name=*/no_shell);
    if (words &&
        (!only_paths_direct_ || absl::StrContains(words->front(), '/'))) {
      absl::StatusOr<Found> found = Find(words->front());
      if (!found.ok()) {
        return absl::IsNotFound(found.status())
                   ? absl::NotFoundError(
                         absl::StrCat(words->front(), ": not found"))
                   : absl::PermissionDeniedError(
                         absl::StrCat(words->front(), ": Permission denied"));
      }
      if (!found->needs_shell || no_shell) {
        prepared.argv = *std::move(words);
        prepared.program = found->path;
        prepared.direct = true;
      }
    } else if (no_shell) {
      return absl::InvalidArgumentError(
          "needs a shell, which --exec=direct forbids");
    }
  }
  if (!prepared.direct) {
    prepared.argv = before_text_;
    prepared.argv.emplace_back(text);
    if (!after_text_.empty()) prepared.argv.push_back(after_text_);
    prepared.argv.insert(prepared.argv.end(), tokens.begin(), tokens.end());
    prepared.program = shell_path_;
  }
  if (IsTooLong(prepared.argv)) {
    return absl::OutOfRangeError(absl::StrCat("the command is longer than the ",
                                              kMaxStringBytes - 1,
                                              " bytes the system takes"));
  }
  return prepared;
}

absl::StatusOr<std::string> FindOnPath(absl::string_view name,
                                       const sys::Environment& environment) {
  absl::StatusOr<std::string> found =
      FindProgram(name, environment.Get("PATH").value_or("/bin:/usr/bin"));
  if (!absl::IsNotFound(found.status())) return found;
  return absl::NotFoundError(absl::StrCat(name, ": not found in PATH"));
}

}  // namespace fanout
