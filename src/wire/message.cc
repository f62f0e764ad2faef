#include "wire/message.h"

#include <absl/strings/str_cat.h>
#include <google/protobuf/io/coded_stream.h>

namespace wire {
namespace {

// Whether there are at most kMaxMessageFields fields at the top; true for what
// is no message, as the parser says that better.
bool FewFields(absl::string_view bytes) {
  using google::protobuf::io::CodedInputStream;
  // A field takes two bytes or more.
  if (bytes.size() / 2 <= kMaxMessageFields) return true;
  CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                      static_cast<int>(bytes.size()));
  for (size_t fields = 0; fields <= kMaxMessageFields; fields++) {
    uint64_t number = 0;
    uint32_t length = 0;
    const uint32_t tag = in.ReadTag();
    switch (tag & 7) {
      case 0:
        if (tag == 0 || !in.ReadVarint64(&number)) return true;
        break;
      case 1:
        if (!in.Skip(8)) return true;
        break;
      case 2:
        if (!in.ReadVarint32(&length) || !in.Skip(static_cast<int>(length))) {
          return true;
        }
        break;
      case 5:
        if (!in.Skip(4)) return true;
        break;
      default:
        // Groups are not proto3's, and we never skip over one to count.
        return true;
    }
  }
  return false;
}

}  // namespace

absl::Status ParseInto(absl::string_view bytes, size_t max_bytes,
                       google::protobuf::MessageLite& message) {
  using google::protobuf::io::CodedInputStream;
  if (bytes.size() > max_bytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a message of ", bytes.size(), " bytes, more than ", max_bytes));
  }
  if (!FewFields(bytes)) {
    return absl::InvalidArgumentError(
        absl::StrCat("a message of more than ", kMaxMessageFields, " fields"));
  }
  CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                      static_cast<int>(bytes.size()));
  in.SetRecursionLimit(kMaxMessageDepth);
  message.Clear();
  if (!message.ParseFromCodedStream(&in) || !in.ConsumedEntireMessage()) {
    return absl::InvalidArgumentError("not a message of its kind");
  }
  return absl::OkStatus();
}

std::string Serialize(const google::protobuf::MessageLite& message) {
  return message.SerializeAsString();
}

}  // namespace wire
