// Parcels whose signature is good and whose content is not: what somebody with
// a trusted key can try.
#include <absl/strings/match.h>
#include <zstd.h>

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "unit/wire/testing.h"
#include "wire/compress.h"

using namespace wire_test;  // NOLINT: it is this test's other half

namespace {

// The unsigned part of a job with these bytes as body.
struct Forgery {
  std::string body;
  uint8_t flags = 1;
  uint16_t zero = 0;
  uint8_t kind = pb::JOB;
  uint32_t wire_bytes, body_bytes;
  std::string magic = "FBP1";
  uint64_t signed_ms = base::ToMillis(SigningTime());
  std::string id = std::string(16, 'i');

  Forgery(std::string bytes, size_t declared)
      : body(std::move(bytes)),
        wire_bytes(static_cast<uint32_t>(body.size())),
        body_bytes(static_cast<uint32_t>(declared)) {}

  absl::Status Open() const {
    const NumberedSigner signer(1);
    const TrustsEverybody trust;
    std::string parcel = magic;
    parcel += static_cast<char>(kind);
    parcel += static_cast<char>(flags);
    base::PutLe16(parcel, zero);
    base::PutLe32(parcel, wire_bytes);
    base::PutLe32(parcel, body_bytes);
    base::PutLe64(parcel, signed_ms);
    absl::StrAppend(&parcel, id, signer.public_key().view(),
                    wire::AudienceOf(""), body);
    return wire::Open(SignAnyhow(parcel, "inject@fleetbox", signer),
                      {.principals = {}, .trust = &trust}, SigningTime())
        .status();
  }
};

std::string Step(const absl::Status& status) {
  return std::string(status.message().substr(0, status.message().find(':')));
}

std::string Stream(absl::string_view bytes, int window_log) {
  ZSTD_CCtx* c = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, window_log);
  std::string frame(ZSTD_compressBound(bytes.size()), '\0');
  ZSTD_inBuffer in = {bytes.data(), bytes.size(), 0};
  ZSTD_outBuffer out = {frame.data(), frame.size(), 0};
  ZSTD_compressStream2(c, &out, &in, ZSTD_e_continue);
  ZSTD_compressStream2(c, &out, &in, ZSTD_e_end);
  ZSTD_freeCCtx(c);
  frame.resize(out.pos);
  return frame;
}

const char kBody[] = "body body body body body body body body";

std::string Frame(size_t bytes) {
  return wire::CompressIfSmaller(std::string(bytes, 'x'));
}

}  // namespace

TEST_CASE("forged parcel: an honest one passes", "[wire]") {
  CHECK(Forgery(Frame(5000), 5000).Open().ok());
  Forgery plain(kBody, strlen(kBody));
  plain.flags = 0;
  CHECK(plain.Open().ok());
}

TEST_CASE("forged parcel: lengths that lie either way are refused", "[wire]") {
  for (size_t declared : {4999, 5001, 100'000, 16 << 20}) {
    const absl::Status status = Forgery(Frame(5000), declared).Open();
    CHECK(Step(status) == "step 6 (decompression)");
    CHECK(absl::IsInvalidArgument(status));
  }
  Forgery plain(kBody, strlen(kBody) + 1);
  plain.flags = 0;
  CHECK(Step(plain.Open()) == "step 1 (header)");
  Forgery longer(kBody, strlen(kBody));
  longer.flags = 0;
  longer.wire_bytes++;
  longer.body_bytes++;
  CHECK(Step(longer.Open()) == "step 1 (header)");
  // Compressed, and not smaller.
  CHECK(Step(Forgery(Frame(5000), Frame(5000).size()).Open()) ==
        "step 1 (header)");
  CHECK(Step(Forgery(Frame(5000), 0).Open()) == "step 1 (header)");
}

TEST_CASE("forged parcel: a bomb that declares little is refused", "[wire]") {
  const std::string bomb = Stream(std::string(200 << 20, '\0'), 20);
  REQUIRE(bomb.size() < 50'000);
  const absl::Status status = Forgery(bomb, 100'000).Open();
  CHECK(Step(status) == "step 6 (decompression)");
}

TEST_CASE(
    "forged parcel: a bomb that declares more than its kind allows is "
    "refused before the signature",
    "[wire]") {
  const Forgery bomb(Frame(20 << 20), 20 << 20);
  CHECK(Step(bomb.Open()) == "step 1 (header)");
  Forgery manifest = bomb;
  manifest.kind = pb::MANIFEST;
  // Signed in the wrong namespace here; its size is all right.
  CHECK(Step(manifest.Open()) == "step 5 (signature)");
}

TEST_CASE("forged parcel: a window over 8 MiB is refused", "[wire]") {
  const std::string text(9 << 20, 'x');
  CHECK(Forgery(Stream(text, 23), text.size()).Open().ok());
  const absl::Status status = Forgery(Stream(text, 24), text.size()).Open();
  CHECK(Step(status) == "step 6 (decompression)");
  CHECK(absl::StrContains(status.message(), "window of 16777216 bytes"));
}

TEST_CASE("forged parcel: two frames, trailing bytes and garbage are refused",
          "[wire]") {
  const std::string frame = Frame(5000);
  for (const std::string& body :
       {frame + frame, frame + "x", frame.substr(0, frame.size() - 1),
        std::string(20, 'g'), std::string()}) {
    CHECK(Step(Forgery(body, 5000).Open()) == "step 6 (decompression)");
    CHECK(Step(Forgery(body, 10'000).Open()) == "step 6 (decompression)");
  }
}

TEST_CASE("forged parcel: unknown kinds and reserved bits are refused",
          "[wire]") {
  for (int kind : {0, 17, 100, 255}) {
    Forgery f(Frame(5000), 5000);
    f.kind = static_cast<uint8_t>(kind);
    CHECK(f.Open().message() ==
          absl::StrCat("step 1 (header): unknown kind ", kind));
  }
  for (int flags = 2; flags < 256; flags++) {
    Forgery f(Frame(5000), 5000);
    f.flags = static_cast<uint8_t>(flags);
    CHECK(f.Open().message() ==
          absl::StrCat("step 1 (header): reserved flags are set: ", flags));
  }
  for (int zero : {1, 0x100, 0xffff}) {
    Forgery f(Frame(5000), 5000);
    f.zero = static_cast<uint16_t>(zero);
    CHECK(f.Open().message() == "step 1 (header): reserved bytes are not zero");
  }
  Forgery later(Frame(5000), 5000);
  later.magic = "FBP2";
  CHECK(later.Open().message() ==
        "step 1 (header): not a parcel of this version");
}

TEST_CASE("forged parcel: times beyond the calendar are refused", "[wire]") {
  for (uint64_t ms :
       {uint64_t{253402300800000}, uint64_t{1} << 63, ~uint64_t{0}}) {
    Forgery f(Frame(5000), 5000);
    f.signed_ms = ms;
    CHECK(f.Open().message() == "step 1 (header): signed after the year 9999");
  }
}

TEST_CASE("forged parcel: an id of zeros is refused", "[wire]") {
  Forgery f(Frame(5000), 5000);
  f.id = std::string(16, '\0');
  CHECK(f.Open().message() == "step 1 (header): its id is zero");
}
