#include "fakes/web_model.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <vector>

#include "base/bytes.h"

namespace fakes {

std::string WebHeard::Header(const std::string& name) const {
  const auto found = headers.find(name);
  return found != headers.end() ? found->second : "";
}

std::optional<WebHeard> TakeCall(std::string& bytes) {
  const size_t end = bytes.find("\r\n\r\n");
  if (end == std::string::npos) return std::nullopt;
  std::vector<std::string> lines = absl::StrSplit(bytes.substr(0, end), "\r\n");
  WebHeard heard;
  const std::vector<std::string> words = absl::StrSplit(lines[0], ' ');
  if (words.size() == 3) {
    heard.method = words[0];
    heard.target = words[1];
  }
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::pair<std::string, std::string> pair =
        absl::StrSplit(lines[i], absl::MaxSplits(": ", 1));
    heard.headers[absl::AsciiStrToLower(pair.first)] = pair.second;
  }
  size_t length = 0;
  (void)absl::SimpleAtoi(heard.Header("content-length"), &length);
  if (bytes.size() < end + 4 + length) return std::nullopt;
  heard.body = bytes.substr(end + 4, length);
  bytes.erase(0, end + 4 + length);
  return heard;
}

std::string BytesOf(const WebSaid& said) {
  if (!said.raw.empty()) return said.raw;
  std::string out = absl::StrCat("HTTP/1.1 ", said.status, " Word\r\n");
  for (const auto& [name, value] : said.headers) {
    absl::StrAppend(&out, name, ": ", value, "\r\n");
  }
  if (said.hangs_up) absl::StrAppend(&out, "Connection: close\r\n");
  if (said.is_chunked) {
    absl::StrAppend(&out, "Transfer-Encoding: chunked\r\n\r\n");
    for (size_t at = 0; at < said.body.size(); at += 7) {
      const std::string piece = said.body.substr(at, 7);
      absl::StrAppendFormat(&out, "%x\r\n%s\r\n", piece.size(), piece);
    }
    return out + "0\r\n\r\n";
  }
  if (said.status != 204) {
    absl::StrAppend(&out, "Content-Length: ", said.body.size(), "\r\n");
  }
  return absl::StrCat(out, "\r\n", said.status != 204 ? said.body : "");
}

std::string BasicPair(const WebHeard& heard) {
  const std::string header = heard.Header("authorization");
  if (!absl::StartsWith(header, "Basic ")) return "";
  return base::FromBase64(header.substr(6)).value_or("");
}

}  // namespace fakes
