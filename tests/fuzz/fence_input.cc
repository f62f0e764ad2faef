// The options of a fence agent, and the lines to co-processes, out of any
// bytes.
#include <string>

#include "base/status.h"
#include "power/fence_options.h"
#include "power/helper.h"
#include "power/limits.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto pairs = power::ParseFenceInput(bytes); pairs.ok()) {
    MUST(bytes.size() <= power::kMaxFenceInputBytes);
    const auto options = power::ReadFenceOptions(*pairs);
    MUST(!options.ok() || options->retry_on >= 0);
  }
  const std::string text(bytes);
  power::ParseHelperCommand({"/bin/sh", "-c", text});
  for (const char* command :
       {"ipmipower -h p[1-3]", "snmppower -h r1", "redfishpower -h n1"}) {
    const auto parsed = power::ParseHelperCommand({"/bin/sh", "-c", command});
    const auto helper = power::MakeHelper(parsed.value());
    helper->Begin();
    const absl::Time now = absl::UnixEpoch();
    power::Helper::Effects effects = helper->Received(bytes, now);
    for (int i = 0; i < 1000 && !effects.start.empty(); i++) {
      power::HelperAnswer answer;
      answer.body = text;
      effects = helper->Answered(effects.start[0].id, answer, now);
    }
  }
  return 0;
}
