// Asks an SNMP agent one question after the other. Pure.
//
// With a community a question is one message. Version 3 first has to know the
// engine of the agent, its boots and its time: an empty question is refused
// with a report that names them. A report that our time is wrong, or that the
// engine is another, is believed once for each question, which is then asked
// anew: what was reported was not executed.
//
// A question is repeated, the same bytes, until its answer comes; a set that
// must not be executed twice is sent once.
#pragma once

#include <absl/time/time.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keys/secret.h"
#include "power/conversation.h"
#include "power/snmp_packet.h"
#include "power/snmp_usm.h"

namespace power {

// Who we are for an agent. The secrets are shared by all requests that use
// them, and by whoever keeps them.
struct SnmpAccount {
  int version = 2;  // 1, 2 (2c), 3
  std::shared_ptr<const keys::Secret> community = nullptr;
  // Version 3. Without a digest neither authenticated nor private.
  std::string user = {};
  std::optional<net::Digest> digest = {};
  std::shared_ptr<const keys::Secret> password = nullptr;
  SnmpPrivacy privacy = SnmpPrivacy::kNone;
  std::shared_ptr<const keys::Secret> privacy_password = nullptr;
};
// Null, or what nobody could ask with: class kConfig.
std::optional<Failure> CheckSnmpAccount(const SnmpAccount& account);

// What version 3 has to know of an agent.
struct SnmpEngine {
  std::string id = {};
  int64_t boots = 0, time = 0;           // its time in seconds, as it was ...
  absl::Time at = absl::InfinitePast();  // ... then
};

class SnmpSession {
 public:
  struct Reply {
    std::optional<SnmpPdu> pdu = {};  // a response, with any error in it
    std::optional<Failure> failure = {};
  };

  // `keys` outlives it. `engine` is empty when nothing is known of the agent.
  SnmpSession(SnmpAccount account, uint32_t slot, RandomBytes random,
              SnmpKeyCache& keys, SnmpEngine engine);

  void Ask(SnmpPduType type, std::vector<SnmpBinding> bindings,
           bool is_repeatable, absl::Time now, absl::Time until);
  void Receive(absl::string_view datagram, absl::Time now);
  void Wake(absl::Time now);
  void Unreachable(absl::string_view what, absl::Time now);
  void Abandon();

  std::optional<Reply> TakeReply();
  std::vector<std::string> TakeDatagrams();
  absl::Time wake_at() const { return wake_at_; }
  const SnmpEngine& engine() const { return engine_; }
  int attempts() const { return attempts_; }
  bool was_heard() const { return heard_; }
  bool was_let_in() const { return let_in_; }  // a response came

 private:
  enum class Waiting { kNothing, kEngine, kResponse };

  void Send(absl::Time now);
  void SendQuestion(absl::Time now);
  std::string Sealed(absl::Time now);
  void Repeat(absl::Time now);
  void ReceiveV3(absl::string_view datagram, absl::Time now);
  void OnReport(const SnmpV3Message& message, absl::Time now);
  bool IsAuthentic(const SnmpV3Message& message, absl::string_view datagram);
  bool IsInTime(const SnmpSecurity& security, absl::Time now) const;
  absl::StatusOr<std::string> Opened(const SnmpV3Message& message);
  void TakeEngine(const SnmpSecurity& security, absl::Time now);
  void Done(Reply reply);
  void Fail(FailureClass failure_class, std::string text,
            bool maybe_executed = false);

  const SnmpAccount account_;
  const uint32_t slot_;
  const RandomBytes random_;
  SnmpKeyCache& keys_;
  SnmpEngine engine_;

  Waiting waiting_ = Waiting::kNothing;
  SnmpPduType type_ = SnmpPduType::kGet;
  std::vector<SnmpBinding> bindings_;
  bool is_repeatable_ = true;
  absl::Time until_ = absl::InfiniteFuture();
  absl::Time began_ = absl::InfinitePast();
  absl::Time wake_at_ = absl::InfiniteFuture();
  uint8_t count_ = 0;    // of messages, in their numbers
  uint32_t number_ = 0;  // of the message that an answer is waited for
  std::string last_;     // that message
  int sent_ = 0;
  int corrections_ = 0;  // of the engine, for this question
  int unreachable_ = 0;
  int attempts_ = 0;
  bool heard_ = false, let_in_ = false;
  std::optional<Reply> reply_;
  std::vector<std::string> datagrams_;
};

}  // namespace power
