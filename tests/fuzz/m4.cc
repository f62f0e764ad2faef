// A text of any bytes: the engine ends, within its limits, with the same
// whether the text comes as one or in pieces; and no value of a definition can
// break a stream.
#include "text/m4.h"

#include <cstdint>
#include <string>

#include "base/status.h"

namespace {

// Enough to do much, and too little to take long.
text::M4Options Options() {
  text::M4Options options;
  options.limits.nesting = 1000;
  options.limits.pushed_bytes = 1 << 20;
  options.limits.output_bytes = 1 << 20;
  int asked = 0;
  options.limits.stop = [asked]() mutable -> std::string {
    return ++asked > 20 ? "enough" : "";
  };
  return options;
}

struct Outcome {
  int status = 0;
  std::string output, messages;
  bool operator==(const Outcome& other) const {
    return status == other.status && output == other.output &&
           messages == other.messages;
  }
};

template <typename Feed>
Outcome Run(text::M4Options options, Feed feed) {
  Outcome outcome;
  text::M4 m4(std::move(options), nullptr,
              {.output =
                   [&](absl::string_view s) {
                     outcome.output.append(s.data(), s.size());
                   },
               .messages =
                   [&](absl::string_view s) {
                     outcome.messages.append(s.data(), s.size());
                   }});
  feed(m4);
  outcome.status = m4.Finish();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 4096) return 0;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Outcome whole =
      Run(Options(), [&](text::M4& m4) { m4.Expand("t", text); });
  MUST(whole.status >= 0 && whole.status <= 255);
  MUST(whole.output.size() <= 1 << 20);
  const size_t step = size == 0 ? 1 : data[0] % 7 + 1;
  const Outcome pieces = Run(Options(), [&](text::M4& m4) {
    size_t at = 0;
    m4.ExpandStream("t", [&](std::string& more) {
      if (at >= text.size()) return false;
      more += text.substr(at, step);
      at += step;
      return true;
    });
  });
  MUST(whole == pieces);

  text::M4Options traced = Options();
  traced.synclines = true;
  traced.debug_flags = "V";
  (void)Run(std::move(traced), [&](text::M4& m4) { m4.Expand("t", text); });

  const Outcome value = Run(Options(), [&](text::M4& m4) {
    m4.Define("fuzzed", text);
    m4.Expand("t", "len(`fuzzed') ifdef(`fuzzed',`yes')");
  });
  MUST(value.status == 0 && value.output == "6 yes");
  return 0;
}
