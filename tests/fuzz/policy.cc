// Policies: whatever the bytes, they are refused with reasons, or each rule
// says of itself what makes the same rule again.
#include "mcfeely/policy.h"

#include <cstdint>

#include "base/status.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const mcfeely::Policy::Parsed parsed = mcfeely::Policy::Parse(text, "p");
  MUST(!parsed.policy.everything());
  if (!parsed.errors.empty()) {
    MUST(parsed.policy.rules().empty());
    return 0;
  }
  for (const mcfeely::PolicyRule& rule : parsed.policy.rules()) {
    const auto again = mcfeely::Policy::Parse(rule.text, "p");
    MUST(again.errors.empty() && again.policy.rules().size() == 1);
    mcfeely::PolicyRule same = again.policy.rules()[0];
    same.line = rule.line;
    MUST(same == rule);
    // Who asks in a rule's own words is known to it.
    const auto rights = parsed.policy.RightsOf(rule.who[0]);
    MUST(!rights.rules().empty());
    mcfeely::RunRequest request;
    request.host = "h";
    request.comm = rule.comm;
    for (const std::string& a : rule.arguments) request.arguments.push_back(a);
    const mcfeely::PolicyAnswer answer = rights.MayRun(request);
    MUST(!answer.why.empty());
  }
  return 0;
}
