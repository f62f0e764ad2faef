// Records of any bytes: what is made of them is an inventory without mistakes,
// with as many PCUs and hosts as were told.
#include "power/import_records.h"

#include "base/status.h"
#include "power/inventory_reader.h"
#include "power/limits.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto import = power::ImportRecords(
      std::string(reinterpret_cast<const char*>(data), size));
  if (!import.ok()) return 0;
  MUST(import->problems.size() <= power::kMaxDeviceProblems);
  const power::InventoryReading reading =
      power::ReadInventoryText("i", import->text);
  MUST(reading.problems.empty());
  MUST(reading.inventory.pcus().size() == import->pcus);
  MUST(reading.inventory.hosts().size() == import->hosts);
  MUST(import->secrets.size() <= import->pcus);
  return 0;
}
