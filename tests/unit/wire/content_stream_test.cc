#include "wire/content_stream.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <zstd.h>

#include <catch2/catch.hpp>

#include "unit/wire/content_testing.h"
#include "wire/compress.h"

using namespace wire_test;  // NOLINT: it is this test's other half

namespace {

constexpr size_t kMib = 1 << 20;

// A frame as somebody else's program might make it.
std::string Zstd(absl::string_view bytes, int window_log,
                 bool content_size = false, bool checksum = false) {
  ZSTD_CCtx* c = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, window_log);
  ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, content_size);
  ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, checksum);
  if (content_size) ZSTD_CCtx_setPledgedSrcSize(c, bytes.size());
  std::string frame(ZSTD_compressBound(bytes.size()), '\0');
  ZSTD_inBuffer in = {bytes.data(), bytes.size(), 0};
  ZSTD_outBuffer out = {frame.data(), frame.size(), 0};
  ZSTD_compressStream2(c, &out, &in, ZSTD_e_continue);
  ZSTD_compressStream2(c, &out, &in, ZSTD_e_end);
  ZSTD_freeCCtx(c);
  frame.resize(out.pos);
  return frame;
}

// Three small contents, all asked for, and their stream.
struct Small {
  Contents contents = {{"a", Words(300)}, {"d/b", "b"}, {"d/c", Noise(40)}};
  wire::Manifest manifest = ManifestOf(contents);
  wire::Need need = wire::Need::Everything(manifest);
  std::vector<std::string> frames = Frames(manifest, need, contents);
  std::string stream = absl::StrJoin(frames, "");

  std::string WhyNot(absl::string_view bytes, size_t part = 1000) const {
    Contents received;
    const absl::Status status = Receive(manifest, need, bytes, part, &received);
    REQUIRE(absl::IsInvalidArgument(status));
    // What came before is right all the same.
    for (const auto& [path, content] : received) {
      CHECK(content == contents.at(path));
    }
    return std::string(status.message());
  }
};

// A content of three chunks between two small ones.
struct Large {
  Contents contents = {
      {"a", "a"}, {"big", Noise(kMib) + Words(kMib + 77)}, {"c", "c"}};
  wire::Manifest manifest = ManifestOf(contents);
};

}  // namespace

TEST_CASE("content stream: every content arrives, wherever it is cut",
          "[wire]") {
  Large large;
  large.contents["exactly"] = Noise(kMib, 7);
  large.contents["zeros"] = std::string(5 * kMib, '\0');
  large.contents["empty"] = "";
  const wire::Manifest manifest = ManifestOf(large.contents);
  const wire::Need need = wire::Need::Everything(manifest);
  large.contents.erase("empty");  // it has no content to send
  for (const auto packing :
       {wire::Packing::kCompressed, wire::Packing::kStored}) {
    const std::string stream =
        absl::StrJoin(Frames(manifest, need, large.contents, packing), "");
    for (size_t part : {size_t{1021}, size_t{100'000}, stream.size()}) {
      Contents received;
      REQUIRE(Receive(manifest, need, stream, part, &received).ok());
      CHECK(received == large.contents);
    }
  }
}

TEST_CASE_METHOD(Small, "content stream: small parts are enough", "[wire]") {
  for (size_t part = 1; part <= stream.size(); part++) {
    Contents received;
    REQUIRE(Receive(manifest, need, stream, part, &received).ok());
    CHECK(received == contents);
  }
}

TEST_CASE_METHOD(Small, "content stream: is one that zstd decompresses",
                 "[wire]") {
  std::string all(1000, '\0');
  all.resize(
      ZSTD_decompress(all.data(), all.size(), stream.data(), stream.size()));
  CHECK(all == contents["a"] + contents["d/b"] + contents["d/c"]);
}

TEST_CASE("content stream: a content that two paths have travels once",
          "[wire]") {
  const Contents contents = {{"a", Words(500)}, {"b", Words(500)}};
  const wire::Manifest manifest = ManifestOf(contents);
  const wire::Need need = wire::Need::Everything(manifest);
  CHECK(Frames(manifest, need, contents).size() == 1);
}

TEST_CASE_METHOD(Large, "content stream: only the chunks asked for travel",
                 "[wire]") {
  const auto need =
      *wire::Need::Make(manifest, {{1, {{0, 1}, {2, 1}}}, {2, {}}});
  const std::vector<std::string> frames = Frames(manifest, need, contents);
  REQUIRE(frames.size() == 3);
  std::vector<std::string> came;
  wire::ContentReceiver receiver(manifest, need);
  const auto take = [&](const wire::Piece& piece, absl::string_view bytes) {
    CHECK(bytes ==
          absl::string_view(contents.at(manifest.entries()[piece.entry].path))
              .substr(static_cast<size_t>(piece.offset), bytes.size()));
    came.push_back(absl::StrCat(piece.entry, "@", piece.offset, "+",
                                bytes.size(), piece.last ? "." : ""));
    return absl::OkStatus();
  };
  for (const std::string& frame : frames) {
    CHECK_FALSE(receiver.done());
    REQUIRE(receiver.Feed(frame, take).ok());
  }
  CHECK(receiver.done());
  CHECK(receiver.End().ok());
  CHECK(came ==
        std::vector<std::string>{"1@0+1048576", "1@2097152+77.", "2@0+1."});
  // A frame serves whoever lacks more, too.
  const std::vector<std::string> all =
      Frames(manifest, wire::Need::Everything(manifest), contents);
  CHECK(all[1] == frames[0]);
  CHECK(all[3] == frames[1]);
}

TEST_CASE_METHOD(Small, "content stream: of nothing is empty", "[wire]") {
  const wire::Need nothing;  // borrowed by the receiver
  wire::ContentReceiver receiver(manifest, nothing);
  const auto never = [](const wire::Piece&, absl::string_view) {
    FAIL("nothing was asked for");
    return absl::OkStatus();
  };
  CHECK(receiver.done());
  CHECK(receiver.End().ok());
  CHECK(receiver.Feed(frames[0], never).message() ==
        "content stream: more than what was asked for");
  CHECK_FALSE(receiver.done());
  CHECK_FALSE(receiver.End().ok());
}

TEST_CASE_METHOD(Small, "content stream: no flipped bit gets through",
                 "[wire]") {
  // A few bits of a frame's header mean nothing to its content.
  int harmless = 0;
  for (size_t bit = 0; bit < 8 * stream.size(); bit++) {
    std::string flipped = stream;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    Contents received;
    const absl::Status status = Receive(manifest, need, flipped, 50, &received);
    if (status.ok()) {
      harmless++;
      CHECK(received == contents);
    }
    for (const auto& [path, content] : received) {
      CHECK(content == contents.at(path));
    }
  }
  CHECK(harmless < 20);
}

TEST_CASE_METHOD(Small, "content stream: one cut short anywhere is refused",
                 "[wire]") {
  for (size_t n = 0; n < stream.size(); n++) {
    CHECK(absl::StrContains(WhyNot(stream.substr(0, n)), "the stream ends"));
  }
  CHECK(WhyNot(frames[0] + frames[1]) ==
        "content stream: entry 2 ('d/c'): the stream ends 0 bytes into it");
}

TEST_CASE_METHOD(Small, "content stream: nothing may follow it", "[wire]") {
  const std::string more = "content stream: more than what was asked for";
  CHECK(WhyNot(stream + "x") == more);
  CHECK(WhyNot(stream + frames[2]) == more);
  CHECK(WhyNot(stream + std::string("\x50\x2a\x4d\x18\0\0\0\0", 8), 1) == more);
}

TEST_CASE_METHOD(Small, "content stream: another order is refused", "[wire]") {
  const std::string a = "content stream: entry 0 ('a'): ";
  CHECK(WhyNot(frames[1] + frames[0] + frames[2]) ==
        a + "its frame says 1 bytes, the manifest 300");
  // Without a length in the header the content tells.
  CHECK(WhyNot(Zstd("b", 10) + frames[0]) == a + "it ends after 1 bytes");
  CHECK(WhyNot(frames[0] + frames[0]) ==
        "content stream: entry 1 ('d/b'): its frame says 300 bytes, the "
        "manifest 1");
  const Contents same_length = {{"a", "1"}, {"b", "2"}};
  const wire::Manifest two = ManifestOf(same_length);
  const wire::Need both = wire::Need::Everything(two);
  const auto swapped = Frames(two, both, same_length);
  Contents received;
  CHECK(Receive(two, both, swapped[1] + swapped[0], 9, &received).message() ==
        "content stream: entry 0 ('a'): the content at 0 is not what was "
        "signed");
  CHECK(received.empty());
}

TEST_CASE_METHOD(Small, "content stream: another content is not given out",
                 "[wire]") {
  std::string other = contents["a"];
  other.back() = '!';
  CHECK(WhyNot(wire::CompressedFrame(other) + frames[1] + frames[2]) ==
        "content stream: entry 0 ('a'): the content at 0 is not what was "
        "signed");
}

TEST_CASE_METHOD(Small, "content stream: a bomb stops at the declared size",
                 "[wire]") {
  const std::string zeros(64 * kMib, '\0');
  const std::string bomb = Zstd(zeros, 17);
  REQUIRE(bomb.size() < 10'000);
  CHECK(WhyNot(bomb, bomb.size()) ==
        "content stream: entry 0 ('a'): it is longer than 300 bytes");
  CHECK(WhyNot(bomb, 1) ==
        "content stream: entry 0 ('a'): it is longer than 300 bytes");
  CHECK(WhyNot(Zstd(zeros, 17, true)) ==
        "content stream: entry 0 ('a'): its frame says 67108864 bytes, the "
        "manifest 300");
  CHECK(absl::StrContains(WhyNot(Zstd(contents["a"] + "x", 10)), "longer"));
}

TEST_CASE_METHOD(Small, "content stream: empty blocks do not go on for ever",
                 "[wire]") {
  // Magic, a window of 1 KiB, then raw blocks of no bytes, none of them last.
  std::string endless("\x28\xb5\x2f\xfd\x00\x00", 6);
  endless.append(3 * 1000, '\0');
  CHECK(absl::StrContains(WhyNot(endless, 100), "a frame of more than"));
}

TEST_CASE_METHOD(Small, "content stream: a window over 8 MiB is refused",
                 "[wire]") {
  const std::string rest = frames[1] + frames[2];
  Contents received;
  CHECK(Receive(manifest, need, Zstd(contents["a"], 23) + rest, 64, &received)
            .ok());
  CHECK(received == contents);
  CHECK(WhyNot(Zstd(contents["a"], 24) + rest) ==
        "content stream: entry 0 ('a'): it needs a window of 16777216 bytes, "
        "more than 8388608");
}

TEST_CASE_METHOD(Small, "content stream: only frames of zstd itself are taken",
                 "[wire]") {
  const std::string rest = frames[1] + frames[2];
  // Skippable frames, which zstd's own programs pass over.
  const std::string skippable(
      "\x50\x2a\x4d\x18\x04\0\0\0"
      "hide",
      12);
  for (size_t part : {1, 3, 100}) {
    CHECK(absl::StrContains(WhyNot(skippable + stream, part), "skippable"));
    CHECK(absl::StrContains(WhyNot(frames[0] + skippable + rest, part),
                            "entry 1 ('d/b'): a skippable frame"));
  }
  // zstd 0.7's magic, which Debian's library still decodes.
  CHECK_FALSE(WhyNot("\x27\xb5\x2f\xfd" + stream.substr(4)).empty());
  CHECK_FALSE(WhyNot(contents["a"]).empty());
  // A dictionary: the flag of one in the header, and its number.
  std::string dictionary("\x28\xb5\x2f\xfd\x01\x00\x07", 7);
  CHECK(absl::StrContains(WhyNot(dictionary + stream), "dictionary"));
}

TEST_CASE_METHOD(Small, "content stream: a checksum in a frame is checked",
                 "[wire]") {
  std::string frame = Zstd(contents["a"], 17, true, true);
  Contents received;
  REQUIRE(Receive(manifest, need, frame + frames[1] + frames[2], 64, &received)
              .ok());
  frame.back() = static_cast<char>(frame.back() ^ 1);
  CHECK(absl::StrContains(WhyNot(frame + frames[1] + frames[2]), "checksum"));
}

TEST_CASE_METHOD(Large, "content stream: chunks are checked one by one",
                 "[wire]") {
  const wire::Need need = wire::Need::Everything(manifest);
  std::vector<std::string> frames = Frames(manifest, need, contents);
  REQUIRE(frames.size() == 5);
  std::string other = contents["big"].substr(kMib, kMib);
  other[5] = '!';
  frames[2] = wire::CompressedFrame(other);
  Contents received;
  CHECK(Receive(manifest, need, absl::StrJoin(frames, ""), 9999, &received)
            .message() ==
        "content stream: entry 1 ('big'): the content at 1048576 is not what "
        "was signed");
  CHECK(received.at("big") == contents["big"].substr(0, kMib));
}

TEST_CASE_METHOD(Large,
                 "content stream: a manifest that contradicts itself "
                 "does not get its last chunk placed",
                 "[wire]") {
  std::vector<wire::Entry> entries = manifest.entries();
  entries[1].hash[0] ^= 1;
  const auto lying = *wire::Manifest::Make(entries);
  const std::string stream = absl::StrJoin(
      Frames(manifest, wire::Need::Everything(manifest), contents), "");
  // Asked for as a whole, or by its chunks but all of them.
  for (const wire::Need& need :
       {wire::Need::Everything(lying),
        *wire::Need::Make(lying, {{0, {}}, {1, {{0, 1}, {1, 2}}}, {2, {}}})}) {
    Contents received;
    CHECK(Receive(lying, need, stream, 9999, &received).message() ==
          "content stream: entry 1 ('big'): its parts are what was signed, but "
          "not the whole");
    CHECK(received.at("big").size() == 2 * kMib);
  }
}

TEST_CASE_METHOD(Small, "content stream: a failure of the taker ends it",
                 "[wire]") {
  wire::ContentReceiver receiver(manifest, need);
  int calls = 0;
  const auto full = [&](const wire::Piece&, absl::string_view) {
    calls++;
    return absl::ResourceExhaustedError("disk full");
  };
  CHECK(receiver.Feed(stream, full).message() == "disk full");
  CHECK(receiver.Feed(stream, full).message() == "disk full");
  CHECK(receiver.End().message() == "disk full");
  CHECK(calls == 1);
}

TEST_CASE_METHOD(Small, "content stream: a file that changed is not sent",
                 "[wire]") {
  const wire::Piece piece = wire::Pieces(manifest, need).Now();
  std::string changed = contents["a"];
  changed[7] ^= 1;
  for (const std::string& bytes :
       {changed, contents["a"] + "x", contents["a"].substr(1), std::string()}) {
    const absl::Status status =
        wire::PieceFrame(manifest, piece, bytes).status();
    CHECK(absl::IsFailedPrecondition(status));
    CHECK(status.message() == "entry 0 ('a'): has changed since it was listed");
  }
}

TEST_CASE("content hash: parts of any size give the same digest", "[wire]") {
  for (size_t n : {size_t{0}, size_t{1}, kMib - 1, kMib, kMib + 1, 2 * kMib,
                   3 * kMib + 5}) {
    const std::string content = Noise(n);
    const wire::ContentDigest whole = wire::DigestOf(content);
    CHECK(whole.bytes == static_cast<int64_t>(n));
    CHECK(whole.hash == wire::HashOf(content));
    REQUIRE(whole.chunks.size() == wire::ChunksOf(n));
    for (size_t i = 0; i < whole.chunks.size(); i++) {
      CHECK(whole.chunks[i] == wire::HashOf(content.substr(i * kMib, kMib)));
    }
    wire::ContentDigester digester;
    for (size_t part : {size_t{777'777}, kMib, 3 * kMib}) {
      for (size_t at = 0; at < n; at += part) {
        digester.Feed(absl::string_view(content).substr(at, part));
      }
      const wire::ContentDigest digest = digester.Finish();
      CHECK(digest.bytes == whole.bytes);
      CHECK(digest.hash == whole.hash);
      CHECK(digest.chunks == whole.chunks);
    }
  }
}

TEST_CASE("content stream: chunks that the content cuts arrive", "[wire]") {
  Contents contents = {
      {"a", "a"}, {"big", Noise(kMib) + Words(kMib + 77)}, {"c", "c"}};
  const wire::Manifest manifest = ManifestOf(contents, wire::Cut::kByContent);
  const wire::Entry& big = manifest.entries()[1];
  REQUIRE(big.chunks.size() > 10);
  const wire::Need all = wire::Need::Everything(manifest);
  const std::string stream = absl::StrJoin(Frames(manifest, all, contents), "");
  Contents received;
  REQUIRE(Receive(manifest, all, stream, 100'000, &received).ok());
  CHECK(received == contents);

  const auto need =
      *wire::Need::Make(manifest, {{1, {{2, 2}, {7, 1}}}, {2, {}}});
  std::vector<int64_t> offsets;
  for (wire::Pieces pieces(manifest, need); !pieces.AtEnd(); pieces.Next()) {
    offsets.push_back(pieces.Now().offset);
  }
  int64_t at[11] = {};
  for (size_t i = 0; i < 10; i++) at[i + 1] = at[i] + big.chunk_bytes[i];
  CHECK(offsets == std::vector<int64_t>{at[2], at[3], at[7], 0});
  received.clear();
  REQUIRE(Receive(manifest, need,
                  absl::StrJoin(Frames(manifest, need, contents), ""), 999,
                  &received)
              .ok());
  const auto part = [&](size_t from, size_t to) {
    return contents["big"].substr(static_cast<size_t>(at[from]),
                                  static_cast<size_t>(at[to] - at[from]));
  };
  CHECK(received["big"].substr(static_cast<size_t>(at[2]),
                               static_cast<size_t>(at[4] - at[2])) ==
        part(2, 4));
  CHECK(received["big"].substr(static_cast<size_t>(at[7])) == part(7, 8));
}
