// How our own executable comes to a host that has none, or another version:
// commands for a POSIX shell over there, which need nothing of ours. Pure.
//
// An executable is kept as fleetbox-HASH in
// ${XDG_CACHE_HOME:-~/.cache}/fleetbox of the user there, a folder of mode
// 0700. Its name says its content. It is written under a name of its own and
// renamed when it has its length, so that nobody ever finds half of it; after a
// crash of that host a file may be short all the same, so its length is looked
// at each time. A lock keeps hosts that share a home from copying the same
// thing at the same time; what is in the cache does not rest on it.
#pragma once

#include <absl/strings/string_view.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mcfeely {

struct Executable {
  std::string version;  // as --version prints it
  std::string hash;     // hexadecimal
  int64_t bytes = 0;
  std::string platform;  // as "uname -sm" prints it
};

// The words to run over there: mcfeely-agent with `arguments`, of the fleetbox
// on the PATH if that is of this version, else of the one in the cache. When
// there is none: exit status 127, and on standard error what AbsentOn reads.
std::vector<std::string> StartWords(const Executable& executable,
                                    const std::vector<std::string>& arguments);
// The platform of a host that has said that it has no such executable.
std::optional<std::string> AbsentOn(absl::string_view error);
// The words that put their standard input into the cache as this executable.
// Exit status 0: it is there; 75: another is at it; else the last line of
// standard error says why not.
std::vector<std::string> ReceiveWords(const Executable& executable);

}  // namespace mcfeely
