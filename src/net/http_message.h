// HTTP/1.1 as bytes (RFC 9112): requests in, heads of responses out. A request
// here has no body. Pure; the grammar is http_parser's.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace net {

struct HttpRequest {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  std::string method;       // "GET"
  std::string path;         // decoded, begins with '/', may hold any byte but 0
  Pairs query;              // decoded
  Pairs headers;            // names in lower case
  bool keep_alive = false;  // another request may follow

  // The first of that name; "" when there is none.
  absl::string_view Header(absl::string_view lower_case_name) const;
  absl::string_view Query(absl::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body = {};
  // Besides Content-Type, Content-Length, Date and Connection.
  HttpRequest::Pairs headers = {};
  // `body` is only the beginning: the connection stays open, and more is sent
  // as it happens (HttpServer::Broadcast).
  bool stream = false;
};

// The bytes before the body, with the empty line. `headers` must not hold a
// line end: that is a bug and ends the process.
std::string FormatHttpHead(const HttpResponse& response, bool keep_alive,
                           absl::Time now);

// Takes requests off a stream of bytes, one after the other.
class HttpReader {
 public:
  HttpReader();
  ~HttpReader();

  enum class State { kMore, kDone, kRefused };
  // Takes bytes off the front of `bytes`: never beyond the end of a request.
  // After kDone call Take; after kRefused the stream makes no sense any more.
  State Feed(absl::string_view* bytes);
  // Whether a part of a request was fed.
  bool begun() const;
  // Why it was refused, as a status to answer with: 400, 413 (a body), 414, 431
  // (head too long), 505.
  int refusal() const;
  // The request; begins anew.
  HttpRequest Take();

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace net
