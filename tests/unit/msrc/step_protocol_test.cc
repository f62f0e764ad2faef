#include "msrc/step_protocol.h"

#include <catch2/catch.hpp>

#include "msrc/limits.h"

using msrc::StepReply;
using msrc::StepReplyReader;

TEST_CASE("step protocol: words arrive as they are, however they are cut",
          "[msrc]") {
  const std::vector<std::string> words = {"transfer", "", "a b\n", "it's",
                                          std::string("\0x", 2)};
  const std::string bytes = msrc::EncodeStep(words);
  for (size_t cut = 0; cut < bytes.size(); cut++) {
    const auto some = msrc::ReadStep(absl::string_view(bytes).substr(0, cut));
    REQUIRE(some.ok());
    CHECK_FALSE(some->has_value());
  }
  CHECK(**msrc::ReadStep(bytes) == words);
}

TEST_CASE("step protocol: what is no step is refused", "[msrc]") {
  const std::string bytes = msrc::EncodeStep(std::vector<std::string>{"a"});
  CHECK_FALSE(msrc::ReadStep(bytes + "x").ok());
  CHECK_FALSE(msrc::ReadStep(std::string(4, '\xff')).ok());
  std::string lies = bytes;
  lies[4] = 9;  // a word longer than all of it
  CHECK_FALSE(msrc::ReadStep(lies).ok());
}

TEST_CASE("step protocol: replies are read one by one, to the last", "[msrc]") {
  const std::string bytes = msrc::EncodeReply(StepReply::kOutput, "out") +
                            msrc::EncodeReply(StepReply::kErrors, "") +
                            msrc::EncodeEnd(75, "why");
  StepReplyReader reader;
  std::vector<StepReplyReader::Reply> replies;
  for (const char c : bytes) {
    reader.Feed({&c, 1});
    const auto reply = reader.Next();
    REQUIRE(reply.ok());
    if (reply->has_value()) replies.push_back(**reply);
  }
  REQUIRE(replies.size() == 3);
  CHECK(replies[0].bytes == "out");
  CHECK(replies[1].kind == StepReply::kErrors);
  CHECK(replies[2].kind == StepReply::kEnd);
  CHECK(replies[2].status == 75);
  CHECK(replies[2].bytes == "why");
}

TEST_CASE(
    "step protocol: replies of no kind, too long or too short are refused",
    "[msrc]") {
  for (const std::string& bad :
       {std::string("\x09\0\0\0\0", 5), std::string("\x01\xff\xff\xff\xff", 5),
        msrc::EncodeReply(StepReply::kEnd, "xy")}) {
    StepReplyReader reader;
    reader.Feed(bad);
    CHECK_FALSE(reader.Next().ok());
  }
}
