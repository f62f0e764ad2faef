#include "wire/chunker.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "unit/wire/content_testing.h"

using namespace wire_test;  // NOLINT: it is this test's other half

namespace {

// The chunks of `content`, which comes in parts of `part` bytes.
std::vector<std::string> Chunks(absl::string_view content,
                                size_t part = size_t{1} << 30) {
  std::vector<std::string> chunks(1);
  wire::Chunker chunker;
  while (!content.empty()) {
    absl::string_view bytes = content.substr(0, part);
    bool ends = false;
    const size_t n = chunker.Take(bytes, &ends);
    REQUIRE(n <= bytes.size());
    REQUIRE((ends || n == bytes.size()));
    chunks.back().append(content.data(), n);
    if (ends) chunks.emplace_back();
    content.remove_prefix(n);
  }
  if (chunks.back().empty()) chunks.pop_back();
  return chunks;
}

size_t NewBytes(const std::string& before, const std::string& after) {
  const std::vector<std::string> old = Chunks(before);
  const std::set<std::string> known(old.begin(), old.end());
  size_t bytes = 0;
  for (const std::string& chunk : Chunks(after)) {
    if (!known.contains(chunk)) bytes += chunk.size();
  }
  return bytes;
}

constexpr size_t kMib = 1 << 20;

}  // namespace

TEST_CASE("chunker: chunks are of the lengths that it promises", "[wire]") {
  const std::vector<std::string> chunks = Chunks(Noise(16 * kMib));
  std::string all;
  for (const std::string& chunk : chunks) {
    all += chunk;
    CHECK(chunk.size() <= wire::kMaxCutBytes);
    if (&chunk != &chunks.back()) CHECK(chunk.size() >= wire::kMinChunkBytes);
  }
  CHECK(all == Noise(16 * kMib));
  const size_t mean = all.size() / chunks.size();
  CHECK(mean > (48 << 10));
  CHECK(mean < (80 << 10));
}

TEST_CASE("chunker: how the bytes come makes no difference", "[wire]") {
  const std::string content = Noise(kMib) + std::string(kMib, '\0');
  const std::vector<std::string> chunks = Chunks(content);
  for (size_t part : {1, 7, 4096, 65536})
    CHECK(Chunks(content, part) == chunks);
}

TEST_CASE("chunker: of nothing there are no chunks, of a byte there is one",
          "[wire]") {
  CHECK(Chunks("").empty());
  CHECK(Chunks("x") == std::vector<std::string>{"x"});
}

// Where it cuts is seen in what was sent before; a change of it costs everybody
// one whole transfer, and must not happen by accident.
TEST_CASE("chunker: it cuts where it has always cut", "[wire]") {
  std::vector<size_t> lengths;
  for (const std::string& chunk : Chunks(Noise(400'000))) {
    lengths.push_back(chunk.size());
  }
  CHECK(lengths == std::vector<size_t>{134793, 95058, 70722, 99427});
}

TEST_CASE("chunker: what is inserted or removed makes few new chunks",
          "[wire]") {
  const std::string before = Noise(8 * kMib);
  std::string inserted = before, removed = before, changed = before;
  inserted.insert(3 * kMib + 5, "a few bytes");
  removed.erase(5 * kMib + 77, 1000);
  changed[kMib] ^= 1;
  for (const std::string& after : {inserted, removed, changed}) {
    const size_t bytes = NewBytes(before, after);
    CHECK(bytes > 0);
    CHECK(bytes <= 3 * wire::kMaxCutBytes);
  }
}

TEST_CASE("chunker: of 100 MB with one percent new, about 2 MB are new",
          "[wire]") {
  const std::string before = Noise(100'000'000);
  // Ten places: at each, 60 kB are others and 40 kB are inserted.
  std::string after;
  for (size_t i = 0; i < 10; i++) {
    const absl::string_view part =
        absl::string_view(before).substr(i * 10'000'000, 10'000'000);
    after.append(part.data(), 4'000'000);
    after += Noise(100'000, 100 + i);
    after.append(part.data() + 4'060'000, part.size() - 4'060'000);
  }
  const size_t bytes = NewBytes(before, after);
  CHECK(bytes > 1'000'000);
  CHECK(bytes < 2'500'000);
}
