// powerman's protocol out of any bytes, at both ends: no answer of ours has a
// line that a client could take for another's, and what a client ends with is
// an exit code.
#include <absl/strings/match.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <algorithm>
#include <string>

#include "base/status.h"
#include "power/powerman_protocol.h"
#include "power/powerman_talk.h"

namespace {

class Two : public power::Directory {
 public:
  const std::vector<std::string>& Hosts() const override { return hosts_; }
  bool HasHost(absl::string_view name) const override {
    return name == "t1" || name == "t2";
  }
  const std::vector<std::string>* Group(absl::string_view name) const override {
    return name == "g" ? &hosts_ : nullptr;
  }
  std::vector<power::ServiceDevice> Devices() const override {
    return {{.name = "d", .model = "m", .hosts = hosts_}};
  }
  bool Can(power::Verb, const std::vector<std::string>&) const override {
    return true;
  }

 private:
  const std::vector<std::string> hosts_ = {"t1", "t2"};
};

void Check(absl::string_view sent) {
  for (absl::string_view line : absl::StrSplit(sent, "\r\n")) {
    while (absl::ConsumePrefix(&line, power::kPowermanPrompt)) {
    }
    MUST(line.empty() || (line.size() > 3 && line[0] >= '0' && line[0] <= '3'));
  }
}

void Serve(absl::string_view bytes) {
  const Two two;
  power::PowermanSession session(two);
  Check(session.Opened().send);
  while (!bytes.empty()) {
    const size_t piece = 1 + bytes.size() / 3;
    const auto effects = session.Received(bytes.substr(0, piece));
    Check(effects.send);
    if (effects.start) {
      MUST(!effects.start->hosts.empty());
      power::ServiceResult result = {.host = "t1", .device = "d"};
      result.result.failure = {power::FailureClass::kPrompt,
                               std::string(bytes.substr(0, 50))};
      result.value = std::string(bytes.substr(0, 50));
      Check(session.Telemetry(bytes.substr(0, 100)).send);
      Check(session.Result(result).send);
      Check(session.Ended().send);
    }
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  session.ReceivedAll();
}

void Listen(absl::string_view bytes) {
  power::PowermanTalk talk({"nodes", "status t1"}, bytes.size() % 2 == 0);
  const auto effects = talk.Received(bytes);
  const auto end = effects.end ? effects.end : talk.Closed().end;
  MUST(end.has_value());
  MUST(!end->ok() || **end == 0 || (**end >= 200 && **end < 300));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  Serve(bytes);
  Listen(bytes);
  return 0;
}
