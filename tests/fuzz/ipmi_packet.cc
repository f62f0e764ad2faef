// IPMI over LAN out of any bytes: nothing is believed that was not sealed, and
// a conversation with whoever sends nonsense ends, or waits, and never
// switches.
#include "power/ipmi_packet.h"

#include <string>

#include "base/status.h"
#include "keys/secret.h"
#include "power/ipmi_job.h"
#include "power/ipmi_seal.h"

namespace {

std::string Fixed(size_t bytes) { return std::string(bytes, '\x42'); }

void ParseAll(absl::string_view bytes) {
  const auto packet = power::ParseIpmiPacket(bytes);
  if (packet.ok()) {
    MUST(packet->payload.size() <= bytes.size());
    MUST(packet->payload.data() >= bytes.data());
  }
  for (const int number : {3, 17}) {
    const power::IpmiSuite& suite = *power::FindIpmiSuite(number);
    power::ParseIpmiRakp2(bytes, suite).IgnoreError();
    power::ParseIpmiRakp4(bytes, suite).IgnoreError();
    const power::IpmiKeys keys = power::MakeIpmiKeys(suite, "key", {});
    // Sealed by nobody who knows the key.
    MUST(!power::UnsealIpmiPacket(keys, bytes).ok());
    // Whatever is sealed comes out as it went in.
    if (bytes.size() > 512) continue;
    const std::string sealed =
        power::SealIpmiPacket(keys, 1, 2, Fixed(16), bytes);
    MUST(power::UnsealIpmiPacket(keys, sealed).value() == bytes);
  }
  power::ParseIpmiOpenResponse(bytes).IgnoreError();
  const auto answer = power::ParseIpmiAnswer(bytes);
  if (answer.ok()) MUST(answer->data.size() + 8 == bytes.size());
}

// The bytes in pieces, each after its length, as answers to a conversation.
void Converse(absl::string_view bytes) {
  const absl::Time now = absl::UnixEpoch() + absl::Hours(1);
  power::IpmiJob job(power::Action::kCycle, {}, {.user = "u"}, 1, Fixed);
  job.Start(now);
  while (!bytes.empty()) {
    const size_t piece = static_cast<uint8_t>(bytes[0]);
    job.Receive(bytes.substr(1, piece), now);
    bytes.remove_prefix(std::min(bytes.size(), piece + 1));
    job.TakeDatagrams();
  }
  MUST(job.result() == nullptr || job.result()->failure.has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  ParseAll(bytes);
  power::IpmiSessionOf(bytes);
  Converse(bytes);
  return 0;
}
