#include "msrc/step_protocol.h"

#include "base/bytes.h"
#include "msrc/limits.h"

namespace msrc {
namespace {

constexpr size_t kReplyHead = 5;

absl::Status NoStep() {
  return absl::InvalidArgumentError("that is no step of a host's script");
}

}  // namespace

std::string EncodeStep(absl::Span<const std::string> words) {
  std::string content, bytes;
  for (const std::string& word : words) {
    base::PutLe32(content, static_cast<uint32_t>(word.size()));
    content += word;
  }
  base::PutLe32(bytes, static_cast<uint32_t>(content.size()));
  return bytes + content;
}

absl::StatusOr<std::optional<std::vector<std::string>>> ReadStep(
    absl::string_view bytes) {
  if (bytes.size() < 4) return std::nullopt;
  const size_t length = base::Le32(bytes.data());
  if (length > kMaxStepBytes || bytes.size() - 4 > length) return NoStep();
  if (bytes.size() - 4 < length) return std::nullopt;
  base::Reader reader(bytes.substr(4));
  std::vector<std::string> words;
  while (reader.ok() && !reader.AtEnd()) {
    words.emplace_back(reader.Bytes(reader.Le32()));
  }
  if (!reader.ok()) return NoStep();
  return words;
}

std::string EncodeReply(StepReply kind, absl::string_view bytes) {
  std::string reply(1, static_cast<char>(kind));
  base::PutLe32(reply, static_cast<uint32_t>(bytes.size()));
  reply.append(bytes.data(), bytes.size());
  return reply;
}

std::string EncodeEnd(int status, absl::string_view line) {
  std::string bytes;
  base::PutLe32(bytes, static_cast<uint32_t>(status));
  bytes.append(line.data(), line.size());
  return EncodeReply(StepReply::kEnd, bytes);
}

absl::StatusOr<std::optional<StepReplyReader::Reply>> StepReplyReader::Next() {
  if (bytes_.size() < kReplyHead) return std::nullopt;
  const auto kind = static_cast<StepReply>(bytes_[0]);
  const size_t length = base::Le32(bytes_.data() + 1);
  const bool known = kind == StepReply::kOutput || kind == StepReply::kErrors ||
                     kind == StepReply::kEnd;
  if (!known || length > kMaxStepBytes) return NoStep();
  if (bytes_.size() - kReplyHead < length) return std::nullopt;
  Reply reply;
  reply.kind = kind;
  reply.bytes = bytes_.substr(kReplyHead, length);
  bytes_.erase(0, kReplyHead + length);
  if (kind == StepReply::kEnd) {
    if (reply.bytes.size() < 4) return NoStep();
    reply.status = static_cast<int>(base::Le32(reply.bytes.data()));
    reply.bytes.erase(0, 4);
  }
  return reply;
}

}  // namespace msrc
