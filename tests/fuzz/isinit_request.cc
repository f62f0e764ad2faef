// Whatever a client sends to isinit's socket: no crash, the same requests in
// whatever pieces the bytes come, each of them one that can be carried out.
#include <cstdint>
#include <string>

#include "base/limits.h"
#include "base/status.h"
#include "isinit/local_protocol.h"

namespace {

// All that comes of `bytes`, fed `step` at a time.
std::string Requests(absl::string_view bytes, size_t step) {
  isinit::RequestReader reader;
  std::string all;
  const auto take = [&]() -> bool {
    for (;;) {
      const auto next = reader.Next();
      if (!next.ok()) {
        all += "refused";
        return false;
      }
      if (!next->has_value()) return true;
      MUST(isinit::CheckRequest(**next).ok());
      MUST((*next)->ByteSizeLong() <= base::kMaxIsinitRequestBytes);
      all += (*next)->SerializeAsString() + "\n";
    }
  };
  for (size_t at = 0; at < bytes.size(); at += step) {
    reader.Add(bytes.substr(at, step));
    if (!take()) return all;
  }
  reader.End();
  take();
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = Requests(bytes, size + 1);
  MUST(Requests(bytes, 1) == whole);
  MUST(Requests(bytes, 7) == whole);
  const auto answer = isinit::DecodeAnswer(bytes);
  if (answer.ok()) isinit::EncodeAnswer(*answer, true);
  return 0;
}
