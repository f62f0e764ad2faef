// A host that takes requests, and somebody who calls it.
#pragma once

#include <absl/status/status.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keys/allowed_signers.h"
#include "keys/openssh_key.h"
#include "net/channel.h"
#include "power/relay_server.h"
#include "sys/file.h"
#include "sys/loop.h"
#include "wire/parcel.h"

namespace power_test {

class RelayScene {
 public:
  // host:a, user:ops who may everything, user:mate too; user:weak may open
  // channels only; user:tells may not switch.
  RelayScene();

  // A server of that state; the earlier one is gone.
  void Restart();
  void Call(const keys::KeyPair& who);
  void TurnUntil(const std::function<bool()>& condition);

  wire::Draft MakeDraft(const fleetbox::wire::PowerRequest& request) const;
  std::string Seal(const fleetbox::wire::PowerRequest& request) const;
  std::string Seal(const wire::Draft& draft, const keys::KeyPair& who) const;
  // Sends it, and waits for the refusal.
  void Refused(const std::string& parcel);
  void Answered(const std::string& parcel, int answers = 1);

  std::string InFolder(absl::string_view name) const {
    return folder->path() + "/" + std::string(name);
  }

  std::optional<sys::TemporaryFolder> folder;
  keys::KeyPair host = keys::NewKeyPair("host"), ops = keys::NewKeyPair("ops"),
                mate = keys::NewKeyPair("mate"),
                weak = keys::NewKeyPair("weak"),
                tells = keys::NewKeyPair("tells"),
                stranger = keys::NewKeyPair("stranger");
  sys::Loop loop;
  std::optional<keys::TrustFile> trust;
  std::unique_ptr<power::RelayServer> server;
  std::unique_ptr<net::Channel> channel;
  bool is_open = false, is_closed = false;
  absl::Status closed;
  int refused = 0, lasts = 0;
  net::Receipt receipt;
  std::vector<fleetbox::wire::PowerAnswer> answers;
};

// `off` of the host that only a person can switch.
fleetbox::wire::PowerRequest ManualOff();

}  // namespace power_test
