// The m4 texts that become, for each host, the script that updates it and the
// companion of that script. Pure.
//
// A text is m4 source in which all that is ours is quoted, byte by byte. Its
// sections go to diversions, so that a file the tables name may put text of its
// own between them, in any even one:
//
//   0  the interpreter                 2, 4, 6, 8  free
//   1  the parameters ${1} to ${5}, and INCLUDE_CMD(mode)
//   3  what SSH, SDIST and their kin are, if no table says so
//   5  INIT_CMD; the transfer
//   7  PRE_CMD; the utility
//   9  POST_CMD
//
// The parameters are the folder here (. in remote mode), the recipe, the mode,
// [login@]host, and INTO; tokens of -A follow.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <string>
#include <vector>

#include "msrc/payload.h"
#include "msrc/transport.h"

namespace msrc {

// What the host is called that the texts are for: attributes of the tables, and
// macros of ours.
struct ScriptNames {
  std::string prefix = "HXMD_";
  std::string key = "HOST";
};

struct Utility {
  std::vector<std::string> words;  // none: nothing is run
  bool argv = false;               // run as they are, by no shell
};
// The words as the text of a shell command: joined with blanks, or each quoted.
std::string CommandText(const Utility& utility);

struct ScriptOrder {
  ScriptNames names;
  std::string recipe, into;
  Payload payload;
  Utility utility;
  // A host of the built-in transport for whose platform there is no executable
  // has tar instead.
  bool may_use_tar = false;
};

// Remote mode. The transport of a host is $MSRC_TRANSPORT, a macro, where there
// are several; the first of them if that is not defined.
std::string RemoteScript(const ScriptOrder& order,
                         absl::Span<const Transport> transports);
// Its companion, rdist's distfile.
std::string Distfile(const ScriptOrder& order);

// Local mode: makes a scratch folder, runs the companion in it, and removes it.
// In `keep`, a folder, it stays, under the host's name; "" for none.
std::string ScratchScript(const ScriptOrder& order, absl::string_view program,
                          absl::string_view keep);
// The companion: fills the folder ${1} and runs the utility in it.
enum class Provision {
  kScratch,  // the folder is new; tokens follow ${1}
  kInto,     // it is INTO, and files that are the same are not touched
};
std::string ProvisionScript(const ScriptOrder& order, Provision kind);

}  // namespace msrc
