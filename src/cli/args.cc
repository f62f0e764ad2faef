#include "cli/args.h"

#include <absl/strings/cord.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <cxxopts.hpp>
#include <optional>

#include "base/status.h"
#include "base/strings.h"
#include "text/words.h"

namespace cli {
namespace {

constexpr absl::string_view kUsagePayload = "fleetbox/usage";
constexpr absl::string_view kExitPayload = "fleetbox/exit";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::optional<Option> FindLetter(OptionTable options, char letter) {
  for (const Option o : options) {
    if (o.letter == letter) return o;
  }
  return std::nullopt;
}
std::optional<Option> FindWord(OptionTable options, absl::string_view word) {
  for (const Option o : options) {
    if (!o.word.empty() && o.word == word) return o;
  }
  return std::nullopt;
}

bool MayLeaveOut(const Option& o) {
  return !o.value.empty() && o.value.front() == '[';
}
// The value's name without the brackets.
absl::string_view ValueName(const Option& o) {
  absl::string_view name = o.value;
  if (MayLeaveOut(o)) {
    name.remove_prefix(1);
    name.remove_suffix(1);
  }
  return name;
}

// cxxopts wants a word of at least two letters and digits for everything.
std::string InnerWord(const Option& o) {
  if (!o.word.empty()) return std::string(o.word);
  return absl::StrCat("letter-", static_cast<int>(o.letter));
}

absl::Status NoSuchOption(OptionTable options, absl::string_view word) {
  std::vector<absl::string_view> words = {"help", "version"};
  for (const Option o : options) {
    if (!o.word.empty()) words.push_back(o.word);
  }
  std::string message = absl::StrCat("--", word, ": no such option");
  const std::vector<std::string> near = base::Nearest(word, words);
  if (!near.empty()) {
    absl::StrAppend(&message, "; did you mean --",
                    absl::StrJoin(near, " or --"), "?");
  }
  return UsageError(message);
}

// The options at the front of a line, as cxxopts shall see them.
struct Rewritten {
  Wanted wanted = Wanted::kRun;
  std::vector<std::string> options;  // "--word=value" or "--word"
  std::vector<Option> used;          // each once
  size_t operands_at = 0;            // index of the first word behind them
  bool dashes = false;               // "--" ended them
};

class Rewriter {
 public:
  Rewriter(OptionTable options, absl::Span<const std::string> line)
      : options_(options), line_(line) {}

  absl::StatusOr<Rewritten> Rewrite() {
    size_t& at = out_.operands_at;
    while (at < line_.size() && out_.wanted == Wanted::kRun) {
      const absl::string_view word = line_[at];
      if (word.size() < 2 || word[0] != '-') break;
      at++;
      if (word == "--") {
        out_.dashes = true;
        break;
      }
      TRY(word[1] == '-' ? Word(word.substr(2)) : Cluster(word.substr(1)));
    }
    return std::move(out_);
  }

 private:
  // --word, --word=value, --word value
  absl::Status Word(absl::string_view text) {
    const size_t equals = text.find('=');
    const absl::string_view word = text.substr(0, equals);
    std::optional<absl::string_view> attached;
    if (equals != absl::string_view::npos) attached = text.substr(equals + 1);
    std::optional<Option> o = FindWord(options_, word);
    if (!o && !attached && word == "help") {
      out_.wanted = Wanted::kHelp;
      return absl::OkStatus();
    }
    if (!o && !attached && word == "version") {
      out_.wanted = Wanted::kVersion;
      return absl::OkStatus();
    }
    if (!o) return NoSuchOption(options_, word);
    if (o->value.empty() && attached) {
      return UsageError(absl::StrCat(OptionName(*o), ": takes no value"));
    }
    return Add(*o, attached);
  }

  // -a, -abc, -Pvalue, -P value, -12
  absl::Status Cluster(absl::string_view letters) {
    while (!letters.empty() && out_.wanted == Wanted::kRun) {
      std::optional<Option> o = FindLetter(options_, letters[0]);
      if (!o && IsDigit(letters[0])) {
        o = FindLetter(options_, '#');
        if (o) {
          const size_t end =
              std::min(letters.find_first_not_of("0123456789"), letters.size());
          TRY(Add(*o, letters.substr(0, end)));
          letters.remove_prefix(end);
          continue;
        }
      }
      if (!o && letters[0] == 'h') {
        out_.wanted = Wanted::kHelp;
        return absl::OkStatus();
      }
      if (!o && letters[0] == 'V') {
        out_.wanted = Wanted::kVersion;
        return absl::OkStatus();
      }
      if (!o || letters[0] == '#') {
        return UsageError(
            absl::StrCat("-", letters.substr(0, 1), ": no such option"));
      }
      letters.remove_prefix(1);
      if (o->value.empty() || letters.empty()) {
        TRY(Add(*o, std::nullopt));
      } else {
        TRY(Add(*o, letters));
        letters = {};
      }
    }
    return absl::OkStatus();
  }

  absl::Status Add(const Option& o, std::optional<absl::string_view> value) {
    if (!value && MayLeaveOut(o)) value = o.bare;
    if (!value && !o.value.empty()) {
      if (out_.operands_at == line_.size()) {
        return UsageError(
            absl::StrCat(OptionName(o), ": ", ValueName(o), " is missing"));
      }
      value = line_[out_.operands_at++];
    }
    if (std::none_of(out_.used.begin(), out_.used.end(), [&](const Option& u) {
          return u.word == o.word && u.letter == o.letter;
        })) {
      out_.used.push_back(o);
    }
    out_.options.push_back(absl::StrCat("--", InnerWord(o)));
    if (value) absl::StrAppend(&out_.options.back(), "=", *value);
    return absl::OkStatus();
  }

  OptionTable options_;
  absl::Span<const std::string> line_;
  Rewritten out_;
};

// Reads the options at the front of `line` into `call`, and gives back how many
// words that took, or what was asked for instead of running.
absl::StatusOr<Rewritten> ReadOptions(OptionTable options,
                                      absl::Span<const std::string> line,
                                      Call& call) {
  TRY_ASSIGN(Rewritten front, Rewriter(options, line).Rewrite());
  // The first use of cxxopts costs 20 us, as it makes the C++ locale, and each
  // option another 2: it hears only of those that are there.
  if (front.options.empty()) return front;
  std::vector<const char*> argv = {"fleetbox"};
  for (const std::string& word : front.options) argv.push_back(word.c_str());
  try {
    cxxopts::Options checker("fleetbox");
    for (const Option& o : front.used) {
      if (o.value.empty()) {
        checker.add_options()(InnerWord(o), "");
      } else {
        checker.add_options()(InnerWord(o), "", cxxopts::value<std::string>());
      }
    }
    const cxxopts::ParseResult result =
        checker.parse(static_cast<int>(argv.size()), argv.data());
    for (const cxxopts::KeyValue& given : result.arguments()) {
      for (const Option& o : front.used) {
        if (InnerWord(o) != given.key()) continue;
        call.seen.push_back({o, o.value.empty() ? "" : given.value()});
      }
    }
  } catch (const std::exception& e) {
    return UsageError(e.what());
  }
  return front;
}

absl::Status OfVerb(absl::Status status, const Verb& verb) {
  if (IsUsageError(status)) {
    status.SetPayload(kUsagePayload, absl::Cord(verb.name));
  }
  return status;
}

}  // namespace

absl::Status NotAVerb(const Call& call) {
  std::vector<absl::string_view> names;
  for (const Verb& v : call.applet->verbs) names.push_back(v.name);
  if (call.operands.empty()) {
    return UsageError(
        absl::StrCat("a verb is missing: ", absl::StrJoin(names, ", ")));
  }
  std::string message =
      absl::StrCat("'", call.operands[0], "' is not a verb of ", call.program);
  const std::vector<std::string> near = base::Nearest(call.operands[0], names);
  absl::StrAppend(&message,
                  near.empty()
                      ? absl::StrCat("; there are ", absl::StrJoin(names, ", "))
                      : absl::StrCat("; did you mean '",
                                     absl::StrJoin(near, "' or '"), "'?"));
  return UsageError(message);
}

std::string OptionName(const Option& option) {
  if (!option.word.empty()) return absl::StrCat("--", option.word);
  return std::string({'-', option.letter});
}

absl::Status UsageError(absl::string_view message) {
  absl::Status status = absl::InvalidArgumentError(message);
  status.SetPayload(kUsagePayload, absl::Cord());
  return status;
}
absl::Status FailWith(int exit_code, absl::string_view message) {
  absl::Status status = absl::UnknownError(message);
  status.SetPayload(kExitPayload, absl::Cord(absl::StrCat(exit_code)));
  return status;
}

bool IsUsageError(const absl::Status& status) {
  return status.GetPayload(kUsagePayload).has_value();
}
absl::string_view VerbOfError(const Applet& applet,
                              const absl::Status& status) {
  const auto name = status.GetPayload(kUsagePayload);
  for (const Verb& v : applet.verbs) {
    if (name.has_value() && *name == v.name) return v.name;
  }
  return "";
}
int ExitCodeIn(const absl::Status& status) {
  const auto text = status.GetPayload(kExitPayload);
  int code = 0;
  if (!text.has_value() || !absl::SimpleAtoi(std::string(*text), &code)) {
    return 0;
  }
  return code;
}

absl::StatusOr<CommandLine> ReadCommandLine(
    const Applet& applet, absl::string_view program,
    absl::Span<const std::string> words, const EnvironmentWords& environment) {
  CommandLine line;
  line.call.program = std::string(program);
  line.call.applet = &applet;
  line.call.options.reserve(64);  // enough for most, at once
  for (const Option o : applet.options) line.call.options.push_back(o);

  if (!environment.text.empty()) {
    const auto in_variable = [&](absl::string_view why) {
      return UsageError(absl::StrCat(environment.name, ": ", why));
    };
    const absl::StatusOr<std::vector<std::string>> more =
        text::SplitGrouped(environment.text);
    if (!more.ok()) return in_variable(more.status().message());
    const absl::StatusOr<Rewritten> front =
        ReadOptions(applet.options, *more, line.call);
    if (!front.ok()) return in_variable(front.status().message());
    line.wanted = front->wanted;
    if (line.wanted != Wanted::kRun) return line;
    if (front->operands_at < more->size()) {
      return in_variable(
          absl::StrCat("'", (*more)[front->operands_at], "' is no option"));
    }
  }

  TRY_ASSIGN(Rewritten front, ReadOptions(applet.options, words, line.call));
  words.remove_prefix(front.operands_at);
  line.wanted = front.wanted;
  line.call.dashes = front.dashes;
  if (line.wanted != Wanted::kRun) return line;

  // Behind "--" stands what the command itself is for, if it is for anything.
  const bool verbs = applet.run == nullptr || !front.dashes;
  for (const Verb& verb : applet.verbs) {
    if (!verbs || words.empty() || verb.name != words[0]) continue;
    line.call.verb = &verb;
    for (const Option o : verb.options) line.call.options.push_back(o);
    words.remove_prefix(1);
    const absl::StatusOr<Rewritten> behind =
        ReadOptions(verb.options, words, line.call);
    if (!behind.ok()) return OfVerb(behind.status(), verb);
    words.remove_prefix(behind->operands_at);
    line.call.dashes = line.call.dashes || behind->dashes;
    line.wanted = behind->wanted;
    break;
  }
  line.call.operands.assign(words.begin(), words.end());
  if (line.wanted == Wanted::kRun && line.call.verb == nullptr &&
      applet.run == nullptr && !applet.verbs.empty()) {
    return NotAVerb(line.call);
  }
  return line;
}

}  // namespace cli
