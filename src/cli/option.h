// An option of an applet or a verb, and the table of them in its head.
//
// A table is one text without pointers. An executable that is placed at random
// corrects every pointer in it when it starts; those of all heads together
// would be most of them (measured: 5 pages, 1200 pointers, 10 us).
#pragma once

#include <absl/strings/string_view.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <iterator>

namespace cli {

struct Option {
  // 0 for an option that has only a word; '#' for a number as the option
  // (`-2` is the value "2").
  char letter = 0;
  // "" for an option that has only a letter.
  absl::string_view word = "";
  // "" a switch, "N" takes a value, "[N]" a value that may be left out and then
  // is attached when given: -P8 or --parallel=8, never -P 8. The name says how
  // shells complete the value (cli/completion.h): FILE, DIR, COMMAND, "on|off".
  absl::string_view value = "";
  absl::string_view help = "";   // a lower-case phrase
  absl::string_view unset = "";  // what Get returns when it was not given
  absl::string_view bare = "";   // what Get returns when "[N]" was left out
};

// For each option its letter, then its five texts, each with a NUL at the end.
template <size_t kBytes>
using PackedOptions = std::array<char, kBytes>;

// Packs what `Make` returns, an array of Options:
//
//   constexpr auto kOptions = cli::Options([] {
//     return std::to_array<cli::Option>({
//         {'j', "json", "", "print JSON"},
//     });
//   });
template <typename Make>
consteval auto Options(Make) {
  constexpr auto texts = [](const Option& o) {
    return std::array{o.word, o.value, o.help, o.unset, o.bare};
  };
  constexpr size_t bytes = [texts] {
    size_t sum = 0;
    for (const Option& o : Make{}()) {
      sum++;
      for (absl::string_view text : texts(o)) sum += text.size() + 1;
    }
    return sum;
  }();
  PackedOptions<bytes> packed{};
  size_t at = 0;
  for (const Option& o : Make{}()) {
    packed[at++] = o.letter;
    for (absl::string_view text : texts(o)) {
      for (char c : text) packed[at++] = c;
      packed[at++] = '\0';
    }
  }
  return packed;
}

// The options of a table, in its order. Their texts live as long as the table.
class OptionTable {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Option;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = Option;

    explicit Iterator(const char* at) : at_(at) {}
    Option operator*() const {
      const char* at = at_;
      Option o;
      o.letter = *at++;
      for (absl::string_view* text :
           {&o.word, &o.value, &o.help, &o.unset, &o.bare}) {
        *text = absl::string_view(at);
        at += text->size() + 1;
      }
      return o;
    }
    Iterator& operator++() {
      at_++;
      for (int text = 0; text < 5; text++) at_ += strlen(at_) + 1;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const char* at_;
  };

  constexpr OptionTable() = default;
  template <size_t kBytes>
  constexpr OptionTable(const PackedOptions<kBytes>& packed)
      : packed_(packed.data(), packed.size()) {}

  Iterator begin() const { return Iterator(packed_.data()); }
  Iterator end() const { return Iterator(packed_.data() + packed_.size()); }

 private:
  absl::string_view packed_;
};

}  // namespace cli
