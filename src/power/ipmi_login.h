// The way into a controller: Open Session, RAKP 1 to 4. Pure.
//
//   opening --Open--> naming --RAKP 1--> proving --RAKP 3--> in
//
// Each message is repeated, the same bytes, until its answer comes. From every
// state a refusal leads to
//
//   the next cipher suite   at once, when the algorithms are the trouble
//   the next role           when the account may not have this one
//   the beginning, once     when the controller has forgotten the session, or
//                           answers our proof with silence or a refusal: of two
//                           RAKP 2 that crossed, the older may have been ours
//   the beginning, later    when it has no session left, so often
//   failed                  else
//
// A wrong password is found here, by RAKP 2: the controller sees no RAKP 3, and
// nothing that it would count.
#pragma once

#include <absl/time/time.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keys/secret.h"
#include "power/conversation.h"
#include "power/ipmi_packet.h"
#include "power/ipmi_seal.h"

namespace power {

inline constexpr uint8_t kIpmiUserRole = 2;
inline constexpr uint8_t kIpmiOperatorRole = 3;
inline constexpr uint8_t kIpmiAdministratorRole = 4;

// Who we are for a controller. The secrets are shared by all requests that use
// them, and by whoever keeps them.
struct IpmiAccount {
  std::string user = {};
  std::shared_ptr<const keys::Secret> password = nullptr;
  std::shared_ptr<const keys::Secret> controller_key = nullptr;  // Kg
  std::vector<int> suites = {17, 3};  // in this order
  // 0: the least that the action needs, and what the account has to offer.
  uint8_t role = 0;
};
// Null, or what nobody could log in with: class kConfig.
std::optional<Failure> CheckIpmiAccount(const IpmiAccount& account);

// When the next copy of a message is due that was sent so often, to a
// controller that takes so long for an answer; infinite: nobody knows.
absl::Duration IpmiPatience(int times_sent, absl::Duration answer_time);

class IpmiLogin {
 public:
  // The account and `random` outlive it.
  IpmiLogin(const IpmiAccount& account, uint32_t slot,
            const RandomBytes& random, int busy_retries);

  // From the beginning, in the first of these roles that is granted.
  void Begin(std::vector<uint8_t> roles, absl::Time now, absl::Time until);
  void Receive(absl::string_view datagram, absl::Time now);
  void Wake(absl::Time now);
  void Unreachable(absl::string_view what, absl::Time now);

  bool is_in() const { return state_ == State::kIn; }
  bool has_failed() const { return state_ == State::kFailed; }
  const Failure& failure() const { return failure_; }  // once it has failed
  absl::Time wake_at() const { return wake_at_; }
  // What the controller was found to do, also once it has failed.
  bool was_heard() const { return heard_; }
  // The longest time from a message that was sent once to its answer; infinite
  // as long as there is none.
  absl::Duration answer_time() const { return answer_time_; }
  int attempts() const { return attempts_; }
  std::vector<std::string> TakeDatagrams();

  // Once it is in:
  const IpmiKeys& keys() const { return keys_; }
  uint32_t our_id() const { return exchange_.our_id; }
  uint32_t their_id() const { return exchange_.their_id; }
  uint8_t role() const { return roles_[role_]; }
  int suite() const { return suite_->number; }

 private:
  enum class State {
    kIdle,
    kOpening,
    kNaming,
    kProving,
    kResting,
    kIn,
    kFailed
  };

  void Open(absl::Time now);
  void Send(State state, IpmiPayload type, std::string payload, absl::Time now);
  void Repeat(absl::Time now);
  void Answered(absl::Time now);
  void Restart(absl::string_view why, absl::Time now);
  void Refused(uint8_t status, absl::Time now);
  void Busy(absl::Time now);
  void NextSuite(absl::string_view why, absl::Time now);
  void NextRole(uint8_t status, absl::Time now);
  void Fail(FailureClass failure_class, std::string text);
  void TimedOut();
  void OnOpenResponse(absl::string_view payload, absl::Time now);
  void OnRakp2(absl::string_view payload, absl::Time now);
  void OnRakp4(absl::string_view payload, absl::Time now);
  absl::string_view Password() const;
  bool IsOurs(uint8_t status, uint32_t id) const;

  const IpmiAccount& account_;
  const uint32_t slot_;
  const RandomBytes& random_;
  const int busy_retries_;

  State state_ = State::kIdle;
  Failure failure_;
  std::vector<uint8_t> roles_;
  size_t role_ = 0;         // in roles_
  size_t suite_index_ = 0;  // in the account's suites
  const IpmiSuite* suite_ = nullptr;
  IpmiExchange exchange_;
  IpmiKeys keys_;
  uint8_t tag_ = 0;       // of the message that an answer is waited for
  uint8_t name_tag_ = 0;  // of RAKP 1
  int attempts_ = 0;
  int restarts_ = 0;
  int busy_ = 0;
  int unreachable_ = 0;
  bool heard_ = false;
  std::string last_;  // what is repeated
  int sent_ = 0;      // how often it was sent
  absl::Time first_sent_ = absl::InfinitePast();
  absl::Duration answer_time_ = absl::InfiniteDuration();
  absl::Time wake_at_ = absl::InfiniteFuture();
  absl::Time until_ = absl::InfiniteFuture();
  absl::Time began_ = absl::InfinitePast();
  std::vector<std::string> datagrams_;
};

}  // namespace power
