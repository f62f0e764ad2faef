#include "power/match_buffer.h"

#include <catch2/catch.hpp>
#include <random>

#include "power/limits.h"

namespace {

using power::MatchBuffer;

TEST_CASE("match buffer: the last 64 KiB, and a NUL is 0xFF", "[power]") {
  MatchBuffer buffer;
  buffer.Append(std::string("a\0b", 3));
  CHECK(buffer.view() ==
        "a\xff"
        "b");
  buffer.Consume(2);
  CHECK(buffer.view() == "b");
  buffer.Append(std::string(power::kMatchBufferBytes, 'x'));
  CHECK(buffer.view().size() == power::kMatchBufferBytes);
  CHECK(buffer.dropped() == 1);
  buffer.Append(std::string(3 * power::kMatchBufferBytes, 'y'));
  CHECK(buffer.view() == std::string(power::kMatchBufferBytes, 'y'));
  CHECK(buffer.dropped() == 1 + 3 * power::kMatchBufferBytes);
  buffer.Consume(1);
  CHECK(buffer.dropped() == 0);
}

// The obvious buffer: everything, cut to the limit after each step.
TEST_CASE("match buffer: the same as one that keeps a plain string",
          "[power][sim]") {
  const unsigned seed = Catch::rngSeed();
  std::mt19937 random(seed);
  INFO("SEED=" << seed);
  for (int run = 0; run < 20; run++) {
    MatchBuffer buffer;
    std::string plain;
    uint64_t dropped = 0;
    for (int step = 0; step < 300; step++) {
      const size_t most = random() % 10 == 0 ? 200'000 : 5'000;
      std::string bytes(random() % most, '\0');
      for (char& c : bytes) c = static_cast<char>(random() % 7);
      buffer.Append(bytes);
      for (char& c : bytes) c = c == '\0' ? '\xff' : c;
      plain += bytes;
      if (plain.size() > power::kMatchBufferBytes) {
        dropped += plain.size() - power::kMatchBufferBytes;
        plain.erase(0, plain.size() - power::kMatchBufferBytes);
      }
      REQUIRE(buffer.view() == plain);
      REQUIRE(buffer.dropped() == dropped);
      if (random() % 2 == 0 && !plain.empty()) {
        const size_t taken = random() % (plain.size() + 1);
        buffer.Consume(taken);
        plain.erase(0, taken);
        dropped = 0;
        REQUIRE(buffer.view() == plain);
      }
    }
  }
}

}  // namespace
