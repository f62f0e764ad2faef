// Frames, receipts and hellos out of any bytes, cut anywhere: the first byte
// says how. What is taken must be encoded again to the same bytes.
#include "net/frame.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "net/hello.h"

namespace {

void Require(bool condition) {
  if (!condition) abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t piece = data[0] + size_t{1};
  absl::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const absl::string_view whole = bytes;
  net::FrameReader reader(1 << 16);
  size_t taken = 0;
  while (true) {
    absl::StatusOr<std::optional<net::Frame>> frame = reader.Next();
    if (!frame.ok()) return 0;
    if (!frame->has_value()) {
      if (bytes.empty()) return 0;
      reader.Add(bytes.substr(0, piece));
      bytes.remove_prefix(std::min(piece, bytes.size()));
      continue;
    }
    const net::Frame& f = **frame;
    const std::string again = net::EncodeFrame(f.type, f.content);
    Require(whole.substr(taken, again.size()) == again);
    taken += again.size();
    Require(reader.buffered() + bytes.size() == whole.size() - taken);
    if (f.type == net::FrameType::kReceipt) {
      const absl::StatusOr<net::Receipt> r = net::ParseReceipt(f.content);
      if (r.ok()) Require(net::EncodeReceipt(*r) == f.content);
    }
    if (f.type == net::FrameType::kHello) {
      const auto hello = net::ParseHello(f.content);
      if (hello.ok()) Require(hello->principal().size() <= 255);
    }
  }
}
