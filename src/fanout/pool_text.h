// What a pool of tokens looks like: for people, and for programs. Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <cstdint>
#include <string>
#include <vector>

namespace fanout {

struct PoolTable {
  struct Row {
    int64_t index = 0;  // some may be missing
    std::string token;
    int64_t holder = 0;   // a process; 0 for a free token
    std::string command;  // of the holder, where it is known
  };
  std::string source;  // a file's name, or that of a function
  bool from_file = false;
  int64_t group = 1;  // tokens a request is expected to be for
  std::vector<Row> rows;
};

// As the original prints it: `program` begins the first line.
std::string PoolText(absl::string_view program, const PoolTable& table);
// Only the tokens that are held, with their holders' commands.
std::string HoldersText(const PoolTable& table);
// One object, "source" (null for integers), "group" and "tokens": an array of
// objects with "index", "token", "holder" (null for none) and, `with_commands`,
// "command". A token that is not UTF-8 is an object: {"b64": "..."}.
std::string PoolJson(const PoolTable& table, bool held_only,
                     bool with_commands);

// /proc/PID/cmdline as a line for a shell.
std::string CommandLineText(absl::string_view cmdline);

}  // namespace fanout
