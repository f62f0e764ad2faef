// What we say to the ssh program, and what its words mean. Pure.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <optional>
#include <string>
#include <vector>

#include "power/outcome.h"

namespace power {

// What an ssh program can do (ssh -Q).
struct SshAlgorithms {
  std::vector<std::string> key_exchanges, keys, ciphers, digests;
};
// Prints them for ParseSshAlgorithms; $0 is the program.
extern const char kSshAlgorithmsScript[];
SshAlgorithms ParseSshAlgorithms(absl::string_view text);

struct SshCall {
  std::string program = "ssh";
  std::string host = {};     // by which configuration and keys go
  std::string address = {};  // numeric
  int port = 22;
  std::string user = {};  // empty: the configuration's, or our own
  std::vector<std::string> known_hosts = {};
  bool trust_first_use = false;
  bool has_password = false;  // tried in front of keys
  absl::Duration login_timeout = absl::Seconds(60);
  // With what no current device should need; null: without.
  const SshAlgorithms* legacy = nullptr;
  std::vector<std::string> more_words = {};
};
// kConfig: a user or a host that ssh would take for something else.
std::optional<Failure> CheckSshCall(const SshCall& call);
std::vector<std::string> SshCommand(const SshCall& call);

// Why this password cannot be given to ssh; none if it can.
std::optional<Failure> CheckSshPassword(absl::string_view password);

// Listens to what ssh writes to its standard error (LogLevel DEBUG1).
class SshWords {
 public:
  enum class Phase { kConnecting, kLogin, kAuthenticated };

  void Feed(absl::string_view bytes);
  Phase phase() const { return phase_; }
  // Once it has ended without a shell.
  Failure Why() const;
  // The last that was said and is no chatter; empty if there is nothing.
  const std::string& last() const { return last_; }
  // What it says of a key that it believes to have kept; empty before.
  const std::string& added() const { return added_; }

 private:
  void Line(absl::string_view line);

  Phase phase_ = Phase::kConnecting;
  std::string held_;  // a line that is not complete
  std::string last_, key_, denied_, host_key_, added_;
  std::optional<Failure> why_;
};

// Answers what ssh asks on behalf of a device, by its askpass program.
class SshQuestions {
 public:
  struct Answer {
    enum class Kind { kUser, kSecret, kEmpty, kRefuse };
    Kind kind = Kind::kRefuse;
    std::optional<Failure> failure = {};  // there is no use in going on
  };
  // `is_confirm`: yes or no, as ssh itself says.
  Answer On(absl::string_view question, bool is_confirm, bool has_secret);

 private:
  bool gave_secret_ = false, gave_user_ = false;
};

}  // namespace power
