#include "net/flow.h"

#include <catch2/catch.hpp>

#include "base/limits.h"

using net::FrameReader;
using net::FrameType;
using net::Intake;
using net::Outbox;

namespace {

// The types of the frames in `bytes`, which must be whole.
std::string Types(const std::string& bytes) {
  FrameReader reader(base::kMaxFrameBytes);
  reader.Add(bytes);
  std::string types;
  for (;;) {
    auto frame = reader.Next();
    REQUIRE(frame.ok());
    if (!frame->has_value()) break;
    types += " HPRCKXD"[static_cast<int>((*frame)->type)];
  }
  REQUIRE(reader.buffered() == 0);
  return types;
}

constexpr size_t kAll = 1 << 30;

}  // namespace

TEST_CASE("flow: parcels stop when the credit is used up", "[net]") {
  Outbox outbox;
  for (int i = 0; i < 6; i++) outbox.AddParcel(std::string(1 << 20, 'x'));
  std::string out;
  outbox.Fill(kAll, out);
  CHECK(Types(out) == "PPPP");
  CHECK(outbox.bytes() == 2 << 20);
  out.clear();
  REQUIRE(outbox.Grant(1).ok());
  outbox.Fill(kAll, out);
  CHECK(Types(out) == "P");
  out.clear();
  outbox.Fill(kAll, out);
  CHECK(out.empty());
}

TEST_CASE(
    "flow: a parcel larger than the whole credit passes, and the account "
    "of both ends agrees",
    "[net]") {
  Outbox outbox;
  Intake intake;
  const size_t large = base::kCreditBytes * 3;
  for (int i = 0; i < 3; i++) outbox.AddParcel(std::string(large, 'x'));
  int came = 0;
  for (int turn = 0; turn < 10; turn++) {
    std::string out;
    outbox.Fill(kAll, out);
    for (char c : Types(out)) {
      REQUIRE(c == 'P');
      came++;
      REQUIRE(intake.Arrived(large).ok());
      intake.Taken(large);
      const uint32_t grant = intake.Grant();
      REQUIRE(grant == large);
      REQUIRE(outbox.Grant(grant).ok());
    }
  }
  CHECK(came == 3);
}

TEST_CASE("flow: crumbs cost as much as the smallest parcel", "[net]") {
  Intake intake;
  int came = 0;
  while (intake.Arrived(0).ok()) came++;
  CHECK(came == (base::kCreditBytes + 167) / 168);
}

TEST_CASE("flow: a parcel without credit is a violation", "[net]") {
  Intake intake;
  REQUIRE(intake.Arrived(base::kCreditBytes).ok());
  CHECK(intake.Arrived(1).code() == absl::StatusCode::kResourceExhausted);
  CHECK(intake.Grant() == 0);  // nothing has been taken
}

TEST_CASE("flow: absurd grants are refused", "[net]") {
  Outbox outbox;
  absl::Status status;
  for (int i = 0; i < 2 && status.ok(); i++) status = outbox.Grant(0xffffffff);
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("flow: housekeeping overtakes waiting parcels, never one under way",
          "[net]") {
  Outbox outbox;
  outbox.AddParcel(std::string(1000, 'a'));
  outbox.AddParcel(std::string(1000, 'b'));
  std::string out;
  outbox.Fill(100, out);
  CHECK(out.size() == 100);
  outbox.AddHousekeeping(FrameType::kKeepAlive, "");
  outbox.Fill(kAll, out);
  CHECK(Types(out) == "PKP");
}

TEST_CASE("flow: the farewell waits for parcels, unless no credit will come",
          "[net]") {
  Outbox outbox;
  for (int i = 0; i < 5; i++) {
    outbox.AddParcel(std::string(base::kCreditBytes / 2, 'x'));
  }
  outbox.Finish("bye");
  std::string out;
  outbox.Fill(kAll, out);
  CHECK(Types(out) == "PP");
  CHECK_FALSE(outbox.finished());
  outbox.Curtail();
  out.clear();
  outbox.Fill(kAll, out);
  CHECK(Types(out) == "X");
  CHECK(outbox.finished());
  CHECK(outbox.bytes() == 0);
}

TEST_CASE("flow: what goes out is the same whatever the budget", "[net]") {
  const auto fill = [](size_t budget) {
    Outbox outbox;
    for (int i = 0; i < 20; i++) {
      outbox.AddParcel(std::string(i * 37, static_cast<char>('a' + i)));
    }
    outbox.Finish("bye");
    std::string all;
    while (!outbox.finished()) {
      std::string out;
      outbox.Fill(budget, out);
      REQUIRE(out.size() <= budget + 16);
      all += out;
    }
    return all;
  };
  const std::string whole = fill(kAll);
  for (size_t budget : {1, 5, 6, 7, 100, 1000}) CHECK(fill(budget) == whole);
}

TEST_CASE("flow: data costs what parcels cost, and keeps its place among them",
          "[net]") {
  Outbox outbox;
  const auto shared = std::make_shared<const std::string>(1 << 20, 's');
  outbox.AddData(std::string(1 << 20, 'd'));
  outbox.AddParcel(std::string(1 << 20, 'p'));
  outbox.AddParcel(shared);
  for (int i = 0; i < 3; i++) outbox.AddData(std::string(1 << 20, 'd'));
  CHECK(outbox.bytes() == 6 << 20);
  std::string out;
  outbox.Fill(kAll, out);
  CHECK(Types(out) == "DPPD");
  CHECK(outbox.bytes() == 2 << 20);
  CHECK(shared.use_count() == 1);
  outbox.Finish("bye");
  outbox.Curtail();
  out.clear();
  outbox.Fill(kAll, out);
  CHECK(Types(out) == "X");
}
