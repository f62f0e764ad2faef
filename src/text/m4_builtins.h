// The functions behind the builtin macros, as the table of m4_builtins.cc has
// them. Each gets a call and appends what it expands to.
#pragma once

#include "text/m4_engine.h"

namespace text::m4_builtins {

#define M4_BUILTIN(Name) \
  void Name(M4Engine& m4, const M4Args& args, M4Stack& out)

// Names: m4_builtins.cc.
M4_BUILTIN(Define);
M4_BUILTIN(Undefine);
M4_BUILTIN(Defn);
M4_BUILTIN(Pushdef);
M4_BUILTIN(Popdef);
M4_BUILTIN(Indir);
M4_BUILTIN(Builtin);
M4_BUILTIN(Ifdef);
M4_BUILTIN(Ifelse);
M4_BUILTIN(Shift);
M4_BUILTIN(Dumpdef);
M4_BUILTIN(Traceon);
M4_BUILTIN(Traceoff);
M4_BUILTIN(Debugmode);

// Texts and numbers: m4_builtins_text.cc.
M4_BUILTIN(Len);
M4_BUILTIN(Index);
M4_BUILTIN(Substr);
M4_BUILTIN(Translit);
M4_BUILTIN(Regexp);
M4_BUILTIN(Patsubst);
M4_BUILTIN(Format);
M4_BUILTIN(Incr);
M4_BUILTIN(Decr);
M4_BUILTIN(Eval);

// Input, output and what is around: m4_builtins_io.cc.
M4_BUILTIN(Changequote);
M4_BUILTIN(Changecom);
M4_BUILTIN(Dnl);
M4_BUILTIN(M4wrap);
M4_BUILTIN(Divert);
M4_BUILTIN(Divnum);
M4_BUILTIN(Undivert);
M4_BUILTIN(Include);
M4_BUILTIN(Sinclude);
M4_BUILTIN(Paste);
M4_BUILTIN(Spaste);
M4_BUILTIN(Errprint);
M4_BUILTIN(M4exit);
M4_BUILTIN(Syscmd);
M4_BUILTIN(Esyscmd);
M4_BUILTIN(Sysval);
M4_BUILTIN(Mkstemp);
M4_BUILTIN(Maketemp);
M4_BUILTIN(Debugfile);
M4_BUILTIN(File);
M4_BUILTIN(Line);
M4_BUILTIN(Program);

#undef M4_BUILTIN

}  // namespace text::m4_builtins
