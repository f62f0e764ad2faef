// A shell of a device by the host's ssh program, on a pseudo terminal: that
// brings the configuration, jump hosts, agents and certificates of OpenSSH.
// Passwords and questions are answered by an askpass program of ours
// (askpass.h), never by a command line or the environment.
#pragma once

#include <absl/status/status.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "power/askpass.h"
#include "power/exec_transport.h"
#include "power/ssh_words.h"
#include "power/transport.h"
#include "power/transport_line.h"
#include "sys/child.h"

namespace power {

struct SshSettings {
  std::string program = "ssh";  // looked up on PATH
  // Keys of PCUs; learnt ones are written there. Behind it comes the user's
  // own file.
  std::string known_hosts = {};
  // What is started as the askpass program; empty is our own executable.
  std::string askpass = {};
  std::vector<std::string> more_words = {};  // of ssh, in front of the host
};

// What the ssh program here can do, asked once.
class SshPrograms {
 public:
  SshPrograms(sys::Loop& loop, std::string program)
      : loop_(loop), program_(std::move(program)) {}
  // `done` may come at once. What cannot be had is left empty.
  void Ask(std::function<void(const SshAlgorithms&)> done);

 private:
  sys::Loop& loop_;
  const std::string program_;
  std::optional<SshAlgorithms> known_;
  std::vector<std::function<void(const SshAlgorithms&)>> waiting_;
  std::string text_;
  std::unique_ptr<ExecTransport> asking_;
};

class SshTransport : public Transport {
 public:
  // What is borrowed outlives it.
  SshTransport(sys::Loop& loop, const SshSettings& settings,
               SshPrograms& programs, TransportPlan plan);
  ~SshTransport() override;

  void Start(Events events) override;
  void Send(absl::string_view bytes) override { line_.Send(bytes); }
  void Leave(std::function<void()> gone) override;

 private:
  void Prepare(const SshAlgorithms* legacy);
  int64_t KeyBytes() const;
  absl::Status CanKeepKeys();
  std::optional<Failure> KeyTrouble() const;
  std::optional<Failure> Launch(const SshCall& call);
  const keys::Secret* Answer(absl::string_view question, bool is_confirm);
  void OnWords();
  void OnExit();
  void LookForShell();
  void Connected();
  void OnReceived(absl::string_view bytes);
  void MaybeEnd();
  void GiveUp(const Failure& failure);
  void Kill();
  std::string Late() const;

  sys::Loop& loop_;
  const SshSettings& settings_;
  SshPrograms& programs_;
  const TransportPlan plan_;
  Events events_;
  TransportLine line_;
  int64_t key_bytes_ = 0;  // before ssh was started
  // Why no key is trusted at first use that should be.
  absl::Status keeps_keys_;
  bool distrusts_ = false;
  SshWords words_;
  SshQuestions questions_;
  SshWords::Phase phase_ = SshWords::Phase::kConnecting;
  std::unique_ptr<AskpassServer> askpass_;
  keys::Secret user_;  // as an answer
  sys::Fd pty_, errors_;
  std::optional<sys::Child> child_;
  sys::Loop::Timer look_timer_ = 0;
  bool connected_ = false, hung_up_ = false, exited_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace power
