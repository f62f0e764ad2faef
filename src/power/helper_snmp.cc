// snmppower's lines.
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>

#include "power/helper.h"
#include "text/utf8.h"

namespace power {
namespace {

constexpr char kEnterprises[] = "1.3.6.1.4.1.";
constexpr size_t kShortestPassphrase = 8;  // RFC 3414, section 11.2

// Names of objects that device files use: "enterprises.318.1", ".1.3.6.1", and
// those of the one MIB that a file of powerman's loads:
// Pulizzi::outlet7Status.0 and Pulizzi::outlet7Command.0.
std::optional<SnmpOid> ObjectOf(absl::string_view name) {
  std::string numbers;
  if (absl::ConsumePrefix(&name, "enterprises.")) {
    numbers = absl::StrCat(kEnterprises, name);
  } else if (absl::ConsumePrefix(&name, "Pulizzi::outlet")) {
    const bool is_state = absl::ConsumeSuffix(&name, "Status.0");
    int outlet = 0;
    if (!is_state && !absl::ConsumeSuffix(&name, "Command.0")) {
      return std::nullopt;
    }
    if (!absl::SimpleAtoi(name, &outlet)) return std::nullopt;
    numbers = absl::StrCat(kEnterprises, "20677.2.6.", is_state ? 3 : 2, ".",
                           outlet, ".0");
  } else {
    numbers = std::string(name);
  }
  auto oid = ParseSnmpOid(numbers);
  if (!oid.ok()) return std::nullopt;
  return *std::move(oid);
}

// As net-snmp prints what is neither a number nor a string.
std::string OtherText(const SnmpOid& oid, const SnmpValue& value) {
  const std::string name = SnmpOidText(oid);
  absl::string_view behind = name;
  const std::string shown =
      absl::ConsumePrefix(&behind, kEnterprises)
          ? absl::StrCat("SNMPv2-SMI::enterprises.", behind)
          : name;
  switch (value.type) {
    case SnmpType::kGauge:
      return absl::StrCat(shown, " = Gauge32: ", value.number);
    case SnmpType::kCounter:
      return absl::StrCat(shown, " = Counter32: ", value.number);
    case SnmpType::kCounter64:
      return absl::StrCat(shown, " = Counter64: ", value.number);
    case SnmpType::kTicks:
      return absl::StrCat(shown, " = Timeticks: (", value.number, ")");
    case SnmpType::kOid:
      return absl::StrCat(shown, " = OID: ", SnmpOidText(value.oid));
    case SnmpType::kNoSuchObject:
      return absl::StrCat(
          shown, " = No Such Object available on this agent at this OID");
    case SnmpType::kNoSuchInstance:
      return absl::StrCat(shown,
                          " = No Such Instance currently exists at this OID");
    default:
      return absl::StrCat(shown, " = ?");
  }
}

class SnmpHelper : public Helper {
 public:
  explicit SnmpHelper(const HelperCommand& command)
      : Helper("snmppower"), host_(command.hosts[0]) {}

 private:
  void Run(const std::vector<std::string>& words) override {
    const std::string& command = words[0];
    if (command == "start_v1" || command == "start_v2c") {
      Open(words, command == "start_v1" ? 1 : 2);
    } else if (command == "start_v3") {
      Open(words, 3);
    } else if (command == "finish") {
      session_ = {.version = 0};
    } else if (command == "get" || command == "set") {
      Ask(words);
    } else if (command == "quit") {
      Quit();
    } else if (command == "mib") {
      // The names that it would bring are known (ObjectOf), or nothing is.
      if (words.size() < 2) Say("snmppower: missing mib");
    } else {
      Say("type \"help\" for a list of commands");
    }
  }

  void Open(const std::vector<std::string>& words, int version) {
    if (words.size() < 2) {
      return Say(version == 3 ? "snmppower: missing security name"
                              : "snmppower: missing community");
    }
    if (session_.version != 0) {
      return Say("snmppower: finish current session first");
    }
    SnmpCall session = {.version = version};
    if (version == 3) {
      if (words.size() < 3) return Say("snmppower: missing passphrase");
      if (words[2].size() < kShortestPassphrase) {
        return Say("snmppower: passphrase must be at least 8 characters");
      }
      session.user = words[1];
    }
    session.secret =
        std::make_shared<const keys::Secret>(words[version == 3 ? 2 : 1]);
    session_ = std::move(session);
  }

  void Ask(const std::vector<std::string>& words) {
    const bool sets = words[0] == "set";
    if (words.size() < 2) return Say("snmppower: missing oid");
    if (sets && words.size() < 3) return Say("snmppower: missing type");
    if (sets && words.size() < 4) return Say("snmppower: missing value");
    if (session_.version == 0) return Say("snmppower: start session first");
    const std::optional<SnmpOid> oid = ObjectOf(words[1]);
    if (!oid) return Say("error parsing oid");
    SnmpCall call = session_;
    call.sets = sets;
    call.oid = *oid;
    if (sets && !ReadValue(words[2], words[3], &call.value)) {
      return Say("error parsing value");
    }
    asked_ = words[1];
    Call(host_, std::move(call));
  }

  static bool ReadValue(absl::string_view type, const std::string& text,
                        SnmpValue* value) {
    if (type == "s") {
      *value = {.type = SnmpType::kString, .bytes = text};
      return true;
    }
    *value = {.type = type == "u" ? SnmpType::kGauge : SnmpType::kInteger};
    return (type == "i" || type == "u") &&
           absl::SimpleAtoi(text, &value->number) &&
           value->number >= (type == "u" ? 0 : INT32_MIN) &&
           value->number <= (type == "u" ? int64_t{UINT32_MAX} : INT32_MAX);
  }

  void Heard(const HelperCall& call, const HelperAnswer& answer) override {
    const SnmpCall& what = std::get<SnmpCall>(call.what);
    if (answer.failure) {
      return Say(absl::StrCat(what.sets ? "snmpset: " : "snmpget: ",
                              text::Clean(answer.failure->text)));
    }
    const SnmpValue& value = answer.value;
    if (value.type == SnmpType::kInteger) {
      Say(absl::StrCat(asked_, ": ", value.number));
    } else if (value.type == SnmpType::kString) {
      Say(absl::StrCat(asked_, ": ", value.bytes));
    } else {
      Say(OtherText(what.oid, value));
    }
  }

  const std::string host_;
  SnmpCall session_ = {.version = 0};  // 0: there is none
  std::string asked_;                  // the object, as it was named
};

}  // namespace

std::unique_ptr<Helper> MakeSnmpHelper(const HelperCommand& command) {
  return std::make_unique<SnmpHelper>(command);
}

}  // namespace power
