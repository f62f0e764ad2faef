// Values that are nearly always the usual ones.
#pragma once

#include <memory>
#include <utility>

namespace mcfeely {

// A T that takes but a pointer while it is T(): there are a million tasks.
template <typename T>
class Rare {
 public:
  Rare() = default;
  Rare(T value) {  // NOLINT: it is one
    if (!(value == Usual())) Edit() = std::move(value);
  }
  Rare(const Rare& other) { *this = other; }
  Rare(Rare&&) noexcept = default;
  Rare& operator=(const Rare& other) {
    unusual_ =
        other.is_usual() ? nullptr : std::make_unique<T>(*other.unusual_);
    return *this;
  }
  Rare& operator=(Rare&&) noexcept = default;
  const T& operator*() const { return is_usual() ? Usual() : *unusual_; }
  const T* operator->() const { return &**this; }
  T& Edit() {
    if (is_usual()) unusual_ = std::make_unique<T>();
    return *unusual_;
  }
  friend bool operator==(const Rare& a, const Rare& b) { return *a == *b; }

 private:
  bool is_usual() const { return unusual_ == nullptr; }
  static const T& Usual() {
    static const T* const kUsual = new T;
    return *kUsual;
  }
  std::unique_ptr<T> unusual_;
};

}  // namespace mcfeely
