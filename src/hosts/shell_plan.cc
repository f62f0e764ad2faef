#include "hosts/shell_plan.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>

#include <set>

#include "text/shell_file.h"
#include "text/words.h"

namespace hosts {
namespace {

using text::QuoteWord;
using Variables = absl::Span<const std::pair<std::string, std::string>>;

std::string Comment(absl::string_view text) {
  return absl::StrCat("# ", absl::StrReplaceAll(text, {{"\n", "\n# "}}), "\n");
}

std::string Exports(Variables variables, absl::string_view indent) {
  std::string text;
  for (const auto& [name, value] : variables) {
    absl::StrAppend(&text, indent, name, "=", QuoteWord(value), "\n", indent,
                    "export ", name, "\n");
  }
  return text;
}

std::string Files(absl::Span<const PlannedFile> files) {
  std::string text;
  std::set<std::string> folders;
  for (const PlannedFile& file : files) {
    const std::string folder = file.path.substr(0, file.path.rfind('/'));
    if (folders.insert(folder).second) {
      absl::StrAppend(&text, "mkdir -p ", QuoteWord(folder), "\n");
    }
    text += text::ShellFile(file.path, file.bytes, file.mode);
  }
  return text;
}

constexpr absl::string_view kCount = R"(hosts=0 failed=0
ended() {
  hosts=$((hosts + 1))
  [ "$2" -eq 0 ] && return
  failed=$((failed + 1))
  echo "status $2: $1" >&2
}
)";

constexpr absl::string_view kCode = R"(code=0
[ $failed -eq 0 ] || code=1
[ $failed -lt $hosts ] || code=2
)";

}  // namespace

std::string ShellPlanBegin(const ShellPlan& plan,
                           absl::Span<const PlannedFile> files) {
  std::string text = absl::StrCat(
      "#!/bin/sh\n# What ", plan.program, " would run for ", plan.hosts,
      plan.hosts == 1 ? " host.\n" : " hosts, one after the other.\n",
      "run() {\ncd ", QuoteWord(plan.folder), " || exit 66\n");
  if (!plan.work.empty()) {
    absl::StrAppend(&text, "work=", QuoteWord(plan.work), R"(
mkdir -m 700 "$work" || exit 73
trap 'rm -rf "$work"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
)");
  }
  absl::StrAppend(&text, Exports(plan.variables, ""), Files(files), kCount);
  return text;
}

std::string ShellPlanHost(const ShellPlan& plan, absl::string_view host,
                          absl::string_view command, Variables variables,
                          absl::Span<const PlannedFile> files) {
  return absl::StrCat(
      "\n", Comment(host), Files(files), "(\n", Exports(variables, "  "),
      "  exec ", QuoteWord(plan.shell), " -c ", QuoteWord(command), " <",
      QuoteWord(plan.input), "\n)\nended ", QuoteWord(host), " $?\n");
}

std::string ShellPlanSkipped(absl::string_view host, int status,
                             absl::string_view why) {
  return absl::StrCat("\n", Comment(absl::StrCat(host, ": ", why)), "ended ",
                      QuoteWord(host), " ", status, "\n");
}

std::string ShellPlanEnd(const ShellPlan& plan) {
  std::string text = absl::StrCat("\n", plan.always_zero ? "code=0\n" : kCode);
  if (!plan.last.empty()) absl::StrAppend(&text, plan.last, " || exit\n");
  return absl::StrCat(text, "exit $code\n}\nrun\n");
}

}  // namespace hosts
