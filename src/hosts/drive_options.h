// The options by which commands are run for hosts: the same in hxmd and msrc,
// which have -P besides, each with a default of its own.
#pragma once

#include <absl/status/statusor.h>

#include <array>

#include "cli/applet.h"
#include "hosts/drive.h"
#include "sys/environment.h"

namespace hosts {

inline constexpr auto kDriveOptions = std::to_array<cli::Option>({
    {'#', "", "COUNT", "hosts expanded ahead of those that run (2)"},
    {'a', "", "CHAR", "the character that starts a form (%)"},
    {'A', "", "", "give the command's tokens to the shell as $1 and on"},
    {'c', "", "TEMPLATE", "how the command is made of the operands (%+)"},
    {'e', "", "VAR[=TEXT]", "set a variable for each command"},
    {'g', "", "", "numbers come from the counter service around us, if any"},
    {'H', "", "TEXT", "write it behind what each command prints"},
    {'i', "", "FILE", "the commands' standard input (nothing)"},
    {'J', "", "TASKS", "start a pool of tokens for that many commands"},
    {'K', "", "FILTER", "m4 text of the command that is told the statuses"},
    {'L', "", "SIZE", "memory for what a command prints, while it waits"},
    {'n', "dry-run", "", "list the commands, run nothing"},
    {0, "jobs", "N|max", "hosts at once; max: as many as descriptors allow"},
    {'N', "", "ELSE", "the command to run when no host is elected"},
    {'O', "", "EXPR", "where what the commands print goes, as in xclate"},
    {0, "plan", "sh", "print a script that would do the same; run nothing"},
    {'Q', "", "WARD", "m4 text in front of the list of statuses"},
    {'r', "", "REDO", "m4 text of a host in the list of statuses"},
    {'R', "", "N", "tokens for each command (1)"},
    {'s', "", "", "start the first commands all at once"},
    {'S', "", "SHELL", "the shell for the commands ($SHELL, else /bin/sh)"},
    {'t', "", "TOKENS", "tokens: a file, - for the pool around, a socket"},
    {'T', "", "TEXT", "write it in front of what each command prints"},
    {'W', "", "EXPR", "where what else is printed goes, as in xclate"},
    {'x', "", "", "print each command on standard error"},
    {0, "exit", "fleet|compat", "compat: 0, whatever the commands did"},
    {0, "spacing", "TIME", "wait between the first starts (10ms)"},
    {0, "tag", "[TEXT]", "the host, or the text, before each line", "",
     "%{host}\t"},
    {0, "keep-order", "", "what commands print comes in election order"},
    {0, "fold", "", "equal output once, at the end, behind its hosts' names"},
    {0, "stderr", "pass|merge|collate|drop",
     "standard error of commands (pass)"},
    {0, "json", "", "print each command's result as a line of JSON"},
    {0, "events", "FILE", "write starts and ends there as JSON; or fd:N"},
    {0, "joblog", "FILE", "append a line for each attempt that has ended"},
    {0, "results", "DIR", "keep the output and result of each command there"},
    {0, "timeout", "TIME", "end a command after that time"},
    {0, "kill-after", "TIME", "from the signal to the end to SIGKILL (5s)"},
    {0, "retries", "N", "further attempts for a command that fails (0)"},
    {0, "retry-delay", "TIME[,FACTOR]", "wait before the next attempt"},
    {0, "halt", "WHEN", "never; soon or now, with fail=N, success=N, done=N"},
    {0, "progress", "", "show how far it is, on standard error"},
});

// `more` and the options above, for hosts::WithHostOptions.
template <size_t kMore>
consteval auto WithDriveOptions(std::array<cli::Option, kMore> more) {
  std::array<cli::Option, kMore + kDriveOptions.size()> all{};
  size_t at = 0;
  for (const cli::Option& o : more) all[at++] = o;
  for (const cli::Option& o : kDriveOptions) all[at++] = o;
  return all;
}

// What a command line says. -P alone is $PARALLEL, else `bare_jobs`. UsageError
// and exit code 64 name the option.
absl::StatusOr<DriveOptions> ReadDriveOptions(
    const cli::Call& call, const sys::Environment& environment, int bare_jobs);

}  // namespace hosts
