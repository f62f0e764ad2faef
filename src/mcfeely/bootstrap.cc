#include "mcfeely/bootstrap.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>

namespace mcfeely {
namespace {

constexpr absl::string_view kAbsent = "fleetbox-absent ";
constexpr size_t kMaxPlatformBytes = 80;

// One line each, as some shells take a line break within quotes amiss on the
// way here. What stands in capitals is put in; it needs no quoting.
constexpr absl::string_view kPlace =
    "d=${XDG_CACHE_HOME:-$HOME/.cache}/fleetbox; f=$d/fleetbox-HASH; ";

constexpr absl::string_view kStart =
    "if [ \"$(fleetbox --version 2>/dev/null)\" = \"VERSION\" ]; "
    "then exec fleetbox mcfeely-agent \"$@\"; fi; "
    "PLACE"
    "if [ -x \"$f\" ] && chmod 700 \"$d\" && [ $(wc -c <\"$f\") -eq BYTES ]; "
    "then touch -c \"$f\"; exec \"$f\" mcfeely-agent \"$@\"; fi; "
    "echo \"ABSENT$(uname -sm)\" >&2; exit 127";

// The lock is made whole, by a link, and names its holder; one whose holder is
// gone is taken over, one of another host (a shared home) after a day.
constexpr absl::string_view kReceive =
    "umask 077; PLACE"
    "mkdir -p \"$d\" && chmod 700 \"$d\" || exit 73; "
    "n=$(uname -n); k=; mine=; l=$f.lock; t=$f.$n.$$; "
    "trap 'rm -f \"$t\" \"$t.lock\"' 0; trap 'exit 75' 1 2 13 15; "
    "echo \"$n $$\" >\"$t.lock\" || exit 73; "
    "if ln \"$t.lock\" \"$l\" 2>/dev/null; then mine=$l; "
    "elif [ -e \"$l\" ]; then read -r h p <\"$l\"; "
    "if [ \"$h\" = \"$n\" ]; then kill -0 \"$p\" 2>/dev/null && k=$p; "
    "elif [ -n \"$h\" ]; then k=$(find \"$l\" -mtime -1); fi; "
    "if [ -n \"$k\" ]; then echo \"process $p of $h is copying it\" >&2; "
    "exit 75; fi; "
    "rm -f \"$l\"; ln \"$t.lock\" \"$l\" || exit 75; mine=$l; fi; "
    "trap 'rm -f \"$t\" \"$t.lock\" \"$mine\"' 0; "
    "cat >\"$t\" || exit 73; "
    "if [ $(wc -c <\"$t\") -ne BYTES ]; then echo 'cut short' >&2; exit 75; "
    "fi; "
    "chmod 700 \"$t\" && mv -f \"$t\" \"$f\" || exit 73; "
    "find \"$d\" -name 'fleetbox-*' -mtime +90 -exec rm -f {} + || exit 0";

std::string Fill(absl::string_view script, const Executable& e) {
  return absl::StrReplaceAll(absl::StrReplaceAll(script, {{"PLACE", kPlace}}),
                             {{"VERSION", e.version},
                              {"HASH", e.hash},
                              {"BYTES", absl::StrCat(e.bytes)},
                              {"ABSENT", kAbsent}});
}

}  // namespace

std::vector<std::string> StartWords(const Executable& executable,
                                    const std::vector<std::string>& arguments) {
  // The login shell may be any: sh runs the line.
  std::vector<std::string> words = {"sh", "-c", Fill(kStart, executable), "sh"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

std::vector<std::string> ReceiveWords(const Executable& executable) {
  return {"sh", "-c", Fill(kReceive, executable)};
}

std::optional<std::string> AbsentOn(absl::string_view error) {
  const size_t at = error.rfind(kAbsent);
  if (at == absl::string_view::npos) return std::nullopt;
  error.remove_prefix(at + kAbsent.size());
  error = absl::StripAsciiWhitespace(error.substr(0, error.find('\n')));
  return std::string(error.substr(0, kMaxPlatformBytes));
}

}  // namespace mcfeely
