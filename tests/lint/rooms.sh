# Checks src/ROOMS: who includes whom, and that pure files stay pure. What
# include lines cannot show is looked for by name.
cd "$(dirname "$0")/../.." || exit 1

{ find src applets -name '*.h' -o -name '*.cc' -o -name '*.proto'; } | sort |
awk '
  function wrong(what) { print file ":" line ": " what }

  BEGIN {
    while ((getline < "src/ROOMS") > 0) {
      sub(/#.*/, "")
      if ($1 == "pure:") for (i = 2; i <= NF; i++) pure[$i] = 1
      else if ($1 ~ /:$/) {
        room = substr($1, 1, length($1) - 1)
        known[room] = 1
        for (i = 2; i <= NF; i++) may[room, $i] = 1
      }
    }
    # Headers with which a file could look at the world around it.
    split("unistd.h fcntl.h poll.h signal.h netdb.h pwd.h grp.h dirent.h " \
          "termios.h ctime chrono fstream iostream filesystem random thread " \
          "cstdio absl/time/clock.h absl/random/random.h", names, " ")
    for (i in names) worldly[names[i]] = 1
    call = "absl::Now\\(|[^A-Za-z_]getenv *\\(|secure_getenv|random_device|" \
           "randombytes|getrandom|[^d]_keypair *\\(|clock_gettime|gettimeofday|" \
           "[^A-Za-z_.>:]time *\\((NULL|nullptr|0)\\)|std::cout|std::cerr|" \
           "[^A-Za-z_](f?printf|fopen) *\\(|LocalTimeZone"
    # A broken condition may say so before it ends the process.
    excused["src/base/status.cc"] = 1
  }

  {
    file = $0
    line = 0
    n = split(file, part, "/")
    room = part[1] == "applets" ? "applets" : part[2]
    if (part[1] == "src" && n == 2) {
      # main.cc, what comes before it and what libraries are given in place of
      # their own stand above all rooms.
      if (file !~ /^src\/(main|start|left_out)\.cc$/) wrong("is in no room")
      room = "applets"
    } else if (!(room in known)) {
      line = 1
      wrong("src/ROOMS does not know the room " room)
    }
    name = file
    sub(/^src\//, "", name)
    sub(/\.[a-z]+$/, "", name)
    is_pure = ((room "/*") in pure) || (name in pure)
    while ((getline text < file) > 0) {
      line++
      if (text ~ /^#include "/) {
        split(text, quoted, "\"")
        header = quoted[2]
        if (header ~ /\.inc$/) continue
        to = header
        if (!sub(/\/.*/, "", to)) wrong("\"" header "\" names no room")
        # Made of src/wire/messages.proto while building.
        else if (header ~ /\.pb\.h$/ && (to in known)) ;
        else if ((getline dummy < ("src/" header)) < 0)
          wrong("\"" header "\" is not ours; use angle brackets")
        close("src/" header)
        if (to != header && to != room && !((room, to) in may) &&
            !((room, "*") in may))
          wrong(room " may not include " to)
        if (is_pure && to == "sys") wrong("is pure, but includes " header)
      } else if (text ~ /^#include </) {
        split(text, angled, "[<>]")
        header = angled[2]
        # The system has a folder sys, too.
        if (header !~ /^sys\// && (getline dummy < ("src/" header)) >= 0)
          wrong("<" header "> is ours; use quotes")
        close("src/" header)
        if (is_pure && !(file in excused) &&
            ((header in worldly) || header ~ /^(sys|netinet|arpa)\//))
          wrong("is pure, but includes <" header ">")
      } else if (is_pure && !(file in excused)) {
        sub(/\/\/.*/, "", text)
        if (match(" " text, call))
          wrong("is pure, but has " substr(" " text, RSTART, RLENGTH))
      }
    }
    close(file)
  }'

# Names in ROOMS that lead nowhere would allow things later, by accident.
sed -n 's/#.*//; s/^pure: *//p' src/ROOMS | tr ' ' '\n' | grep -v '/\*$' |
  while read -r name; do
    [ -z "$name" ] || [ -e "src/$name.h" ] || [ -e "src/$name.cc" ] ||
      echo "src/ROOMS: pure: there is no src/$name.h"
  done
exit 0
