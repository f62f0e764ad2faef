#include "net/frame.h"

#include <catch2/catch.hpp>
#include <vector>

#include "base/bytes.h"

using net::EncodeFrame;
using net::Frame;
using net::FrameReader;
using net::FrameType;
using net::Receipt;

namespace {

std::vector<std::pair<FrameType, std::string>> All(FrameReader& reader) {
  std::vector<std::pair<FrameType, std::string>> frames;
  for (;;) {
    const absl::StatusOr<std::optional<Frame>> frame = reader.Next();
    REQUIRE(frame.ok());
    if (!frame->has_value()) return frames;
    frames.emplace_back((*frame)->type, std::string((*frame)->content));
  }
}

}  // namespace

TEST_CASE("frame: a stream cut anywhere gives the same frames", "[net]") {
  const std::string stream = EncodeFrame(FrameType::kHello, "hi") +
                             EncodeFrame(FrameType::kKeepAlive, "") +
                             EncodeFrame(FrameType::kParcel, "a parcel");
  for (size_t cut = 0; cut <= stream.size(); cut++) {
    FrameReader reader(100);
    reader.Add(stream.substr(0, cut));
    auto frames = All(reader);
    reader.Add(stream.substr(cut));
    for (auto& f : All(reader)) frames.push_back(f);
    REQUIRE(frames.size() == 3);
    CHECK(frames[0] == std::pair{FrameType::kHello, std::string("hi")});
    CHECK(frames[1] == std::pair{FrameType::kKeepAlive, std::string()});
    CHECK(frames[2] == std::pair{FrameType::kParcel, std::string("a parcel")});
    CHECK(reader.buffered() == 0);
  }
}

TEST_CASE("frame: a length of 0, over the limit or of 4 GiB is refused at once",
          "[net]") {
  for (uint32_t length : {0u, 101u, 0x7fffffffu, 0xffffffffu}) {
    INFO(length);
    FrameReader reader(100);
    std::string bytes;
    base::PutLe32(bytes, length);
    reader.Add(bytes);  // nothing of the content has come
    CHECK(reader.Next().status().code() == absl::StatusCode::kInvalidArgument);
  }
}

TEST_CASE("frame: the longest frame allowed passes", "[net]") {
  FrameReader reader(100);
  reader.Add(EncodeFrame(FrameType::kParcel, std::string(99, 'x')));
  CHECK(All(reader).size() == 1);
}

TEST_CASE("frame: an unknown type is refused before its content comes",
          "[net]") {
  for (int type : {0, 8, 9, 127, 128, 255}) {
    FrameReader reader(100);
    std::string bytes;
    base::PutLe32(bytes, 50);
    bytes += static_cast<char>(type);
    reader.Add(bytes);
    CHECK(reader.Next().status().code() == absl::StatusCode::kInvalidArgument);
  }
}

TEST_CASE("frame: a million small pieces are taken in linear time", "[net]") {
  FrameReader reader(10 << 20);
  const std::string frame =
      EncodeFrame(FrameType::kParcel, std::string(5 << 20, 'x'));
  size_t frames = 0;
  for (int round = 0; round < 2; round++) {
    for (size_t at = 0; at < frame.size(); at += 10) {
      reader.Add(absl::string_view(frame).substr(at, 10));
      const absl::StatusOr<std::optional<Frame>> next = reader.Next();
      REQUIRE(next.ok());
      frames += next->has_value();
    }
  }
  CHECK(frames == 2);
}

TEST_CASE("frame: a receipt survives the way there", "[net]") {
  Receipt r;
  r.id = base::ParcelId::From("0123456789abcdef");
  r.code = Receipt::Code::kInvalid;
  r.number = 0x0123456789abcdef;
  r.text = std::string("task 'x': no\0such host", 22);
  const absl::StatusOr<Receipt> back = net::ParseReceipt(EncodeReceipt(r));
  REQUIRE(back.ok());
  CHECK(back->id == r.id);
  CHECK(back->code == r.code);
  CHECK(back->number == r.number);
  CHECK(back->text == r.text);
}

TEST_CASE("frame: a receipt that is cut, too long or of no code is refused",
          "[net]") {
  Receipt r;
  r.code = Receipt::Code::kNotNow;
  const std::string good = EncodeReceipt(r);
  for (size_t n = 0; n < good.size(); n++) {
    CHECK_FALSE(net::ParseReceipt(good.substr(0, n)).ok());
  }
  std::string bad = good;
  bad[16] = 4;
  CHECK_FALSE(net::ParseReceipt(bad).ok());
  CHECK(net::ParseReceipt(good + std::string(64 << 10, 'x')).ok());
  CHECK_FALSE(net::ParseReceipt(good + std::string((64 << 10) + 1, 'x')).ok());
  r.text = std::string(100 << 10, 'x');
  REQUIRE(net::ParseReceipt(EncodeReceipt(r)).ok());
  CHECK(net::ParseReceipt(EncodeReceipt(r))->text.size() == 64 << 10);
}
