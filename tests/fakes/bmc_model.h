// A model of a server's IPMI controller (BMC) and of the power it switches: as
// the standard has it, and, on demand, as such controllers are. It is told what
// came and when, and says what it answers. bmc.cc serves many of them on
// sockets; tests/unit/power/ipmi_sim_test.cc lets them talk in simulated time.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/time/time.h>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "power/ipmi_session.h"

namespace fakes {

struct BmcUser {
  std::string name, password;
  uint8_t privilege = 4;
};

struct BmcOptions {
  std::vector<BmcUser> users = {{"admin", "secret", 4}};
  std::string controller_key = {};  // Kg
  std::vector<int> suites = {3, 17};
  int answers_suite = 0;            // ... instead of the one that was asked for
  bool silent_for_unknown = false;  // users
  bool refuses_shortly = false;   // in two bytes, as OpenIPMI's simulator does
  int busy_logins = 0;            // so many are refused with "no resources"
  int busy_commands = 0;          // so many with "busy"
  bool remembers_numbers = true;  // of requests: a repeat is answered again
  bool new_random_each_time = true;  // for each copy of RAKP 1
  uint8_t control_privilege = 3;     // what Chassis Control takes
  // Of the power.
  bool is_on = true;
  bool is_stubborn = false;  // says yes and does nothing
  bool falls_back = false;   // goes on, and off again
  absl::Duration switch_time = absl::ZeroDuration();
  absl::Duration soft_time = absl::Seconds(3);  // of the operating system
  bool ignores_soft = false;
  // Of the boot options.
  bool has_boot_options = true, shows_boot_options = true;
  bool has_boot_flags = true;  // among them
  bool forgets_boot = false;   // says yes and keeps nothing
};

struct BmcCounts {
  int opens = 0, rakp1s = 0, rakp3s = 0, refused_proofs = 0;
  int logins = 0, closes = 0;
  int on = 0, off = 0, cycle = 0, reset = 0, soft = 0, nmi = 0, identify = 0;
  int boot = 0;     // the flags set
  int dropped = 0;  // sequences seen before, wrong codes, nonsense
  int switchings() const { return on + off + cycle + reset + soft + nmi; }
};

class BmcModel {
 public:
  BmcModel(BmcOptions options, uint64_t seed);

  // What it answers to whoever sent this.
  std::vector<std::string> Receive(absl::string_view datagram, absl::Time now);
  bool IsOn(absl::Time now);
  const BmcCounts& counts() const { return counts_; }
  // A boot option, as it stands; the flags (5) as long as they hold.
  std::string BootOption(uint8_t parameter, absl::Time now);
  void SetBootOption(uint8_t parameter, std::string value) {
    boot_[parameter] = std::move(value);
  }
  BmcOptions& options() { return options_; }
  void ForgetSessions() { sessions_.clear(); }

 private:
  struct Session {
    const power::IpmiSuite* suite = nullptr;
    power::IpmiExchange exchange;  // our_id is the console's
    const BmcUser* user = nullptr;
    power::IpmiKeys keys;
    bool is_open = false;
    uint8_t privilege = 2;
    uint32_t sequence = 0;
    power::IpmiWindow window;
    std::deque<std::pair<std::string, std::string>> answered;  // and its answer
  };

  std::vector<std::string> Legacy(absl::string_view datagram);
  std::optional<std::string> Unsealed(absl::string_view message);
  std::optional<std::string> BeforeSession(absl::string_view message);
  std::string Refusal(uint8_t tag, power::IpmiStatus status,
                      uint32_t console) const;
  std::string Open(absl::string_view payload);
  std::optional<std::string> Rakp1(absl::string_view payload);
  std::string Rakp3(absl::string_view payload);
  std::optional<std::string> InSession(const power::IpmiPacket& packet,
                                       absl::string_view datagram,
                                       absl::Time now);
  std::string Execute(Session& session, uint8_t function, uint8_t command,
                      absl::string_view data, absl::Time now);
  std::string SetPrivilege(Session& session, absl::string_view data);
  std::string Control(const Session& session, absl::string_view data,
                      absl::Time now);
  std::string SetBoot(const Session& session, absl::string_view data,
                      absl::Time now);
  std::string GetBoot(const Session& session, absl::string_view data,
                      absl::Time now);
  void PlanPower(bool on, absl::Time at);
  std::string Random(size_t bytes);

  BmcOptions options_;
  BmcCounts counts_;
  std::mt19937_64 random_;
  std::string guid_;
  std::map<uint32_t, Session> sessions_;
  std::map<absl::Time, bool> plan_;  // of the power
  bool is_on_;
  std::map<uint8_t, std::string> boot_;
  absl::Time boot_until_ = absl::InfiniteFuture();  // the flags hold
};

}  // namespace fakes
