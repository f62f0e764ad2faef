#include "msrc/relay_protocol.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"

namespace msrc {
namespace {

absl::Status Bad(absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("relay: ", why));
}

void PutWord(std::string& out, absl::string_view word) {
  base::PutLe32(out, static_cast<uint32_t>(word.size()));
  out.append(word.data(), word.size());
}

// It would be an option, of ssh; or the end of a word, of the system.
bool IsWord(absl::string_view word) {
  return word.find('\0') == absl::string_view::npos;
}
bool IsName(absl::string_view name) {
  return IsWord(name) && name.size() <= base::kMaxHostNameBytes &&
         (name.empty() || name[0] != '-');
}

// The number of ssh's words, those, the login, the host, the rest.
std::string EncodeOpen(const RelayOpen& open) {
  std::string out;
  base::PutLe32(out, static_cast<uint32_t>(open.ssh.size()));
  for (const std::string& word : open.ssh) PutWord(out, word);
  PutWord(out, open.login);
  PutWord(out, open.host);
  for (const std::string& word : open.command) PutWord(out, word);
  return out;
}

absl::StatusOr<RelayOpen> ParseOpen(absl::string_view bytes) {
  if (bytes.size() > kMaxRelayWordsBytes) return Bad("too many words");
  base::Reader reader(bytes);
  const uint32_t ssh = reader.Le32();
  std::vector<std::string> words;
  while (reader.ok() && !reader.AtEnd()) {
    words.emplace_back(reader.Bytes(reader.Le32()));
    if (words.size() > kMaxRelayWords) return Bad("too many words");
  }
  if (!reader.ok() || ssh == 0 || ssh > words.size() ||
      words.size() - ssh < 2) {
    return Bad("words that are none");
  }
  if (!std::all_of(words.begin(), words.end(), IsWord)) {
    return Bad("a word with a NUL");
  }
  RelayOpen open;
  const auto behind = words.begin() + static_cast<ptrdiff_t>(ssh);
  open.ssh.assign(words.begin(), behind);
  open.login = behind[0];
  open.host = behind[1];
  open.command.assign(behind + 2, words.end());
  if (open.ssh[0].empty() || open.host.empty() || !IsName(open.host) ||
      !IsName(open.login)) {
    return Bad("a call of no host");
  }
  return open;
}

}  // namespace

std::string EncodeRelay(const RelayMessage& message) {
  std::string out(1, static_cast<char>(message.kind));
  base::PutLe32(out, message.stream);
  switch (message.kind) {
    case RelayKind::kOpen:
      return out + EncodeOpen(message.open);
    case RelayKind::kData:
    case RelayKind::kNew:
    case RelayKind::kErrors:
      return out + message.bytes;
    case RelayKind::kKept:
      out.append(reinterpret_cast<const char*>(message.hash.data()),
                 message.hash.size());
      return out;
    case RelayKind::kEnded:
    case RelayKind::kTaken:
      base::PutLe32(out, message.number);
      return out;
    case RelayKind::kClose:
      return out;
  }
  return out;
}

absl::StatusOr<RelayMessage> ParseRelay(absl::string_view bytes) {
  base::Reader reader(bytes);
  RelayMessage message;
  message.kind = static_cast<RelayKind>(reader.U8());
  message.stream = reader.Le32();
  if (!reader.ok() || message.stream == 0) return Bad("a message of no stream");
  const absl::string_view rest = reader.rest();
  switch (message.kind) {
    case RelayKind::kOpen: {
      TRY_ASSIGN(message.open, ParseOpen(rest));
      return message;
    }
    case RelayKind::kData:
    case RelayKind::kNew:
    case RelayKind::kErrors:
      if (rest.empty() || rest.size() > kMaxRelayDataBytes) {
        return Bad("bytes of no good length");
      }
      message.bytes = std::string(rest);
      return message;
    case RelayKind::kKept:
      if (rest.size() != message.hash.size()) return Bad("no hash");
      std::copy(rest.begin(), rest.end(), message.hash.begin());
      return message;
    case RelayKind::kEnded:
    case RelayKind::kTaken:
      message.number = reader.Le32();
      if (!reader.AtEnd()) return Bad("no number");
      if (message.kind == RelayKind::kEnded && message.number > 255) {
        return Bad("an exit code that is none");
      }
      if (message.kind == RelayKind::kTaken &&
          (message.number == 0 || message.number > kRelayWindow)) {
        return Bad("more is taken than can be under way");
      }
      return message;
    case RelayKind::kClose:
      if (!rest.empty()) return Bad("words behind an end");
      return message;
  }
  return Bad("a message of no kind");
}

absl::Status RelayFlow::Add(size_t bytes) {
  if (bytes > room()) return Bad("more bytes than there is room for");
  under_way_ += bytes;
  return absl::OkStatus();
}

absl::Status RelayFlow::Take(size_t bytes) {
  if (bytes > under_way_) return Bad("more is taken than was sent");
  under_way_ -= bytes;
  return absl::OkStatus();
}

void RelayStore::Keep(const wire::Hash& hash, size_t size,
                      std::shared_ptr<const std::string> bytes) {
  if (!kept_.try_emplace(hash, Kept{size, std::move(bytes)}).second) return;
  order_.push_back(hash);
  bytes_ += size;
  while (bytes_ > kRelayKeptBytes) {
    const auto oldest = kept_.find(order_.front());
    bytes_ -= oldest->second.size;
    kept_.erase(oldest);
    order_.pop_front();
  }
}

std::shared_ptr<const std::string> RelayStore::Find(
    const wire::Hash& hash) const {
  const auto found = kept_.find(hash);
  return found == kept_.end() ? nullptr : found->second.bytes;
}

}  // namespace msrc
