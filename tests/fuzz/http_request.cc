// Requests out of any bytes, cut anywhere: the first byte says how. However
// they are cut, the same requests come out.
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "net/http_message.h"

namespace {

std::string All(absl::string_view bytes, size_t piece) {
  net::HttpReader reader;
  std::string out;
  while (!bytes.empty()) {
    absl::string_view some = bytes.substr(0, piece);
    const size_t before = some.size();
    const net::HttpReader::State state = reader.Feed(&some);
    bytes.remove_prefix(before - some.size());
    if (state == net::HttpReader::State::kRefused) {
      if (reader.refusal() < 400) abort();
      return out + "refused";
    }
    if (state == net::HttpReader::State::kMore) {
      if (!some.empty()) abort();
      continue;
    }
    const net::HttpRequest r = reader.Take();
    if (r.path.empty() || r.path[0] != '/') abort();
    absl::StrAppend(&out, r.method, " ", r.path, r.keep_alive ? "+" : "-");
    for (const auto& [name, value] : r.query) {
      absl::StrAppend(&out, "?", name, "=", value);
    }
    for (const auto& [name, value] : r.headers) {
      absl::StrAppend(&out, "|", name, ":", value);
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const absl::string_view bytes(reinterpret_cast<const char*>(data) + 1,
                                size - 1);
  if (All(bytes, data[0] + size_t{1}) != All(bytes, bytes.size() + 1)) abort();
  return 0;
}
