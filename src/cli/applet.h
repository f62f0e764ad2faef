// What an applet is: the head that every file in applets/ opens with, and the
// call its function gets.
//
// A head is a constant: --help prints it, the manual page is compared with it,
// and a command line is checked against it. Everything in it is borrowed text
// that lives as long as the program (literals and constexpr arrays).
//
//   extern constinit const cli::Applet applet_fleetbox_key = {
//       .name = "fleetbox-key",
//       .summary = "make, show and trust keys",
//       .usage = "VERB [OPTION ...] [FILE]",
//       .verbs = kVerbs,
//   };
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>
#include <absl/types/span.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "cli/option.h"

namespace cli {

struct Call;

// The exit code, or why it failed (cli/report.h has the table from status to
// exit code).
using RunFunction = absl::StatusOr<int> (*)(const Call& call);

// A sub-command. The rest of the line behind its name is read with its own
// options; options of the applet stand before the name.
struct Verb {
  absl::string_view name;
  absl::string_view usage = "";    // without the names: "[-j] [JOB ...]"
  absl::string_view summary = "";  // a lower-case phrase
  OptionTable options = {};
  RunFunction run = nullptr;
};

struct Applet {
  absl::string_view name;     // as typed, and as its file is called
  absl::string_view summary;  // a lower-case phrase: the manual page's .Nd
  // Without the name; several forms are separated by '\n'.
  absl::string_view usage = "";
  OptionTable options = {};
  // Other names it is called by, separated by blanks, as a machine's first
  // process has them: "init telinit". `program` says which. Installed only when
  // that is asked for, since they may stand in the way of a system's own.
  absl::string_view links = "";
  // A name by which only we start ourselves, and what runs then with the words
  // as they are: `path` is what was called. Neither listed nor installed.
  absl::string_view private_name = "";
  int (*private_run)(absl::string_view path,
                     absl::Span<const std::string> words) = nullptr;
  // Exit codes of its own, one a line: "73  FILE is already there\n".
  absl::string_view exits = "";
  // What a UsageError of this applet exits with: 64 but for originals that say
  // otherwise. --help lists it when it is another.
  int usage_exit = 64;
  // Names of variables, separated by blanks: the first that is set is split
  // into words (text::SplitGrouped), which are read as if they stood before the
  // command line's own. They are options only.
  absl::string_view environment = "";
  // If the first operand is the name of one of these, it is run. Otherwise
  // `run` is; without `run`, that is a usage error that lists the verbs.
  absl::Span<const Verb> verbs = {};
  RunFunction run = nullptr;
  // Of a command that may have to run whatever it was called with: true, and
  // `run` is called in any case; a command line that is wrong is told of, and
  // taken for an empty one.
  bool (*insists)() = nullptr;
};

// An option that was given, with its value ("" for a switch, Option::bare when
// the value was left out).
struct Seen {
  Option option;  // of the applet's or the verb's head
  std::string value;
};

// One command line. The functions take an option's word, or its letter ("x")
// if it has no word; asking for an option that neither the applet nor the verb
// has is a bug and ends the process.
struct Call {
  // What we were called as: for messages and for what goes by the name. The
  // same as applet->name unless a link NAME.APPLET gave another.
  std::string program;
  const Applet* applet = nullptr;
  const Verb* verb = nullptr;  // null when there is none
  bool dashes = false;  // "--" stood in front of the operands (or the verb)
  std::vector<Option> options;  // that there are: the applet's, the verb's
  std::vector<std::string> operands;
  std::vector<Seen> seen;  // all options in the order they were given

  bool Has(absl::string_view word) const;
  int Count(absl::string_view word) const;  // how often: -vv is 2
  // The last value given; Option::unset when there is none.
  std::string Get(absl::string_view word) const;
  // All values given, in order; empty when there is none.
  std::vector<std::string> All(absl::string_view word) const;

  // The value as a number, a number of bytes ("4096", "64k", "16M", "2G", "1T":
  // powers of 1024) or a duration ("90", "30s", "1h30m"; base/time.h). A
  // UsageError that names the option and the limits when it is none or outside
  // them: "--parallel: '0' is not a number from 1 to 4096".
  absl::StatusOr<int64_t> Int(
      absl::string_view word, int64_t min,
      int64_t max = std::numeric_limits<int64_t>::max()) const;
  absl::StatusOr<int64_t> Bytes(
      absl::string_view word, int64_t min = 0,
      int64_t max = std::numeric_limits<int64_t>::max()) const;
  absl::StatusOr<absl::Duration> Duration(
      absl::string_view word, absl::Duration min = absl::ZeroDuration(),
      absl::Duration max = absl::InfiniteDuration()) const;

  // The operand of a command that takes exactly one; `what` is its name in the
  // usage line. UsageError when there is none, or more.
  absl::StatusOr<std::string> OnlyOperand(absl::string_view what) const;
  // UsageError for an operand that looks like an option: of commands whose
  // operands are no words of another command's, for which it is one too late.
  absl::Status OptionsFirst() const;
  // UsageError when there are fewer or more operands than that, or, when there
  // is a most, for an option among them; `what` names the one that is missing.
  absl::Status Operands(size_t min, size_t max, absl::string_view what) const;
  absl::Status NoOperands() const { return Operands(0, 0, ""); }
};

// The command line is wrong: exit code Applet::usage_exit, and the usage line
// follows the message.
absl::Status UsageError(absl::string_view message);

// A failure with an exit code of its own (an original's, or 125 to 127 of a
// wrapper). base::Context in front of it keeps the message only: make it last.
absl::Status FailWith(int exit_code, absl::string_view message);

}  // namespace cli
