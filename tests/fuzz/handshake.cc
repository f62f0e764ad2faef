// The handshake and the stream after it, in both roles, against a peer that
// changes what it likes. The first byte says which role is under attack and
// how: raw (the rest is what the other end says), or with a real other end
// whose bytes the rest is laid over, three bytes a change: place (2), value.
// Everything random comes from fixed seeds, so that an input always does the
// same.
#include "net/handshake.h"

#include <cstdint>
#include <cstdlib>
#include <map>

#include "keys/openssh_key.h"

namespace {

void Require(bool condition) {
  if (!condition) abort();
}

class Trust : public wire::Trust {
 public:
  std::map<wire::PublicKey, std::string> names;
  absl::StatusOr<std::vector<std::string>> Principals(
      const wire::PublicKey& key, absl::string_view,
      absl::Time) const override {
    const auto found = names.find(key);
    if (found == names.end()) return absl::PermissionDeniedError("unknown");
    return std::vector<std::string>{found->second};
  }
};

struct World {
  keys::KeyPair caller = keys::NewKeyPair("caller");
  keys::KeyPair listener = keys::NewKeyPair("listener");
  Trust trust;
  World() {
    trust.names[caller.public_key()] = "host:web1";
    trust.names[listener.public_key()] = "server:mcfeely";
  }
};

net::SecureStream Make(const World& w, net::Role role) {
  const bool caller = role == net::Role::kCaller;
  return net::SecureStream({role, caller ? &w.caller : &w.listener, &w.trust,
                            caller ? "host:web1" : "server:mcfeely", "",
                            std::string(32, caller ? 'c' : 'l')});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const World* const world = new World;
  if (size == 0) return 0;
  const net::Role role =
      data[0] & 1 ? net::Role::kCaller : net::Role::kListener;
  const net::Role other_role =
      data[0] & 1 ? net::Role::kListener : net::Role::kCaller;
  const bool raw = data[0] & 2;
  absl::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  net::SecureStream victim = Make(*world, role);
  std::string plain, reply, ignored;
  if (raw) {
    victim.Start();
    // Nobody who has not our peer's key is ever let in.
    const size_t piece = 1 + (data[0] >> 2);
    while (!rest.empty()) {
      absl::string_view part = rest.substr(0, piece);
      rest.remove_prefix(part.size());
      if (!victim.Receive(part, now, &plain, &reply).ok()) break;
    }
    Require(!victim.done() && plain.empty());
    return 0;
  }
  net::SecureStream other = Make(*world, other_role);
  size_t said = 0;
  bool changed = false;
  const auto change = [&](std::string bytes) {
    for (size_t i = 0; i + 3 <= rest.size(); i += 3) {
      const size_t place = static_cast<uint8_t>(rest[i]) |
                           static_cast<uint8_t>(rest[i + 1]) << 8;
      if (place < said || place >= said + bytes.size()) continue;
      if (rest[i + 2] != 0) changed = true;
      bytes[place - said] ^= rest[i + 2];
    }
    said += bytes.size();
    return bytes;
  };
  std::string to_other = victim.Start(), to_victim = change(other.Start());
  bool victim_ok = true;
  for (int round = 0; round < 4; round++) {
    std::string from_other, from_victim;
    if (!to_other.empty() &&
        !other.Receive(to_other, now, &ignored, &from_other).ok()) {
      break;
    }
    to_victim += change(from_other);
    if (!to_victim.empty() && victim_ok) {
      victim_ok = victim.Receive(to_victim, now, &plain, &from_victim).ok();
    }
    to_victim.clear();
    to_other = from_victim;
  }
  // Two changes of one place may cancel out; else nothing may come of it.
  if (!changed) Require(victim.done() && other.done());
  if (victim.done() && other.done() && victim_ok) {
    std::string sealed;
    other.Encrypt("the one true message", &sealed);
    const std::string passed = change(sealed);
    victim_ok = victim.Receive(passed, now, &plain, &reply).ok();
    Require(plain.empty() || plain == "the one true message");
    Require((passed == sealed) == (plain == "the one true message"));
  } else {
    Require(plain.empty() || !victim_ok ||
            plain == net::EncodeFrame(net::FrameType::kClose, "refused"));
  }
  return 0;
}
