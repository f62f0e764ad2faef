#include "sys/resolve.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <nss.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/limits.h"
#include "base/status.h"

namespace sys {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* a) const { freeaddrinfo(a); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

int GetAddresses(const std::string& host, int flags, Addresses* out) {
  addrinfo hints = {};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error == 0) out->reset(found);
  return error;
}

std::vector<std::string> Numeric(const addrinfo* list) {
  std::vector<std::string> out;
  for (; list != nullptr; list = list->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(list->ai_addr, list->ai_addrlen, text, sizeof text, nullptr,
                    0, NI_NUMERICHOST) != 0) {
      continue;
    }
    if (std::find(out.begin(), out.end(), text) == out.end()) {
      out.emplace_back(text);
    }
  }
  return out;
}

}  // namespace

void PinLookUps() {
  static const bool pinned = [] {
    for (const char* database :
         {"passwd", "group", "initgroups", "shadow", "gshadow", "services",
          "protocols", "networks", "ethers", "netgroup", "rpc", "aliases"}) {
      MUST(__nss_configure_lookup(database, "files") == 0);
    }
    MUST(__nss_configure_lookup("hosts", "files dns") == 0);
    return true;
  }();
  static_cast<void>(pinned);
}

absl::StatusOr<std::vector<std::string>> Resolve(const std::string& host) {
  PinLookUps();
  if (host.empty() || host.size() > base::kMaxHostNameBytes ||
      host.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError("not a host name");
  }
  // Answered here: where there is no hosts file there is still a localhost.
  if (absl::EqualsIgnoreCase(host, "localhost")) {
    return std::vector<std::string>{"127.0.0.1", "::1"};
  }
  Addresses found;
  if (GetAddresses(host, AI_NUMERICHOST, &found) == 0) {
    return Numeric(found.get());
  }
  const int error = GetAddresses(host, 0, &found);
  const std::string what = absl::StrCat("'", host, "'");
  switch (error) {
    case 0:
      return Numeric(found.get());
    case EAI_NONAME:
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
      return absl::NotFoundError(absl::StrCat(what, ": no such host"));
    case EAI_MEMORY:
      return absl::ResourceExhaustedError(
          absl::StrCat(what, ": ", gai_strerror(error)));
    case EAI_SYSTEM:
      return base::SysError(what);
    default:
      return absl::UnavailableError(
          absl::StrCat(what, ": ", gai_strerror(error)));
  }
}

}  // namespace sys
