#include "hosts/inventory.h"

#include "base/status.h"

namespace hosts {

absl::Status JoinInventory(absl::Span<const InventoryHost> inventory,
                           FileKind kind, Joiner& joiner) {
  joiner.BeginFile(kind);
  for (const InventoryHost& host : inventory) {
    std::vector<uint32_t> columns = {0};
    for (const auto& [name, value] : host.attributes) {
      TRY_ASSIGN(const uint32_t number, joiner.Name(name));
      // The key is the host's name, whatever a variable says.
      columns.push_back(number == 0 ? Joiner::kDropped : number);
    }
    joiner.Header(std::move(columns));
    joiner.Column(0, host.name);
    for (size_t i = 0; i < host.attributes.size(); i++) {
      joiner.Column(i + 1, host.attributes[i].second);
    }
    TRY(joiner.EndRow().status());
  }
  joiner.EndFile();
  return absl::OkStatus();
}

}  // namespace hosts
