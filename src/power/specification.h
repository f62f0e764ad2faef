// What a device file says: which dialogue leads to which state of which plug.
// device(5) is the page. `device_parser` reads it, `device_print` writes it,
// `dialogue` runs its scripts. Pure.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "power/outcome.h"
#include "power/pattern.h"

namespace power {

// Where something was written, which is no part of what it says: all are equal.
struct Where {
  std::string file;
  int line = 0;
  friend bool operator==(const Where&, const Where&) { return true; }
};
std::string PlaceText(const Where& where);  // "apc.dev:12"

// A regex and the state that a text means when it matches.
struct Interpretation {
  PlugState state = PlugState::kUnknown;
  Pattern pattern;
  friend bool operator==(const Interpretation&,
                         const Interpretation&) = default;
};

// How a credential is written into what is sent.
enum class SecretForm : uint8_t {
  kRaw,
  kForm,  // application/x-www-form-urlencoded
  kXml,   // in an attribute or a text of XML
};

struct Branch;

struct Statement {
  enum class Kind : uint8_t {
    kSend,
    kExpect,
    kDelay,
    kSetPlugState,
    kSetResult,
    kForEachPlug,
    kForEachNode,
    kIfOn,
    kIfOff,
    // Of language 2.
    kSendUser,
    kSendSecret,
    kSendMatch,
    kExpectAny,
    kAgain,
    kFail,
    kConfirm,
    kSetNative,
    kReconnect,
    kRun,
  };
  Kind kind = Kind::kSend;
  Where where = {};
  // What is sent (send, confirm), what follows the credential or the group
  // (send-...), the reason (fail), the literal plug (setplugstate).
  std::string text = {};
  std::string no = {};                      // confirm: the other answer
  Pattern pattern = {};                     // expect
  std::optional<absl::Duration> span = {};  // delay, within, reconnect
  std::optional<int> plug_group = {};       // setplugstate, setresult
  int group = 0;                            // of the state, of what is sent
  bool literal_plug = false;                // setplugstate: `text` is the plug
  std::vector<Interpretation> interpretations = {};  // setplugstate
  std::vector<Pattern> successes = {};               // setresult
  FailureClass failure_class = FailureClass::kDevice;
  SecretForm form = SecretForm::kRaw;
  std::optional<int> times = {};        // again max
  std::vector<std::string> words = {};  // run; "" is the address of the device
  std::vector<Statement> body = {};
  std::vector<Branch> branches;
};
bool operator==(const Statement& a, const Statement& b);

// An alternative of expectany.
struct Branch {
  enum class Kind : uint8_t { kPattern, kAfter, kClosed };
  Kind kind = Kind::kPattern;
  Where where = {};
  Pattern pattern = {};
  absl::Duration after = {};
  std::vector<Statement> body = {};
  friend bool operator==(const Branch&, const Branch&) = default;
};

// What scripts can be about. A query tells states, the others change some.
enum class Verb : uint8_t {
  kLogin,
  kLogout,
  kPing,
  kStatus,
  kStatusTemp,
  kStatusBeacon,
  kOn,
  kOff,
  kCycle,
  kReset,
  kBeaconOn,
  kBeaconOff,
  // Of language 2.
  kSoft,
  kNmi,
  kVerify,
};
enum class Form : uint8_t { kPlain, kRanged, kAll };
bool IsQuery(Verb verb);
// on, off, cycle, reset, soft, nmi: a host notices.
bool Switches(Verb verb);

struct Script {
  Verb verb = Verb::kLogin;
  Form form = Form::kPlain;
  Where where = {};
  std::vector<Statement> body = {};
  // Whether such a statement is anywhere in it.
  bool Holds(Statement::Kind kind) const;
  friend bool operator==(const Script&, const Script&) = default;
};
std::string ScriptName(Verb verb, Form form);  // "on_ranged"
struct ScriptId {
  Verb verb;
  Form form;
};
// nullopt for a name that the language does not have.
std::optional<ScriptId> ParseScriptName(absl::string_view name, int language);

// A line of a declarative block: a word, its values, and a block of its own.
struct Setting {
  struct Value {
    enum class Kind : uint8_t { kWord, kNumber, kString };
    Kind kind = Kind::kWord;
    std::string text;
    friend bool operator==(const Value&, const Value&) = default;
  };
  std::string name;
  std::vector<Value> values = {};
  friend bool operator==(const Setting&, const Setting&) = default;
};
// Of a model that needs no dialogue.
struct SettingsBlock {
  std::string name;  // snmp, ipmi
  Where where = {};
  std::vector<Setting> lines = {};
};
bool operator==(const SettingsBlock& a, const SettingsBlock& b);

enum class CycleTrust : uint8_t { kUnsafe, kSafe };

struct Specification {
  std::string name;
  Where where = {};
  int language = 1;
  absl::Duration timeout = absl::ZeroDuration();  // of a whole script
  absl::Duration ping_period = absl::ZeroDuration();
  std::vector<std::string> plugs = {};
  std::vector<Script> scripts = {};
  // Of language 2; absent is what the caller thinks best.
  std::vector<std::string> transports = {};             // in this order
  std::vector<std::pair<std::string, int>> ports = {};  // "" is every transport
  std::string alternative = {};  // specification to try when unreachable
  std::optional<bool> tls = {}, interleave = {};
  std::optional<CycleTrust> native_cycle = {};
  std::optional<int> sessions = {};
  std::optional<int> secret_length = {};  // bytes of a password, 1 to so many
  std::optional<absl::Duration> step_timeout = {}, settle = {}, poll = {},
                                hold = {}, off_time = {};
  std::vector<Interpretation> states = {};
  // Passwords that stand in the scripts (written_secrets.h).
  std::vector<std::string> secrets = {};
  std::vector<SettingsBlock> blocks = {};

  const Script* Find(Verb verb, Form form = Form::kPlain) const;
  const SettingsBlock* Block(absl::string_view name) const;
  // A person has to do it.
  bool manual() const;
  // The device's own cycle, which it may do wrong (set-native).
  bool CyclesNatively() const;
  friend bool operator==(const Specification&, const Specification&) = default;
};

}  // namespace power
