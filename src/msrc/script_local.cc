#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <map>
#include <set>

#include "msrc/script.h"
#include "msrc/script_parts.h"
#include "text/words.h"

namespace msrc {
namespace {

using absl::string_view;

// Bytes of names in one command: far below what a system takes.
constexpr size_t kCommandBytes = 30'000;

void AddFolders(const Payload& payload, M4Text& script) {
  std::set<std::string> made;
  for (const Payload::Folder& f : payload.subdirs) {
    script.Text(absl::StrFormat(
        "mkdir -p \"${1}\"/%s && chmod %04o \"${1}\"/%s || exit 73\n",
        text::QuoteWord(f.name), f.mode, text::QuoteWord(f.name)));
    made.insert(f.name);
  }
  for (const auto* files : {&payload.send, &payload.map}) {
    for (const PayloadFile& f : *files) {
      const string_view folder = FolderOf(f.target);
      if (folder.empty() || !made.emplace(folder).second) continue;
      script.Text(absl::StrCat("mkdir -p \"${1}\"/", text::QuoteWord(folder),
                               " || exit 73\n"));
    }
  }
}

// Into a folder in which there is nothing yet.
void AddCopies(const ScriptOrder& order, M4Text& script) {
  const Payload& payload = order.payload;
  std::string together;
  const auto copy = [&] {
    if (together.empty()) return;
    script.Text(absl::StrCat("cp -p", together, " \"${1}\"/ || exit 73\n"));
    together.clear();
  };
  for (const PayloadFile& f : payload.send) {
    if (f.source == f.target && FolderOf(f.source).empty() && !f.folder) {
      absl::StrAppend(&together, " ", ShellPath(f.source));
      if (together.size() > kCommandBytes) copy();
      continue;
    }
    script.Text(absl::StrCat("cp ", f.folder ? "-Rp " : "-p ",
                             ShellPath(f.source), " \"${1}\"/",
                             text::QuoteWord(f.target), " || exit 73\n"));
  }
  copy();
  for (size_t i = 0; i < payload.map.size(); i++) {
    script.Text("cp -p \"")
        .Call(OperandCall(order.names, i + 1))
        .Text(absl::StrCat("\" \"${1}\"/",
                           text::QuoteWord(payload.map[i].target),
                           " || exit 73\n"));
  }
}

// Into a folder that stays: what is the same is not touched, so that make there
// sees when a file was changed.
void AddUpdates(const ScriptOrder& order, M4Text& script) {
  const Payload& payload = order.payload;
  script.Text(
      "msrc_put() {\n"
      "  if [ -d \"$2\" ]; then\n"
      "    echo \"msrc: $2: is a folder\" >&2\n"
      "    return 1\n"
      "  fi\n"
      "  cmp -s \"$1\" \"$2\" && return\n"
      "  rm -f \"$2.msrc$$\" && cp \"$1\" \"$2.msrc$$\" &&\n"
      "    chmod \"$3\" \"$2.msrc$$\" && mv -f \"$2.msrc$$\" \"$2\"\n"
      "}\n");
  std::map<int, std::string> by_mode;
  const auto set_modes = [&](int mode) {
    script.Text(
        absl::StrFormat("chmod %04o%s || exit 73\n", mode, by_mode[mode]));
    by_mode[mode].clear();
  };
  const auto put_end = [&](const PayloadFile& f) {
    const std::string target =
        absl::StrCat("\"${1}\"/", text::QuoteWord(f.target));
    script.Text(absl::StrFormat(" %s %04o || exit 73\n", target, f.mode));
    absl::StrAppend(&by_mode[f.mode], " ", target);
    if (by_mode[f.mode].size() > kCommandBytes) set_modes(f.mode);
  };
  for (const PayloadFile& f : payload.send) {
    if (f.folder) {
      const std::string target = text::QuoteWord(f.target);
      script.Text(absl::StrCat("mkdir -p \"${1}\"/", target, " && cp -Rp ",
                               ShellPath(f.source + "/."), " \"${1}\"/", target,
                               " || exit 73\n"));
      continue;
    }
    script.Text(absl::StrCat("msrc_put ", ShellPath(f.source)));
    put_end(f);
  }
  for (size_t i = 0; i < payload.map.size(); i++) {
    script.Text("msrc_put \"").Call(OperandCall(order.names, i + 1)).Text("\"");
    put_end(payload.map[i]);
  }
  for (const auto& [mode, names] : by_mode) {
    if (!names.empty()) set_modes(mode);
  }
}

void AddUtility(const ScriptOrder& order, M4Text& script) {
  // In a shell of its own: what comes after it is where it was.
  script.Text("(\ncd \"${1}\" || exit 69\n")
      .Call("ifdef(`ENTRY_DEFS',``. 'ENTRY_DEFS` || exit\n'')dnl\n");
  const std::string command = CommandText(order.utility);
  if (order.utility.argv) {
    script.Text(absl::StrCat("exec ", command, "\n)\n"));
  } else {
    script.Text(absl::StrCat("exec \"${SHELL:-/bin/sh}\" -c ",
                             text::QuoteWord(command), " msrc \"$@\"\n)\n"));
  }
}

}  // namespace

std::string ScratchScript(const ScriptOrder& order, string_view program,
                          string_view keep) {
  M4Text script;
  script.Call("dnl local update script for a host\n");
  script.Text("#!/bin/sh\n");
  if (keep.empty()) {
    script.Text("msrc_dir=${0%/*}.d\n");
  } else {
    script
        .Text(absl::StrCat("(umask 077 && mkdir -p ", text::QuoteWord(keep),
                           ") || exit 69\nmsrc_dir=", text::QuoteWord(keep),
                           "/\""))
        .Call("translit(")
        .Call(CredentialCall(order.names))
        .Call(",`/',`_')")
        .Text("\"\n");
  }
  script
      .Text(
          // There may have been an attempt before, which was ended.
          "rm -rf \"$msrc_dir\"\n"
          "mkdir -m 700 \"$msrc_dir\" || exit 69\n"
          "/bin/sh \"")
      .Call(OperandCall(order.names, order.payload.map.size() + 1))
      .Text("\" \"$msrc_dir\" \"$@\"\nmsrc_status=$?\n");
  if (keep.empty()) {
    script.Text("rm -rf \"$msrc_dir\"\n");
  } else {
    script.Text(absl::StrCat("echo ", text::QuoteWord(program), ": \""))
        .Call(CredentialCall(order.names))
        .Text(": kept in $msrc_dir\" >&2\n");
  }
  script.Text("exit $msrc_status\n").Dnl();
  return script.Take();
}

std::string ProvisionScript(const ScriptOrder& order, Provision kind) {
  M4Text script;
  script.Call("dnl fills a folder and runs the utility in it\n");
  if (kind == Provision::kScratch) {
    // Tokens stand behind the folder, and behind the parameters.
    script.Text("#!/bin/sh\n").Dnl().Divert("1");
    script.Text("msrc_dir=${1}\nshift\nset -- \"$msrc_dir\" ")
        .Text(absl::StrCat(text::QuoteWord(order.recipe), " local \""))
        .Call(CredentialCall(order.names))
        .Text(absl::StrCat("\" ", text::QuoteWord(order.into), " \"$@\"\n"));
    script.Call("ifdef(`INCLUDE_CMD',`INCLUDE_CMD(`local')\n')dnl\n");
  } else {
    AddBeginning(order, ShellPath(order.into), "local", script);
  }
  script.Divert("5");
  AddHook("INIT_CMD", script);
  AddFolders(order.payload, script);
  if (kind == Provision::kScratch) {
    AddCopies(order, script);
  } else {
    AddUpdates(order, script);
  }
  script.Divert("7");
  AddHook("PRE_CMD", script);
  if (!order.utility.words.empty()) AddUtility(order, script);
  AddEnd(script);
  return script.Take();
}

}  // namespace msrc
