#include "keys/ssh_agent.h"

#include <absl/strings/str_cat.h>
#include <absl/time/time.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "sys/clock.h"
#include "sys/socket.h"

namespace keys {
namespace {

// draft-miller-ssh-agent, section 5.1.
enum MessageType : uint8_t {
  kFailure = 5,
  kRequestIdentities = 11,
  kIdentitiesAnswer = 12,
  kSignRequest = 13,
  kSignResponse = 14,
};
constexpr absl::Duration kListTime = absl::Seconds(10);
constexpr absl::Duration kSignTime = absl::Seconds(60);
constexpr size_t kMaxAgentKeys = 2048;  // as OpenSSH's client

absl::Status Garbled(absl::string_view why) {
  return absl::DataLossError(absl::StrCat("its answer is garbled: ", why));
}

// One request and its answer.
class Conversation {
 public:
  Conversation(sys::Fd fd, absl::Duration longest)
      : fd_(std::move(fd)), deadline_(sys::SteadyNow() + longest) {}

  // The answer's content behind its type, which must be `expected`.
  absl::StatusOr<std::string> Ask(absl::string_view request,
                                  MessageType expected) {
    std::string message;
    base::PutSshString(message, request);
    TRY(Send(message));
    TRY_ASSIGN(const std::string start, Receive(5));
    const uint32_t length = base::Be32(start.data());
    if (length == 0 || length > base::kMaxAgentMessageBytes) {
      return Garbled(absl::StrCat("a length of ", length));
    }
    const uint8_t type = start[4];
    if (type == kFailure) {
      return absl::PermissionDeniedError("it refused the request");
    }
    if (type != expected) {
      return Garbled(absl::StrCat("a message of type ", type));
    }
    return Receive(length - 1);
  }

 private:
  absl::Status Wait(short events) {
    while (true) {
      const absl::Duration left = deadline_ - sys::SteadyNow();
      if (left <= absl::ZeroDuration()) {
        return absl::UnavailableError("it does not answer");
      }
      pollfd p = {fd_.get(), events, 0};
      const int n = poll(&p, 1, absl::ToInt64Milliseconds(left) + 1);
      if (n > 0) return absl::OkStatus();
      if (n < 0 && errno != EINTR) return base::SysError("poll");
    }
  }

  absl::Status Send(absl::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n =
          send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n > 0) {
        bytes.remove_prefix(static_cast<size_t>(n));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        TRY(Wait(POLLOUT));
      } else if (errno != EINTR) {
        return absl::UnavailableError(base::SysError("write").message());
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> Receive(size_t bytes) {
    std::string content(bytes, '\0');
    size_t used = 0;
    while (used < bytes) {
      const ssize_t n = recv(fd_.get(), &content[used], bytes - used, 0);
      if (n > 0) {
        used += static_cast<size_t>(n);
      } else if (n == 0) {
        return Garbled("it hung up in the middle");
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        TRY(Wait(POLLIN));
      } else if (errno != EINTR) {
        return absl::UnavailableError(base::SysError("read").message());
      }
    }
    return content;
  }

  sys::Fd fd_;
  absl::Time deadline_;
};

absl::Status InAgent(const absl::Status& status, const std::string& socket) {
  return base::Context(status, absl::StrCat("ssh agent ", socket));
}

absl::StatusOr<std::string> Ask(const std::string& socket,
                                absl::string_view request, MessageType expected,
                                absl::Duration longest) {
  absl::StatusOr<sys::Fd> fd = sys::ConnectUnix(socket);
  if (!fd.ok()) {
    return InAgent(absl::UnavailableError(fd.status().message()), socket);
  }
  absl::StatusOr<std::string> answer =
      Conversation(*std::move(fd), longest).Ask(request, expected);
  if (!answer.ok()) return InAgent(answer.status(), socket);
  return answer;
}

class AgentSigner : public wire::Signer {
 public:
  AgentSigner(std::string socket, const wire::PublicKey& key)
      : socket_(std::move(socket)), key_(key) {}

  const wire::PublicKey& public_key() const override { return key_; }

  absl::StatusOr<std::string> Sign(absl::string_view data) const override {
    std::string request(1, static_cast<char>(kSignRequest));
    base::PutSshString(request, wire::SshBlob(key_));
    base::PutSshString(request, data);
    base::PutBe32(request, 0);  // flags: those are RSA's
    TRY_ASSIGN(const std::string answer,
               Ask(socket_, request, kSignResponse, kSignTime));
    base::Reader in(answer);
    base::Reader inner(in.SshString());
    const absl::string_view type = inner.SshString();
    const absl::string_view signature = inner.SshString();
    if (!in.AtEnd() || !inner.AtEnd() || type != "ssh-ed25519" ||
        signature.size() != 64) {
      return InAgent(Garbled("no Ed25519 signature"), socket_);
    }
    return std::string(signature);
  }

 private:
  std::string socket_;
  wire::PublicKey key_;
};

}  // namespace

absl::StatusOr<std::vector<AgentKey>> ListAgentKeys(const std::string& socket) {
  const std::string request(1, static_cast<char>(kRequestIdentities));
  TRY_ASSIGN(const std::string answer,
             Ask(socket, request, kIdentitiesAnswer, kListTime));
  base::Reader in(answer);
  const uint32_t count = in.Be32();
  if (count > kMaxAgentKeys) {
    return InAgent(Garbled(absl::StrCat(count, " keys")), socket);
  }
  std::vector<AgentKey> found;
  for (uint32_t i = 0; i < count && in.ok(); i++) {
    const absl::string_view blob = in.SshString();
    const absl::string_view comment = in.SshString();
    const absl::StatusOr<wire::PublicKey> key = wire::FromSshBlob(blob);
    if (key.ok()) found.push_back({*key, std::string(comment)});
  }
  if (!in.AtEnd()) return InAgent(Garbled("a list of keys"), socket);
  return found;
}

std::unique_ptr<wire::Signer> NewAgentSigner(const std::string& socket,
                                             const wire::PublicKey& key) {
  return std::make_unique<AgentSigner>(socket, key);
}

}  // namespace keys
