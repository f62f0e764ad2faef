#include "power/redfish_words.h"

#include <absl/strings/match.h>

#include <utility>

namespace power {

using text::Json;

absl::string_view LastPart(absl::string_view path) {
  while (absl::EndsWith(path, "/")) path.remove_suffix(1);
  return path.substr(path.rfind('/') + 1);
}

bool IsSuccess(int status) { return status >= 200 && status < 300; }

std::optional<Json> RedfishObject(const net::HttpAnswer& answer) {
  absl::StatusOr<Json> json = Json::Parse(answer.body);
  if (!json.ok() || json->AsObject() == nullptr) return std::nullopt;
  return *std::move(json);
}

std::string StringIn(const Json& json, absl::string_view key) {
  const Json* value = json.Find(key);
  return value != nullptr && value->AsString() != nullptr ? *value->AsString()
                                                          : "";
}

WebAsk RedfishWrite(absl::string_view method, const std::string& path,
                    std::string body, const std::string& etag) {
  WebAsk ask = {.call = {.method = std::string(method),
                         .target = path,
                         .body = std::move(body)}};
  ask.call.headers = {{"Content-Type", "application/json"},
                      {"Accept", "application/json"},
                      {"OData-Version", "4.0"}};
  if (!etag.empty()) ask.call.headers.emplace_back("If-Match", etag);
  return ask;
}

WebAsk RedfishRead(std::string path) {
  return {.call = {.target = std::move(path),
                   .headers = {{"Accept", "application/json"},
                               {"OData-Version", "4.0"}}},
          .is_repeatable = true};
}

}  // namespace power
