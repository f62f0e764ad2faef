// One object of an SNMP agent, read or written. Pure: for what knows objects
// itself, as the built-in snmppower does.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "power/conversation.h"
#include "power/snmp_session.h"

namespace power {

class SnmpQuestion : public Conversation {
 public:
  struct What {
    bool sets = false;
    SnmpBinding binding = {};
    absl::Duration limit = absl::Seconds(5);
  };
  // The account is right (CheckSnmpAccount); `keys` outlives it.
  SnmpQuestion(What what, SnmpAccount account, uint32_t slot,
               RandomBytes random, SnmpKeyCache& keys);

  void Start(absl::Time now) override;
  void Receive(absl::string_view datagram, absl::Time now) override;
  void Wake(absl::Time now) override;
  void Unreachable(absl::string_view what, absl::Time now) override;
  void Abandon(absl::Time now) override;
  std::vector<std::string> TakeDatagrams() override;
  absl::Time wake_at() const override;
  // Says only that it has ended, and whether by a failure.
  const PlugResult* result() const override;

  const SnmpValue& value() const { return value_; }  // that was answered

 private:
  void Look();

  const What what_;
  SnmpSession session_;
  bool ended_ = false;
  PlugResult result_;
  SnmpValue value_;
};

}  // namespace power
