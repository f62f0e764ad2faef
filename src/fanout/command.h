// From the text of a command to what is executed: the shell with the text, or,
// where the shell would do nothing but run a program, that program.
//
// Direct execution saves the shell's start, half of what a small command takes.
// It is chosen only when the outcome is the same: the shell is one we know, it
// reads no start-up file of the user's, and the text has nothing it would
// interpret (text/simple_command.h).
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <string>
#include <vector>

#include "sys/environment.h"

namespace fanout {

enum class ExecMode {
  kAuto,
  kShell,   // always the shell
  kDirect,  // never: for items nobody vouches for
};

struct Prepared {
  std::vector<std::string> argv;
  std::string program;  // what is executed
  bool direct = false;
  bool nothing = false;  // it is `:`, and there is nothing to execute
};

class CommandMaker {
 public:
  // `shell`: as given by -S; "" for $SHELL, else /bin/sh. Unimplemented (69)
  // when there is none of that name, or $SHELL is set and empty. `set_names`
  // are the variables that tasks get besides `environment`: some of them change
  // what a shell does. `utf8`: the locale's encoding.
  static absl::StatusOr<CommandMaker> Make(
      const std::string& shell, bool shell_given, ExecMode mode, bool utf8,
      const sys::Environment& environment,
      absl::Span<const std::string> set_names);

  // `tokens` become the shell's $1 and on. InvalidArgument under kDirect for a
  // text that needs a shell. NotFound ("NAME: not found", the status 127 of a
  // shell) and PermissionDenied (126) when the shell would say so.
  // OutOfRange for one that is longer than the kernel takes.
  absl::StatusOr<Prepared> Prepare(absl::string_view text,
                                   absl::Span<const std::string> tokens);
  // What was found may not be there any more.
  void ForgetAll() { found_.clear(); }

 private:
  CommandMaker() = default;
  struct Found {
    std::string path;
    bool needs_shell = false;  // neither a binary nor a script with #!
  };
  absl::StatusOr<Found> Find(const std::string& name);

  std::vector<std::string> before_text_;  // the shell's name and -c
  std::string shell_path_, after_text_;   // "_", or "" for none
  ExecMode mode_ = ExecMode::kAuto;
  bool may_be_direct_ = false, only_paths_direct_ = false, utf8_ = false;
  std::string search_path_;
  absl::flat_hash_map<std::string, Found> found_;
};

// The file a program's name means, as execvp(3) looks it up. NotFound,
// PermissionDenied.
absl::StatusOr<std::string> FindProgram(absl::string_view name,
                                        absl::string_view search_path);
// The same for a wrapper's command, on the environment's PATH: NotFound says
// "NAME: not found in PATH".
absl::StatusOr<std::string> FindOnPath(absl::string_view name,
                                       const sys::Environment& environment);

}  // namespace fanout
