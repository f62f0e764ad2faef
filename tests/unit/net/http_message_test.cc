#include "net/http_message.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>

#include "base/limits.h"

namespace {

using net::HttpReader;

// What becomes of a request: "GET /path", or the status it is refused with.
std::string Outcome(absl::string_view bytes, size_t piece = 1 << 20) {
  HttpReader reader;
  while (!bytes.empty()) {
    absl::string_view some = bytes.substr(0, piece);
    const size_t before = some.size();
    const HttpReader::State state = reader.Feed(&some);
    bytes.remove_prefix(before - some.size());
    if (state == HttpReader::State::kRefused) {
      return absl::StrCat(reader.refusal());
    }
    if (state == HttpReader::State::kDone) {
      const net::HttpRequest r = reader.Take();
      return absl::StrCat(r.method, " ", r.path);
    }
  }
  return "more";
}

constexpr absl::string_view kPlain = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

}  // namespace

TEST_CASE("http message: a request is taken apart", "[net]") {
  absl::string_view bytes =
      "GET /api/v1/jobs/7?q=a%20b+c&all&x=%26 HTTP/1.1\r\nHost: x:80\r\n"
      "AUTHORIZATION:  Bearer t \r\n\r\n";
  HttpReader reader;
  REQUIRE(reader.Feed(&bytes) == HttpReader::State::kDone);
  const net::HttpRequest r = reader.Take();
  CHECK(r.method == "GET");
  CHECK(r.path == "/api/v1/jobs/7");
  CHECK(r.Query("q") == "a b c");
  CHECK(r.Query("x") == "&");
  CHECK(r.Query("all") == "");
  CHECK(r.query.size() == 3);
  CHECK(r.Header("host") == "x:80");
  CHECK(absl::StartsWith(r.Header("authorization"), "Bearer t"));
  CHECK(r.keep_alive);
}

TEST_CASE("http message: a request may come in pieces, and cut short is none",
          "[net]") {
  for (size_t piece = 1; piece < kPlain.size(); piece++) {
    CHECK(Outcome(kPlain, piece) == "GET /a");
  }
  for (size_t n = 0; n < kPlain.size(); n++) {
    CHECK(Outcome(kPlain.substr(0, n)) == "more");
  }
}

TEST_CASE("http message: what follows a request is left for the next one",
          "[net]") {
  const std::string two = absl::StrCat(
      kPlain, "HEAD /b HTTP/1.1\r\nHost: y\r\n", "Connection: close\r\n\r\n");
  absl::string_view bytes = two;
  HttpReader reader;
  REQUIRE(reader.Feed(&bytes) == HttpReader::State::kDone);
  CHECK(reader.Take().path == "/a");
  CHECK(bytes.size() == two.size() - kPlain.size());
  CHECK_FALSE(reader.begun());
  REQUIRE(reader.Feed(&bytes) == HttpReader::State::kDone);
  const net::HttpRequest second = reader.Take();
  CHECK(second.method == "HEAD");
  CHECK(second.path == "/b");
  CHECK_FALSE(second.keep_alive);
  CHECK(bytes.empty());
}

TEST_CASE("http message: what is no request is refused", "[net]") {
  const auto get = [](absl::string_view target, absl::string_view more = "") {
    return Outcome(
        absl::StrCat("GET ", target, " HTTP/1.1\r\nHost: x\r\n", more, "\r\n"));
  };
  CHECK(Outcome("garbage\r\n\r\n") == "400");
  CHECK(Outcome(std::string("\0\1\2\3", 4)) == "400");
  CHECK(Outcome("\x16\x03\x01\x02") == "400");        // TLS
  CHECK(Outcome("GET / HTTP/1.1\r\n\r\n") == "400");  // no Host
  CHECK(Outcome("GET /\r\n\r\n") == "505");
  CHECK(Outcome("GET / HTTP/2.0\r\nHost: x\r\n\r\n") == "505");
  CHECK(Outcome("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") == "400");
  CHECK(get("/%zz") == "400");
  CHECK(get("/%4") == "400");
  CHECK(get("/%00") == "400");
  CHECK(get("*") == "400");
  CHECK(get("x") == "400");
  CHECK(get("/a b") == "400");
  CHECK(get("/", "Host: y\r\n") == "400");
  CHECK(get("/", "Authorization: a\r\nAuthorization: b\r\n") == "400");
  CHECK(get("/", "Na me: y\r\n") == "400");
  CHECK(Outcome("CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n") == "400");
  // The path is taken as it is: who looks for it finds nothing of that name.
  CHECK(get("/../../etc/passwd") == "GET /../../etc/passwd");
  CHECK(get("/%2e%2e/x") == "GET /../x");
  CHECK(get("http://x/abs") == "GET /abs");
}

TEST_CASE("http message: a body is refused, whatever its length is said by",
          "[net]") {
  const auto post = [](absl::string_view header) {
    return Outcome(
        absl::StrCat("POST / HTTP/1.1\r\nHost: x\r\n", header, "\r\n\r\n"));
  };
  CHECK(post("Content-Length: 0") == "POST /");
  CHECK(post("Content-Length: 1") == "413");
  CHECK(post("Content-Length: 99999999999999999999999") == "400");
  CHECK(post("Content-Length: -1") == "400");
  CHECK(post("Transfer-Encoding: chunked") == "413");
  CHECK(post("Transfer-Encoding: chunked\r\nContent-Length: 3") == "400");
  CHECK(post("Content-Length: 0\r\nContent-Length: 5") == "400");
}

TEST_CASE("http message: a head that is too long is refused early", "[net]") {
  std::string many = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (int i = 0; i < 10'000; i++) absl::StrAppend(&many, "a: b\r\n");
  CHECK(Outcome(many) == "431");
  CHECK(Outcome(many, 100) == "431");
  std::string one = "GET / HTTP/1.1\r\nHost: x\r\nlong: ";
  one.append(base::kMaxHttpHeadBytes, 'x');
  CHECK(Outcome(one, 1000) == "431");
  CHECK(Outcome(absl::StrCat(
            "GET /", std::string(base::kMaxHttpTargetBytes, 'x'))) == "414");
  CHECK(Outcome(std::string(base::kMaxHttpHeadBytes + 1, '\n'), 1000) == "431");
  // Just within.
  std::string most = "GET / HTTP/1.1\r\n";
  for (size_t i = 1; i < base::kMaxHttpHeaders; i++) {
    absl::StrAppend(&most, "a: b\r\n");
  }
  CHECK(Outcome(absl::StrCat(most, "Host: x\r\n\r\n")) == "GET /");
  CHECK(Outcome(absl::StrCat(most, "a: b\r\nHost: x\r\n\r\n")) == "431");
}

TEST_CASE("http message: a head says what the answer is", "[net]") {
  net::HttpResponse response{.status = 404, .body = "none\n"};
  response.headers.emplace_back("X-A", "b");
  CHECK(net::FormatHttpHead(response, true, absl::FromUnixSeconds(0)) ==
        "HTTP/1.1 404 Not Found\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
        "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n"
        "X-A: b\r\nConnection: keep-alive\r\n\r\n");
  response.stream = true;
  const std::string head =
      net::FormatHttpHead(response, true, absl::FromUnixSeconds(0));
  CHECK(absl::StrContains(head, "Connection: close\r\n"));
  CHECK_FALSE(absl::StrContains(head, "Content-Length"));
}
