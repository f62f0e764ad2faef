# awk -v seed=N -v count=N -f tests/m4/generate.awk: writes `count` random m4
# programs as cases (see compare) to standard output. The same seed gives the
# same programs.
#
# A program is made from a grammar of m4: definitions whose bodies call what was
# defined before them only, so that most programs end, and texts that call them
# and all builtins, with arguments that are mostly of the right kind.

function pick(n) { return int(rand() * n) }
function of(list,   n, a) { n = split(list, a, " "); return a[1 + pick(n)] }
function chance(percent) { return rand() * 100 < percent }

function number() {
  if (chance(8)) return of("x 1x 99999999999 -2147483648 2147483647 0x1f 010 1.5")
  if (chance(4)) return ""
  return chance(25) ? "-" pick(20) : pick(12)
}

# An expression of eval, sometimes a wrong one.
function sum(depth,   kind) {
  kind = pick(depth <= 0 ? 3 : 10)
  if (kind < 2) return pick(20)
  if (kind == 2)
    return of("0x1F 010 0b11 0r3:12 0 1 7 08 2147483647 a 1++ 0r40:1 0b2")
  if (kind == 3) return "(" sum(depth - 1) ")"
  if (kind == 4) return of("- + ! ~") sum(depth - 1)
  return sum(depth - 1) " " of("+ - * / % ** == != < <= > >= << >> & | ^ && || = " \
    "+ - * && || += ?") " " sum(depth - 1)
}

function expression(depth,   n, out) {
  out = ""
  for (n = 1 + pick(3); n > 0; n--) {
    out = out of("a b c ab . [a-c] [^b] \\w \\W \\< \\> \\b ^ $ \\(a\\) \\(b*\\) " \
      "\\(a\\|b\\) \\| x \\. [[:alpha:]] a\\{2\\} [ \\( \\) + * \\\\ \\1")
    # In GNU m4 a repeated group that can be empty forgets the groups behind it.
    if (out !~ /b\*\\\)$/ && chance(30)) out = out of("* + ? *? \\+ \\{1,2\\}")
  }
  return out
}

function replacement(   n, out) {
  out = ""
  for (n = pick(4); n > 0; n--)
    out = out of("x y < > \\& \\0 \\1 \\2 \\9 \\\\ \\x - \\")
  return out
}

function conversion(   n, out) {
  out = ""
  for (n = 1 + pick(3); n > 0; n--) {
    out = out of("%d %s %5d %-5s| %05d %x %o %u %c %.2f %g %e %*d %.3s %+d %#x " \
      "%% %i %ld %hd %X %z %5.1f %lld %-*s| % %.*f %a %n %'d %0s")
    if (chance(40)) out = out of("x - . , |")
  }
  return out
}

function letters(   n, out) {
  out = ""
  for (n = pick(6); n > 0; n--)
    out = out of("a b c ab bca A B xyz 1 2 a-c foo bar - é")
  return out
}

function word() {
  return of("foo bar baz a b c x y z alpha HOST web1 len index define m1x 1m1 _ " \
    "e1 divnum unix")
}

function quoted(inside) { return open inside close_ }

# One that is defined, below `limit`: what a body calls was there before it, or
# most programs would run for ever.
function macro() {
  return limit == 0 || chance(10) ? "m9" : "m" (1 + pick(limit))
}

function arguments(depth,   n, out, i) {
  n = pick(4)
  out = ""
  for (i = 0; i < n; i++) out = out (i ? of(", ,") (chance(20) ? " " : "") : "") argument(depth)
  return out
}

function argument(depth) {
  if (chance(30)) return quoted(text(depth - 1))
  if (chance(20)) return letters()
  return text(depth - 1)
}

function text(depth,   n, out) {
  out = ""
  for (n = 1 + pick(depth > 1 ? 4 : 2); n > 0; n--) out = out piece(depth)
  return out
}

function name() {
  return quoted(chance(75) ? macro() : of("len eval shift index nope e1 a"))
}

# What an argument may not do, or GNU m4 shows its own memory: take a macro away
# that is being called, or begin a quote that ends behind a patsubst.
function risky(kind) { return kind == 19 || kind == 20 || kind == 38 }

function builtin(depth,   kind) {
  kind = pick(44)
  if (depth < 2 && risky(kind)) return macro() "(" arguments(depth) ")"
  if (kind == 0) return "len(" argument(depth) ")"
  if (kind == 1) return "index(" argument(depth) "," letters() ")"
  if (kind == 2) return "substr(" argument(depth) "," number() (chance(50) ? "," number() : "") ")"
  if (kind == 3) return "translit(" argument(depth) "," quoted(letters()) "," quoted(letters()) ")"
  if (kind <= 5) return "regexp(" argument(depth) "," quoted(expression(depth)) (chance(50) ? "," quoted(replacement()) : "") ")"
  if (kind <= 7) return "patsubst(" argument(depth) "," quoted(expression(depth)) (chance(80) ? "," quoted(replacement()) : "") ")"
  if (kind <= 9) return "format(" quoted(conversion()) (chance(80) ? "," number() : "") (chance(50) ? "," argument(depth) : "") ")"
  if (kind == 10) return of("incr decr") "(" number() ")"
  if (kind <= 13) return "eval(" (chance(70) ? quoted(sum(3)) : sum(2)) (chance(20) ? "," number() (chance(50) ? "," pick(9) : "") : "") ")"
  if (kind <= 15) return "ifelse(" argument(depth) "," argument(depth) "," argument(depth) (chance(70) ? "," argument(depth) : "") (chance(20) ? "," argument(depth) : "") ")"
  if (kind == 16) return "ifdef(" name() "," argument(depth) (chance(60) ? "," argument(depth) : "") ")"
  if (kind == 17) return "shift(" arguments(depth) ")"
  if (kind == 18) return of("pushdef pushdef define") "(" redefinition(depth) ")"
  if (kind == 19) return "popdef(" name() (chance(20) ? "," name() : "") ")"
  if (kind == 20) return "undefine(" name() ")"
  if (kind == 21) return "defn(" name() (chance(20) ? "," name() : "") ")"
  if (kind == 22) return "indir(" name() "," arguments(depth) ")"
  if (kind == 23) return "builtin(" quoted(of("len eval index substr shift nope incr defn")) "," arguments(depth) ")"
  if (kind == 24) return "define(" quoted("m" (limit + 1)) ",defn(" name() "))"
  if (kind == 25) return "divert(" of("0 1 2 3 -1 0 0 10 x") ")"
  if (kind == 26) return "undivert" (chance(60) ? "(" of("1 2 3 0 1 2 -1 nope inc/one") ")" : "")
  if (kind == 27) return "divnum"
  if (kind == 28) return "errprint(" quoted(letters()) "," letters() ")"
  if (kind == 29) return "m4wrap(" quoted(text(depth - 1)) ")"
  if (kind == 30) return "dumpdef(" name() ")"
  if (kind == 31) return of("traceon traceoff") "(" name() ")"
  if (kind == 32) return "debugmode(" of("a e q aeq c V t +a -e x l f p zz aeqc +c") ")"
  if (kind == 33) return of("__line__ __file__ __line__() sysval")
  if (kind == 34) return of("include sinclude") "(" quoted(of("inc/one inc/two inc/nope inc/nonl inc/empty")) ")"
  if (kind == 35) return "dnl" of("_ x ,") text(1) newline()
  if (kind == 36) return "debugmode"
  if (kind == 37 && chance(30)) return "m4exit(" of("0 1 3 256 x") ")"
  if (kind == 38) {
    if (chance(50)) { open = "["; close_ = "]"; return "changequote([,])" }
    open = "`"; close_ = "'"
    return "changequote"
  }
  # Quoted, or the rest of a text is the delimiter, and GNU m4 counts its lines.
  if (kind == 39) return "changecom(" quoted(of("# ; /* @ rem")) (chance(40) ? "," quoted(of("*/ @ ;")) : "") ")"
  if (kind == 40) return "changecom"
  if (kind == 41) return of("len eval shift substr index regexp format ifelse define") (chance(50) ? "()" : "")
  return macro() "(" arguments(depth) ")"
}

# A new body for a macro, without calls of itself.
function redefinition(depth,   was, out) {
  was = limit
  if (limit > 0) limit = pick(limit)
  out = quoted("m" (limit + 1)) "," quoted(body(depth))
  limit = was
  return out
}

function newline() { return "\n" }

function piece(depth,   kind) {
  kind = pick(depth <= 0 ? 8 : 24)
  if (kind < 3) return word() (chance(50) ? " " : "")
  if (kind == 3) return of(". ; : - + ( ) / = [ ] $ $1 \\") (chance(30) ? " " : "")
  if (kind == 4) return quoted(word())
  if (kind == 5) return " "
  if (kind == 6) return chance(60) ? newline() : "# " word() newline()
  if (kind == 7) return macro()
  if (kind == 8) return quoted(text(depth - 1))
  if (kind == 9) return "(" text(depth - 1) ")"
  if (kind == 10) return chance(3) ? of("` ' ( ) [ ]") : ","
  if (kind < 16) return macro() "(" arguments(depth) ")"
  return builtin(depth - 1)
}

# What a macro is: calls only to those before it. Without $0: GNU m4 forgets the
# name of a macro that was undefined while its arguments were collected.
function body(depth,   n, out) {
  out = ""
  for (n = 1 + pick(4); n > 0; n--) {
    if (chance(50)) out = out of("$1 $2 $# $* $@ $3 $$1 ${1} $10") (chance(30) ? " " : "")
    else out = out piece(depth - 1)
  }
  return out
}

function program(   n, i, out) {
  open = "`"; close_ = "'"
  macros = limit = 0
  out = ""
  for (n = 1 + pick(5); n > 0; n--) {
    i = body(2)
    limit = ++macros
    out = out "define(" quoted("m" macros) ", " quoted(i) ")" (chance(50) ? "dnl" : "") newline()
  }
  for (n = 1 + pick(8); n > 0; n--) out = out text(3) (chance(70) ? newline() : "")
  return out
}

BEGIN {
  srand(seed)
  for (c = 1; c <= count; c++) {
    options = ""
    if (chance(25)) options = of("-s -Q -E -G -P -d -dV -daeqcx -tm1 -l5 -L4 -s")
    if (options != "" && chance(30)) options = options " " of("-dae -tlen -Dm2=q -Um1 -s -tm2")
    made = program()
    gsub(/\n===/, "\n ===", made)
    print "=== r" seed "-" c (options == "" ? "" : " -- " options)
    print made
  }
}
