#include "keys/secret.h"

#include <sodium.h>

#include <cstring>
#include <utility>

#include "base/status.h"
#include "wire/sodium.h"

namespace keys {

Secret::Secret(size_t bytes) : size_(bytes) {
  if (bytes == 0) return;
  wire::NeedSodium();
  data_ = static_cast<unsigned char*>(sodium_malloc(bytes));
  MUST(data_ != nullptr);
  memset(data_, 0, bytes);  // sodium_malloc fills with a pattern of its own
}

Secret::Secret(absl::string_view copy) : Secret(copy.size()) {
  if (!copy.empty()) memcpy(data_, copy.data(), copy.size());
}

Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Secret::~Secret() { sodium_free(data_); }

void Wipe(std::string& s) {
  sodium_memzero(s.data(), s.size());
  s.clear();
}

}  // namespace keys
