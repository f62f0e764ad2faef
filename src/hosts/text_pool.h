// Texts that are kept once, however often they occur, and are known by number.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

namespace hosts {

class TextPool {
 public:
  TextPool() = default;
  TextPool(TextPool&&) = default;
  TextPool& operator=(TextPool&&) = default;

  // The number of a text, which is copied when it is new: 0, 1, 2 ...
  uint32_t Add(absl::string_view text) {
    const auto at = numbers_.find(text);
    if (at != numbers_.end()) return at->second;
    const uint32_t number = static_cast<uint32_t>(texts_.size());
    texts_.push_back(Keep(text));
    numbers_.emplace(texts_.back(), number);
    return number;
  }
  std::optional<uint32_t> Find(absl::string_view text) const {
    const auto at = numbers_.find(text);
    if (at == numbers_.end()) return std::nullopt;
    return at->second;
  }
  // Lives as long as the pool.
  absl::string_view Get(uint32_t number) const { return texts_[number]; }
  size_t size() const { return texts_.size(); }

 private:
  absl::string_view Keep(absl::string_view text) {
    if (text.empty()) return "";
    if (text.size() > left_) {
      left_ = text.size() > kBlockBytes ? text.size() : kBlockBytes;
      blocks_.push_back(std::make_unique<char[]>(left_));
      next_ = blocks_.back().get();
    }
    memcpy(next_, text.data(), text.size());
    const absl::string_view kept(next_, text.size());
    next_ += text.size();
    left_ -= text.size();
    return kept;
  }

  static constexpr size_t kBlockBytes = 64 << 10;
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr;
  size_t left_ = 0;
  std::vector<absl::string_view> texts_;
  absl::flat_hash_map<absl::string_view, uint32_t> numbers_;
};

}  // namespace hosts
