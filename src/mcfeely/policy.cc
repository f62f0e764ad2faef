#include "mcfeely/policy.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_replace.h>

#include <algorithm>

#include "base/limits.h"
#include "base/strings.h"
#include "mcfeely/jobfile_lexer.h"
#include "mcfeely/jobfile_model.h"

namespace mcfeely {
namespace {

using What = PolicyRule::What;
using Words = absl::Span<const Word>;

bool MatchesAny(const std::vector<std::string>& patterns,
                absl::string_view text) {
  return std::any_of(
      patterns.begin(), patterns.end(),
      [&](const std::string& p) { return base::GlobMatch(p, text); });
}

// A pattern whose fixed part could never be in a name is a mistake, not a rule
// that allows nothing.
template <typename Check>
absl::Status CheckPattern(absl::string_view pattern, Check check) {
  return check(absl::StrReplaceAll(pattern, {{"*", "x"}, {"?", "x"}}));
}

std::string WordText(const Word& word) {
  const bool pattern = word.bare && !word.text.empty() &&
                       word.text.find_first_not_of(
                           "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXY"
                           "Z0123456789_-./:@%+=,*?") == std::string::npos;
  if (pattern) return word.text;
  // Quotes that keep a word from being a keyword are not left out.
  constexpr absl::string_view kKeywords[] = {"run", "operate", "read", "on",
                                             "as",  "with",    "..."};
  const bool keyword = std::find(std::begin(kKeywords), std::end(kKeywords),
                                 word.text) != std::end(kKeywords);
  return keyword ? absl::StrCat("'", word.text, "'") : QuoteJobWord(word.text);
}

// Reads the lines of a file. A clause begins at its bare keyword, so that an
// argument may be any word when it is quoted.
class Reader {
 public:
  Reader(JobErrors& errors, std::vector<PolicyRule>& rules)
      : errors_(errors), rules_(rules) {}

  void Read(const Line& line) {
    place_ = line.place;
    if (line.broken) return;
    for (const Word& word : line.words) {
      if (!word.holes.empty()) return Wrong("there are no parameters here");
      if (word.text.size() > base::kMaxPolicyWordBytes) {
        return Wrong(absl::StrCat("a word is longer than ",
                                  base::kMaxPolicyWordBytes, " bytes"));
      }
    }
    if (!IsBare(line.words[0], "allow")) {
      return Wrong(absl::StrCat("unknown directive ",
                                Quoted(line.words[0].text),
                                ": a rule begins with 'allow'"));
    }
    if (rules_.size() == base::kMaxPolicyRules) {
      if (!std::exchange(full_, true)) {
        Wrong(absl::StrCat("more than ", base::kMaxPolicyRules, " rules"));
      }
      return;
    }
    rule_ = PolicyRule();
    rule_.line = static_cast<int>(line.place.number);
    rule_.text =
        absl::StrJoin(line.words, " ", [](std::string* out, const Word& word) {
          absl::StrAppend(out, WordText(word));
        });
    if (ReadRule(Words(line.words).subspan(1))) {
      rules_.push_back(std::move(rule_));
    }
  }

 private:
  static bool IsBare(const Word& word, absl::string_view text) {
    return word.bare && word.text == text;
  }
  void Wrong(absl::string_view message) { errors_.Add(place_, message); }
  bool Refuse(absl::string_view message) {
    Wrong(message);
    return false;
  }

  bool ReadRule(Words words) {
    size_t verb = 0;
    while (verb < words.size() && !IsBare(words[verb], "run") &&
           !IsBare(words[verb], "operate") && !IsBare(words[verb], "read")) {
      rule_.who.push_back(words[verb++].text);
    }
    if (verb == words.size()) {
      return Refuse(
          "must be: allow PRINCIPAL... run COMM..., or operate, or read");
    }
    if (rule_.who.empty()) {
      return Refuse(absl::StrCat("allow: nobody is named before '",
                                 words[verb].text, "'"));
    }
    for (const std::string& who : rule_.who) {
      if (who.empty()) return Refuse("allow: a principal is empty");
    }
    const std::string& name = words[verb].text;
    const Words rest = words.subspan(verb + 1);
    if (name == "run") return ReadRun(rest);
    rule_.what = name == "operate" ? What::kOperate : What::kRead;
    if (rest.empty()) return true;
    return Refuse(absl::StrCat(name, ": takes no words"));
  }

  bool ReadRun(Words words) {
    const auto is_clause = [](const Word& word) {
      return IsBare(word, "on") || IsBare(word, "as") || IsBare(word, "with");
    };
    if (words.empty() || is_clause(words[0])) {
      return Refuse("run: a comm is missing");
    }
    rule_.comm = words[0].text;
    bool good = Check("run", CheckPattern(rule_.comm, CheckComm));
    size_t at = 1;
    for (; at < words.size() && !is_clause(words[at]); at++) {
      if (rule_.more_arguments) {
        return Refuse("run: '...' is not the last argument");
      }
      if (IsBare(words[at], "...")) {
        rule_.more_arguments = true;
      } else {
        rule_.arguments.push_back(words[at].text);
      }
    }
    std::vector<absl::string_view> seen;
    while (at < words.size()) {
      const absl::string_view clause = words[at].text;
      if (std::find(seen.begin(), seen.end(), clause) != seen.end()) {
        return Refuse(absl::StrCat(clause, ": is given twice"));
      }
      seen.push_back(clause);
      const size_t first = ++at;
      while (at < words.size() && !is_clause(words[at])) at++;
      if (at == first) {
        return Refuse(absl::StrCat(clause, ": nothing is named"));
      }
      for (const Word& word : words.subspan(first, at - first)) {
        good &= ReadClause(clause, word.text);
      }
    }
    return good;
  }

  bool ReadClause(absl::string_view clause, const std::string& word) {
    if (clause == "on") {
      rule_.hosts.push_back(word);
      return Check("on", CheckPattern(word, CheckHost));
    }
    if (clause == "as") {
      rule_.users.push_back(word);
      return Check("as", CheckPattern(word, CheckUser));
    }
    if (word == "stdin") {
      rule_.input = true;
    } else if (word == "detach") {
      rule_.detach = true;
    } else if (absl::StartsWith(word, "env=")) {
      rule_.variables.push_back(word.substr(4));
      return Check("env",
                   CheckPattern(rule_.variables.back(), CheckVariableName));
    } else {
      return Refuse(absl::StrCat("with: ", Quoted(word),
                                 " is not stdin, detach or env=NAME"));
    }
    return true;
  }

  bool Check(absl::string_view clause, const absl::Status& status) {
    if (status.ok()) return true;
    return Refuse(absl::StrCat(clause, ": ", status.message()));
  }

  JobErrors& errors_;
  std::vector<PolicyRule>& rules_;
  Place place_;
  PolicyRule rule_;
  bool full_ = false;
};

// How far a rule goes along with a request: the later a check, the higher, so
// that of all rules that refuse it the nearest can be told.
struct Lack {
  int passed = 0;
  std::string what;  // empty: nothing is lacking
};

Lack CheckArgumentsOf(const PolicyRule& rule, const RunRequest& request) {
  constexpr int kPassed = 2;
  const size_t given = request.arguments.size(), known = rule.arguments.size();
  for (size_t i = 0; i < std::min(given, known); i++) {
    if (!base::GlobMatch(rule.arguments[i], request.arguments[i])) {
      return {kPassed,
              absl::StrCat("argument ", i + 1, " ",
                           Quoted(request.arguments[i]), " is not allowed")};
    }
  }
  if (given < known) {
    return {kPassed, absl::StrCat("argument ", given + 1, " is missing")};
  }
  if (given > known && !rule.more_arguments) {
    return {kPassed,
            absl::StrCat("argument ", known + 1, " ",
                         Quoted(request.arguments[known]), " is not allowed")};
  }
  return {};
}

Lack LackOf(const PolicyRule& rule, const RunRequest& request) {
  if (!base::GlobMatch(rule.comm, request.comm)) {
    return {0,
            absl::StrCat("the comm ", Quoted(request.comm), " is not allowed")};
  }
  if (!rule.hosts.empty() && !MatchesAny(rule.hosts, request.host)) {
    return {1,
            absl::StrCat("the host ", Quoted(request.host), " is not allowed")};
  }
  if (Lack lack = CheckArgumentsOf(rule, request); !lack.what.empty()) {
    return lack;
  }
  if (request.user.empty() && !rule.users.empty()) {
    return {3, "a user must be named"};
  }
  if (!request.user.empty() && !MatchesAny(rule.users, request.user)) {
    return {3,
            absl::StrCat("the user ", Quoted(request.user), " is not allowed")};
  }
  for (absl::string_view name : request.variables) {
    if (!MatchesAny(rule.variables, name)) {
      return {4,
              absl::StrCat("the variable ", Quoted(name), " is not allowed")};
    }
  }
  if (request.input && !rule.input) {
    return {5, "standard input is not allowed"};
  }
  if (request.detach && !rule.detach) return {6, "detach is not allowed"};
  return {};
}

}  // namespace

RunRequest RequestOf(const Task& task) {
  RunRequest request;
  request.host = task.host;
  request.comm = task.comm;
  request.arguments.assign(task.arguments.begin(), task.arguments.end());
  const RunOptions& run = task.options->run;
  request.user = run.user;
  for (absl::string_view variable : run.environment) {
    request.variables.push_back(variable.substr(0, variable.find('=')));
  }
  request.input = !run.input.empty();
  request.detach = run.detach;
  return request;
}

RunRequest RequestOf(absl::string_view host,
                     const fleetbox::wire::Attempt& attempt) {
  RunRequest request;
  request.host = host;
  request.comm = attempt.comm();
  request.arguments.assign(attempt.argument().begin(),
                           attempt.argument().end());
  request.user = attempt.user();
  for (absl::string_view variable : attempt.environment()) {
    request.variables.push_back(variable.substr(0, variable.find('=')));
  }
  request.input = attempt.has_stdin();
  request.detach = attempt.detach();
  return request;
}

Policy::Parsed Policy::Parse(absl::string_view text, absl::string_view file) {
  const std::vector<Source> sources = {{std::string(file), ""}};
  JobErrors errors(sources);
  Parsed parsed;
  parsed.policy.everything_ = false;
  parsed.policy.file_ = std::string(file);
  if (text.size() > base::kMaxPolicyBytes) {
    errors.AddOption(file,
                     absl::StrCat("takes ", text.size(), " bytes; at most ",
                                  base::kMaxPolicyBytes, " are allowed"));
  } else {
    Reader reader(errors, parsed.policy.rules_);
    for (const Line& line : LexJobFile(0, text, errors)) reader.Read(line);
  }
  parsed.errors = errors.Take();
  if (!parsed.errors.empty()) parsed.policy.rules_.clear();
  return parsed;
}

Policy::Rights Policy::RightsOf(absl::string_view principal) const {
  Rights rights;
  rights.policy_ = this;
  rights.principal_ = std::string(principal);
  for (const PolicyRule& rule : rules_) {
    if (MatchesAny(rule.who, principal)) rights.rules_.push_back(&rule);
  }
  return rights;
}

PolicyAnswer Policy::Rights::MayRun(const RunRequest& request) const {
  if (policy_->everything_) return {true, "there is no policy"};
  const PolicyRule* nearest = nullptr;
  Lack least;
  for (const PolicyRule* rule : rules_) {
    if (rule->what != What::kRun) continue;
    Lack lack = LackOf(*rule, request);
    if (lack.what.empty()) {
      return {true, absl::StrCat(policy_->file_, ":", rule->line)};
    }
    if (nearest == nullptr || lack.passed > least.passed) {
      nearest = rule;
      least = std::move(lack);
    }
  }
  if (nearest == nullptr) {
    return {false, absl::StrCat(policy_->file_, ": no rule lets ",
                                Quoted(principal_), " run anything")};
  }
  return {false,
          absl::StrCat(policy_->file_, ":", nearest->line, ": ", least.what)};
}

PolicyAnswer Policy::Rights::MayDo(absl::Span<const PolicyRule::What> any,
                                   absl::string_view verb) const {
  if (policy_->everything_) return {true, "there is no policy"};
  for (const PolicyRule* rule : rules_) {
    if (std::find(any.begin(), any.end(), rule->what) != any.end()) {
      return {true, absl::StrCat(policy_->file_, ":", rule->line)};
    }
  }
  return {false, absl::StrCat(policy_->file_, ": no rule lets ",
                              Quoted(principal_), " ", verb)};
}

PolicyAnswer Policy::Rights::MayOperate() const {
  return MayDo({What::kOperate}, "operate");
}
PolicyAnswer Policy::Rights::MayRead() const {
  return MayDo({What::kRead, What::kOperate}, "read");
}

absl::Status CheckJobPolicy(const Policy& policy, absl::string_view principal,
                            const Job& job) {
  if (policy.everything()) return absl::OkStatus();
  const Policy::Rights rights = policy.RightsOf(principal);
  for (const Task& task : job.tasks) {
    const PolicyAnswer answer = rights.MayRun(RequestOf(task));
    if (!answer.allowed) {
      return absl::PermissionDeniedError(absl::StrCat(
          "task ", Quoted(task.name), ": refused by policy: ", answer.why));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckQueryPolicy(const Policy& policy, absl::string_view principal,
                              const fleetbox::wire::Query& query,
                              const std::function<bool(uint64_t job)>& is_own) {
  using Query = fleetbox::wire::Query;
  if (policy.everything()) return absl::OkStatus();
  const Policy::Rights rights = policy.RightsOf(principal);
  PolicyAnswer answer = rights.MayRead();
  switch (query.what_case()) {
    case Query::kStatus: {
      const auto& jobs = query.status().job();
      answer.allowed |=
          !jobs.empty() && std::all_of(jobs.begin(), jobs.end(), is_own);
      break;
    }
    case Query::kShow:
      answer.allowed |= is_own(query.show().job());
      break;
    case Query::kFollow:
      answer.allowed |= is_own(query.follow().job());
      break;
    default:
      answer = rights.MayOperate();
  }
  if (answer.allowed) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("refused by policy: ", answer.why));
}

}  // namespace mcfeely
