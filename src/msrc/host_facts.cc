#include "msrc/host_facts.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include "base/status.h"
#include "text/words.h"

namespace msrc {
namespace {

// Between the values: a record separator, which is in none of them.
constexpr char kSeparator = '\x1e';
constexpr absl::string_view kNames[] = {"ENTRY_LOGIN", "SSH", "ENTRY_DEFS",
                                        "REMOTE_SHELL"};

}  // namespace

std::string FactsText() {
  std::string text;
  for (absl::string_view name : kNames) {
    absl::StrAppend(&text, "ifdef(`", name, "',`", name, "')",
                    std::string(1, kSeparator));
  }
  return text;
}

absl::StatusOr<HostFacts> ReadFacts(absl::string_view expanded) {
  const std::vector<std::string> values = absl::StrSplit(expanded, kSeparator);
  if (values.size() != std::size(kNames) + 1) {
    return absl::InvalidArgumentError(
        "ENTRY_LOGIN, SSH, ENTRY_DEFS or REMOTE_SHELL holds a control "
        "character");
  }
  HostFacts facts;
  facts.login = values[0];
  facts.defs = values[2];
  facts.shell = values[3];
  absl::StatusOr<std::vector<std::string>> words = text::SplitWords(values[1]);
  if (!words.ok()) return base::Context(words.status(), "SSH");
  facts.ssh = *std::move(words);
  if (facts.ssh.empty()) facts.ssh = {"ssh"};
  return facts;
}

}  // namespace msrc
