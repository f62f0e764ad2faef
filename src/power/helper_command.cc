#include "power/helper_command.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>

#include <utility>

#include "power/host_list.h"
#include "power/limits.h"
#include "text/words.h"

namespace power {
namespace {

// A letter, its word, and what the value is kept as; no value without one.
struct Known {
  HelperKind kind;
  char letter;  // 0: only the word
  const char* word;
  const char* field;  // "" for one that changes nothing here
  bool takes_value;
};
constexpr Known kOptions[] = {
    {HelperKind::kIpmi, 'h', "hostname", "hosts", true},
    {HelperKind::kIpmi, 'u', "username", "user", true},
    {HelperKind::kIpmi, 'p', "password", "password", true},
    {HelperKind::kIpmi, 'D', "driver-type", "driver", true},
    {HelperKind::kIpmi, 'I', "cipher-suite-id", "suite", true},
    {HelperKind::kIpmi, 'W', "workaround-flags", "", true},
    {HelperKind::kIpmi, 'l', "privilege-level", "", true},
    {HelperKind::kIpmi, 0, "wait-until-on", "wait-on", false},
    {HelperKind::kIpmi, 0, "wait-until-off", "wait-off", false},
    {HelperKind::kSnmp, 'h', "hostname", "hosts", true},
    {HelperKind::kRedfish, 'h', "hostname", "hosts", true},
    {HelperKind::kRedfish, 'H', "header", "header", true},
    {HelperKind::kRedfish, 'S', "statpath", "path stat", true},
    {HelperKind::kRedfish, 'O', "onpath", "path on", true},
    {HelperKind::kRedfish, 'F', "offpath", "path off", true},
    {HelperKind::kRedfish, 'C', "cyclepath", "path cycle", true},
    {HelperKind::kRedfish, 'P', "onpostdata", "data on", true},
    {HelperKind::kRedfish, 'G', "offpostdata", "data off", true},
    {HelperKind::kRedfish, 'D', "cyclepostdata", "data cycle", true},
    // As the comments of some device files have them, in small letters.
    {HelperKind::kRedfish, 'm', "", "data cycle", true},
    {HelperKind::kRedfish, 'c', "", "path cycle", true},
    {HelperKind::kHttp, 'u', "url", "url", true},
    {HelperKind::kHttp, 'H', "header", "header", true},
    {HelperKind::kHttp, 'c', "cookies", "cookies", false},
};

constexpr std::pair<const char*, HelperKind> kPrograms[] = {
    {"ipmipower", HelperKind::kIpmi},
    {"snmppower", HelperKind::kSnmp},
    {"redfishpower", HelperKind::kRedfish},
    {"httppower", HelperKind::kHttp},
};

std::optional<HelperKind> KindOf(absl::string_view program) {
  const size_t slash = program.rfind('/');
  if (slash != absl::string_view::npos) program.remove_prefix(slash + 1);
  for (const auto& [name, kind] : kPrograms) {
    if (program == name) return kind;
  }
  return std::nullopt;
}

// The words of `program`, or of the command that it hands to a shell if that
// is nothing but words.
std::optional<std::vector<std::string>> WordsOf(
    absl::Span<const std::string> program) {
  const bool is_shell = program.size() == 3 && program[1] == "-c" &&
                        absl::EndsWith(program[0], "sh");
  if (!is_shell)
    return std::vector<std::string>(program.begin(), program.end());
  const absl::string_view command = program[2];
  if (command.find_first_of("$`;&|<>\\\n*?") != absl::string_view::npos) {
    return std::nullopt;
  }
  auto words = text::SplitWords(command);
  if (!words.ok()) return std::nullopt;
  return *std::move(words);
}

bool Keep(absl::string_view field, const std::string& value, HelperCommand* c) {
  if (field == "hosts") {
    auto hosts = ParseHostList(value, kMaxHelperHosts);
    if (!hosts.ok() || c->hosts.size() + hosts->size() > kMaxHelperHosts) {
      return false;
    }
    c->hosts.insert(c->hosts.end(), hosts->begin(), hosts->end());
  } else if (field == "password") {
    c->password = std::make_shared<const keys::Secret>(value);
    c->warnings.emplace_back("a password on a command line is read by all");
  } else if (field == "driver") {
    // The only protocol that is spoken here.
    return absl::EqualsIgnoreCase(value, "LAN_2_0") ||
           absl::EqualsIgnoreCase(value, "lanplus");
  } else if (field == "suite") {
    c->cipher_suite = value;
    return value == "3" || value == "17";
  } else if (field == "user") {
    c->user = value;
  } else if (field == "wait-on") {
    c->wait_until_on = true;
  } else if (field == "wait-off") {
    c->wait_until_off = true;
  } else if (field == "url") {
    c->url = value;
  } else if (field == "header") {
    c->header = value;
  } else if (field == "cookies") {
    c->cookies = true;
  } else if (absl::ConsumePrefix(&field, "path ")) {
    c->paths[std::string(field)] = value;
  } else if (absl::ConsumePrefix(&field, "data ")) {
    c->data[std::string(field)] = value;
  }
  return true;
}

// Takes one option off the front of the words; false if it is not understood.
bool TakeOption(absl::Span<const std::string>* words, HelperCommand* c) {
  absl::string_view word = (*words)[0];
  words->remove_prefix(1);
  const bool is_long = absl::ConsumePrefix(&word, "--");
  if (!is_long && !absl::ConsumePrefix(&word, "-")) return false;
  std::optional<std::string> value;
  const size_t end = is_long ? word.find('=') : 1;
  if (word.empty()) return false;
  if (end < word.size()) value.emplace(word.substr(is_long ? end + 1 : 1));
  const absl::string_view name = word.substr(0, end);
  for (const Known& known : kOptions) {
    const bool fits = is_long ? *known.word != '\0' && name == known.word
                              : known.letter == name[0];
    if (known.kind != c->kind || !fits) continue;
    if (!known.takes_value) return !value && Keep(known.field, "", c);
    if (!value && words->empty()) return false;
    if (!value) {
      value = (*words)[0];
      words->remove_prefix(1);
    }
    return Keep(known.field, *value, c);
  }
  return false;
}

}  // namespace

std::optional<HelperCommand> ParseHelperCommand(
    absl::Span<const std::string> program) {
  const auto words = WordsOf(program);
  if (!words || words->empty()) return std::nullopt;
  const std::optional<HelperKind> kind = KindOf((*words)[0]);
  if (!kind) return std::nullopt;
  HelperCommand command = {.kind = *kind};
  absl::Span<const std::string> rest = *words;
  rest.remove_prefix(1);
  while (!rest.empty()) {
    if (!TakeOption(&rest, &command)) return std::nullopt;
  }
  if (command.hosts.empty() && command.kind != HelperKind::kHttp) {
    return std::nullopt;
  }
  if (command.kind == HelperKind::kSnmp && command.hosts.size() != 1) {
    return std::nullopt;
  }
  return command;
}

}  // namespace power
