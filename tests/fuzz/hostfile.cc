// Host files and inventories: whatever the bytes, they are read within bounds,
// and what was joined is written such that it is read back as the same.
#include "hosts/hostfile.h"

#include <cstdint>

#include "base/status.h"
#include "hosts/conditions.h"
#include "hosts/inventory.h"
#include "hosts/listing.h"
#include "hosts/merged.h"

namespace {

// All attributes of all hosts, as text.
std::string All(const hosts::Table& table, const std::vector<size_t>& all,
                const std::vector<uint32_t>& names) {
  return hosts::JsonListing(table, all, names);
}

std::vector<size_t> Everybody(const hosts::Table& table) {
  std::vector<size_t> all;
  for (size_t host = 0; host < table.size(); host++) all.push_back(host);
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const absl::string_view text(reinterpret_cast<const char*>(data) + 1,
                               size - 1);
  hosts::Table table("HOST");
  hosts::Joiner joiner(table);
  hosts::Remarks remarks;
  absl::Status status;
  switch (data[0] % 4) {
    case 0:
      status = hosts::ReadHostFile("f", text, hosts::FileKind::kHosts, joiner,
                                   table, remarks);
      break;
    case 1:
      status = hosts::ReadHostFile("f", text, hosts::FileKind::kDefaults,
                                   joiner, table, remarks);
      break;
    case 2: {
      const auto inventory = hosts::ReadAnsible("f", text, 5000);
      if (!inventory.ok()) return 0;
      status =
          hosts::JoinInventory(*inventory, hosts::FileKind::kHosts, joiner);
      break;
    }
    default: {
      const auto inventory = hosts::ReadSshConfig(
          "f", text,
          [&](absl::string_view pattern)
              -> absl::StatusOr<std::vector<hosts::IncludedFile>> {
            if (pattern.size() > 2) return std::vector<hosts::IncludedFile>();
            return std::vector<hosts::IncludedFile>{
                {"g", std::string(text.substr(0, size / 2))}};
          });
      if (!inventory.ok()) return 0;
      status =
          hosts::JoinInventory(*inventory, hosts::FileKind::kHosts, joiner);
    }
  }
  // Conditions are short texts; any of these may be one.
  (void)hosts::ParsePresence(text);
  (void)hosts::ParseComparison(text);
  // A few ranges are enough for very many hosts: that is as it shall be, but
  // takes too long here.
  if (!status.ok() || table.size() > 2000) return 0;
  joiner.Finish();

  const std::vector<size_t> all = Everybody(table);
  const std::vector<uint32_t> names = hosts::ListedNames(table, all, "");
  std::string words;
  for (uint32_t name : names) {
    words += std::string(table.Name(name)) + " ";
  }
  const std::string merged = hosts::MergedFile(table, all, words, {});
  hosts::Table again("HOST");
  hosts::Joiner rejoiner(again);
  // A host that lacks a column of the header cannot be told from one whose
  // table never had it; so names are looked up anew.
  MUST(hosts::ReadHostFile("m", merged, hosts::FileKind::kHosts, rejoiner,
                           again, remarks)
           .ok());
  rejoiner.Finish();
  MUST(again.size() == table.size());
  std::vector<uint32_t> same_names;
  for (uint32_t name : names) {
    const auto found = again.FindName(table.Name(name));
    MUST(found.has_value());
    same_names.push_back(*found);
  }
  MUST(All(table, all, names) == All(again, Everybody(again), same_names));
  const auto inventory = hosts::WriteAnsible(table, all, names);
  if (inventory.ok()) MUST(hosts::ReadAnsible("i", *inventory).ok());
  return 0;
}
