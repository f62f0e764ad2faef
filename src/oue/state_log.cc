#include "oue/state_log.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <sodium.h>

#include <optional>

#include "base/bytes.h"
#include "base/status.h"

namespace oue {
namespace {

constexpr absl::string_view kMark = "oueB";
constexpr size_t kHeadBytes = 4 + 8 + 8;

uint64_t Checksum(absl::string_view content, uint64_t offset) {
  std::string key;
  base::PutLe64(key, offset);
  key.resize(crypto_shorthash_KEYBYTES, '\0');
  char sum[crypto_shorthash_BYTES];
  crypto_shorthash(reinterpret_cast<unsigned char*>(sum),
                   reinterpret_cast<const unsigned char*>(content.data()),
                   content.size(),
                   reinterpret_cast<const unsigned char*>(key.data()));
  return base::Le64(sum);
}

void PutNumber(uint64_t n, std::string* out) {
  for (; n >= 0x80; n >>= 7) *out += static_cast<char>(n | 0x80);
  *out += static_cast<char>(n);
}

// A number and so many bytes behind it.
std::optional<absl::string_view> TakeBytes(base::Reader& in) {
  uint64_t n = 0;
  for (int shift = 0;; shift += 7) {
    const uint8_t byte = in.U8();
    // Nine bytes are 63 bits: more than there can be.
    if (!in.ok() || shift > 56) return std::nullopt;
    n |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) break;
  }
  const absl::string_view bytes = in.Bytes(n);
  if (!in.ok()) return std::nullopt;
  return bytes;
}

struct Head {
  uint64_t bytes, checksum;
};

// That of a batch that has room in `rest`.
std::optional<Head> HeadOf(absl::string_view rest) {
  if (rest.size() < kHeadBytes || !absl::StartsWith(rest, kMark)) {
    return std::nullopt;
  }
  const Head head = {base::Le64(rest.data() + 4), base::Le64(rest.data() + 12)};
  if (head.bytes > rest.size() - kHeadBytes) return std::nullopt;
  return head;
}

// The content of the batch that `rest` begins with, if it is whole.
std::optional<absl::string_view> WholeBatch(absl::string_view rest,
                                            uint64_t offset) {
  const std::optional<Head> head = HeadOf(rest);
  if (!head) return std::nullopt;
  const absl::string_view content = rest.substr(kHeadBytes, head->bytes);
  if (Checksum(content, offset) != head->checksum) return std::nullopt;
  return content;
}

absl::Status Damaged(uint64_t at) {
  return absl::DataLossError(absl::StrCat("is damaged at byte ", at));
}

// Whether a whole batch stands anywhere in `rest`. What looks like the head of
// one again and again may not cost more than so many times its length; then it
// is not what a crash left either.
bool HoldsBatch(absl::string_view rest, uint64_t offset) {
  uint64_t budget = 4 * rest.size();
  for (size_t at = 0; (at = rest.find(kMark, at)) != rest.npos; at++) {
    const std::optional<Head> head = HeadOf(rest.substr(at));
    if (!head) continue;
    if (head->bytes > budget) return true;
    budget -= head->bytes;
    if (WholeBatch(rest.substr(at), offset + at)) return true;
  }
  return false;
}

// The numbers that files of GDBM 1.8 and later begin with, for either order of
// bytes (gdbmconst.h).
bool IsGdbm(absl::string_view begin) {
  if (begin.size() < 4) return false;
  for (const uint32_t number :
       {base::Le32(begin.data()), base::Be32(begin.data())}) {
    if (number >= 0x13579acd && number <= 0x13579ad1) return true;
  }
  return false;
}

}  // namespace

void PutEntry(absl::string_view key, absl::string_view memory,
              std::string* content) {
  for (const absl::string_view bytes : {key, memory}) {
    PutNumber(bytes.size(), content);
    content->append(bytes.data(), bytes.size());
  }
}

std::string BatchHead(absl::string_view content, uint64_t offset) {
  std::string head(kMark);
  base::PutLe64(head, content.size());
  base::PutLe64(head, Checksum(content, offset));
  return head;
}

absl::StatusOr<bool> HasStateHeader(absl::string_view begin) {
  if (absl::StartsWith(begin, kStateHeader)) return true;
  if (begin.size() <= kStateHeader.size() &&
      (absl::StartsWith(kStateHeader, begin) ||
       begin.find_first_not_of('\0') == begin.npos)) {
    return false;
  }
  if (IsGdbm(begin)) {
    return absl::FailedPreconditionError(
        "is a GDBM file, which the original oue keeps; name a new file");
  }
  return absl::FailedPreconditionError("is not a state of oue");
}

absl::StatusOr<uint64_t> ReadBatches(absl::string_view bytes, uint64_t offset,
                                     const VisitEntry& visit) {
  uint64_t at = 0;
  while (at < bytes.size()) {
    const std::optional<absl::string_view> content =
        WholeBatch(bytes.substr(at), offset + at);
    if (!content) {
      if (HoldsBatch(bytes.substr(at), offset + at))
        return Damaged(offset + at);
      break;
    }
    base::Reader in(*content);
    while (!in.AtEnd()) {
      const auto key = TakeBytes(in);
      const auto memory = key ? TakeBytes(in) : std::nullopt;
      if (!memory) return Damaged(offset + at);
      visit(*key, *memory);
    }
    at += kHeadBytes + content->size();
  }
  return at;
}

}  // namespace oue
