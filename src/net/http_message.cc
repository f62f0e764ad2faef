#include "net/http_message.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <http_parser.h>

#include <optional>

#include "base/limits.h"
#include "base/status.h"

namespace net {
namespace {

// nullopt: a '%' without two digits, or a zero byte.
std::optional<std::string> Decode(absl::string_view text, bool plus_is_blank) {
  std::string out;
  for (size_t i = 0; i < text.size(); i++) {
    char c = text[i];
    if (c == '+' && plus_is_blank) c = ' ';
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      int value = 0;
      for (const char digit : text.substr(i + 1, 2)) {
        if (!absl::ascii_isxdigit(digit)) return std::nullopt;
        value = value * 16 + (absl::ascii_isdigit(digit)
                                  ? digit - '0'
                                  : absl::ascii_tolower(digit) - 'a' + 10);
      }
      i += 2;
      c = static_cast<char>(value);
    }
    if (c == '\0') return std::nullopt;
    out += c;
  }
  return out;
}

absl::string_view Find(const HttpRequest::Pairs& pairs,
                       absl::string_view name) {
  for (const auto& [n, value] : pairs) {
    if (n == name) return value;
  }
  return "";
}

size_t Count(const HttpRequest::Pairs& pairs, absl::string_view name) {
  size_t count = 0;
  for (const auto& pair : pairs) count += pair.first == name;
  return count;
}

}  // namespace

absl::string_view HttpRequest::Header(absl::string_view name) const {
  return Find(headers, name);
}

absl::string_view HttpRequest::Query(absl::string_view name) const {
  return Find(query, name);
}

std::string FormatHttpHead(const HttpResponse& response, bool keep_alive,
                           absl::Time now) {
  std::string head = absl::StrCat(
      "HTTP/1.1 ", response.status, " ",
      http_status_str(static_cast<http_status>(response.status)), "\r\n");
  const auto add = [&](absl::string_view name, absl::string_view value) {
    MUST(name.find_first_of("\r\n") == absl::string_view::npos);
    MUST(value.find_first_of("\r\n") == absl::string_view::npos);
    absl::StrAppend(&head, name, ": ", value, "\r\n");
  };
  add("Date",
      absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", now, absl::UTCTimeZone()));
  add("Content-Type", response.type);
  if (!response.stream) {
    add("Content-Length", absl::StrCat(response.body.size()));
  }
  for (const auto& [name, value] : response.headers) add(name, value);
  add("Connection", keep_alive && !response.stream ? "keep-alive" : "close");
  return head + "\r\n";
}

struct HttpReader::Parser {
  http_parser parser;
  std::string target;
  HttpRequest request;
  bool in_value = false;  // the last piece belonged to a header's value
  bool done = false;
  size_t bytes = 0;
  int refusal = 0;

  Parser() { Begin(); }
  void Begin() {
    http_parser_init(&parser, HTTP_REQUEST);
    parser.data = this;
    target.clear();
    request = {};
    in_value = done = false;
    bytes = 0;
    refusal = 0;
  }
  int Refuse(int status) {
    if (refusal == 0) refusal = status;
    return -1;
  }
  static Parser* Of(http_parser* p) { return static_cast<Parser*>(p->data); }

  int Target(absl::string_view piece) {
    if (target.size() + piece.size() > base::kMaxHttpTargetBytes) {
      return Refuse(414);
    }
    target.append(piece.data(), piece.size());
    return 0;
  }
  int Name(absl::string_view piece) {
    // The parser lets a blank pass that others take for the name's end.
    if (piece.find(' ') != absl::string_view::npos) return Refuse(400);
    if (in_value || request.headers.empty()) {
      if (request.headers.size() == base::kMaxHttpHeaders) return Refuse(431);
      request.headers.emplace_back();
      in_value = false;
    }
    absl::StrAppend(&request.headers.back().first,
                    absl::AsciiStrToLower(piece));
    return 0;
  }
  int Value(absl::string_view piece) {
    in_value = true;
    absl::StrAppend(&request.headers.back().second, piece);
    return 0;
  }
  int Headers();
  bool SplitTarget();
};

int HttpReader::Parser::Headers() {
  if (parser.http_major != 1) return Refuse(505);
  const bool length = (parser.flags & F_CONTENTLENGTH) != 0;
  if ((length && parser.content_length != 0) || parser.uses_transfer_encoding) {
    return Refuse(413);
  }
  // RFC 9112, 3.2: exactly one Host since 1.1; who sends two of what decides
  // hopes that somebody in between looks at the other one.
  const size_t hosts = Count(request.headers, "host");
  if (hosts > 1 || (hosts == 0 && parser.http_minor >= 1) ||
      Count(request.headers, "authorization") > 1) {
    return Refuse(400);
  }
  if (!SplitTarget()) return Refuse(400);
  request.method = http_method_str(static_cast<http_method>(parser.method));
  request.keep_alive = http_should_keep_alive(&parser) != 0 &&
                       parser.upgrade == 0 && !(parser.flags & F_UPGRADE);
  return 0;
}

bool HttpReader::Parser::SplitTarget() {
  http_parser_url url;
  http_parser_url_init(&url);
  if (parser.method == HTTP_CONNECT ||
      http_parser_parse_url(target.data(), target.size(), 0, &url) != 0) {
    return false;
  }
  const auto field = [&](http_parser_url_fields f) -> absl::string_view {
    if ((url.field_set & (1 << f)) == 0) return "";
    return absl::string_view(target).substr(url.field_data[f].off,
                                            url.field_data[f].len);
  };
  auto path = Decode(field(UF_PATH), false);
  if (!path.has_value() || !absl::StartsWith(*path, "/")) return false;
  request.path = *std::move(path);
  for (absl::string_view pair :
       absl::StrSplit(field(UF_QUERY), '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> split =
        absl::StrSplit(pair, absl::MaxSplits('=', 1));
    auto name = Decode(split.first, true), value = Decode(split.second, true);
    if (!name.has_value() || !value.has_value()) return false;
    request.query.emplace_back(*std::move(name), *std::move(value));
  }
  return true;
}

HttpReader::HttpReader() : parser_(std::make_unique<Parser>()) {}
HttpReader::~HttpReader() = default;

HttpReader::State HttpReader::Feed(absl::string_view* bytes) {
  Parser& p = *parser_;
  if (p.refusal != 0) return State::kRefused;
  if (bytes->empty()) return State::kMore;
  // One byte more than may come, so that a head that is too long is noticed.
  const absl::string_view some =
      bytes->substr(0, base::kMaxHttpHeadBytes + 1 - p.bytes);
  http_parser_settings settings;
  http_parser_settings_init(&settings);
  settings.on_url = [](http_parser* h, const char* at, size_t n) {
    return Parser::Of(h)->Target({at, n});
  };
  settings.on_header_field = [](http_parser* h, const char* at, size_t n) {
    return Parser::Of(h)->Name({at, n});
  };
  settings.on_header_value = [](http_parser* h, const char* at, size_t n) {
    return Parser::Of(h)->Value({at, n});
  };
  settings.on_headers_complete = [](http_parser* h) {
    return Parser::Of(h)->Headers();
  };
  // Pausing leaves what follows to whoever feeds us.
  settings.on_message_complete = [](http_parser* h) {
    Parser::Of(h)->done = true;
    http_parser_pause(h, 1);
    return 0;
  };
  const size_t used =
      http_parser_execute(&p.parser, &settings, some.data(), some.size());
  bytes->remove_prefix(used);
  p.bytes += used;
  if (p.done && p.refusal == 0) return State::kDone;
  if (HTTP_PARSER_ERRNO(&p.parser) == HPE_HEADER_OVERFLOW ||
      p.bytes > base::kMaxHttpHeadBytes) {
    p.Refuse(431);
  } else if (HTTP_PARSER_ERRNO(&p.parser) != HPE_OK) {
    p.Refuse(400);
  }
  return p.refusal == 0 ? State::kMore : State::kRefused;
}

bool HttpReader::begun() const { return parser_->bytes != 0; }
int HttpReader::refusal() const { return parser_->refusal; }

HttpRequest HttpReader::Take() {
  HttpRequest request = std::move(parser_->request);
  parser_->Begin();
  return request;
}

}  // namespace net
