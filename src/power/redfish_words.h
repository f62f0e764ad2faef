// What the files of redfish_protocol.h share: calls and answers. Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <optional>
#include <string>

#include "power/web_protocol.h"
#include "text/json.h"

namespace power {

bool IsSuccess(int status);
// The object that an answer holds; nullopt when it holds none.
std::optional<text::Json> RedfishObject(const net::HttpAnswer& answer);
// "" when it is not there, or no string.
std::string StringIn(const text::Json& json, absl::string_view key);
// "/redfish/v1/Systems/1" ends in "1".
absl::string_view LastPart(absl::string_view path);

WebAsk RedfishRead(std::string path);
WebAsk RedfishWrite(absl::string_view method, const std::string& path,
                    std::string body, const std::string& etag);

}  // namespace power
