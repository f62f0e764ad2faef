#include "net/frame.h"

#include <absl/status/status.h>
#include <absl/strings/str_cat.h>

#include "base/bytes.h"

namespace net {
namespace {

// Memory kept for the next frames when a large one has been taken.
constexpr size_t kKeptBytes = 1 << 20;
constexpr size_t kLengthBytes = 4;
constexpr size_t kReceiptBytes = 16 + 1 + 8;  // without the text

bool IsType(uint8_t type) {
  return type >= static_cast<uint8_t>(FrameType::kHello) &&
         type <= static_cast<uint8_t>(FrameType::kData);
}

}  // namespace

// In one piece: this is done for each of very many small frames.
void AppendFrameHeader(FrameType type, size_t content_bytes, std::string& out) {
  const uint32_t length = static_cast<uint32_t>(content_bytes + 1);
  char header[kFrameHeaderBytes];
  for (size_t i = 0; i < kLengthBytes; i++) {
    header[i] = static_cast<char>(length >> (8 * i));
  }
  header[kLengthBytes] = static_cast<char>(type);
  out.append(header, sizeof header);
}

void AppendFrame(FrameType type, absl::string_view content, std::string& out) {
  AppendFrameHeader(type, content.size(), out);
  out.append(content.data(), content.size());
}

std::string EncodeFrame(FrameType type, absl::string_view content) {
  std::string out;
  out.reserve(kFrameHeaderBytes + content.size());
  AppendFrame(type, content, out);
  return out;
}

std::string* FrameReader::ForAppending() {
  // Taken bytes go when they are the larger half: each byte is moved at most
  // once for each that arrived, however small the pieces.
  if (used_ == buffer_.size()) {
    if (buffer_.capacity() > kKeptBytes) {
      buffer_ = std::string();
    } else {
      buffer_.clear();
    }
    used_ = 0;
  } else if (used_ > buffer_.size() / 2) {
    buffer_.erase(0, used_);
    used_ = 0;
  }
  return &buffer_;
}

void FrameReader::Add(absl::string_view bytes) {
  ForAppending()->append(bytes.data(), bytes.size());
}

absl::StatusOr<std::optional<Frame>> FrameReader::Next() {
  const char* at = buffer_.data() + used_;
  const size_t have = buffered();
  if (have < kLengthBytes) return std::nullopt;
  const size_t length = base::Le32(at);
  if (length == 0) return absl::InvalidArgumentError("a frame of length 0");
  if (length > max_) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a frame of ", length, " bytes, more than the ", max_, " allowed"));
  }
  if (have < kFrameHeaderBytes) return std::nullopt;
  const uint8_t type = static_cast<uint8_t>(at[kLengthBytes]);
  if (!IsType(type)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a frame of the unknown type ", type));
  }
  if (have - kLengthBytes < length) return std::nullopt;
  used_ += kLengthBytes + length;
  return Frame{static_cast<FrameType>(type),
               {at + kFrameHeaderBytes, length - 1}};
}

std::string EncodeReceipt(const Receipt& receipt) {
  std::string out;
  absl::string_view text =
      absl::string_view(receipt.text).substr(0, kMaxReceiptTextBytes);
  out.reserve(kReceiptBytes + text.size());
  absl::string_view id = receipt.id.view();
  out.append(id.data(), id.size());
  out += static_cast<char>(receipt.code);
  base::PutLe64(out, receipt.number);
  out.append(text.data(), text.size());
  return out;
}

absl::Status CheckRefusal(const Frame& frame) {
  if (frame.type != FrameType::kClose || frame.content != kRefused) {
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError(
      "refused by the other end; its log says why");
}

absl::StatusOr<Receipt> ParseReceipt(absl::string_view content) {
  base::Reader reader(content);
  Receipt receipt;
  absl::string_view id = reader.Bytes(16);
  const uint8_t code = reader.U8();
  receipt.number = reader.Le64();
  if (!reader.ok()) return absl::InvalidArgumentError("a receipt cut short");
  if (code > static_cast<uint8_t>(Receipt::Code::kInvalid)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a receipt with the unknown code ", code));
  }
  if (reader.rest().size() > kMaxReceiptTextBytes) {
    return absl::InvalidArgumentError("a receipt's text over 64 KiB");
  }
  receipt.id = base::ParcelId::From(id);
  receipt.code = static_cast<Receipt::Code>(code);
  receipt.text = std::string(reader.rest());
  return receipt;
}

}  // namespace net
