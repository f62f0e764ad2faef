#include "text/m4_builtins.h"

#include <algorithm>
#include <iterator>

namespace text {
namespace {

using namespace m4_builtins;  // for the table

constexpr int kGnu = M4Builtin::kGnu;
constexpr int kBlind = M4Builtin::kBlind;
constexpr int kTokens = M4Builtin::kTokens;
constexpr int kBsd = M4Builtin::kBsd;

constexpr M4Builtin kTable[] = {
    {"__file__", kGnu, File},
    {"__line__", kGnu, Line},
    {"__program__", kGnu, Program},
    {"builtin", kGnu | kBlind | kTokens, Builtin},
    {"changecom", 0, Changecom},
    {"changequote", 0, Changequote},
    {"debugfile", kGnu, Debugfile},
    {"debugmode", kGnu, Debugmode},
    {"decr", kBlind, Decr},
    {"define", kBlind | kTokens, Define},
    {"defn", kBlind, Defn},
    {"divert", 0, Divert},
    {"divnum", 0, Divnum},
    {"dnl", 0, Dnl},
    {"dumpdef", 0, Dumpdef},
    {"errprint", kBlind, Errprint},
    {"esyscmd", kGnu | kBlind, Esyscmd},
    {"eval", kBlind, Eval},
    {"expr", kBsd | kBlind, Eval},
    {"format", kGnu | kBlind, Format},
    {"ifdef", kBlind, Ifdef},
    {"ifelse", kBlind, Ifelse},
    {"include", kBlind, Include},
    {"incr", kBlind, Incr},
    {"index", kBlind, Index},
    {"indir", kGnu | kBlind | kTokens, Indir},
    {"len", kBlind, Len},
    {"m4exit", 0, M4exit},
    {"m4wrap", kBlind, M4wrap},
    {"maketemp", kBlind, Maketemp},
    {"mkstemp", kBlind, Mkstemp},
    {"paste", kBsd | kBlind, Paste},
    {"patsubst", kGnu | kBlind, Patsubst},
    {"popdef", kBlind, Popdef},
    {"pushdef", kBlind | kTokens, Pushdef},
    {"regexp", kGnu | kBlind, Regexp},
    {"shift", kBlind, Shift},
    {"sinclude", kBlind, Sinclude},
    {"spaste", kBsd | kBlind, Spaste},
    {"substr", kBlind, Substr},
    {"syscmd", kBlind, Syscmd},
    {"sysval", 0, Sysval},
    {"traceoff", 0, Traceoff},
    {"traceon", 0, Traceon},
    {"translit", kBlind, Translit},
    {"undefine", kBlind, Undefine},
    {"undivert", 0, Undivert},
};

// A name that can be one; a builtin token cannot.
bool IsName(M4Engine& m4, const M4Args& args, size_t i) {
  if (args.builtin(i) == nullptr) return true;
  m4.Warn(
      absl::StrCat("Warning: ", args.name(), ": invalid macro name ignored"));
  return false;
}

M4Value ValueOf(const M4Args& args, size_t i) {
  if (args.builtin(i) != nullptr) return M4Value(args.builtin(i));
  return M4Value(args[i]);
}

}  // namespace

const M4Builtin* FindM4Builtin(absl::string_view name) {
  const auto* found = std::lower_bound(
      std::begin(kTable), std::end(kTable), name,
      [](const M4Builtin& b, absl::string_view n) { return b.name < n; });
  return found != std::end(kTable) && found->name == name ? found : nullptr;
}

std::shared_ptr<const M4Definitions> M4Beginning(const M4Options& options) {
  M4Names names(std::make_shared<const M4Definitions>());
  const absl::string_view prefix = options.prefix_builtins ? "m4_" : "";
  for (const M4Builtin& builtin : kTable) {
    if (builtin.is(M4Builtin::kGnu) && options.traditional) continue;
    if (builtin.is(M4Builtin::kBsd) &&
        (options.traditional || !options.bsd_names)) {
      continue;
    }
    names.Define(absl::StrCat(prefix, builtin.name), M4Value(&builtin));
  }
  if (options.traditional) {
    names.Define(absl::StrCat(prefix, "unix"), M4Value(""));
  } else {
    names.Define("__gnu__", M4Value(""));
    names.Define("__unix__", M4Value(""));
  }
  return names.Freeze(M4Delimiters());
}

namespace m4_builtins {

void Define(M4Engine& m4, const M4Args& args, M4Stack&) {
  if (!m4.Count(args, 1, 2) || !IsName(m4, args, 1)) return;
  m4.names().Define(args[1], ValueOf(args, 2));
}

void Pushdef(M4Engine& m4, const M4Args& args, M4Stack&) {
  if (!m4.Count(args, 1, 2) || !IsName(m4, args, 1)) return;
  m4.names().Push(args[1], ValueOf(args, 2));
}

void Undefine(M4Engine& m4, const M4Args& args, M4Stack&) {
  if (!m4.Count(args, 1, SIZE_MAX)) return;
  for (size_t i = 1; i <= args.size(); ++i) m4.names().Undefine(args[i]);
}

void Popdef(M4Engine& m4, const M4Args& args, M4Stack&) {
  if (!m4.Count(args, 1, SIZE_MAX)) return;
  for (size_t i = 1; i <= args.size(); ++i) m4.names().Pop(args[i]);
}

void Defn(M4Engine& m4, const M4Args& args, M4Stack& out) {
  if (!m4.Count(args, 1, SIZE_MAX)) return;
  for (size_t i = 1; i <= args.size(); ++i) {
    const M4Name* name = m4.names().Find(args[i]);
    if (name == nullptr || !name->top) continue;
    const M4Builtin* builtin = name->top.builtin();
    if (builtin == nullptr) {
      m4.AppendQuoted(name->top.text(), out);
    } else if (args.size() != 1) {
      m4.Warn(
          absl::StrCat("Warning: cannot concatenate builtin `", args[i], "'"));
    } else {
      m4.input().PushBuiltin(builtin);
    }
  }
}

void Indir(M4Engine& m4, const M4Args& args, M4Stack&) {
  if (!m4.Count(args, 1, SIZE_MAX) || !IsName(m4, args, 1)) return;
  const M4Name* name = m4.names().Find(args[1]);
  if (name == nullptr || !name->top) {
    m4.Warn(absl::StrCat("undefined macro `", args[1], "'"));
    return;
  }
  m4.CallNext(name->top, args.Shifted());
}

void Builtin(M4Engine& m4, const M4Args& args, M4Stack&) {
  if (!m4.Count(args, 1, SIZE_MAX) || !IsName(m4, args, 1)) return;
  const M4Builtin* builtin = FindM4Builtin(args[1]);
  if (builtin == nullptr) {
    m4.Warn(absl::StrCat("undefined builtin `", args[1], "'"));
    return;
  }
  m4.CallNext(M4Value(builtin), args.Shifted());
}

void Ifdef(M4Engine& m4, const M4Args& args, M4Stack& out) {
  if (!m4.Count(args, 2, 3)) return;
  const M4Name* name = m4.names().Find(args[1]);
  out.Append(args[name != nullptr && name->top ? 2 : 3]);
}

void Ifelse(M4Engine& m4, const M4Args& args, M4Stack& out) {
  // A comment, by old custom.
  if (args.size() == 1) return;
  if (!m4.Count(args, 3, SIZE_MAX)) return;
  if (args.size() % 3 == 2) m4.Count(args, 0, args.size() - 1);
  for (size_t i = 1;; i += 3) {
    if (args[i] == args[i + 1]) {
      out.Append(args[i + 2]);
      return;
    }
    const size_t left = args.size() + 1 - i;
    if (left == 3) return;
    if (left == 4 || left == 5) {
      out.Append(args[i + 3]);
      return;
    }
  }
}

void Shift(M4Engine& m4, const M4Args& args, M4Stack& out) {
  if (!m4.Count(args, 1, SIZE_MAX)) return;
  m4.AppendAll(args, 2, ",", true, out);
}

void Dumpdef(M4Engine& m4, const M4Args& args, M4Stack&) {
  std::vector<const M4Name*> names;
  if (args.size() == 0) {
    names = m4.names().Defined();
  } else {
    for (size_t i = 1; i <= args.size(); ++i) {
      const M4Name* name = m4.names().Find(args[i]);
      if (name != nullptr && name->top) {
        names.push_back(name);
      } else {
        m4.Warn(absl::StrCat("undefined macro `", args[i], "'"));
      }
    }
    std::sort(names.begin(), names.end(), [](const M4Name* a, const M4Name* b) {
      return a->name < b->name;
    });
  }
  for (const M4Name* name : names) m4.DebugText(m4.Description(*name));
}

void Traceon(M4Engine& m4, const M4Args& args, M4Stack&) {
  if (args.size() == 0) m4.names().TraceAll(true);
  for (size_t i = 1; i <= args.size(); ++i) {
    m4.names().Own(args[i]).traced = true;
  }
}

void Traceoff(M4Engine& m4, const M4Args& args, M4Stack&) {
  if (args.size() == 0) m4.names().TraceAll(false);
  for (size_t i = 1; i <= args.size(); ++i) {
    if (m4.names().Find(args[i]) != nullptr) {
      m4.names().Own(args[i]).traced = false;
    }
  }
}

void Debugmode(M4Engine& m4, const M4Args& args, M4Stack&) {
  if (!m4.Count(args, 0, 1)) return;
  if (args.size() == 0) {
    m4.set_debug(0);
    return;
  }
  absl::string_view letters = args[1];
  const char change = letters.empty() ? '\0' : letters[0];
  if (change == '+' || change == '-') letters.remove_prefix(1);
  unsigned flags = 0;
  if (!M4Engine::DebugFlags(letters, &flags)) {
    m4.Warn(absl::StrCat("Debugmode: bad debug flags: `", args[1], "'"));
    return;
  }
  m4.DropTrace();
  if (change == '+') {
    m4.set_debug(m4.debug() | flags);
  } else if (change == '-') {
    m4.set_debug(m4.debug() & ~flags);
  } else {
    m4.set_debug(flags);
  }
}

}  // namespace m4_builtins
}  // namespace text
