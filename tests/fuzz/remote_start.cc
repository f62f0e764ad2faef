// What a host says before its receiver does, cut anywhere: the first byte says
// how. Cut or not, the answers are the same.
#include "msrc/remote_start.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "msrc/exchange_limits.h"

namespace {

void Require(bool condition) {
  if (!condition) abort();
}

// What was answered, as text; of a failure only that it is one.
std::string Answers(absl::string_view bytes, size_t piece) {
  msrc::RemoteStartReader reader;
  std::string all;
  while (true) {
    const auto answer = reader.Next();
    Require(reader.noise().size() <=
            msrc::kMaxRemoteNoiseBytes + piece + msrc::kMaxRemoteLineBytes);
    if (!answer.ok()) return all + "bad";
    if (answer->index() == 0) {
      if (bytes.empty()) return all;
      reader.Feed(bytes.substr(0, piece));
      bytes.remove_prefix(std::min(piece, bytes.size()));
      continue;
    }
    all += static_cast<char>('0' + answer->index());
    if (auto* need = std::get_if<msrc::RemoteNeed>(&*answer)) {
      all += need->platform + need->folder;
    } else if (auto* error = std::get_if<msrc::RemoteError>(&*answer)) {
      Require(error->status >= 1 && error->status <= 255);
      all += error->why;
    } else if (std::holds_alternative<msrc::RemoteHello>(*answer)) {
      return all;
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // More than the noise allowed is refused sooner or later, as it is cut.
  if (size < 1 || size > 4096) return 0;
  const absl::string_view bytes(reinterpret_cast<const char*>(data) + 1,
                                size - 1);
  const std::string pieces = Answers(bytes, data[0] + size_t{1});
  Require(pieces == Answers(bytes, 1));
  return 0;
}
