// The seven make macros by which a recipe says what becomes of a folder. Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <array>
#include <string>
#include <vector>

namespace msrc {

enum class Macro { kSend, kInto, kIgnore, kMap, kSubdir, kHxinclude, kMode };

inline constexpr std::array<absl::string_view, 7> kMacroNames = {
    "SEND", "INTO", "IGNORE", "MAP", "SUBDIR", "HXINCLUDE", "MODE"};
inline constexpr size_t kMacros = kMacroNames.size();

inline constexpr absl::string_view NameOf(Macro macro) {
  return kMacroNames[static_cast<size_t>(macro)];
}

// What the recipe says: the words of each macro.
class MacroWords {
 public:
  std::vector<std::string>& operator[](Macro macro) {
    return words_[static_cast<size_t>(macro)];
  }
  const std::vector<std::string>& operator[](Macro macro) const {
    return words_[static_cast<size_t>(macro)];
  }

 private:
  std::array<std::vector<std::string>, kMacros> words_;
};

}  // namespace msrc
