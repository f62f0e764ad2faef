// Whatever arrives as the start of a parcel: the length it claims is bounded,
// and a header that is taken says what the bytes say.
#include "base/limits.h"
#include "base/status.h"
#include "unit/wire/testing.h"
#include "wire/parcel.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<size_t> length = wire::ParcelLength(bytes);
  MUST(!length.ok() || *length <= base::kMaxFrameBytes);
  const absl::StatusOr<wire::Header> header = wire::ParseHeader(bytes);
  if (!header.ok()) return 0;
  MUST(length.ok() && *length == size);
  MUST(header->wire_bytes + wire::kParcelHeaderBytes + wire::kSignatureBytes ==
       size);
  MUST(wire::RulesOf(header->kind) != nullptr);
  MUST(header->body_bytes <= wire::RulesOf(header->kind)->max_body_bytes);
  MUST(header->sender.view() == bytes.substr(40, 32));
  return 0;
}
