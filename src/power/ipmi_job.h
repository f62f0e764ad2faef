// One action on one host by its IPMI controller. Pure: what plug_action.h
// decides, asked in an ipmi_session.h.
#pragma once

#include <absl/time/time.h>

#include <string>
#include <vector>

#include "power/conversation.h"
#include "power/ipmi_session.h"
#include "power/plug_action.h"

namespace power {

struct IpmiOptions {
  // For a controller of a server: those are slower than an outlet.
  ActionOptions action = {.state_timeout = absl::Seconds(120)};
  // Until the controller has answered, or has taken a command.
  absl::Duration limit = absl::Seconds(20);
  int busy_retries = 2;  // of a login
};

class IpmiJob : public Conversation {
 public:
  // The account is right (CheckIpmiAccount).
  IpmiJob(Action action, const IpmiOptions& options, IpmiAccount account,
          uint32_t slot, RandomBytes random);

  void Start(absl::Time now) override;
  void Receive(absl::string_view datagram, absl::Time now) override;
  void Wake(absl::Time now) override;
  void Unreachable(absl::string_view what, absl::Time now) override;
  void Abandon(absl::Time now) override;
  std::vector<std::string> TakeDatagrams() override;
  absl::Time wake_at() const override;
  const PlugResult* result() const override;

  // The cipher suite that was agreed on; 0 before that. To begin with it the
  // next time saves a round trip.
  int suite() const { return suite_; }

 private:
  void Do(const PlugAction::Next& next, absl::Time now);
  void Ask(IpmiSession::Question question, absl::Time until, absl::Time now);
  void Look(absl::Time now);
  PlugAction::Next Understand(const IpmiSession::Reply& reply, absl::Time now);
  PlugAction::Next OnAnswer(const IpmiAnswer& answer, absl::Time now);
  void AskBoot(absl::Time limit, absl::Time now);
  PlugAction::Next NextBootStep(const IpmiAnswer& answer);
  void End(absl::Time now);
  std::vector<uint8_t> Roles() const;

  // What setting the boot device is made of.
  enum class BootStep : uint8_t { kLook, kKeep, kSet };

  const Action action_;
  const IpmiOptions options_;
  IpmiSession session_;
  PlugAction plug_;
  PlugAction::Next doing_;
  absl::Time pause_until_ = absl::InfiniteFuture();
  BootStep boot_step_ = BootStep::kLook;
  absl::Time boot_until_ = absl::InfiniteFuture();
  std::string boot_flags_ = {};  // as they were
  bool ended_ = false;
  int suite_ = 0;
};

// What Get Chassis Status says; kUnknown when it is too short.
PlugState PlugStateOfChassis(absl::string_view data);

}  // namespace power
