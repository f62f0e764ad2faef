// The builtins about what is read, where it goes, and the world around.
#include <absl/strings/str_cat.h>

#include <cctype>
#include <string>
#include <utility>

#include "text/m4_builtins.h"

namespace text::m4_builtins {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// A whole number as undivert takes one: anything else is a file.
bool IsNumber(absl::string_view text) {
  size_t at = 0;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  if (at == text.size()) return text.empty();
  while (at < text.size() && IsDigit(text[at])) ++at;
  return at == text.size();
}

int Whole(absl::string_view text) {
  const bool minus = !text.empty() && text[0] == '-';
  int64_t value = 0;
  for (const char c : text) {
    if (IsDigit(c) && value < INT32_MAX) value = value * 10 + (c - '0');
  }
  if (value > INT32_MAX) value = INT32_MAX;
  return static_cast<int>(minus ? -value : value);
}

void ReadInto(M4Engine& m4, const M4Args& args, bool silent) {
  if (!m4.Count(args, 1, 1)) return;
  absl::StatusOr<M4System::File> file = m4.ReadFile(args[1]);
  if (!file.ok()) {
    if (!silent) {
      m4.Error(absl::StrCat("cannot open `", args[1],
                            "': ", file.status().message()));
    }
    return;
  }
  m4.ReadFrom(*std::move(file));
}

void CopyFrom(M4Engine& m4, const M4Args& args, bool silent) {
  if (!m4.Count(args, 1, 1)) return;
  const absl::StatusOr<M4System::File> file = m4.ReadFile(args[1]);
  if (file.ok()) {
    m4.output().Insert(*file->content);
  } else if (!silent) {
    m4.Error(
        absl::StrCat("cannot open `", args[1], "': ", file.status().message()));
  }
}

// Of a command that could not be run, as the shell has it.
constexpr int kNotRun = 127;

void RunCommand(M4Engine& m4, const M4Args& args, std::string* output) {
  if (!m4.Count(args, 1, 1) || args[1].empty()) {
    m4.set_sysval(0);
    return;
  }
  if (m4.Refuses(args)) return;
  // What was written before the command comes before what it writes.
  m4.output().Flush();
  m4.effects().commands = true;
  const absl::StatusOr<int> result =
      m4.system().Shell(std::string(args[1]), output);
  if (result.ok()) {
    m4.set_sysval(*result);
    if (*result == kNotRun && output == nullptr) {
      m4.SayAnywhere("syscmd subprocess failed");
    }
    return;
  }
  m4.Warn(absl::StrCat("cannot run command `", args[1],
                       "': ", result.status().message()));
  m4.set_sysval(kNotRun);
}

void NewFile(M4Engine& m4, const M4Args& args, M4Stack& out) {
  if (!m4.Count(args, 1, 1) || m4.Refuses(args)) return;
  std::string pattern(args[1]);
  size_t marks = 0;
  while (marks < 6 && marks < pattern.size() &&
         pattern[pattern.size() - 1 - marks] == 'X') {
    ++marks;
  }
  pattern.append(6 - marks, 'X');
  const absl::StatusOr<std::string> name = m4.system().MakeFile(pattern);
  if (!name.ok()) {
    m4.Say(absl::StrCat(args.name(), ": cannot create tempfile `", args[1],
                        "': ", name.status().message()));
    return;
  }
  m4.effects().temporary_files = true;
  m4.AppendQuoted(*name, out);
}

}  // namespace

void Changequote(M4Engine& m4, const M4Args& args, M4Stack&) {
  if (!m4.Count(args, 0, 2)) return;
  M4Delimiters delimiters = m4.input().delimiters();
  const M4Delimiters usual;
  if (args.size() == 0) {
    delimiters.open_quote = usual.open_quote;
    delimiters.close_quote = usual.close_quote;
  } else {
    delimiters.open_quote = std::string(args[1]);
    delimiters.close_quote = std::string(args[2]);
    if (args.size() < 2 ||
        (!delimiters.open_quote.empty() && delimiters.close_quote.empty())) {
      delimiters.close_quote = usual.close_quote;
    }
  }
  m4.input().set_delimiters(std::move(delimiters));
}

void Changecom(M4Engine& m4, const M4Args& args, M4Stack&) {
  if (!m4.Count(args, 0, 2)) return;
  M4Delimiters delimiters = m4.input().delimiters();
  delimiters.open_comment = std::string(args[1]);
  delimiters.close_comment = std::string(args[2]);
  if (!delimiters.open_comment.empty() && delimiters.close_comment.empty()) {
    delimiters.close_comment = "\n";
  }
  m4.input().set_delimiters(std::move(delimiters));
}

void Dnl(M4Engine& m4, const M4Args& args, M4Stack&) {
  m4.Count(args, 0, 0);
  const M4Position at = m4.position();
  if (m4.input().SkipLine()) return;
  m4.input().set_position(at);
  m4.Warn("Warning: end of file treated as newline");
}

void M4wrap(M4Engine& m4, const M4Args& args, M4Stack&) {
  if (!m4.Count(args, 1, SIZE_MAX)) return;
  std::string text(args[1]);
  if (!m4.options().traditional) {
    for (size_t i = 2; i <= args.size(); ++i) {
      absl::StrAppend(&text, " ", args[i]);
    }
  }
  m4.input().Wrap(text, m4.position());
}

void Divert(M4Engine& m4, const M4Args& args, M4Stack&) {
  int diversion = 0;
  if (!m4.Count(args, 0, 1)) return;
  if (args.size() >= 1 && !m4.Number(args, 1, &diversion)) return;
  m4.output().Divert(diversion);
}

void Divnum(M4Engine& m4, const M4Args& args, M4Stack& out) {
  m4.Count(args, 0, 0);
  out.Append(absl::StrCat(m4.output().diversion()));
}

void Undivert(M4Engine& m4, const M4Args& args, M4Stack&) {
  if (args.size() == 0) {
    m4.output().UndivertAll();
    return;
  }
  for (size_t i = 1; i <= args.size(); ++i) {
    if (IsNumber(args[i])) {
      m4.output().Undivert(Whole(args[i]));
    } else if (m4.options().traditional) {
      m4.Warn(
          absl::StrCat("non-numeric argument to builtin `", args.name(), "'"));
    } else {
      const absl::StatusOr<M4System::File> file = m4.ReadFile(args[i]);
      if (file.ok()) {
        m4.output().Insert(*file->content);
      } else {
        m4.Warn(absl::StrCat("cannot undivert `", args[i],
                             "': ", file.status().message()));
      }
    }
  }
}

void Include(M4Engine& m4, const M4Args& args, M4Stack&) {
  ReadInto(m4, args, false);
}

void Sinclude(M4Engine& m4, const M4Args& args, M4Stack&) {
  ReadInto(m4, args, true);
}

void Paste(M4Engine& m4, const M4Args& args, M4Stack&) {
  CopyFrom(m4, args, false);
}

void Spaste(M4Engine& m4, const M4Args& args, M4Stack&) {
  CopyFrom(m4, args, true);
}

void Errprint(M4Engine& m4, const M4Args& args, M4Stack&) {
  if (!m4.Count(args, 1, SIZE_MAX)) return;
  std::string text(args[1]);
  for (size_t i = 2; i <= args.size(); ++i) {
    absl::StrAppend(&text, " ", args[i]);
  }
  m4.PrintMessage(text);
}

void M4exit(M4Engine& m4, const M4Args& args, M4Stack&) {
  m4.Count(args, 0, 1);
  int status = 0;
  if (args.size() >= 1 && !m4.Number(args, 1, &status)) status = 1;
  if (status < 0 || status > 255) {
    m4.Warn(absl::StrCat("exit status out of range: `", status, "'"));
    status = 1;
  }
  // An error before is not made good.
  m4.Exit(status == 0 ? m4.status() : status);
}

void Syscmd(M4Engine& m4, const M4Args& args, M4Stack&) {
  RunCommand(m4, args, nullptr);
}

void Esyscmd(M4Engine& m4, const M4Args& args, M4Stack& out) {
  std::string output;
  RunCommand(m4, args, &output);
  out.Append(output);
}

void Sysval(M4Engine& m4, const M4Args&, M4Stack& out) {
  out.Append(absl::StrCat(m4.sysval()));
}

void Mkstemp(M4Engine& m4, const M4Args& args, M4Stack& out) {
  NewFile(m4, args, out);
}

// Differs: the traditional maketemp puts the number of the process into a name
// and leaves the file to others, who may have been there first.
void Maketemp(M4Engine& m4, const M4Args& args, M4Stack& out) {
  if (m4.options().traditional) m4.Warn("recommend using mkstemp instead");
  NewFile(m4, args, out);
}

void Debugfile(M4Engine& m4, const M4Args& args, M4Stack&) {
  if (!m4.Count(args, 0, 1)) return;
  if (args.size() == 0) {
    m4.set_debug_to(M4Engine::DebugTo::kMessages);
  } else if (args[1].empty() || !m4.Refuses(args)) {
    m4.OpenDebugFile(args[1]);
  }
}

void File(M4Engine& m4, const M4Args& args, M4Stack& out) {
  m4.Count(args, 0, 0);
  const M4Position at = m4.position();
  m4.AppendQuoted(at.file == nullptr ? "" : *at.file, out);
}

void Line(M4Engine& m4, const M4Args& args, M4Stack& out) {
  m4.Count(args, 0, 0);
  out.Append(absl::StrCat(m4.position().line));
}

void Program(M4Engine& m4, const M4Args& args, M4Stack& out) {
  m4.Count(args, 0, 0);
  m4.AppendQuoted(m4.options().program, out);
}

}  // namespace text::m4_builtins
