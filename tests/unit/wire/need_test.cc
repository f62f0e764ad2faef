#include "wire/need.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>

#include "unit/wire/content_testing.h"
#include "wire/message.h"

using namespace wire_test;  // NOLINT: it is this test's other half

namespace {

// 0 a, 1 big (5 chunks), 2 copy of a, 3 d, 4 empty, 5 l
wire::Manifest SixEntries() {
  return *wire::Manifest::Make({File("a", "content"),
                                File("big", Noise((4 << 20) + 1)),
                                File("copy", "content"), Folder("d"),
                                File("empty", ""), Link("l", "a")});
}
std::string WhyNot(std::vector<wire::Want> wants) {
  const absl::Status status =
      wire::Need::Make(SixEntries(), std::move(wants)).status();
  REQUIRE(absl::IsInvalidArgument(status));
  return std::string(status.message());
}

}  // namespace

TEST_CASE("need: what was written is read", "[wire]") {
  const wire::Manifest manifest = SixEntries();
  const auto need =
      wire::Need::Make(manifest, {{0, {}}, {1, {{0, 1}, {1, 1}, {3, 2}}}});
  REQUIRE(need.ok());
  CHECK(*wire::Need::Decode(manifest, need->Encode()) == *need);
  CHECK(wire::Need::Decode(manifest, "")->empty());
}

TEST_CASE("need: everything is each content once, and no empty one", "[wire]") {
  const wire::Manifest manifest = SixEntries();
  const wire::Need all = wire::Need::Everything(manifest);
  CHECK(all.wants() == std::vector<wire::Want>{{0, {}}, {1, {}}});
  CHECK(*wire::Need::Make(manifest, all.wants()) == all);
}

TEST_CASE("need: what the manifest does not offer is refused", "[wire]") {
  CHECK(WhyNot({{6, {}}}) == "need: entry 6 of 6");
  CHECK(WhyNot({{UINT32_MAX, {}}}) == "need: entry 4294967295 of 6");
  const std::string nothing = ": it has no content to ask for";
  CHECK(WhyNot({{3, {}}}) == "need: entry 3 ('d')" + nothing);
  CHECK(WhyNot({{4, {}}}) == "need: entry 4 ('empty')" + nothing);
  CHECK(WhyNot({{5, {}}}) == "need: entry 5 ('l')" + nothing);
  CHECK(WhyNot({{0, {}}, {2, {}}}) ==
        "need: entry 2 ('copy'): its content is asked for twice");
  const std::string order = ": it is not in the order of the manifest";
  CHECK(WhyNot({{1, {}}, {0, {}}}) == "need: entry 0 ('a')" + order);
  CHECK(WhyNot({{1, {}}, {1, {}}}) == "need: entry 1 ('big')" + order);
}

TEST_CASE("need: chunks are in order, apart and there", "[wire]") {
  const std::string big = "need: entry 1 ('big'): ";
  CHECK(WhyNot({{1, {{0, 0}}}}) == big + "a range of no chunks");
  CHECK(WhyNot({{1, {{0, 6}}}}) ==
        big + "it has 5 chunks, but 6 are asked for");
  CHECK(WhyNot({{1, {{5, 1}}}}) ==
        big + "it has 5 chunks, but 6 are asked for");
  CHECK(WhyNot({{1, {{UINT32_MAX, UINT32_MAX}}}}) ==
        big + "it has 5 chunks, but 8589934590 are asked for");
  CHECK(WhyNot({{1, {{0, 2}, {1, 1}}}}) == big + "its chunks are not in order");
  CHECK(WhyNot({{1, {{3, 1}, {1, 1}}}}) == big + "its chunks are not in order");
  CHECK(WhyNot({{0, {{0, 1}}}}) ==
        "need: entry 0 ('a'): it has 0 chunks, but 1 are asked for");
}

TEST_CASE("need: garbage is refused", "[wire]") {
  const wire::Manifest manifest = SixEntries();
  CHECK_FALSE(wire::Need::Decode(manifest, "\xff\xff").ok());
  pb::Need odd;
  odd.add_want()->set_entry(1);
  odd.mutable_want(0)->add_chunk(1);
  const absl::Status status = wire::Need::FromMessage(manifest, odd).status();
  CHECK(status.message() == "need: entry 1: an odd number of chunk numbers");
  const std::string body =
      wire::Need::Make(manifest, {{0, {}}, {1, {{1, 2}}}})->Encode();
  for (size_t bit = 0; bit < 8 * body.size(); bit++) {
    std::string flipped = body;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    const auto need = wire::Need::Decode(manifest, flipped);
    if (need.ok()) CHECK(wire::Need::Make(manifest, need->wants()).ok());
  }
}
