#include "msrc/remote_start.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/str_split.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "msrc/exchange_limits.h"
#include "net/frame.h"
#include "net/hello.h"

namespace msrc {
namespace {

// One line each, and without exclamation marks, as some login shells take a
// line break or a mark within quotes amiss on the way to sh. What stands in
// capitals with a "@" is put in; it needs no quoting.
//
// p: the platform; i: the wanted executable; n: this host; c, t: the folders.
constexpr absl::string_view kPlace =
    "p=$(uname -snm 2>/dev/null); n=${p% *}; n=${n#* }; "
    "p=\"${p%% *} ${p##* }\"; i=; case $p in @CASES esac; "
    "c=${XDG_CACHE_HOME:-${HOME:-/}/.cache}/fleetbox; "
    "t=$(cd -P \"${TMPDIR:-/tmp}\" 2>/dev/null && pwd -P)/fleetbox-"
    "${LOGNAME:-${USER:-user}}; ";

constexpr absl::string_view kFind =
    "g() { echo; echo MSRC-FOUND; exec \"$@\"; }; "
    "if [ -n \"$MSRC_RECV\" ]; then g \"$MSRC_RECV\" msrc-recv \"$@\"; fi; "
    "for f in \"$c/recv-$i\" \"$t/recv-$i\" \"$HOME/.recv-$i\"; do "
    "if [ -n \"$i\" ] && [ -x \"$f\" ] && [ -O \"$f\" ] 2>/dev/null; "
    "then g \"$f\" msrc-recv \"$@\"; fi; done; "
    "case $(fleetbox msrc-recv --wire-version 2>/dev/null </dev/null) in "
    "1) g fleetbox msrc-recv \"$@\";; esac; ";

// e: ends with an error. k: whether a folder will do; with "only", if its name
// leads to it through no link. Nobody can put another in its place once it is
// ours, as what is around it is ours, or belongs to root and is sticky. The
// user's own mask (o) is for what the receiver does.
constexpr absl::string_view kFolder =
    "e() { echo; echo \"MSRC-ERROR $1 $2\"; exit $1; }; "
    "[ -n \"$i\" ] || e 69 \"there is no fleetbox for $p\"; "
    "o=$(umask); umask 077; "
    "k() { ( [ -d \"$1\" ] || mkdir -p \"$1\"; cd -P \"$1\" && [ -O . ] && "
    "{ [ -z \"$2\" ] || [ \"$(pwd -P)\" = \"$1\" ]; } && "
    "{ [ \"$1\" = \"$HOME\" ] || chmod 700 .; } ) 2>/dev/null || "
    "{ w=\"cannot be made ours\"; return 1; }; "
    "h=$1/$3recv-$i; m=$h.$n.$$; "
    "{ echo : >\"$m\" && chmod 700 \"$m\"; } 2>/dev/null || "
    "{ w=\"cannot be written\"; rm -f \"$m\" 2>/dev/null; return 1; }; "
    "\"$m\" 2>/dev/null && return 0; "
    "w=\"what is in it cannot be executed (mounted noexec)\"; "
    "rm -f \"$m\" 2>/dev/null; return 1; }; "
    "k \"$c\" || { v=\"$c: $w\"; k \"$t\" only || k \"$HOME\" \"\" . || "
    "e 73 \"$v\"; }; ";

// A lock is a folder: making one is atomic wherever homes are shared. It only
// saves copies: after 20 seconds its holder counts as dead.
constexpr absl::string_view kLock =
    "l=$h.lock; q=0; a=0; trap \"exit 75\" 1 2 13 15; "
    "trap \"{ rm -f \\\"\\$m\\\"; [ \\$a = 0 ] || rmdir \\\"\\$l\\\"; } "
    "2>/dev/null\" 0; "
    "until mkdir \"$l\" 2>/dev/null; do "
    "[ -d \"$l\" ] && [ $q -lt 20 ] && sleep 1 2>/dev/null || break; "
    "q=$((q+1)); done; [ -d \"$l\" ] && a=1; "
    "if [ $q -gt 0 ] && [ -x \"$h\" ] && [ -O \"$h\" ]; then "
    "{ rm -f \"$m\"; rmdir \"$l\"; } 2>/dev/null; umask \"$o\"; "
    "exec \"$h\" msrc-recv \"$@\"; fi; ";

constexpr absl::string_view kTake =
    "z=plain; zstd -qV >/dev/null 2>&1 </dev/null && z=zstd; "
    "if echo ab | head -c 1 >/dev/null 2>&1; then r() { head -c \"$b\"; }; "
    "else r() { dd ibs=1 obs=65536 count=\"$b\" 2>/dev/null; }; fi; "
    "echo; echo \"MSRC-NEED $p $z ${h%/*}\"; read -r b y || exit 75; "
    "if [ \"$y\" = zstd ]; then r | zstd -dqc >\"$m\"; else r >\"$m\"; fi || "
    "e 74 \"$m: cannot be written\"; "
    "echo; echo MSRC-GOT; read -r y && [ \"$y\" = MSRC-END ] || exit 75; "
    "chmod 700 \"$m\" || e 73 \"$m: cannot be made executable\"; ";

constexpr absl::string_view kKeep =
    "mv -f \"$m\" \"$h\" || e 73 \"$h: cannot be put in its place\"; "
    "find \"${h%\"$i\"}\"* -prune -mtime +90 -exec rm -f {} + 2>/dev/null; "
    "rmdir \"$l\" 2>/dev/null; umask \"$o\"; exec \"$h\" msrc-recv \"$@\"";
constexpr absl::string_view kUseOnce =
    "rmdir \"$l\" 2>/dev/null; umask \"$o\"; exec \"$m\" msrc-recv \"$@\"";

// "Linux x86_64") i=HASH;; for each platform.
std::string Cases(const std::vector<RemoteExecutable>& executables) {
  std::string cases;
  for (const RemoteExecutable& e : executables) {
    const bool first = &e == &executables.front();
    absl::StrAppend(&cases, "\"", e.platform, "\"", first ? "|\" \"" : "",
                    ") i=", e.hash, ";; ");
  }
  return cases;
}

// Where a whole hello begins in `bytes`; npos when none is there. `maybe`:
// where one may begin of which the end is missing.
size_t FindHello(absl::string_view bytes, size_t* maybe) {
  constexpr absl::string_view kStart("\0\0\1\x08",
                                     4);  // from the length's third byte
  *maybe = bytes.size();
  for (size_t at = bytes.find(kStart, 2); at != absl::string_view::npos;
       at = bytes.find(kStart, at + 1)) {
    net::FrameReader reader(base::kMaxHelloBytes);
    reader.Add(bytes.substr(at - 2, base::kMaxHelloBytes + 4));
    const auto frame = reader.Next();
    if (!frame.ok()) continue;
    if (!frame->has_value()) {
      *maybe = std::min(*maybe, at - 2);
    } else if (net::ParseHello((*frame)->content).ok()) {
      return at - 2 < *maybe ? at - 2 : absl::string_view::npos;
    }
  }
  return absl::string_view::npos;
}

}  // namespace

std::vector<std::string> RemoteStartWords(const RemoteStartOptions& options) {
  std::string line =
      absl::StrReplaceAll(kPlace, {{"@CASES", Cases(options.executables)}});
  if (!options.fresh) absl::StrAppend(&line, kFind);
  absl::StrAppend(&line, kFolder, kLock, kTake,
                  options.no_cache ? kUseOnce : kKeep);
  // The login shell may be any: sh runs the line.
  std::vector<std::string> words = {"sh", "-c", std::move(line), "sh"};
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  return words;
}

std::string RemoteContentLine(size_t bytes, bool zstd) {
  return absl::StrCat(bytes, zstd ? " zstd\n" : " plain\n");
}

absl::StatusOr<RemoteStartReader::Answer> RemoteStartReader::Next() {
  for (;;) {
    size_t hello = std::string::npos;
    const size_t end = LineEnd(&hello);
    if (end != std::string::npos) {
      const std::string line = bytes_.substr(0, end);
      bytes_.erase(0, end + 1);
      TRY_ASSIGN(Answer answer, Line(line));
      if (answer.index() != 0) return answer;
      if (noise_.size() > kMaxRemoteNoiseBytes) break;
      continue;
    }
    if (hello != std::string::npos) {
      absl::StrAppend(&noise_, bytes_.substr(0, hello));
      RemoteHello answer{bytes_.substr(hello)};
      bytes_.clear();
      return answer;
    }
    if (noise_.size() + bytes_.size() > kMaxRemoteNoiseBytes) break;
    return Answer();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "it says more than ", kMaxRemoteNoiseBytes, " bytes and no hello"));
}

// Where the first line ends, if that is sure. Else: where a hello begins.
size_t RemoteStartReader::LineEnd(size_t* hello) const {
  const size_t end = bytes_.find('\n');
  if (absl::StartsWith(bytes_, "MSRC-")) return end;
  size_t maybe = 0;
  *hello = FindHello(bytes_, &maybe);
  // A line break may also be the first byte of a hello that has yet to come.
  const bool sure = end < std::min(*hello, maybe) && end + 5 < bytes_.size();
  return sure ? end : std::string::npos;
}

absl::StatusOr<RemoteStartReader::Answer> RemoteStartReader::Line(
    absl::string_view line) {
  const absl::string_view whole = line;
  const absl::Status bad = absl::InvalidArgumentError(
      absl::StrCat("it says '", base::Escape(line.substr(0, 200)), "'"));
  if (line == "MSRC-GOT") return RemoteGot();
  if (line == "MSRC-FOUND") {
    found_ = true;
    return Answer();
  }
  if (absl::ConsumePrefix(&line, "MSRC-NEED ")) {
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::MaxSplits(' ', 3));
    if (words.size() != 4 || whole.size() > kMaxRemoteLineBytes ||
        (words[2] != "zstd" && words[2] != "plain")) {
      return bad;
    }
    return RemoteNeed{absl::StrCat(words[0], " ", words[1]), words[2] == "zstd",
                      std::string(words[3])};
  }
  if (absl::ConsumePrefix(&line, "MSRC-ERROR ")) {
    const std::pair<absl::string_view, absl::string_view> words =
        absl::StrSplit(line, absl::MaxSplits(' ', 1));
    RemoteError error;
    if (!absl::SimpleAtoi(words.first, &error.status) || error.status < 1 ||
        error.status > 255 || whole.size() > kMaxRemoteLineBytes) {
      return bad;
    }
    error.why = base::Escape(words.second);
    return error;
  }
  absl::StrAppend(&noise_, whole, "\n");
  return Answer();
}

}  // namespace msrc
