#include "net/http_answer.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "net/http_auth.h"

namespace {

using net::HttpAnswer;
using net::HttpAnswerReader;
using State = HttpAnswerReader::State;

struct Read {
  std::vector<HttpAnswer> answers;
  std::string refusal;
};

// All answers of a stream that ends, fed in pieces.
Read ReadAll(const std::string& bytes, size_t piece,
             net::HttpAnswerLimits limits = {}) {
  HttpAnswerReader reader(limits);
  Read got;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    const std::string part = bytes.substr(at, piece);
    absl::string_view rest = part;
    while (!rest.empty()) {
      const State state = reader.Feed(&rest);
      if (state == State::kDone) got.answers.push_back(reader.Take());
      if (state == State::kRefused) {
        got.refusal = reader.refusal();
        return got;
      }
    }
  }
  if (!reader.begun()) return got;
  if (reader.Finish() == State::kDone) {
    got.answers.push_back(reader.Take());
  } else {
    got.refusal = reader.refusal();
  }
  return got;
}

}  // namespace

TEST_CASE("http answer: lengths, chunks, and what ends with the connection",
          "[net]") {
  const std::string stream =
      "HTTP/1.1 100 Continue\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-A: b\r\n\r\nabc"
      "HTTP/1.1 204 No Content\r\n\r\n"
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "2;x=y\r\nab\r\n1\r\nc\r\n0\r\nTrailer: x\r\n\r\n"
      "HTTP/1.1 304 Not Modified\r\n\r\n"
      "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end";
  for (size_t piece = 1; piece < 40; ++piece) {
    const Read got = ReadAll(stream, piece);
    INFO(piece << " " << got.refusal);
    REQUIRE(got.answers.size() == 5);
    CHECK(got.answers[0].body == "abc");
    CHECK(got.answers[0].Header("x-a") == "b");
    CHECK(got.answers[0].keep_alive);
    CHECK(got.answers[1].status == 204);
    CHECK(got.answers[2].body == "abc");
    CHECK(got.answers[2].Header("trailer").empty());
    CHECK(got.answers[3].status == 304);
    CHECK(got.answers[4].body == "to the end");
    CHECK_FALSE(got.answers[4].keep_alive);
  }
}

TEST_CASE("http answer: what is cut, garbled or too long is refused", "[net]") {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
  for (size_t bytes = 1; bytes < head.size() + 10; ++bytes) {
    const Read got = ReadAll((head + "0123456789").substr(0, bytes), 1000);
    CHECK(got.answers.empty());
    CHECK(got.refusal != "");
  }
  CHECK(ReadAll("SSH-2.0-OpenSSH\r\n", 5).refusal == "the answer is no HTTP");
  CHECK(ReadAll("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: "
                "4\r\n\r\nabcd",
                100)
            .refusal == "the answer is no HTTP");
  CHECK(ReadAll("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n", 100)
            .refusal == "the answer is too long");
  const net::HttpAnswerLimits small = {.head_bytes = 100, .body_bytes = 10};
  CHECK(ReadAll("HTTP/1.1 200 OK\r\n\r\n01234567890", 3, small).refusal ==
        "the answer is too long");
  CHECK(ReadAll("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                "b\r\n01234567890\r\n",
                3, small)
            .refusal == "the answer is too long");
  CHECK(ReadAll("HTTP/1.1 200 OK\r\nA: " + std::string(200, 'x') + "\r\n", 9,
                small)
            .refusal == "the head of the answer is too long");
  CHECK(ReadAll("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", 100).refusal !=
        "");
}

TEST_CASE("http answer: challenges are read, several in a header", "[net]") {
  const auto all = net::ParseHttpChallenges(
      "Digest realm=\"a, \\\"b\\\"\", nonce=x , qop=\"auth,auth-int\", Basic "
      "realm=\"c\",Negotiate");
  REQUIRE(all.size() == 3);
  CHECK(all[0].scheme == "digest");
  CHECK(all[0].Find("realm") == "a, \"b\"");
  CHECK(all[0].Find("nonce") == "x");
  CHECK(all[1].Find("realm") == "c");
  CHECK(all[2].scheme == "negotiate");
  for (const char* text : {"", ",", "=", "Digest", "Digest realm=\"", "a=b"}) {
    net::ParseHttpChallenges(text);
  }
}
