// Whatever words come: no crash, and no option that the head does not have.
#include <absl/strings/str_split.h>

#include "base/status.h"
#include "cli/args.h"
#include "cli/report.h"

namespace {

absl::StatusOr<int> Zero(const cli::Call&) { return 0; }
constexpr auto kOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'f', "force", "", ""},
      {'c', "comment", "TEXT", ""},
      {'P', "parallel", "[N]", "", ""},
      {'#', "lines", "N", "", "1"},
      {'x', "", "FILE", ""},
      {0, "no-compress", "", ""},
  });
});
constexpr cli::Verb kVerbs[] = {{"go", "", "", kOptions, Zero}};
constexpr cli::Applet kApplet = {.name = "tool",
                                 .summary = "",
                                 .options = kOptions,
                                 .verbs = kVerbs,
                                 .run = Zero};

}  // namespace

// The first line is what the environment adds; each other one is a word.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> words = absl::StrSplit(text, '\n');
  // What execve gives has no NUL in it.
  for (std::string& word : words) word = word.c_str();
  const std::string first = words.front();
  words.erase(words.begin());
  const absl::StatusOr<cli::CommandLine> line =
      cli::ReadCommandLine(kApplet, "tool", words, {"TOOL", first});
  if (!line.ok()) {
    MUST(cli::ExitCode(line.status()) == 64);
    return 0;
  }
  MUST(line->call.seen.size() <= size + 1);
  line->call.Int("lines", 1, 100).status().IgnoreError();
  line->call.Bytes("comment").status().IgnoreError();
  line->call.Duration("x").status().IgnoreError();
  return 0;
}
