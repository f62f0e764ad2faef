// HTTP/1.1 as bytes, the client's side (RFC 9112): calls out, answers in. Pure;
// the grammar is http_parser's.
#pragma once

#include <absl/strings/string_view.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace net {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// There may be a password in it: each copy is overwritten when it goes.
struct HttpCall {
  std::string method = "GET";
  std::string target = "/";  // path and query, as it is sent
  // Besides Host, Content-Length, Connection and Accept-Encoding.
  HttpHeaders headers = {};
  std::string body = {};
  ~HttpCall();
};

struct HttpAnswer {
  int status = 0;
  std::string reason = {};   // the words behind the status
  HttpHeaders headers = {};  // names in lower case
  std::string body = {};
  bool keep_alive = false;  // another call may follow

  // The first of that name; "" when there is none.
  absl::string_view Header(absl::string_view lower_case_name) const;
};

// Whether it may stand in a request line: no blank, no control byte.
bool IsHttpTarget(absl::string_view target);
// Whether it may stand behind "Name: ".
bool IsHttpHeaderValue(absl::string_view value);

// The whole call. What must not stand in a head is a bug here and ends the
// process: ask the two above before.
std::string FormatHttpCall(const HttpCall& call, absl::string_view host);

struct HttpAnswerLimits {
  size_t head_bytes = 64 << 10;
  size_t body_bytes = 4 << 20;
};

// Takes answers off a stream of bytes, one after the other. Answers of status
// 1xx are passed over.
class HttpAnswerReader {
 public:
  explicit HttpAnswerReader(HttpAnswerLimits limits = {});
  ~HttpAnswerReader();
  HttpAnswerReader(HttpAnswerReader&& other) noexcept;
  HttpAnswerReader& operator=(HttpAnswerReader&& other) noexcept;

  enum class State { kMore, kDone, kRefused };
  // Takes bytes off the front of `bytes`: never beyond the end of an answer.
  // After kDone call Take; after kRefused the stream makes no sense any more.
  State Feed(absl::string_view* bytes);
  // The other side hung up: some answers end so, the rest are cut.
  State Finish();
  // Whether a part of an answer was fed.
  bool begun() const;
  const std::string& refusal() const;  // "the answer is cut"
  // The answer; begins anew.
  HttpAnswer Take();

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace net
