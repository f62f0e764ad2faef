#include "isinit/local_protocol.h"

#include <catch2/catch.hpp>

#include "base/limits.h"

namespace isinit {
namespace {

using Request = fleetbox::wire::IsinitRequest;

std::optional<Request> OnlyOf(absl::string_view bytes, bool ended = false) {
  RequestReader reader;
  reader.Add(bytes);
  if (ended) reader.End();
  auto request = reader.Next();
  REQUIRE(request.ok());
  return *request;
}

TEST_CASE("isinit 18: a line of the original's tells a group its level",
          "[isinit]") {
  const auto request = OnlyOf("g 1\n");
  REQUIRE(request.has_value());
  CHECK(request->verb() == Request::TELL);
  CHECK(request->group() == "g");
  CHECK(request->level() == "1");
  CHECK(OnlyOf("  g\t2  more words\r\n")->level() == "2");
}

TEST_CASE("isinit 18: stopall needs no newline, and stopallx is a group",
          "[isinit]") {
  CHECK_FALSE(OnlyOf("stopall").has_value());
  CHECK(OnlyOf("stopall", true)->verb() == Request::HALT);
  CHECK(OnlyOf("stopall\n")->verb() == Request::HALT);
  const auto other = OnlyOf("stopallx 1\n");
  CHECK(other->verb() == Request::TELL);
  CHECK(other->group() == "stopallx");
}

TEST_CASE("isinit protocol: an incomplete line reads the table again",
          "[isinit]") {
  CHECK(OnlyOf("\n")->verb() == Request::REREAD);
  CHECK(OnlyOf("g\n")->verb() == Request::REREAD);
}

TEST_CASE("isinit protocol: a framed request comes back as it was",
          "[isinit]") {
  Request request;
  request.set_verb(Request::TELL);
  request.set_group("web");
  request.set_level("3");
  request.set_wait(true);
  const std::string bytes =
      std::string(1, kFramedStart) + EncodeRequest(request);
  RequestReader reader;
  for (size_t i = 0; i + 1 < bytes.size(); i++) {
    reader.Add(absl::string_view(bytes).substr(i, 1));
    const auto none = reader.Next();
    REQUIRE(none.ok());
    REQUIRE_FALSE(none->has_value());
  }
  reader.Add(absl::string_view(bytes).substr(bytes.size() - 1));
  const auto whole = reader.Next();
  REQUIRE(whole.ok());
  REQUIRE(whole->has_value());
  CHECK((*whole)->SerializeAsString() == request.SerializeAsString());
  CHECK_FALSE(reader.text());
}

TEST_CASE("isinit 33: what is no request, or too long, is refused",
          "[isinit]") {
  const auto refused = [](absl::string_view bytes) {
    RequestReader reader;
    reader.Add(bytes);
    return !reader.Next().ok();
  };
  CHECK(refused(std::string(base::kMaxIsinitRequestBytes + 1, 'x')));
  CHECK(refused(absl::string_view("\0\xff\xff\xff\x7f\2", 6)));
  std::string junk(1, kFramedStart);
  junk += net::EncodeFrame(net::FrameType::kParcel, "\2junk");
  CHECK(refused(junk));
  junk = std::string(1, kFramedStart) +
         net::EncodeFrame(net::FrameType::kKeepAlive, "");
  CHECK(refused(junk));
}

TEST_CASE("isinit protocol: a request that lacks what it needs is refused",
          "[isinit]") {
  Request request;
  CHECK_FALSE(CheckRequest(request).ok());
  request.set_verb(Request::TELL);
  CHECK(CheckRequest(request).message() == "the group is missing");
  request.set_group("g");
  request.set_level("a b");
  CHECK_FALSE(CheckRequest(request).ok());
  request.set_level("b");
  CHECK(CheckRequest(request).ok());
  request.set_verb(Request::SIGNAL);
  request.set_tag("t");
  CHECK_FALSE(CheckRequest(request).ok());
  request.set_signal(65);
  CHECK_FALSE(CheckRequest(request).ok());
  request.set_signal(64);
  CHECK(CheckRequest(request).ok());
  request.set_verb(Request::PUSH);
  CHECK_FALSE(CheckRequest(request).ok());
  request.set_generation(1);
  CHECK(CheckRequest(request).ok());
}

TEST_CASE("isinit protocol: a client of text hears one line, and only the last",
          "[isinit]") {
  fleetbox::wire::IsinitAnswer answer;
  answer.set_text("half\nway");
  CHECK(EncodeAnswer(answer, true) == "");
  answer.set_last(true);
  CHECK(EncodeAnswer(answer, true) == "ok half way\n");
  answer.set_exit_code(66);
  CHECK(EncodeAnswer(answer, true) == "error half way\n");
}

}  // namespace
}  // namespace isinit
