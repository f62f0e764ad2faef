// Job files and their JSON: whatever the bytes, they are read within bounds,
// and what is accepted is printed such that it is read back as the same.
#include "mcfeely/jobfile.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

void Expect(bool holds, const char* what, const std::string& text) {
  if (holds) return;
  fprintf(stderr, "%s:\n%s\n", what, text.c_str());
  abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  // The first byte chooses a subset; "b" and "G" are names in the corpus.
  const int how = data[0];
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  mcfeely::JobOptions options;
  if (how & 1) options.parameters["p"] = "x y";
  if (how & 2) options.subset.only = {how & 4 ? "b" : "G"};
  options.subset.with_needs = how & 8;
  options.subset.with_dependents = how & 16;
  options.allow_empty = how & 32;
  const mcfeely::Parsed parsed = mcfeely::ParseJob({{"f", text}}, options);
  for (const std::string& error : parsed.errors) {
    Expect(!error.empty() && error.find('\n') == std::string::npos,
           "an error is one line", error);
  }
  if (!parsed.errors.empty()) return 0;
  Expect(mcfeely::FromMessage(ToMessage(parsed.job)).ok(),
         "a job that was accepted is one the server takes", text);
  const mcfeely::JobOptions any{
      .parameters = {}, .subset = {}, .allow_empty = true};
  const std::string printed = FormatJobFile(parsed.job);
  const mcfeely::Parsed again = mcfeely::ParseJob({{"p", printed}}, any);
  Expect(again.errors.empty() && FormatJobFile(again.job) == printed,
         "what was printed is read back", printed);
  const std::string json = FormatJson(parsed.job);
  const mcfeely::Parsed from_json = mcfeely::ParseJob({{"j", json}}, any);
  Expect(from_json.errors.empty() && from_json.job == again.job,
         "what was printed as JSON is read back", json);
  (void)FormatDot(parsed.job);
  return 0;
}
