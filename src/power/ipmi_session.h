// A session with a controller: a login, and one request after the other. Pure.
//
// A request that may be repeated is sent again with the next session sequence
// and the same request number, by which the controller knows it. One that must
// not be executed twice (reset, cycle) is sent again as the very same bytes:
// every controller drops a session sequence that it has seen, but not every one
// knows a request number again. Its answer may be lost for good then, so beside
// each copy goes a question that changes nothing. When that was answered often
// enough, the controller has the command; when nothing is answered, nobody
// knows.
//
// To switch takes a higher privilege than a session begins with. The request
// for it is sent together with the first request of the session and not waited
// for, but by what must not be executed twice. A command that arrives before it
// is refused, and sent again after it.
//
// A session that is silent for long is begun anew, once, unless what must not
// be executed twice may be under way in it.
#pragma once

#include <absl/time/time.h>

#include <optional>
#include <string>
#include <vector>

#include "power/ipmi_login.h"

namespace power {

// Sequences of packets that came: each is taken once, and none that is far
// behind (IPMI v2.0, section 6.12.14).
class IpmiWindow {
 public:
  bool Take(uint32_t sequence);  // false: it was seen, or may have been

 private:
  static constexpr uint32_t kWidth = 32;
  uint32_t highest_ = 0;
  uint32_t seen_ = 0;  // bit n: highest_ - n
};

class IpmiSession {
 public:
  struct Question {
    IpmiRequest request = {};
    bool is_repeatable = true;
    bool raises = false;  // sends the request for more privilege along
    bool needs_privilege = false;
  };
  // What came of a question: exactly one of these.
  struct Reply {
    std::optional<IpmiAnswer> answer = {};  // with any completion code
    bool was_received = false;              // but its answer was lost
    std::optional<Failure> failure = {};    // maybe_executed says which kind
  };

  IpmiSession(IpmiAccount account, uint32_t slot, RandomBytes random,
              int busy_retries);

  // One question at a time; a reply no later than `until`. Logs in first when
  // there is no session.
  void Ask(Question question, std::vector<uint8_t> roles, absl::Time now,
           absl::Time until);
  void Receive(absl::string_view datagram, absl::Time now);
  void Wake(absl::Time now);
  void Unreachable(absl::string_view what, absl::Time now);
  // Says goodbye, which is not answered; no question is open any more.
  void Close(absl::Time now);

  std::optional<Reply> TakeReply();
  std::vector<std::string> TakeDatagrams();
  absl::Time wake_at() const;

  const IpmiAccount& account() const { return account_; }
  int attempts() const { return login_.attempts(); }
  bool is_in() const { return login_.is_in(); }
  bool was_heard() const { return login_.was_heard(); }
  int suite() const { return login_.suite(); }  // once it is in

 private:
  enum class Privilege { kNone, kAsked, kRaised, kRefused };
  // A request that is under way.
  struct Pending {
    IpmiRequest request;
    uint8_t number = 0;
    bool is_repeatable = true;
    std::string datagram = {};  // of one that is not
    int sent = 0;
    absl::Time next = absl::InfiniteFuture();
  };

  void LoggedIn(absl::Time now);
  void AskNow(absl::Time now);
  void AskAgain(absl::Time at);  // it was refused for the time being
  void AskPrivilege(absl::Time now);
  Pending MakePending(IpmiRequest request, bool is_repeatable);
  void Send(Pending& pending, absl::Time now);
  void SendCopy(absl::Time now);
  void Relogin(std::vector<uint8_t> roles, absl::Time now);
  void LoginAgain(absl::Time now);
  void TimedOut();
  void Done(Reply reply);
  void Fail(FailureClass failure_class, std::string text, bool maybe_executed);
  void OnAnswer(const IpmiAnswer& answer, absl::Time now);
  void OnQuestionAnswered(const IpmiAnswer& answer, absl::Time now);
  void OnPrivilegeAnswered(const IpmiAnswer& answer, absl::Time now);
  void PrivilegeRefused(uint8_t completion);
  void SayGoodbye(absl::Time now);
  void TakeLogin(absl::Time now);

  const IpmiAccount account_;
  const RandomBytes random_;
  IpmiLogin login_;

  std::optional<Question> question_;
  std::vector<uint8_t> roles_;
  absl::Time until_ = absl::InfiniteFuture();
  std::optional<Reply> reply_;

  // Of the session:
  bool logging_in_ = false;
  uint32_t sequence_ = 0;
  uint8_t number_ = 0;
  IpmiWindow window_;
  Privilege privilege_ = Privilege::kNone;
  std::optional<Pending> asked_;   // the question
  std::optional<Pending> raise_;   // for more privilege
  std::optional<Pending> beside_;  // the question beside one not repeated
  int beside_answered_ = 0;
  bool asked_too_early_ = false;        // it may arrive before the privilege
  bool needs_privilege_first_ = false;  // the question waits for it
  absl::Time ask_at_ = absl::InfiniteFuture();
  bool was_silent_ = false;  // this session is the second try

  std::vector<std::string> datagrams_;
};

}  // namespace power
