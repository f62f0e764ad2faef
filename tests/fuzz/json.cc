// Whatever bytes come: no crash, and what is accepted is written in a form that
// is accepted again and says the same.
#include "text/json.h"

#include "base/status.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<text::Json> json = text::Json::Parse(text, 1 << 16);
  if (!json.ok()) return 0;
  for (text::JsonWriter::Layout layout : {text::JsonWriter::Layout::kCompact,
                                          text::JsonWriter::Layout::kPretty}) {
    const absl::StatusOr<text::Json> again =
        text::Json::Parse(json->Text(layout));
    MUST(again.ok());
    MUST(again->Text() == json->Text());
  }
  return 0;
}
