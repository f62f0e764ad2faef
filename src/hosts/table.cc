#include "hosts/table.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/status.h"
#include "hosts/limits.h"

namespace hosts {

std::optional<size_t> Table::Find(absl::string_view host_name) const {
  const auto at = by_key_.find(absl::AsciiStrToLower(host_name));
  if (at == by_key_.end()) return std::nullopt;
  return at->second;
}

std::optional<absl::string_view> Table::Get(size_t host, uint32_t name) const {
  for (const Attribute& a : hosts_[host].attributes) {
    if (a.name == name) return values_.Get(a.value);
  }
  return std::nullopt;
}

std::optional<absl::string_view> Table::Get(size_t host,
                                            absl::string_view name) const {
  const std::optional<uint32_t> number = names_.Find(name);
  if (!number) return std::nullopt;
  return Get(host, *number);
}

Joiner::Joiner(Table& table) : table_(table) {
  state_.push_back(kUnset);
  position_.push_back(kUnset);
  assigned_.push_back(0);
  met_.push_back(0);
  defaults_.push_back(kUnset);
}

void Joiner::BeginFile(FileKind kind) {
  kind_ = kind;
  file_++;
  std::fill(state_.begin(), state_.end(), kUnset);
  std::fill(assigned_.begin(), assigned_.end(), 0);
  columns_ = {0};
}

absl::StatusOr<uint32_t> Joiner::Name(absl::string_view name) {
  const uint32_t number = table_.names_.Add(name);
  if (number >= kMaxAttributes) {
    return absl::InvalidArgumentError(
        absl::StrCat("more than ", kMaxAttributes, " names of attributes"));
  }
  if (number == state_.size()) {
    state_.push_back(kUnset);
    position_.push_back(kUnset);
    assigned_.push_back(0);
    met_.push_back(0);
    defaults_.push_back(kUnset);
  }
  return number;
}

void Joiner::Set(uint32_t name, uint32_t value) {
  state_[name] = value;
  if (value == kUnset || position_[name] != kUnset) return;
  position_[name] = static_cast<uint32_t>(order_.size());
  order_.push_back(name);
}

void Joiner::Header(std::vector<uint32_t> columns) {
  for (uint32_t name : columns_) {
    if (name != kDropped) Set(name, kUnset);
  }
  columns_ = std::move(columns);
  for (uint32_t name : columns_) {
    if (name != kDropped) Set(name, kUnset);
  }
}

void Joiner::Assign(uint32_t name, std::optional<absl::string_view> value,
                    int line) {
  Set(name, value ? table_.values_.Add(*value) : kUnset);
  assigned_[name] = value ? line : 0;
}

void Joiner::Column(size_t column, std::optional<absl::string_view> value) {
  const uint32_t name = columns_[column];
  if (name == kDropped) return;
  Set(name, value ? table_.values_.Add(*value) : kUnset);
}

// What is set now and the host lacks.
void Joiner::Add(Table::Host& host) {
  meeting_++;
  for (const Attribute& a : host.attributes) met_[a.name] = meeting_;
  const size_t had = host.attributes.size();
  size_t more = 0;
  for (uint32_t name : order_) {
    more += state_[name] != kUnset && met_[name] != meeting_;
  }
  if (more == 0) return;
  host.attributes.reserve(had + more);
  for (uint32_t name : order_) {
    if (state_[name] != kUnset && met_[name] != meeting_) {
      host.attributes.push_back({name, state_[name]});
    }
  }
  values_ += more;
}

absl::StatusOr<bool> Joiner::EndRow() {
  const uint32_t key = state_[0];
  if (key == kUnset) return false;
  const bool creates =
      kind_ == FileKind::kDefaults || kind_ == FileKind::kHosts;
  std::string folded = absl::AsciiStrToLower(table_.values_.Get(key));
  const auto at = table_.by_key_.find(folded);
  if (at != table_.by_key_.end()) {
    Table::Host& host = table_.hosts_[at->second];
    if (creates && host.last_file != file_) host.mentions++;
    host.last_file = file_;
    Add(host);
  } else if (creates) {
    if (table_.hosts_.size() == kMaxHosts) {
      return absl::InvalidArgumentError(
          absl::StrCat("more than ", kMaxHosts, " hosts"));
    }
    table_.by_key_.emplace(std::move(folded), table_.hosts_.size());
    Table::Host& host = table_.hosts_.emplace_back();
    host.key = key;
    host.mentions = 1;
    host.last_file = file_;
    Add(host);
  }
  if (values_ > kMaxValues) {
    return absl::InvalidArgumentError(
        absl::StrCat("more than ", kMaxValues, " values"));
  }
  return true;
}

std::vector<Joiner::LostDefault> Joiner::EndFile() {
  std::vector<LostDefault> lost;
  const bool defaults =
      kind_ == FileKind::kDefaults || kind_ == FileKind::kDefaultsExtra;
  for (uint32_t name : columns_) {
    if (name == kDropped) continue;
    if (defaults && assigned_[name] != 0) {
      lost.push_back({name, assigned_[name]});
      assigned_[name] = 0;
    }
    Set(name, kUnset);
  }
  if (!defaults) return lost;
  for (uint32_t name : order_) {
    if (state_[name] == kUnset) continue;
    if (defaults_[name] == kUnset) default_order_.push_back(name);
    defaults_[name] = state_[name];
  }
  return lost;
}

void Joiner::Finish() {
  // A default of the key is no use: everybody has one.
  std::fill(state_.begin(), state_.end(), kUnset);
  order_ = default_order_;
  for (uint32_t name : order_) state_[name] = defaults_[name];
  for (Table::Host& host : table_.hosts_) Add(host);
}

}  // namespace hosts
