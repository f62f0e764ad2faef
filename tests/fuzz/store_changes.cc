// Whatever stands in a row of changes: it is taken or refused, and what is
// taken packs into the same bytes again.
#include "base/status.h"
#include "store/changes.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto changes = store::UnpackChanges(7, bytes, "");
  if (!changes.ok()) return 0;
  std::string again;
  for (const store::Change& c : *changes) {
    if (c.deleted) {
      store::PackDelete(again, c.key);
    } else {
      store::PackPut(again, c.key, c.entry.value, c.entry.created,
                     c.entry.lease);
    }
  }
  MUST(again == bytes);
  return 0;
}
