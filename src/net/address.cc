#include "net/address.h"

#include <absl/status/status.h>
#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"

namespace net {
namespace {

// sockaddr_un has room for 108 bytes with the final zero (unix(7)).
constexpr size_t kMaxUnixPathBytes = 107;
constexpr size_t kMaxUserBytes = 255;

absl::Status Wrong(absl::string_view text, absl::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("address '", base::Escape(text), "': ", why));
}

bool IsHostByte(unsigned char c) {
  return absl::ascii_isalnum(c) || c == '.' || c == '-' || c == '_';
}
// Numbers of IPv6, with a zone ("fe80::1%eth0").
bool IsIp6Byte(unsigned char c) {
  return IsHostByte(c) || c == ':' || c == '%';
}

template <typename F>
bool AllOf(absl::string_view text, F f) {
  return std::all_of(text.begin(), text.end(), f);
}

absl::Status CheckHost(absl::string_view text, absl::string_view host) {
  if (host.size() > base::kMaxHostNameBytes) {
    return Wrong(text, "the host is longer than 253 bytes");
  }
  if (absl::StartsWith(host, "-")) {
    return Wrong(text, "a host does not begin with '-'");
  }
  return absl::OkStatus();
}

absl::StatusOr<Address> ParseTcp(absl::string_view text,
                                 absl::string_view rest) {
  Address a;
  a.carrier = Address::Carrier::kTcp;
  a.port = base::kDefaultPort;
  absl::string_view port;
  bool has_port = false;
  if (absl::ConsumePrefix(&rest, "[")) {
    const size_t end = rest.find(']');
    if (end == absl::string_view::npos) return Wrong(text, "']' is missing");
    a.host = std::string(rest.substr(0, end));
    if (!absl::StrContains(a.host, ':') || !AllOf(a.host, IsIp6Byte)) {
      return Wrong(text, "no IPv6 number within the brackets");
    }
    rest.remove_prefix(end + 1);
    has_port = absl::ConsumePrefix(&rest, ":");
    if (!has_port && !rest.empty())
      return Wrong(text, "':' expected after ']'");
    port = rest;
  } else {
    const size_t colon = rest.find(':');
    has_port = colon != absl::string_view::npos;
    a.host = std::string(rest.substr(0, colon));
    if (has_port) port = rest.substr(colon + 1);
    if (absl::StrContains(port, ':')) {
      return Wrong(text, "an IPv6 number stands within brackets");
    }
    if (!AllOf(a.host, IsHostByte)) {
      return Wrong(text, "a byte that no host name has");
    }
  }
  TRY(CheckHost(text, a.host));
  if (has_port &&
      (port.empty() || !AllOf(port, absl::ascii_isdigit) ||
       !absl::SimpleAtoi(port, &a.port) || a.port < 0 || a.port > 65535)) {
    return Wrong(text, "the port is not a number from 0 to 65535");
  }
  if (a.host.empty() && !has_port) return Wrong(text, "neither host nor port");
  return a;
}

absl::StatusOr<Address> ParseSsh(absl::string_view text,
                                 absl::string_view rest) {
  Address a;
  a.carrier = Address::Carrier::kSsh;
  const size_t at = rest.rfind('@');
  if (at != absl::string_view::npos) {
    a.user = std::string(rest.substr(0, at));
    if (a.user.empty()) return Wrong(text, "no user before '@'");
    rest.remove_prefix(at + 1);
  }
  a.host = std::string(rest);
  if (a.host.empty()) return Wrong(text, "no host");
  TRY(CheckHost(text, a.host));
  if (!AllOf(a.host, IsIp6Byte)) {
    return Wrong(text, "a byte that no host name has");
  }
  // The user is a word of a command line: plain bytes, and no option.
  if (absl::StartsWith(a.user, "-") || a.user.size() > kMaxUserBytes ||
      !AllOf(a.user, [](unsigned char c) {
        return IsHostByte(c) || c == '+' || c == '@' || c == '\\' || c == '$';
      })) {
    return Wrong(text, "not a user's name");
  }
  return a;
}

}  // namespace

absl::StatusOr<Address> ParseAddress(absl::string_view text) {
  absl::string_view rest = text;
  if (absl::ConsumePrefix(&rest, "unix:")) {
    if (rest.empty()) return Wrong(text, "no path");
    if (absl::StrContains(rest, '\0')) return Wrong(text, "a zero byte");
    if (rest.size() > kMaxUnixPathBytes) {
      return Wrong(text, "a socket's path has at most 107 bytes");
    }
    Address a;
    a.path = std::string(rest);
    return a;
  }
  if (absl::ConsumePrefix(&rest, "tcp:")) return ParseTcp(text, rest);
  if (absl::ConsumePrefix(&rest, "ssh:")) return ParseSsh(text, rest);
  return Wrong(text, "not unix:PATH, tcp:HOST:PORT or ssh:[USER@]HOST");
}

bool HasCarrier(absl::string_view text) {
  return absl::StartsWith(text, "unix:") || absl::StartsWith(text, "tcp:") ||
         absl::StartsWith(text, "ssh:");
}

std::vector<std::string> SplitAddresses(absl::string_view text) {
  std::vector<std::string> addresses;
  size_t begin = 0;
  for (size_t i = 0; i <= text.size(); i++) {
    // A path may have blanks.
    if (i < text.size() &&
        (!absl::ascii_isspace(text[i]) || !HasCarrier(text.substr(i + 1)))) {
      continue;
    }
    const absl::string_view one =
        absl::StripAsciiWhitespace(text.substr(begin, i - begin));
    if (!one.empty()) addresses.emplace_back(one);
    begin = i + 1;
  }
  return addresses;
}

std::string FormatAddress(const Address& address) {
  switch (address.carrier) {
    case Address::Carrier::kUnix:
      return absl::StrCat("unix:", address.path);
    case Address::Carrier::kTcp:
      if (absl::StrContains(address.host, ':')) {
        return absl::StrCat("tcp:[", address.host, "]:", address.port);
      }
      return absl::StrCat("tcp:", address.host, ":", address.port);
    case Address::Carrier::kSsh:
      return absl::StrCat("ssh:", address.user, address.user.empty() ? "" : "@",
                          address.host);
  }
  return "";
}

}  // namespace net
