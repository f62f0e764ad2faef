#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <set>

#include "msrc/script.h"
#include "msrc/script_parts.h"
#include "msrc/step_protocol.h"
#include "text/words.h"

namespace msrc {
namespace {

using absl::string_view;

// Where there are several transports, the texts of those that a host does not
// have are dropped.
std::string OnlyFor(Transport transport) {
  return absl::StrCat("ifelse(MSRC_TRANSPORT,`", NameOf(transport),
                      "',`5',`-1')");
}

void AddDefaults(absl::Span<const Transport> transports, M4Text& script) {
  script.Divert("3");
  script.Call(
      "ifdef(`SSH',`',`define(`SSH',`ssh')')dnl\n"
      // The manual and the source of the original call it differently.
      "ifdef(`RSH_PATH',`',`define(`RSH_PATH',"
      "ifdef(`RSH_CMD',`defn(`RSH_CMD')',`defn(`SSH')'))')dnl\n"
      "ifdef(`RDIST_PATH',`',`define(`RDIST_PATH',`rdist')')dnl\n"
      "ifdef(`SDIST',`',`define(`SDIST',`RDIST_PATH` -P 'RSH_PATH`'"
      "ifdef(`RDISTD_PATH',`` -p 'RDISTD_PATH')` -f'')')dnl\n");
  if (transports.size() > 1) {
    script.Call(absl::StrCat("ifdef(`MSRC_TRANSPORT',`',",
                             "`define(`MSRC_TRANSPORT',`",
                             NameOf(transports[0]), "')')dnl\n"));
  }
}

// A host that looks like an option would be one, of ssh.
void AddHostCheck(M4Text& script) {
  script.Text(
      "case ${4} in\n"
      "  -* | *@-* | '') echo \"msrc: '${4}' is no host\" >&2; exit 65 ;;\n"
      "esac\n");
}

// What the login shell there runs: /bin/sh whatever that shell is, in which
// `text` is run. Left in $msrc_command.
void AddRemoteCommand(string_view text, M4Text& script) {
  script.Text(absl::StrCat("msrc_command=\"$msrc_shell -c \"",
                           text::QuoteWord(text::QuoteWord(text)), "\n"));
}

void AddRemoteShell(M4Text& script) {
  // A here-document takes a value as it is, whatever quotes are in it.
  script.Text("msrc_shell=/bin/sh\n")
      .Call(
          "ifdef(`REMOTE_SHELL',``IFS= read -r msrc_shell <<\\MSRC_TEXT\n"
          "'REMOTE_SHELL`\nMSRC_TEXT\n'')dnl\n");
}

std::string InsideInto(string_view into, string_view command) {
  return absl::StrCat("cd ", ShellPath(into), " || exit 69; ", command);
}

void AddTransferByRdist(const ScriptOrder& order, M4Text& script) {
  const Payload& payload = order.payload;
  const auto run = [&](string_view label) {
    script.Call("SDIST")
        .Text(" \"")
        .Call(OperandCall(order.names, payload.map.size() + 1))
        .Text(absl::StrCat("\" ", label, " || exit $?\n"));
  };
  run("myself");
  if (!payload.subdirs.empty()) run("dirs");
  if (!payload.send.empty() || !payload.map.empty()) run("files");
}

// --- rsync and tar: plain files from here, the others from a folder in which
// they have the names they get there.

bool IsPlain(const PayloadFile& file) { return file.source == file.target; }

// What stands in the folder, at its top.
std::vector<std::string> StagedNames(const Payload& payload) {
  std::set<std::string> names;
  const auto add = [&](string_view path) {
    names.emplace(path.substr(0, path.find('/')));
  };
  for (const PayloadFile& f : payload.send) {
    if (!IsPlain(f)) add(f.target);
  }
  for (const PayloadFile& f : payload.map) add(f.target);
  for (const Payload::Folder& f : payload.subdirs) add(f.name);
  return {names.begin(), names.end()};
}

void AddStaging(const ScriptOrder& order, M4Text& script) {
  const Payload& payload = order.payload;
  script.Text(
      "msrc_stage=${0%/*}.d\n"
      // There may have been an attempt before.
      "rm -rf \"$msrc_stage\" \"$msrc_stage.failed\"\n"
      "mkdir -m 700 \"$msrc_stage\" || exit 73\n");
  for (const Payload::Folder& f : payload.subdirs) {
    script.Text(absl::StrFormat(
        "mkdir -p \"$msrc_stage\"/%s && chmod %04o \"$msrc_stage\"/%s || "
        "exit 73\n",
        text::QuoteWord(f.name), f.mode, text::QuoteWord(f.name)));
  }
  std::set<std::string> folders;
  const auto make_folder = [&](const PayloadFile& f) {
    const string_view folder = FolderOf(f.target);
    if (folder.empty() || !folders.emplace(folder).second) return;
    script.Text(absl::StrCat("mkdir -p \"$msrc_stage\"/",
                             text::QuoteWord(folder), " || exit 73\n"));
  };
  for (const PayloadFile& f : payload.send) {
    if (IsPlain(f)) continue;
    make_folder(f);
    script.Text(absl::StrCat("cp ", f.folder ? "-Rp " : "-p ",
                             ShellPath(f.source), " \"$msrc_stage\"/",
                             text::QuoteWord(f.target), " || exit 73\n"));
  }
  for (size_t i = 0; i < payload.map.size(); i++) {
    make_folder(payload.map[i]);
    script.Text("cp -p \"")
        .Call(OperandCall(order.names, i + 1))
        .Text(absl::StrCat("\" \"$msrc_stage\"/",
                           text::QuoteWord(payload.map[i].target),
                           " || exit 73\n"));
  }
}

void AddTransferByTar(const ScriptOrder& order, M4Text& script) {
  const std::string into = ShellPath(order.into);
  AddRemoteCommand(absl::StrCat("mkdir -p ", into, " && cd ", into,
                                " || exit 73; exec tar -xpof -"),
                   script);
  const std::vector<std::string> staged = StagedNames(order.payload);
  std::string names;
  for (const PayloadFile& f : order.payload.send) {
    if (IsPlain(f)) {
      absl::StrAppend(&names, " ",
                      text::QuoteWord(absl::StrCat("./", f.source)));
    }
  }
  if (!staged.empty()) {
    names += " -C \"$msrc_stage\"";
    for (const std::string& name : staged) {
      absl::StrAppend(&names, " ", text::QuoteWord(absl::StrCat("./", name)));
    }
  }
  if (names.empty()) {
    script.Call("SSH")
        .Text(" \"${4}\" ")
        .Text(text::QuoteWord(absl::StrCat("mkdir -p ", into)) +
              " || exit $?\n");
    return;
  }
  AddStaging(order, script);
  // The status of a pipe is that of its end, which does not know whether its
  // beginning could read all files.
  script
      .Text(absl::StrCat("{ tar -cf -", names,
                         " || : >\"$msrc_stage.failed\"; } | "))
      .Call("SSH")
      .Text(
          " \"${4}\" \"$msrc_command\" || exit $?\n"
          "[ ! -e \"$msrc_stage.failed\" ] || exit 74\n"
          "rm -rf \"$msrc_stage\"\n");
}

void AddTransferByRsync(const ScriptOrder& order, M4Text& script) {
  const std::string into = ShellPath(order.into);
  script.Text("IFS= read -r RSYNC_RSH <<\\MSRC_TEXT\n")
      .Call("SSH")
      .Text("\nMSRC_TEXT\nexport RSYNC_RSH\n");
  const std::string there = absl::StrCat("mkdir -p ", into, " && rsync");
  const auto send = [&](string_view from,
                        const std::vector<std::string>& names) {
    if (names.empty()) return;
    script.Text(absl::StrCat("rsync -ars --rsync-path=", text::QuoteWord(there),
                             " --files-from=- ", from,
                             " \"${4}:${5}/\" <<\\MSRC_TEXT || exit $?\n"));
    for (const std::string& name : names) {
      script.Text(absl::StrCat("./", name, "\n"));
    }
    script.Text("MSRC_TEXT\n");
  };
  std::vector<std::string> plain;
  for (const PayloadFile& f : order.payload.send) {
    if (IsPlain(f)) plain.push_back(f.source);
  }
  const std::vector<std::string> staged = StagedNames(order.payload);
  if (plain.empty() && staged.empty()) {
    script.Call("SSH")
        .Text(" \"${4}\" ")
        .Text(text::QuoteWord(absl::StrCat("mkdir -p ", into)) +
              " || exit $?\n");
    return;
  }
  send(".", plain);
  if (staged.empty()) return;
  AddStaging(order, script);
  send("\"$msrc_stage\"", staged);
  script.Text("rm -rf \"$msrc_stage\"\n");
}

// The connection is the run's: steps ask for it (msrc/steps.h).
void AddTransferBuiltIn(const ScriptOrder& order, M4Text& script) {
  script.Text("msrc_transport=builtin\nIFS= read -r msrc_ssh <<\\MSRC_TEXT\n")
      .Call("SSH")
      .Text(absl::StrCat("\nMSRC_TEXT\n\"$MSRC_PROGRAM\" msrc --step ",
                         order.may_use_tar ? "transfer-or-tar" : "transfer",
                         " \"$$\" \"$msrc_ssh\" \"${4}\""));
  for (size_t i = 0; i < order.payload.map.size(); i++) {
    script.Text(" \"").Call(OperandCall(order.names, i + 1)).Text("\"");
  }
  if (!order.may_use_tar) {
    script.Text(" || exit $?\n");
    return;
  }
  script.Text(absl::StrCat("\ncase $? in\n0) ;;\n", kUseTar,
                           ") msrc_transport=tar ;;\n*) exit $? ;;\nesac\n"
                           "if [ \"$msrc_transport\" = tar ]; then\n"));
  AddTransferByTar(order, script);
  script.Text("fi\n");
}

void AddTransfer(const ScriptOrder& order, Transport transport,
                 M4Text& script) {
  switch (transport) {
    case Transport::kBuiltin:
      return AddTransferBuiltIn(order, script);
    case Transport::kTar:
      return AddTransferByTar(order, script);
    case Transport::kRsync:
      return AddTransferByRsync(order, script);
    case Transport::kRdist:
      return AddTransferByRdist(order, script);
  }
}

void AddUtilityStep(M4Text& script) {
  script.Text(
      "\"$MSRC_PROGRAM\" msrc --step utility \"$$\" \"$msrc_shell\" "
      "\"$msrc_defs\"\n");
}

void AddUtility(const ScriptOrder& order,
                absl::Span<const Transport> transports, M4Text& script) {
  const bool built_in = std::find(transports.begin(), transports.end(),
                                  Transport::kBuiltin) != transports.end();
  const bool only_built_in =
      built_in && transports.size() == 1 && !order.may_use_tar;
  const std::string command = absl::StrCat(order.utility.argv ? "exec " : "",
                                           CommandText(order.utility));
  // ENTRY_DEFS is a word of the login shell's, as it always was: it may begin
  // with ~ or $HOME.
  script.Text("msrc_defs=\n")
      .Call(
          "ifdef(`ENTRY_DEFS',``IFS= read -r msrc_defs <<\\MSRC_TEXT\n"
          "'ENTRY_DEFS`\nMSRC_TEXT\n'')dnl\n");
  if (only_built_in) {
    AddUtilityStep(script);
    return;
  }
  if (built_in) {
    script.Text("if [ \"$msrc_transport\" = builtin ]; then\n");
    AddUtilityStep(script);
    script.Text("else\n");
  }
  const auto add = [&](string_view text, string_view arguments) {
    AddRemoteCommand(text, script);
    script.Call("SSH").Text(
        absl::StrCat(" \"${4}\" \"$msrc_command", arguments, "\"\n"));
  };
  script.Call("ifdef(`ENTRY_DEFS',`divert(7)',`divert(-1)')dnl\n");
  add(absl::StrCat(". \"$1\" || exit; shift; ",
                   InsideInto(order.into, command)),
      " msrc $msrc_defs");
  script.Call("ifdef(`ENTRY_DEFS',`divert(-1)',`divert(7)')dnl\n");
  add(InsideInto(order.into, command), "");
  script.Divert("7");
  if (built_in) script.Text("fi\n");
}

}  // namespace

std::string RemoteScript(const ScriptOrder& order,
                         absl::Span<const Transport> transports) {
  M4Text script;
  script.Call("dnl remote update script for a host\n");
  AddBeginning(order, ".", "remote", script);
  AddDefaults(transports, script);
  script.Divert("5");
  AddHook("INIT_CMD", script);
  AddHostCheck(script);
  AddRemoteShell(script);
  if (transports.size() > 1) script.Text("msrc_transport=\n");
  for (Transport transport : transports) {
    if (transports.size() > 1) script.Divert(OnlyFor(transport));
    AddTransfer(order, transport, script);
  }
  if (transports.size() > 1) script.Divert("5");
  script.Divert("7");
  AddHook("PRE_CMD", script);
  if (!order.utility.words.empty()) AddUtility(order, transports, script);
  AddEnd(script);
  return script.Take();
}

}  // namespace msrc
