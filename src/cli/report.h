// How a command talks to whoever called it: its answer on standard output, what
// went wrong on standard error, and its exit code.
#pragma once

#include <absl/status/status.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <string>

#include "cli/applet.h"

namespace cli {

// The exit code a status stands for, as <sysexits.h> has them (exit-codes(7));
// `usage_exit` is that of a UsageError (Applet::usage_exit).
int ExitCode(const absl::Status& status, int usage_exit = 64);

// "applet: context: reason\n", with whatever could move a cursor made visible.
// A message of several lines stays that.
std::string MessageText(absl::string_view program, const absl::Status& status);

// A failure after which the work goes on, in the same shape, on standard error.
// Clears no progress line: use Progress::Above for that.
void Warn(const Call& call, const absl::Status& status);

// A piece of the answer, on standard output. A failure is remembered and ends
// the command with code 74 when it would otherwise end with 0, so that a full
// disk is not taken for success; an answer that goes on for long looks at
// PrintFailed to stop early. Buffered: Flush before a child that prints too is
// started, and before waiting.
void Print(absl::string_view text);
void Flush();
bool PrintFailed();

// Runs an applet: reads `words`, prints help, version or the fatal error, and
// returns the exit code. `program` is what the applet was called as.
int Main(const Applet& applet, absl::string_view program,
         absl::Span<const std::string> words);
// Prints what ends a command, with the usage line if it is a UsageError (the
// verb's if there is one), and returns its exit code.
int Fail(const Applet& applet, absl::string_view program, const Verb* verb,
         const absl::Status& status);
// The end of every main: flushes standard output and returns `code`, or 74
// with a message if something printed was lost. A reader that went away, as
// `head` does, is no reason for a message.
int Finish(absl::string_view program, int code);

// "fleetbox 0.1"
std::string VersionText();

}  // namespace cli
