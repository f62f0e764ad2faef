#include "wire/compress.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <zstd.h>

#include <catch2/catch.hpp>
#include <thread>

#include "base/bytes.h"
#include "base/limits.h"

namespace {

std::string Words(size_t bytes) {
  std::string text;
  for (int i = 0; text.size() < bytes; i++) absl::StrAppend(&text, i, " word ");
  text.resize(bytes);
  return text;
}

std::string Noise(size_t bytes) {
  std::string noise;
  uint64_t x = 88172645463325252u;
  while (noise.size() < bytes) {
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    base::PutLe64(noise, x);
  }
  noise.resize(bytes);
  return noise;
}

std::string Zstd(absl::string_view bytes, int window_log, bool content_size) {
  ZSTD_CCtx* c = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, window_log);
  ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, content_size);
  std::string frame(ZSTD_compressBound(bytes.size()), '\0');
  ZSTD_inBuffer in = {bytes.data(), bytes.size(), 0};
  ZSTD_outBuffer out = {frame.data(), frame.size(), 0};
  // As a stream: a frame of known size would shrink its window.
  ZSTD_compressStream2(c, &out, &in, ZSTD_e_continue);
  ZSTD_compressStream2(c, &out, &in, ZSTD_e_end);
  ZSTD_freeCCtx(c);
  frame.resize(out.pos);
  return frame;
}

}  // namespace

TEST_CASE("compress: what was compressed comes back", "[wire]") {
  for (size_t n : {256, 257, 4096, 1 << 20, (3 << 20) + 1}) {
    const std::string text = Words(n);
    const std::string frame = wire::CompressIfSmaller(text);
    REQUIRE(!frame.empty());
    REQUIRE(frame.size() < n);
    CHECK(*wire::Decompress(frame, n) == text);
  }
}

TEST_CASE("compress: short and random bytes are left alone", "[wire]") {
  CHECK(wire::CompressIfSmaller("").empty());
  CHECK(wire::CompressIfSmaller(Words(255)).empty());
  CHECK(!wire::CompressIfSmaller(Words(256)).empty());
  CHECK(wire::CompressIfSmaller(Noise(300)).empty());
  CHECK(wire::CompressIfSmaller(Noise(100'000)).empty());
}

TEST_CASE("compress: threads do not share a context", "[wire]") {
  const std::string text = Words(50'000);
  bool same[4] = {};
  std::thread threads[4];
  for (int t = 0; t < 4; t++) {
    threads[t] = std::thread([&, t] {
      same[t] = true;
      for (int i = 0; i < 20; i++) {
        const std::string frame = wire::CompressIfSmaller(text);
        same[t] = same[t] && *wire::Decompress(frame, text.size()) == text;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (bool s : same) CHECK(s);
}

TEST_CASE("compress: a declared length that lies is refused", "[wire]") {
  const std::string text = Words(5000);
  const std::string known = wire::CompressIfSmaller(text);
  const std::string unknown = Zstd(text, 17, false);
  for (const std::string& frame : {known, unknown}) {
    CHECK(wire::Decompress(frame, 5000).ok());
    for (size_t lie : {0, 1, 4999, 5001, 1 << 20}) {
      CHECK(absl::IsInvalidArgument(wire::Decompress(frame, lie).status()));
    }
  }
}

TEST_CASE("compress: a bomb stops at the declared length", "[wire]") {
  const std::string bomb = Zstd(std::string(64 << 20, '\0'), 17, false);
  REQUIRE(bomb.size() < 10'000);
  const absl::Status status = wire::Decompress(bomb, 1000).status();
  CHECK(absl::IsInvalidArgument(status));
  CHECK(status.message() == "zstd: Destination buffer is too small");
}

TEST_CASE("compress: a window over 8 MiB is refused", "[wire]") {
  const std::string text = Words(9 << 20);
  CHECK(*wire::Decompress(Zstd(text, 23, true), text.size()) == text);
  const absl::Status status =
      wire::Decompress(Zstd(text, 24, true), text.size()).status();
  CHECK(absl::IsInvalidArgument(status));
  CHECK(absl::StrContains(status.message(), "window"));
}

TEST_CASE("compress: only one whole frame is taken", "[wire]") {
  const std::string text = Words(1000);
  const std::string frame = wire::CompressIfSmaller(text);
  CHECK_FALSE(wire::Decompress(frame + "x", 1000).ok());
  CHECK_FALSE(wire::Decompress(frame + frame, 2000).ok());
  CHECK_FALSE(wire::Decompress(frame + frame, 1000).ok());
  for (size_t n = 0; n < frame.size(); n++) {
    CHECK_FALSE(wire::Decompress(frame.substr(0, n), 1000).ok());
  }
  // A skippable frame, of nothing and in front of a real one.
  const std::string skippable("\x50\x2a\x4d\x18\x00\x00\x00\x00", 8);
  CHECK_FALSE(wire::Decompress(skippable, 0).ok());
  CHECK_FALSE(wire::Decompress(skippable + frame, 1000).ok());
}

TEST_CASE("compress: formats older than zstd's standard are refused",
          "[wire]") {
  for (const char version : {'\x22', '\x23', '\x24', '\x25', '\x26', '\x27'}) {
    const std::string frame =
        std::string({version, '\xb5', '\x2f', '\xfd'}) + Noise(100);
    CAPTURE(int{version});
    CHECK(absl::IsInvalidArgument(wire::Decompress(frame, 10).status()));
    CHECK(wire::UnpackValue("\1" + frame, 1000).status().message() ==
          "a value that is no zstd frame");
    // By the library itself, too, as far as it is in the executable.
    std::string out(1000, ' ');
    CHECK(ZSTD_isError(
        ZSTD_decompress(out.data(), out.size(), frame.data(), frame.size())));
    CHECK(
        ZSTD_isError(ZSTD_findFrameCompressedSize(frame.data(), frame.size())));
    ZSTD_DStream* stream = ZSTD_createDStream();
    ZSTD_inBuffer in{frame.data(), frame.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    CHECK(ZSTD_isError(ZSTD_decompressStream(stream, &to, &in)));
    ZSTD_freeDStream(stream);
  }
}

TEST_CASE("compress: a frame is made of any bytes, stored or not", "[wire]") {
  for (size_t n : {0, 1, 255, 256, 65'791, 65'792, 128 << 10, (128 << 10) + 1,
                   1 << 20, (1 << 20) + 1}) {
    for (const std::string& bytes : {Words(n), Noise(n)}) {
      INFO(n);
      for (const std::string& frame :
           {wire::CompressedFrame(bytes), wire::StoredFrame(bytes)}) {
        CHECK(*wire::Decompress(frame, n) == bytes);
        CHECK(frame.size() <= n + wire::FrameOverhead(n));
        CHECK(ZSTD_getFrameContentSize(frame.data(), frame.size()) == n);
      }
      // The bytes stand in it as they are.
      CHECK(absl::StrContains(wire::StoredFrame(bytes),
                              bytes.substr(0, 128 << 10)));
    }
  }
  CHECK(wire::CompressedFrame(Words(100'000)).size() < 50'000);
}

TEST_CASE("compress: what was compressed before is recognised", "[wire]") {
  CHECK(wire::LooksCompressed(wire::CompressedFrame("text")));
  CHECK(wire::LooksCompressed("\x1f\x8b\x08 gzip"));
  CHECK(wire::LooksCompressed("\x89PNG\r\n"));
  CHECK_FALSE(wire::LooksCompressed(""));
  CHECK_FALSE(wire::LooksCompressed("\x1f"));
  CHECK_FALSE(wire::LooksCompressed("#!/bin/sh"));
  CHECK_FALSE(
      wire::LooksCompressed("\x7f"
                            "ELF"));
}

TEST_CASE("compress: a packed value comes back and keeps its limit", "[wire]") {
  for (const std::string& value :
       {std::string(), Words(10), Words(255), Words(10'000), Noise(10'000)}) {
    const std::string packed = wire::PackValue(value);
    CHECK(packed.size() <= value.size() + 1);
    CHECK(*wire::UnpackValue(packed, value.size()) == value);
    if (!value.empty()) {
      CHECK_FALSE(wire::UnpackValue(packed, value.size() - 1).ok());
    }
  }
}

TEST_CASE("compress: what is shorter than a page is packed as it is",
          "[wire]") {
  CHECK(wire::PackValue(Words(4095)) == std::string(1, '\0') + Words(4095));
  CHECK(wire::PackValue(Words(4096))[0] == 1);
  CHECK(wire::PackValue(Noise(4096))[0] == 0);
}

TEST_CASE("compress: a packed value of unknown format is refused", "[wire]") {
  CHECK_FALSE(wire::UnpackValue("", 100).ok());
  CHECK_FALSE(wire::UnpackValue("\x02xyz", 100).ok());
  CHECK_FALSE(wire::UnpackValue("\x01xyz", 100).ok());
  std::string packed = wire::PackValue(Words(5000));
  REQUIRE(packed[0] == 1);
  CHECK_FALSE(wire::UnpackValue(packed + "x", 9000).ok());
  packed.pop_back();
  CHECK_FALSE(wire::UnpackValue(packed, 9000).ok());
}
