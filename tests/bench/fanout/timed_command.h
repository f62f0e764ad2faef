// A command that is measured beside others: runs it, and keeps what came out.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace bench {

// One run of a command.
struct Sample {
  double seconds = 0, cpu_seconds = 0;
  long bytes = 0;    // that it wrote, when they were asked for
  long peak_kb = 0;  // of the command's own process, without its children
  int code = 0;      // exit code; 128 and the signal's number
};

struct TimedCommand {
  std::string group, name;
  int parallel = 0;
  int items = 0;
  // A line for sh, whose own process becomes the first command of it.
  std::string command;
  std::string needs;  // a program that must be there
  // Of a figure on another machine, printed as such; 0 for none.
  double elsewhere = 0;
  // What the ratio to the limit of its group must reach; 0 for nothing.
  double asked = 0;
  std::string limit;    // the name of the command that is its limit
  bool piped = false;   // its output is read and counted
  double per_item = 0;  // bytes that each item must have written
  // Measured by a function of ours instead of a command.
  Sample (*probe)(const TimedCommand&) = nullptr;
  std::string program;  // for the probe: its words, with '|' between

  std::vector<Sample> samples;
  bool missing = false;

  // Items, or megabytes, a second: the median.
  double Rate() const;
  double MedianCpu() const;
  long PeakKb() const;
  int Failed() const;  // a code that is not 0, or a run that is short; else 0
};

// A vfork and an exec; the caller reaps.
pid_t Execute(char* const argv[], char* const envp[]);

// Runs `command` by /bin/sh in an environment of its own. Ends it after 120 s.
Sample RunCommand(const std::string& command, bool piped);

// Two threads, each with parallel / 2 children of its own in flight, do nothing
// but vfork, exec and wait: what the machine can do.
Sample SpawnOnTwoThreads(const TimedCommand& command);

}  // namespace bench
