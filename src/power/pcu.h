// One power controller as the inventory has it (pcu-inventory(5)), and one
// outlet of it. Pure.
#pragma once

#include <absl/time/time.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "power/specification.h"

namespace power {

// Where a secret is kept; never the secret itself.
struct SecretSource {
  enum class Kind : uint8_t {
    kNone,     // the model may not need one
    kStore,    // under this name in the store of secrets
    kFile,     // a file that only its owner may read
    kEnv,      // a variable of our environment
    kCred,     // a file of the service's credentials directory
    kProgram,  // the first line that a shell command prints
    kPrompt,   // asked for on the terminal
    // As powerman.conf and imported records have it: in clear, in a file that
    // lint complains of. `text` is never printed.
    kClear,
  };
  Kind kind = Kind::kNone;
  std::string text = {};
  friend bool operator==(const SecretSource&, const SecretSource&) = default;
};

// A way in, in the words of device(5): ssh, telnet, tcp, tls, serial, exec,
// http, ipmi, snmp, redfish, amt, ribcl.
struct Way {
  std::string transport;
  std::optional<int> port = {};  // else the model's, else the transport's
  friend bool operator==(const Way&, const Way&) = default;
};

struct Pcu {
  std::string name;
  Where where = {};
  std::string model;      // a specification; today's name
  std::string host, ip;   // one may be empty; `ip` is used when it is there
  std::vector<Way> ways;  // in this order; none: the model's
  bool try_all = false;   // the next way also after the credentials failed
  std::string user = {};
  SecretSource secret = {};
  // The second secret of SNMPv3; its community is `secret`.
  SecretSource privacy_secret = {};
  std::string site = {};
  std::optional<int> sessions = {};  // at once; else the model's, else 1
  std::optional<absl::Duration> stagger = {}, off_time = {}, settle = {},
                                poll = {}, state_timeout = {}, hold = {},
                                step_timeout = {}, linger = {};
  bool keep = false;  // connected while we serve
  bool trust_first_use = false, legacy_crypto = false, tls_insecure = false;
  std::string tls_pin = {};   // SHA-256 of the public key, lower case hex
  std::string system = {};    // Redfish: which of several; its UUID or name
  std::string serial = {};    // flags of a tty: "9600,8n1"
  std::string terminal = {};  // flags of powerman's device line
  // What to run instead of connecting (transport exec, powerman's "|&").
  std::vector<std::string> program = {};
  bool program_external = false;  // never one of the built-in co-processes
  std::string snmp_version = {};  // "1", "2c", "3"; else 2c
  std::string snmp_digest = {}, snmp_privacy = {};  // "sha256", "aes"
  std::string cipher_suite = {};                    // of IPMI: "17", "3"
  // Plugs on which several hosts are meant to hang.
  std::vector<std::string> shared_plugs = {};
};

// One outlet, and the hosts that hang on it.
struct Outlet {
  std::string pcu, plug;
  friend bool operator==(const Outlet&, const Outlet&) = default;
};

// A host and its power supplies: all have to be off for it to be off.
struct PoweredHost {
  std::string name;
  Where where = {};
  std::vector<Outlet> feeds;
  bool is_protected = false;  // switched only when forced and named itself
  // The host it hangs on in turn, as a blade does on its chassis: when that is
  // off, this is.
  std::string parent = {};
};

}  // namespace power
