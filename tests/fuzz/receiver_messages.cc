// A delivery, a utility and messages of a controller, after their signature:
// whatever they hold, they are refused or come to a command that can be built.
#include <cstdint>

#include "base/limits.h"
#include "base/status.h"
#include "msrc/admission.h"
#include "msrc/apply_plan.h"
#include "msrc/comparison.h"
#include "msrc/into.h"
#include "msrc/utility_words.h"
#include "wire/message.h"

namespace {

namespace pb = fleetbox::wire;

void CheckOne(const pb::Utility& utility) {
  if (!msrc::CheckUtility(utility).ok()) return;
  const msrc::Command command = msrc::CommandOf(utility, "/into", "/home/x");
  MUST(!command.argv.empty() && !command.argv[0].empty());
  MUST(command.folder == "/into" || command.folder == "/home/x");
}

// What is decided of it where nothing is: every target once, and in its order.
void CheckPlan(const pb::Delivery& delivery) {
  const auto manifest = wire::Manifest::FromMessage(delivery.own());
  if (!manifest.ok()) return;
  const auto targets = msrc::TargetsOf(*manifest);
  MUST(targets.size() >= manifest->entries().size());
  for (size_t i = 1; i < targets.size(); i++) {
    MUST(wire::PathBefore(targets[i - 1].path, targets[i].path));
  }
  msrc::Sight sight;
  sight.there.resize(targets.size());
  const auto comparison =
      msrc::Compare(*manifest, targets, sight, delivery.policy());
  MUST(comparison.status == 0);
  MUST(comparison.need == wire::Need::Everything(*manifest));
  const auto steps = msrc::PlanOf(*manifest, targets, sight, comparison,
                                  delivery.policy(), {});
  MUST(steps.size() >= targets.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto delivery = wire::Parse<pb::Delivery>(bytes);
  if (delivery.ok()) {
    for (bool bundle : {false, true}) {
      if (!msrc::CheckDelivery(*delivery, bundle).ok()) continue;
      CheckOne(delivery->utility());
      const auto into = msrc::IntoPath(delivery->into(), "/home/x");
      if (into.ok()) MUST((*into)[0] == '/');
      CheckPlan(*delivery);
    }
  }
  const auto utility = wire::Parse<pb::Utility>(bytes);
  if (utility.ok()) CheckOne(*utility);
  return 0;
}
