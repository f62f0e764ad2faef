// A parcel from somebody whose key is trusted: the input is what stands before
// the signature, and is signed here, so that everything behind the signature is
// reached too.
#include "wire/parcel.h"

#include <cstring>

#include "base/status.h"
#include "unit/wire/testing.h"
#include "wire/body.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const wire_test::NumberedSigner signer(1);
  static const wire_test::TrustsEverybody trust;
  if (size < wire::kParcelHeaderBytes || size > 64 << 10) return 0;
  std::string parcel(reinterpret_cast<const char*>(data), size);
  const wire::KindRules* rules = wire::RulesOf(data[4]);
  if (rules == nullptr) return 0;
  // What the fuzzer would hardly find by itself: lengths and key that fit. The
  // declared length stays its own, but small, or a run would be spent on zeros.
  std::string length;
  base::PutLe32(length, static_cast<uint32_t>(size - wire::kParcelHeaderBytes));
  parcel.replace(8, 4, length);
  parcel[14] = parcel[15] = 0;
  parcel.replace(40, 32, std::string(signer.public_key().view()));
  const std::string whole =
      wire_test::SignAnyhow(parcel, rules->name_space, signer);
  const absl::StatusOr<wire::Opened> opened = wire::Open(
      whole, {.trust = &trust, .any_audience = true}, wire_test::SigningTime());
  if (!opened.ok()) {
    MUST(!absl::IsUnauthenticated(opened.status()));
    return 0;
  }
  MUST(opened->body.size() == opened->header.body_bytes);
  (void)wire::BodyFields(opened->header.kind, opened->body);
  return 0;
}
