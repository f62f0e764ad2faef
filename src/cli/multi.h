// One executable, many commands: which one a command line means, what there
// is, and the links by which people call them.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <string>
#include <vector>

#include "cli/applet.h"

namespace cli {

// A row of the table main.cc makes of the files in applets/. `name` is the
// file's, sorted.
struct Row {
  absl::string_view name;
  const Applet* applet;
};
using Table = absl::Span<const Row>;

// The applet called `name`, or that has it among its links, and the name it is
// to run under. NAME.APPLET is APPLET called NAME; `key` is `fleetbox-key`,
// where `short_names` allows it. The applet is null when there is none.
struct Chosen {
  const Applet* applet = nullptr;
  std::string program;
};
Chosen Choose(Table table, absl::string_view name, bool short_names);

// The command without a name of its own: fleetbox.
extern const Applet fleetbox_head;

// What `fleetbox` and `fleetbox --help` print.
std::string ListText(Table table);

// "'hxdm' is not a command; did you mean 'hxmd'?", exit code 127.
absl::Status NoSuchCommand(Table table, absl::string_view name);

// Makes a link in `folder` (made when missing) for each name: to the file
// `executable`, or, when `folder` holds a program of that name itself, to that
// one. Links to a fleetbox that are there are replaced. Anything else of that
// name stays as it is, the others are made all the same, and AlreadyExists
// names them all, a line each. Unavailable, with advice, where a hard link
// cannot reach `folder`.
absl::Status Install(absl::Span<const absl::string_view> names,
                     const std::string& executable, const std::string& folder,
                     bool symbolic);

// The whole of main: argv[0]'s last part if it is a command, else the first
// operand.
int FleetboxMain(Table table, int argc, char** argv);

}  // namespace cli
