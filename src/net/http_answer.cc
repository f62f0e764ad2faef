#include "net/http_answer.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <http_parser.h>

#include <algorithm>

#include "base/limits.h"
#include "base/status.h"
#include "keys/secret.h"

namespace net {
namespace {

constexpr int kSwitchingProtocols = 101;
constexpr size_t kOtherBytes = 200;  // of a call: words that it always has

bool IsControl(char c) {
  const unsigned char byte = static_cast<unsigned char>(c);
  return byte < ' ' || byte == 0x7f;
}

}  // namespace

absl::string_view HttpAnswer::Header(absl::string_view name) const {
  for (const auto& [n, value] : headers) {
    if (n == name) return value;
  }
  return "";
}

bool IsHttpTarget(absl::string_view target) {
  return !target.empty() && target.size() <= base::kMaxHttpTargetBytes &&
         std::none_of(target.begin(), target.end(),
                      [](char c) { return c == ' ' || IsControl(c); });
}

bool IsHttpHeaderValue(absl::string_view value) {
  return std::none_of(value.begin(), value.end(),
                      [](char c) { return c != '\t' && IsControl(c); });
}

HttpCall::~HttpCall() {
  for (auto& [name, value] : headers) keys::Wipe(value);
  keys::Wipe(body);
}

std::string FormatHttpCall(const HttpCall& call, absl::string_view host) {
  MUST(IsHttpTarget(call.target) && IsHttpTarget(call.method));
  MUST(IsHttpHeaderValue(host));
  // At once: what a string has grown out of would keep a password.
  size_t bytes = call.method.size() + call.target.size() + host.size() +
                 call.body.size() + kOtherBytes;
  for (const auto& [name, value] : call.headers) {
    bytes += name.size() + value.size() + 4;
  }
  std::string out;
  out.reserve(bytes);
  absl::StrAppend(&out, call.method, " ", call.target,
                  " HTTP/1.1\r\nHost: ", host,
                  "\r\nAccept-Encoding: identity\r\n");
  for (const auto& [name, value] : call.headers) {
    MUST(IsHttpTarget(name) && IsHttpHeaderValue(value));
    absl::StrAppend(&out, name, ": ", value, "\r\n");
  }
  if (!call.body.empty() || call.method != "GET") {
    absl::StrAppend(&out, "Content-Length: ", call.body.size(), "\r\n");
  }
  absl::StrAppend(&out, "Connection: keep-alive\r\n\r\n", call.body);
  return out;
}

struct HttpAnswerReader::Parser {
  http_parser parser;
  const HttpAnswerLimits limits;
  HttpAnswer answer;
  bool in_value = false;  // the last piece belonged to a header's value
  bool in_body = false;
  bool done = false;
  bool begun = false;
  size_t head_bytes = 0;
  std::string refusal;

  explicit Parser(HttpAnswerLimits l) : limits(l) { Begin(); }
  void Begin() {
    http_parser_init(&parser, HTTP_RESPONSE);
    parser.data = this;
    answer = {};
    in_value = in_body = done = begun = false;
    head_bytes = 0;
    refusal.clear();
  }
  int Refuse(absl::string_view why) {
    if (refusal.empty()) refusal = std::string(why);
    return -1;
  }
  // Headers may also follow the last chunk; those are passed over.
  int Head(size_t bytes) {
    head_bytes += bytes;
    if (head_bytes <= limits.head_bytes) return 0;
    return Refuse("the head of the answer is too long");
  }
  static Parser* Of(http_parser* p) { return static_cast<Parser*>(p->data); }

  int Name(absl::string_view piece) {
    if (in_body) return Head(piece.size());
    if (in_value || answer.headers.empty()) {
      if (answer.headers.size() == base::kMaxHttpHeaders) {
        return Refuse("the answer has too many headers");
      }
      answer.headers.emplace_back();
      in_value = false;
    }
    absl::StrAppend(&answer.headers.back().first, absl::AsciiStrToLower(piece));
    return Head(piece.size());
  }
  int Value(absl::string_view piece) {
    if (in_body) return Head(piece.size());
    in_value = true;
    absl::StrAppend(&answer.headers.back().second, piece);
    return Head(piece.size());
  }
  int Headers() {
    answer.status = parser.status_code;
    if (parser.status_code == kSwitchingProtocols) {
      return Refuse("the answer is of another protocol");
    }
    // A length that is beyond the limit need not be read to be refused.
    if ((parser.flags & F_CONTENTLENGTH) != 0 &&
        parser.content_length > limits.body_bytes &&
        parser.content_length != ULLONG_MAX) {
      return Refuse("the answer is too long");
    }
    answer.keep_alive = http_should_keep_alive(&parser) != 0;
    in_body = true;
    return 0;
  }
  int Body(absl::string_view piece) {
    if (answer.body.size() + piece.size() > limits.body_bytes) {
      return Refuse("the answer is too long");
    }
    absl::StrAppend(&answer.body, piece);
    return 0;
  }
  int Complete() {
    if (answer.status < 200) {
      answer = {};
      in_value = in_body = false;
      return 0;
    }
    // Pausing leaves what follows to whoever feeds us.
    done = true;
    http_parser_pause(&parser, 1);
    return 0;
  }
  State Execute(absl::string_view* bytes);
};

HttpAnswerReader::State HttpAnswerReader::Parser::Execute(
    absl::string_view* bytes) {
  http_parser_settings settings;
  http_parser_settings_init(&settings);
  settings.on_status = [](http_parser* h, const char* at, size_t n) {
    absl::StrAppend(&Of(h)->answer.reason, absl::string_view(at, n));
    return Of(h)->Head(n);
  };
  settings.on_header_field = [](http_parser* h, const char* at, size_t n) {
    return Of(h)->Name({at, n});
  };
  settings.on_header_value = [](http_parser* h, const char* at, size_t n) {
    return Of(h)->Value({at, n});
  };
  settings.on_headers_complete = [](http_parser* h) {
    return Of(h)->Headers();
  };
  settings.on_body = [](http_parser* h, const char* at, size_t n) {
    return Of(h)->Body({at, n});
  };
  settings.on_message_complete = [](http_parser* h) {
    return Of(h)->Complete();
  };
  const size_t used =
      http_parser_execute(&parser, &settings, bytes->data(), bytes->size());
  bytes->remove_prefix(std::min(used, bytes->size()));
  if (!refusal.empty()) return State::kRefused;
  if (done) return State::kDone;
  if (HTTP_PARSER_ERRNO(&parser) == HPE_HEADER_OVERFLOW) {
    Refuse("the head of the answer is too long");
  } else if (HTTP_PARSER_ERRNO(&parser) == HPE_INVALID_EOF_STATE) {
    Refuse("the answer is cut");
  } else if (HTTP_PARSER_ERRNO(&parser) != HPE_OK) {
    Refuse("the answer is no HTTP");
  }
  return refusal.empty() ? State::kMore : State::kRefused;
}

HttpAnswerReader::HttpAnswerReader(HttpAnswerLimits limits)
    : parser_(std::make_unique<Parser>(limits)) {}
HttpAnswerReader::~HttpAnswerReader() = default;
HttpAnswerReader::HttpAnswerReader(HttpAnswerReader&&) noexcept = default;
HttpAnswerReader& HttpAnswerReader::operator=(HttpAnswerReader&&) noexcept =
    default;

HttpAnswerReader::State HttpAnswerReader::Feed(absl::string_view* bytes) {
  if (!parser_->refusal.empty()) return State::kRefused;
  if (bytes->empty()) return State::kMore;  // to the parser that is an end
  parser_->begun = true;
  return parser_->Execute(bytes);
}

HttpAnswerReader::State HttpAnswerReader::Finish() {
  if (!parser_->refusal.empty()) return State::kRefused;
  absl::string_view nothing;
  const State state = parser_->Execute(&nothing);
  if (state != State::kMore) return state;
  parser_->Refuse(parser_->begun ? "the answer is cut" : "there is no answer");
  return State::kRefused;
}

bool HttpAnswerReader::begun() const { return parser_->begun; }
const std::string& HttpAnswerReader::refusal() const {
  return parser_->refusal;
}

HttpAnswer HttpAnswerReader::Take() {
  HttpAnswer answer = std::move(parser_->answer);
  parser_->Begin();
  return answer;
}

}  // namespace net
