// What travels on a channel once it is open: frames of one length, one type
// and one content. Pure.
//
//   4 bytes  length of what follows, little endian, 1 .. kMaxFrameBytes
//   1 byte   type
//   n bytes  content
//
// On TCP every frame is inside one or more messages of the encrypted stream
// (net/handshake.h); on unix: and ssh: it is sent as it is.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <optional>
#include <string>

#include "base/ids.h"

namespace net {

enum class FrameType : uint8_t {
  kHello = 1,      // a serialised Hello; first, once, each way
  kParcel = 2,     // a parcel
  kReceipt = 3,    // what became of a parcel that came on this channel
  kCredit = 4,     // 4 bytes: that many more bytes of parcels and data
  kKeepAlive = 5,  // nothing
  kClose = 6,      // nothing more follows; content: a reason for people
  kData = 7,       // unsigned bytes, worth no more than the channel
};

struct Frame {
  FrameType type;
  absl::string_view content;  // into the reader's buffer
};

inline constexpr size_t kFrameHeaderBytes = 5;

// The content of the kClose frame to whom no more is told.
inline constexpr absl::string_view kRefused = "refused";
// PermissionDenied when the other end has refused us with this frame; else Ok.
absl::Status CheckRefusal(const Frame& frame);

std::string EncodeFrame(FrameType type, absl::string_view content);
// The same at the end of `out`.
void AppendFrame(FrameType type, absl::string_view content, std::string& out);
// The first five bytes alone, for content that follows piece by piece.
void AppendFrameHeader(FrameType type, size_t content_bytes, std::string& out);

// Cuts a stream of bytes into frames. Its memory is what has arrived and was
// not taken yet, at most twice a frame and an Add: a length that is only
// claimed costs nothing.
class FrameReader {
 public:
  explicit FrameReader(size_t max_frame_bytes) : max_(max_frame_bytes) {}
  void set_max_frame_bytes(size_t n) { max_ = n; }
  // Bytes that have arrived.
  void Add(absl::string_view bytes);
  // Where to append bytes that arrive, for those who make them in place.
  std::string* ForAppending();
  // The next whole frame, valid until the next call; none: more bytes are
  // needed. InvalidArgument (length of 0 or over the limit, unknown type) as
  // soon as the first bytes tell: the channel is to be closed.
  absl::StatusOr<std::optional<Frame>> Next();
  // What was added and not taken, and its size.
  absl::string_view rest() const {
    return absl::string_view(buffer_).substr(used_);
  }
  size_t buffered() const { return buffer_.size() - used_; }

 private:
  size_t max_;
  std::string buffer_;
  size_t used_ = 0;
};

// What became of a parcel, told on the channel it came by. It needs no
// signature of its own: it is as good as the channel, and means nothing
// anywhere else. From whoever sent the parcel: that it is durable there, too.
struct Receipt {
  enum class Code : uint8_t {
    kAccepted = 0,  // done what it asked for, durably; number and text say what
    kRefused = 1,   // not trusted, not allowed, not understood: never again
    kNotNow = 2,    // try again later
    kInvalid = 3,   // it was trusted, but its content cannot be accepted: text
  };
  base::ParcelId id;
  Code code = Code::kRefused;
  uint64_t number = 0;
  std::string text;  // at most 64 KiB
};
inline constexpr size_t kMaxReceiptTextBytes = 64 << 10;

// Text over the limit is cut.
std::string EncodeReceipt(const Receipt& receipt);
// InvalidArgument: too short, too long, a code that is none.
absl::StatusOr<Receipt> ParseReceipt(absl::string_view content);

}  // namespace net
