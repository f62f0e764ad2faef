// A prompt for a machine that has no shell: our own commands, the programs that
// are there, and the few things a shell does itself.
#pragma once

namespace isinit {

// Reads lines from standard input until its end or "exit"; returns the exit
// code of the last command.
int RunRescuePrompt();

// Becomes /bin/sh; where there is none, RunRescuePrompt.
int RunShell();

}  // namespace isinit
