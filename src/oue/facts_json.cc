#include "oue/facts_json.h"

#include <absl/strings/str_split.h>

#include "base/bytes.h"
#include "text/json.h"
#include "text/utf8.h"

namespace oue {
namespace {

void Write(absl::string_view bytes, text::JsonWriter& out) {
  if (text::IsUtf8(bytes)) {
    out.String(bytes);
    return;
  }
  out.BeginObject().Key("b64").String(base::Base64(bytes)).EndObject();
}

}  // namespace

std::string FactsJson(const Facts& facts, const JsonParts& parts) {
  text::JsonWriter out;
  out.BeginObject();
  Write(facts.key, out.Key("key"));
  out.Key("lines").BeginArray();
  for (absl::string_view line : absl::StrSplit(facts.text, parts.terminator)) {
    Write(line, out);
  }
  out.EndArray();
  Write(facts.file, out.Key("file"));
  out.Key("position").Int(facts.file_position);
  out.Key("line").Int(facts.line_number);
  out.Key("unique").Int(facts.unique);
  out.Key("count").Int(facts.count);
  if (parts.prev) {
    out.Key("old").Int(facts.old_count);
    out.Key("total").Int(facts.count + facts.old_count);
    Write(facts.old_memory, out.Key("old_memory"));
  }
  Write(facts.memory, out.Key("memory"));
  if (parts.accumulator) Write(facts.accumulator, out.Key("accumulator"));
  out.EndObject();
  return out.Take();
}

}  // namespace oue
