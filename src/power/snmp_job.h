// One action on one plug of an outlet strip that speaks SNMP. Pure: what
// plug_action.h decides, asked in an snmp_session.h with the objects of
// snmp_families.h.
#pragma once

#include <absl/time/time.h>

#include <string>
#include <vector>

#include "power/conversation.h"
#include "power/plug_action.h"
#include "power/snmp_families.h"
#include "power/snmp_session.h"

namespace power {

struct SnmpOptions {
  ActionOptions action = {};
  absl::Duration limit = absl::Seconds(10);  // of each question
};

class SnmpJob : public Conversation {
 public:
  // `family` is null when the device has to be asked what it is. The account
  // is right (CheckSnmpAccount).
  SnmpJob(Action action, const SnmpFamily* family, std::string plug,
          const SnmpOptions& options, SnmpAccount account, uint32_t slot,
          RandomBytes random, SnmpKeyCache& keys, SnmpEngine engine);

  void Start(absl::Time now) override;
  void Receive(absl::string_view datagram, absl::Time now) override;
  void Wake(absl::Time now) override;
  void Unreachable(absl::string_view what, absl::Time now) override;
  void Abandon(absl::Time now) override;
  std::vector<std::string> TakeDatagrams() override;
  absl::Time wake_at() const override;
  const PlugResult* result() const override;

  // What was found out, for the next time.
  const SnmpFamily* family() const { return family_; }
  const SnmpEngine& engine() const { return session_.engine(); }

 private:
  void Begin(absl::Time now);
  void Do(const PlugAction::Next& next, absl::Time now);
  void AskFamily(absl::Time now);
  void AskState(absl::string_view object, absl::Time until, absl::Time now);
  void AskSwitch(Action command, absl::Time now);
  void Look(absl::Time now);
  void OnFamily(const SnmpSession::Reply& reply, absl::Time now);
  PlugAction::Next OnReply(const SnmpSession::Reply& reply, absl::Time now);
  PlugAction::Next OnState(const SnmpPdu& pdu, absl::Time now);
  PlugAction::Next Fail(FailureClass failure_class, std::string text,
                        absl::Time now);
  PlugAction::Next NoSuchPlug(absl::Time now);
  void End();

  const Action action_;
  const SnmpFamily* family_;
  const std::string plug_name_;
  const SnmpOptions options_;
  SnmpSession session_;
  PlugAction plug_;
  PlugAction::Next doing_;
  bool asks_family_ = false;
  bool reads_else_ = false;  // its state is at the family's other object
  absl::Time pause_until_ = absl::InfiniteFuture();
  bool ended_ = false;
};

}  // namespace power
