#include "wire/message.h"

#include <catch2/catch.hpp>

#include "unit/wire/testing.h"

namespace pb = fleetbox::wire;

TEST_CASE("message: what was written is read", "[wire]") {
  const std::string bytes = wire::Serialize(wire_test::SmallJob());
  const pb::Job job = wire::Parse<pb::Job>(bytes).value();
  CHECK(job.description() == "say hello");
  REQUIRE(job.task_size() == 1);
  CHECK(job.task(0).argument(0) == "hello");
  CHECK(wire::Serialize(job) == bytes);
}

TEST_CASE("message: garbage is refused", "[wire]") {
  const std::string bytes = wire::Serialize(wire_test::SmallJob());
  CHECK(absl::IsInvalidArgument(
      wire::Parse<pb::Job>(bytes.substr(0, bytes.size() - 1)).status()));
  CHECK_FALSE(wire::Parse<pb::Job>("\xff\xff\xff\xff").ok());
  CHECK_FALSE(wire::Parse<pb::Job>(std::string("\0\0", 2)).ok());
  // An end-group tag with nothing open: the parser stops before the end.
  CHECK_FALSE(wire::Parse<pb::Job>(bytes + "\x0c").ok());
}

TEST_CASE("message: one byte over the limit is refused", "[wire]") {
  const std::string bytes = wire::Serialize(wire_test::SmallJob());
  CHECK(wire::Parse<pb::Job>(bytes, bytes.size()).ok());
  CHECK(absl::IsInvalidArgument(
      wire::Parse<pb::Job>(bytes, bytes.size() - 1).status()));
}

TEST_CASE("message: fields of a later version are kept", "[wire]") {
  const std::string later =
      wire::Serialize(wire_test::SmallJob()) + "\xfa\x3e\x03new";
  CHECK(wire::Serialize(*wire::Parse<pb::Job>(later)) == later);
}

TEST_CASE("message: groups in groups are not followed far", "[wire]") {
  // Unknown field 100, a group, opened and closed 15 and 1000 times.
  const auto nested = [](int depth) {
    std::string bytes;
    for (int i = 0; i < depth; i++) bytes += "\xa3\x06";
    for (int i = 0; i < depth; i++) bytes += "\xa4\x06";
    return bytes;
  };
  CHECK(wire::Parse<pb::Job>(nested(wire::kMaxMessageDepth - 1)).ok());
  CHECK_FALSE(wire::Parse<pb::Job>(nested(wire::kMaxMessageDepth + 1)).ok());
  CHECK_FALSE(wire::Parse<pb::Job>(nested(1000)).ok());
}

TEST_CASE("message: millions of empty fields are refused", "[wire]") {
  const auto empty_tasks = [](size_t n) {
    std::string bytes;
    for (size_t i = 0; i < n; i++) bytes.append("\x2a\x00", 2);
    return bytes;
  };
  CHECK(wire::Parse<pb::Job>(empty_tasks(1000)).ok());
  const absl::Status status =
      wire::Parse<pb::Job>(empty_tasks(wire::kMaxMessageFields + 1)).status();
  CHECK(status.message() == "a message of more than 1200000 fields");
}
