// What a parcel costs above its cryptography and compression: sealing and
// opening against libsodium and zstd called directly on the same bytes, with
// contexts and buffers kept. The promise is at most 15 % more.
//
//   wire_bench [FILE]    the table on standard output, and as JSON in FILE
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <sodium.h>
#include <zstd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "unit/wire/testing.h"
#include "wire/parcel.h"

namespace {

using wire_test::NumberedSigner;

constexpr int kRounds = 5;
constexpr double kRoundSeconds = 0.15;

// Lines as they stand in jobs and results: words, numbers, some repetition.
std::string Body(size_t bytes) {
  std::string text;
  uint64_t x = 88172645463325252u;
  while (text.size() < bytes) {
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    absl::StrAppend(&text, "host=web", x % 1000, " task=deploy-", x % 97,
                    " took ", x % 60000, " ms\n");
  }
  text.resize(bytes);
  return text;
}

// Microseconds of one call, over as many as fit into a round.
double Time(const std::function<void()>& call) {
  using Clock = std::chrono::steady_clock;
  call();
  const auto start = Clock::now();
  int calls = 0;
  std::chrono::duration<double, std::micro> spent{};
  while (spent.count() < kRoundSeconds * 1e6) {
    for (int i = 0; i < 4; i++, calls++) call();
    spent = Clock::now() - start;
  }
  return spent.count() / calls;
}

double Median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

struct Row {
  std::string what;
  size_t bytes;
  double ours_us, direct_us;
};

// Both in turn, so that a busy moment of the machine hits both.
Row Compare(std::string what, size_t bytes, const std::function<void()>& ours,
            const std::function<void()>& direct) {
  std::vector<double> a, b;
  for (int i = 0; i < kRounds; i++) {
    a.push_back(Time(ours));
    b.push_back(Time(direct));
  }
  return {std::move(what), bytes, Median(a), Median(b)};
}

// The least anybody could do to the same bytes.
class Direct {
 public:
  explicit Direct(std::string body) : body_(std::move(body)) {
    unsigned char seed[crypto_sign_SEEDBYTES] = {1};
    crypto_sign_seed_keypair(key_, secret_, seed);
    frame_.resize(wire::kParcelHeaderBytes + body_.size());
    content_.resize(body_.size());
  }
  void Seal() {
    char* at = &frame_[wire::kParcelHeaderBytes];
    size_t n = body_.size();
    if (n >= base::kMinCompressBytes) {
      n = ZSTD_compressCCtx(compressor_, at, n, body_.data(), n, 3);
      MUST(!ZSTD_isError(n));
    } else {
      memcpy(at, body_.data(), n);
    }
    length_ = wire::kParcelHeaderBytes + n;
    crypto_sign_detached(signature_, nullptr,
                         reinterpret_cast<unsigned char*>(frame_.data()),
                         length_, secret_);
  }
  void Open() {
    MUST(crypto_sign_verify_detached(
             signature_, reinterpret_cast<unsigned char*>(frame_.data()),
             length_, key_) == 0);
    const char* at = &frame_[wire::kParcelHeaderBytes];
    const size_t n = length_ - wire::kParcelHeaderBytes;
    if (n < body_.size()) {
      MUST(ZSTD_decompressDCtx(decompressor_, content_.data(), content_.size(),
                               at, n) == content_.size());
    } else {
      memcpy(content_.data(), at, n);
    }
  }

 private:
  std::string body_, frame_, content_;
  size_t length_ = 0;
  ZSTD_CCtx* compressor_ = ZSTD_createCCtx();
  ZSTD_DCtx* decompressor_ = ZSTD_createDCtx();
  unsigned char key_[crypto_sign_PUBLICKEYBYTES];
  unsigned char secret_[crypto_sign_SECRETKEYBYTES];
  unsigned char signature_[crypto_sign_BYTES];
};

std::string Json(const std::vector<Row>& rows) {
  std::string out = "{\"bench\":\"wire\",\"rows\":[";
  for (const Row& r : rows) {
    absl::StrAppendFormat(
        &out,
        "%s{\"what\":\"%s\",\"bytes\":%d,\"ours_us\":%.2f,\"direct_us\":%.2f,"
        "\"ratio\":%.3f}",
        &r == rows.data() ? "" : ",", r.what, r.bytes, r.ours_us, r.direct_us,
        r.ours_us / r.direct_us);
  }
  return out + "]}\n";
}

}  // namespace

int main(int argc, char** argv) {
  const NumberedSigner signer(1);
  wire_test::TrustTable trust;
  trust.Add(signer.public_key(), "inject@fleetbox", "ops");
  const wire::Receiver receiver = {.principals = {"server:mcfeely"},
                                   .trust = &trust};
  std::vector<Row> rows;
  for (size_t bytes : {200, 4 << 10, 1 << 20}) {
    wire::Draft draft = wire_test::JobDraft();
    draft.body = Body(bytes);
    Direct direct(draft.body);
    direct.Seal();
    const std::string parcel = wire::Seal(draft, signer).value();
    rows.push_back(Compare(
        "sign+compress", bytes, [&] { MUST(wire::Seal(draft, signer).ok()); },
        [&] { direct.Seal(); }));
    rows.push_back(Compare(
        "verify+decompress", bytes,
        [&] {
          MUST(wire::Open(parcel, receiver, wire_test::SigningTime()).ok());
        },
        [&] { direct.Open(); }));
  }
  absl::PrintF("%-18s %8s %12s %12s %6s\n", "", "bytes", "parcel us",
               "direct us", "ratio");
  for (const Row& r : rows) {
    absl::PrintF("%-18s %8d %12.2f %12.2f %6.3f\n", r.what, r.bytes, r.ours_us,
                 r.direct_us, r.ours_us / r.direct_us);
  }
  if (argc > 1) {
    FILE* file = fopen(argv[1], "w");
    if (file == nullptr) {
      perror(argv[1]);
      return 1;
    }
    fputs(Json(rows).c_str(), file);
    if (fclose(file) != 0) return 1;
  }
}
