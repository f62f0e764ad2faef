// The macros an engine knows. Engines that begin alike share a table that
// never changes, and keep what they changed in one of their own.
#pragma once

#include <absl/strings/string_view.h>

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "text/m4_value.h"

namespace text {

// One macro and what pushdef keeps below it. One that was undefined stays,
// without a value: it may be traced, or hide that of the shared table.
struct M4Name {
  std::string name;
  M4Value top;
  std::vector<M4Value> below;
  bool traced = false;
};

// The quotes and comments in force. Empty openings are off.
struct M4Delimiters {
  std::string open_quote = "`", close_quote = "'";
  std::string open_comment = "#", close_comment = "\n";
};

// Names by their hash, which is made once for both tables. They stay where they
// are.
class M4NameTable {
 public:
  static uint64_t Hash(absl::string_view name);
  M4Name* Find(absl::string_view name, uint64_t hash) const {
    if (slots_.empty()) return nullptr;
    const size_t mask = slots_.size() - 1;
    for (size_t at = hash & mask; slots_[at].name != nullptr;
         at = (at + 1) & mask) {
      if (slots_[at].hash == hash && slots_[at].name->name == name) {
        return slots_[at].name;
      }
    }
    return nullptr;
  }
  // One that is not there yet.
  M4Name& Add(M4Name name, uint64_t hash);
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (const M4Name& name : names_) visit(name);
  }

 private:
  struct Slot {
    uint64_t hash = 0;
    M4Name* name = nullptr;
  };
  void Place(M4Name* name, uint64_t hash);
  std::deque<M4Name> names_;
  std::vector<Slot> slots_;  // a power of two, at most half of it in use
};

// Of the first byte of a name, which lengths occur: most words of a text are
// no macros, and this says so without a look into the tables.
class M4NameLengths {
 public:
  void Add(absl::string_view name) {
    if (!name.empty()) seen_[Byte(name)] |= Bit(name);
  }
  bool MayHave(absl::string_view name) const {
    return name.empty() || (seen_[Byte(name)] & Bit(name)) != 0;
  }

 private:
  static uint8_t Byte(absl::string_view name) {
    return static_cast<uint8_t>(name[0]);
  }
  static uint64_t Bit(absl::string_view name) {
    return uint64_t{1} << (name.size() < 63 ? name.size() : 63);
  }
  std::array<uint64_t, 256> seen_ = {};
};

class M4Definitions {
 public:
  M4NameTable names;
  M4NameLengths lengths;
  M4Delimiters delimiters;
};

class M4Names {
 public:
  explicit M4Names(std::shared_ptr<const M4Definitions> base);

  // Null when nobody has heard of it; it may have no value all the same.
  const M4Name* Find(absl::string_view name) const;
  // To be changed; made when missing.
  M4Name& Own(absl::string_view name);

  void Define(absl::string_view name, M4Value value);
  void Push(absl::string_view name, M4Value value);
  void Pop(absl::string_view name);
  void Undefine(absl::string_view name);

  // All that have a value, sorted by name.
  std::vector<const M4Name*> Defined() const;
  // Traces all that have a value, or none at all.
  void TraceAll(bool on);
  // All as they are now.
  std::shared_ptr<const M4Definitions> Freeze(
      const M4Delimiters& delimiters) const;

 private:
  std::shared_ptr<const M4Definitions> base_;  // never null
  M4NameTable own_;
  M4NameLengths lengths_;  // of both
};

}  // namespace text
