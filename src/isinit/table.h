// The table: which processes make up which group, and in which of its levels
// each of them runs. isinittab(5) is the page; both originals' tables are read
// (IS::Init and Cluster::Init). Pure.
//
//   group:tag:levels:mode:command
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "isinit/attributes.h"

namespace isinit {

enum class Mode {
  kWait,     // runs to its end before the entries behind it start
  kOnce,     // is started, and that is all
  kRespawn,  // is started again whenever it ends
  kTest,     // like kWait, and its exit code decides whether the level failed
  kOff,      // is not in the table but for its name
  // Of a machine; they do something in process 1 only.
  kSysinit,     // before everything else, one after the other
  kBootwait,    // then these
  kShutdown,    // when everything goes down
  kCtrlAltDel,  // the three keys
  kPowerFail,   // SIGPWR
  kRestart,     // what process 1 executes in its place
  kAskFirst,    // kRespawn behind "press Enter"
};
absl::string_view ModeName(Mode mode);
// kWait, kOnce, kRespawn, kTest, kAskFirst: what levels start and stop.
bool RunsInLevels(Mode mode);
inline bool Blocks(Mode m) { return m == Mode::kWait || m == Mode::kTest; }
inline bool Respawns(Mode m) {
  return m == Mode::kRespawn || m == Mode::kAskFirst;
}

// The third field. With a comma: the names between them. Without: the whole
// field is a level, and each of its characters is one.
struct Levels {
  std::string text = {};
  bool Has(absl::string_view level) const;
  friend bool operator==(const Levels&, const Levels&) = default;
};

struct Entry {
  std::string group, tag;
  Levels levels = {};
  Mode mode = Mode::kOff;
  std::string command = {};
  Attributes attributes = {};
  int line = 0;
  friend bool operator==(const Entry&, const Entry&) = default;
};

// ":::allow:uid=N|gid=N tell|status GROUP|*": who else may ask for what.
struct Allow {
  bool of_group = false;  // a gid, not a uid
  bool everyone = false;
  uint32_t number = 0;
  bool tell = false;  // else only status
  std::string group = "*";
  friend bool operator==(const Allow&, const Allow&) = default;
};

struct Table {
  std::vector<Entry> entries;                           // in the file's order
  std::string socket = {}, initstat = {}, clstat = {};  // "" not given
  std::string log_folder = {};
  std::vector<std::pair<std::string, std::string>> boot = {};  // GROUP, LEVEL
  std::vector<Allow> allow = {};
  int parallel = 0;           // simultaneous starts; 0 is no limit
  std::string mounts = {};    // none, container, rescue, full; "" as found
  std::string watchdog = {};  // a device that is fed
  std::string hook = {};      // command run at each event
  bool watch = false;         // reread when the file changes
  absl::Duration halt_timeout = absl::Seconds(60);

  const Entry* Find(absl::string_view tag) const;
  bool HasGroup(absl::string_view group) const;
  std::vector<std::string> Groups() const;  // sorted, each once
};

struct Problem {
  int line = 0;        // from 1
  bool error = false;  // else a warning
  std::string text;    // "unknown mode 'twice': wait, once, respawn, test, off"
};

// What a text says. The faulty lines are left out of `table`; who rereads
// keeps its old table when there is an error, who starts runs the rest.
struct Reading {
  std::shared_ptr<const Table> table;
  std::vector<Problem> problems;  // in the order of the lines
  bool ok() const;                // without an error
};
// Limits: 1 MiB for a line, 64 MiB and 100 000 entries for a table; what is
// longer is one error. `compat` reads exactly as the originals did where they
// differ from us in what a correct table means: no continuation lines.
Reading ReadTable(absl::string_view text, bool compat = false);

// The socket alone, as ReadTable has it; "" when none is given. For clients,
// which would read the entries only to forget them.
std::string SocketIn(absl::string_view text, bool compat = false);

// "isinittab: line 3: TEXT", for each.
std::string ProblemLines(const Reading& reading, absl::string_view file);

}  // namespace isinit
