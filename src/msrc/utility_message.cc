#include "msrc/utility_message.h"

namespace msrc {

fleetbox::wire::Utility UtilityMessage(const UtilityPlan& plan,
                                       const std::string& shell,
                                       const std::string& defs) {
  fleetbox::wire::Utility message;
  for (const std::string& word : plan.utility->words) message.add_word(word);
  message.set_argv(plan.utility->argv);
  message.set_shell(shell);
  message.set_defs(defs);
  message.set_detach(plan.detach);
  if (plan.terminal) *message.mutable_terminal() = *plan.terminal;
  message.set_input(!plan.input.empty());
  if (plan.time < absl::InfiniteDuration()) {
    message.set_timeout_ms(absl::ToInt64Milliseconds(plan.time));
  }
  return message;
}

}  // namespace msrc
