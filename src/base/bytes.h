// Byte strings: how they are written for people, and how numbers are laid out
// in them. Byte strings are std::string and absl::string_view throughout.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <string>

namespace base {

std::string Hex(absl::string_view bytes);
// InvalidArgument unless an even number of hexadecimal digits.
absl::StatusOr<std::string> FromHex(absl::string_view text);

// RFC 4648 base64 with padding; decoding refuses white space.
std::string Base64(absl::string_view bytes);
absl::StatusOr<std::string> FromBase64(absl::string_view text);
// The same without padding at the end: OpenSSH's way to print a fingerprint.
std::string Base64NoPad(absl::string_view bytes);

// Numbers at the end of a byte string, `N` bits, little or big endian.
void PutLe16(std::string& out, uint16_t v);
void PutLe32(std::string& out, uint32_t v);
void PutLe64(std::string& out, uint64_t v);
void PutBe32(std::string& out, uint32_t v);
void PutBe64(std::string& out, uint64_t v);
uint16_t Le16(const char* at);
uint32_t Le32(const char* at);
uint64_t Le64(const char* at);
uint32_t Be32(const char* at);
uint64_t Be64(const char* at);

// Bytes with everything that is not printable ASCII written as \n, \t, \\ or
// \xHH, so that text from outside cannot move a cursor or forge a log line.
std::string Escape(absl::string_view bytes);

// Takes fields off the front of a byte string, never reading past its end.
// After a failed read every later read fails too; check ok() once at the end.
class Reader {
 public:
  explicit Reader(absl::string_view bytes) : rest_(bytes) {}
  bool ok() const { return ok_; }
  bool AtEnd() const { return ok_ && rest_.empty(); }
  absl::string_view rest() const { return rest_; }

  uint8_t U8();
  uint32_t Be32();
  uint64_t Be64();
  uint32_t Le32();
  uint64_t Le64();
  absl::string_view Bytes(size_t n);
  // An SSH string (RFC 4251, section 5): 32-bit big-endian length, bytes.
  absl::string_view SshString() { return Bytes(Be32()); }

 private:
  absl::string_view rest_;
  bool ok_ = true;
};

// Appends an SSH string (RFC 4251, section 5).
void PutSshString(std::string& out, absl::string_view bytes);

}  // namespace base
