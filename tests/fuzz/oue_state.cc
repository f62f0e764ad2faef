// Whatever a state file holds: no crash, and what is read can be put back and
// read again. With the first byte odd the rest is put into a good batch, so
// that what stands in one is reached, too.
#include "base/status.h"
#include "oue/state_log.h"

namespace {

absl::StatusOr<uint64_t> Read(absl::string_view bytes, std::string* entries) {
  return oue::ReadBatches(
      bytes, 0, [entries](absl::string_view key, absl::string_view memory) {
        oue::PutEntry(key, memory, entries);
      });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  (void)oue::HasStateHeader(bytes);
  if (data[0] & 1) bytes = oue::BatchHead(bytes, 0) + bytes;
  if (data[0] & 2) bytes += oue::BatchHead("", bytes.size());
  std::string entries, again;
  const auto good = Read(bytes, &entries);
  if (!good.ok()) {
    MUST(absl::IsDataLoss(good.status()));
    return 0;
  }
  MUST(*good <= bytes.size());
  const std::string anew = oue::BatchHead(entries, 0) + entries;
  const auto all = Read(anew, &again);
  MUST(all.ok() && *all == anew.size());
  MUST(again == entries);
  return 0;
}
