// Bytes that are wiped when they go and cannot be printed by accident: locked,
// guarded memory of libsodium.
#pragma once

#include <absl/strings/string_view.h>

#include <cstddef>
#include <string>

namespace keys {

class Secret {
 public:
  Secret() = default;
  explicit Secret(size_t bytes);  // zeros
  explicit Secret(
      absl::string_view copy);  // the source is the caller's to wipe
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  unsigned char* data() { return data_; }
  const unsigned char* data() const { return data_; }
  size_t size() const { return size_; }
  absl::string_view view() const {
    return {reinterpret_cast<const char*>(data_), size_};
  }

 private:
  unsigned char* data_ = nullptr;
  size_t size_ = 0;
};

// Overwrites a string that held a secret.
void Wipe(std::string& s);

}  // namespace keys
