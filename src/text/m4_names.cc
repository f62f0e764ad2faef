#include "text/m4_names.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace text {
namespace {

constexpr uint64_t kMultiplier =
    0x9E3779B97F4A7C15;  // 2^64 by the golden ratio

uint64_t Mix(uint64_t state, uint64_t word) {
  const uint64_t product = (state ^ word) * kMultiplier;
  return product ^ (product >> 32);
}

}  // namespace

uint64_t M4NameTable::Hash(absl::string_view name) {
  uint64_t state = name.size();
  const char* at = name.data();
  size_t left = name.size();
  for (; left >= 8; at += 8, left -= 8) {
    uint64_t word;
    memcpy(&word, at, 8);
    state = Mix(state, word);
  }
  uint64_t word = 0;
  if (left > 0) memcpy(&word, at, left);
  return Mix(state, word);
}

void M4NameTable::Place(M4Name* name, uint64_t hash) {
  const size_t mask = slots_.size() - 1;
  size_t at = hash & mask;
  while (slots_[at].name != nullptr) at = (at + 1) & mask;
  slots_[at] = {hash, name};
}

M4Name& M4NameTable::Add(M4Name name, uint64_t hash) {
  if (names_.size() * 2 >= slots_.size()) {
    std::vector<Slot> old(slots_.empty() ? 64 : slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.name != nullptr) Place(slot.name, slot.hash);
    }
  }
  names_.push_back(std::move(name));
  Place(&names_.back(), hash);
  return names_.back();
}

M4Names::M4Names(std::shared_ptr<const M4Definitions> base)
    : base_(std::move(base)), lengths_(base_->lengths) {}

const M4Name* M4Names::Find(absl::string_view name) const {
  if (!lengths_.MayHave(name)) return nullptr;
  const uint64_t hash = M4NameTable::Hash(name);
  if (const M4Name* own = own_.Find(name, hash)) return own;
  return base_->names.Find(name, hash);
}

M4Name& M4Names::Own(absl::string_view name) {
  const uint64_t hash = M4NameTable::Hash(name);
  if (M4Name* own = own_.Find(name, hash)) return *own;
  if (const M4Name* shared = base_->names.Find(name, hash)) {
    return own_.Add(*shared, hash);
  }
  M4Name fresh;
  fresh.name = std::string(name);
  lengths_.Add(name);
  return own_.Add(std::move(fresh), hash);
}

void M4Names::Define(absl::string_view name, M4Value value) {
  Own(name).top = std::move(value);
}

void M4Names::Push(absl::string_view name, M4Value value) {
  M4Name& own = Own(name);
  if (own.top) own.below.push_back(std::move(own.top));
  own.top = std::move(value);
}

void M4Names::Pop(absl::string_view name) {
  const M4Name* found = Find(name);
  if (found == nullptr || !found->top) return;
  M4Name& own = Own(name);
  if (own.below.empty()) {
    own.top = M4Value();
  } else {
    own.top = std::move(own.below.back());
    own.below.pop_back();
  }
}

void M4Names::Undefine(absl::string_view name) {
  const M4Name* found = Find(name);
  if (found == nullptr || !found->top) return;
  M4Name& own = Own(name);
  own.top = M4Value();
  own.below.clear();
}

std::vector<const M4Name*> M4Names::Defined() const {
  std::vector<const M4Name*> all;
  own_.ForEach([&](const M4Name& name) {
    if (name.top) all.push_back(&name);
  });
  base_->names.ForEach([&](const M4Name& name) {
    if (name.top &&
        own_.Find(name.name, M4NameTable::Hash(name.name)) == nullptr) {
      all.push_back(&name);
    }
  });
  std::sort(all.begin(), all.end(),
            [](const M4Name* a, const M4Name* b) { return a->name < b->name; });
  return all;
}

void M4Names::TraceAll(bool on) {
  if (on) {
    for (const M4Name* name : Defined()) Own(name->name).traced = true;
    return;
  }
  std::vector<std::string> traced;
  const auto add = [&](const M4Name& name) {
    if (name.traced) traced.push_back(name.name);
  };
  own_.ForEach(add);
  base_->names.ForEach(add);
  for (const std::string& name : traced) Own(name).traced = false;
}

std::shared_ptr<const M4Definitions> M4Names::Freeze(
    const M4Delimiters& delimiters) const {
  auto all = std::make_shared<M4Definitions>();
  all->delimiters = delimiters;
  const auto add = [&](const M4Name& name) {
    if (!name.top && !name.traced) return;
    all->names.Add(name, M4NameTable::Hash(name.name));
    all->lengths.Add(name.name);
  };
  own_.ForEach(add);
  base_->names.ForEach([&](const M4Name& name) {
    if (own_.Find(name.name, M4NameTable::Hash(name.name)) == nullptr)
      add(name);
  });
  return all;
}

}  // namespace text
