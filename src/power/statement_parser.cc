#include "power/statement_parser.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/strings.h"
#include "power/limits.h"

namespace power {
namespace {

using Kind = Statement::Kind;

constexpr absl::string_view kStatements[] = {
    "send",        "expect",      "delay",     "setplugstate", "setresult",
    "foreachplug", "foreachnode", "ifon",      "ifoff",        "send-user",
    "send-secret", "send-match",  "expectany", "again",        "fail",
    "confirm",     "set-native",  "reconnect", "run",
};

class StatementReader {
 public:
  StatementReader(TokenStream& in, const Script& script)
      : in_(in), script_(script) {}

  std::vector<Statement> Block(absl::string_view behind, bool of_branch);

 private:
  bool Known(const DeviceToken& word);
  bool One(const DeviceToken& word, bool of_branch, Statement* out);
  bool Extension(const DeviceToken& word, bool of_branch, Statement* out);
  bool Send(Statement* out);
  bool ExpectOne(Statement* out);
  bool SetPlugState(Statement* out);
  bool SetResult(Statement* out);
  bool ExpectAny(Statement* out);
  bool OneBranch(Branch* out);
  bool Credential(Statement* out);
  bool SendMatch(Statement* out);
  bool Again(bool of_branch, Statement* out);
  bool Fail(Statement* out);
  bool Confirm(Statement* out);
  bool Reconnect(Statement* out);
  bool Run(Statement* out);
  bool Checked(absl::string_view format);
  void OptionalText(Statement* out);

  TokenStream& in_;
  const Script& script_;
  int depth_ = 0;
};

std::vector<Statement> StatementReader::Block(absl::string_view behind,
                                              bool of_branch) {
  std::vector<Statement> block;
  if (!in_.Expect("{", behind)) return block;
  if (++depth_ > kMaxBlockDepth) {
    in_.Error("depth", absl::StrCat("blocks are nested more than ",
                                    kMaxBlockDepth, " deep"));
    while (!in_.AtEnd()) in_.Take();
  }
  while (!in_.AtEnd() && !in_.token().IsMark("}")) {
    const DeviceToken word = in_.Take();
    if (!Known(word)) {
      // One message for a run of words that make no sense.
      while (!in_.AtEnd() && !in_.token().IsMark("}") &&
             !(in_.token().kind == DeviceToken::Kind::kWord &&
               std::count(std::begin(kStatements), std::end(kStatements),
                          in_.token().text) != 0)) {
        if (in_.token().IsMark("{")) {
          in_.SkipBlock();
        } else {
          in_.Take();
        }
      }
      continue;
    }
    Statement statement;
    statement.where = word.where;
    if (One(word, of_branch, &statement)) block.push_back(statement);
  }
  in_.Expect("}", behind);
  depth_--;
  return block;
}

bool StatementReader::Known(const DeviceToken& word) {
  const bool known = word.kind == DeviceToken::Kind::kWord &&
                     std::count(std::begin(kStatements), std::end(kStatements),
                                word.text) != 0;
  if (known) return true;
  std::string text = absl::StrCat("'", base::Escape(word.text.substr(0, 80)),
                                  "' is no statement");
  const std::vector<std::string> near = base::Nearest(word.text, kStatements);
  if (word.kind == DeviceToken::Kind::kWord && !near.empty()) {
    absl::StrAppend(&text, "; did you mean ", near.front(), "?");
  }
  in_.problems().Error(word.where, "statement", std::move(text));
  return false;
}

bool StatementReader::One(const DeviceToken& word, bool of_branch,
                          Statement* out) {
  const std::string& name = word.text;
  if (name == "send") return Send(out);
  if (name == "expect") return ExpectOne(out);
  if (name == "setplugstate") return SetPlugState(out);
  if (name == "setresult") return SetResult(out);
  if (name == "delay") {
    out->kind = Kind::kDelay;
    out->span = in_.Seconds("delay");
    return out->span.has_value();
  }
  const std::pair<absl::string_view, Kind> blocks[] = {
      {"foreachplug", Kind::kForEachPlug},
      {"foreachnode", Kind::kForEachNode},
      {"ifon", Kind::kIfOn},
      {"ifoff", Kind::kIfOff},
  };
  for (const auto& [block, kind] : blocks) {
    if (name != block) continue;
    out->kind = kind;
    out->body = Block(name, false);
    return true;
  }
  if (word.language < 2) {
    in_.problems().Error(
        word.where, "language",
        absl::StrCat(name, " needs a file that begins with 'language 2'"));
    while (!in_.AtEnd() && in_.token().kind != DeviceToken::Kind::kWord &&
           !in_.token().IsMark("}")) {
      if (in_.token().IsMark("{")) {
        in_.SkipBlock();
      } else {
        in_.Take();
      }
    }
    return false;
  }
  return Extension(word, of_branch, out);
}

bool StatementReader::Extension(const DeviceToken& word, bool of_branch,
                                Statement* out) {
  const std::string& name = word.text;
  if (name == "expectany") return ExpectAny(out);
  if (name == "send-user") {
    out->kind = Kind::kSendUser;
    return Credential(out);
  }
  if (name == "send-secret") {
    out->kind = Kind::kSendSecret;
    return Credential(out);
  }
  if (name == "send-match") return SendMatch(out);
  if (name == "again") return Again(of_branch, out);
  if (name == "fail") return Fail(out);
  if (name == "confirm") return Confirm(out);
  if (name == "reconnect") return Reconnect(out);
  if (name == "run") return Run(out);
  out->kind = Kind::kSetNative;
  return true;
}

bool StatementReader::Checked(absl::string_view format) {
  if (const absl::Status status = CheckSendFormat(format); !status.ok()) {
    in_.Error("send-format", std::string(status.message()));
    return false;
  }
  return true;
}

bool StatementReader::Send(Statement* out) {
  out->kind = Kind::kSend;
  const std::optional<std::string> text = in_.String("send");
  if (!text) return false;
  out->text = *text;
  if (const absl::Status status = CheckSendFormat(*text); !status.ok()) {
    in_.problems().Error(out->where, "send-format",
                         std::string(status.message()));
    return false;
  }
  return true;
}

bool StatementReader::ExpectOne(Statement* out) {
  out->kind = Kind::kExpect;
  const std::optional<Pattern> pattern = in_.Regex("expect");
  if (!pattern) return false;
  out->pattern = *pattern;
  if (in_.token().Is("within") && in_.token().language >= 2) {
    in_.Take();
    out->span = in_.Seconds("within");
    return out->span.has_value();
  }
  return true;
}

bool StatementReader::SetPlugState(Statement* out) {
  out->kind = Kind::kSetPlugState;
  if (in_.token().kind == DeviceToken::Kind::kString) {
    out->literal_plug = true;
    out->text = in_.Take().text;
  }
  std::optional<int> group = in_.Group();
  if (!group) return false;
  if (!out->literal_plug && in_.token().IsMark("$")) {
    out->plug_group = group;
    group = in_.Group();
    if (!group) return false;
  }
  out->group = *group;
  while (in_.token().Is("on") || in_.token().Is("off") ||
         (in_.token().language >= 2 &&
          (in_.token().Is("pending") || in_.token().Is("unknown")))) {
    const std::optional<Interpretation> state = ReadState(in_);
    if (!state) return false;
    out->interpretations.push_back(*state);
  }
  return true;
}

bool StatementReader::SetResult(Statement* out) {
  out->kind = Kind::kSetResult;
  out->plug_group = in_.Group();
  if (!out->plug_group) return false;
  const std::optional<int> group = in_.Group();
  if (!group) return false;
  out->group = *group;
  while (in_.TakeWord("success")) {
    if (!in_.Expect("=", "success")) return false;
    const std::optional<Pattern> pattern = in_.Regex("success =");
    if (!pattern) return false;
    out->successes.push_back(*pattern);
  }
  if (!out->successes.empty()) return true;
  in_.problems().Error(out->where, "setresult",
                       "setresult without success = says always failed");
  return false;
}

bool StatementReader::ExpectAny(Statement* out) {
  out->kind = Kind::kExpectAny;
  if (!in_.Expect("{", "expectany")) return false;
  bool good = true;
  while (!in_.AtEnd() && !in_.token().IsMark("}")) {
    Branch branch;
    branch.where = in_.token().where;
    if (OneBranch(&branch)) {
      out->branches.push_back(std::move(branch));
    } else {
      good = false;
    }
  }
  if (!in_.Expect("}", "expectany")) return false;
  const auto count = [&](Branch::Kind kind) {
    return std::count_if(
        out->branches.begin(), out->branches.end(),
        [kind](const Branch& branch) { return branch.kind == kind; });
  };
  if (good && count(Branch::Kind::kPattern) == 0) {
    in_.problems().Error(out->where, "expectany",
                         "expectany has no regular expression");
    return false;
  }
  if (count(Branch::Kind::kAfter) > 1 || count(Branch::Kind::kClosed) > 1) {
    in_.problems().Error(out->where, "expectany",
                         "after or closed given twice");
    return false;
  }
  return good;
}

bool StatementReader::OneBranch(Branch* out) {
  bool good = true;
  if (in_.TakeWord("after")) {
    out->kind = Branch::Kind::kAfter;
    const std::optional<absl::Duration> after = in_.Seconds("after");
    out->after = after.value_or(absl::ZeroDuration());
    good = after.has_value();
  } else if (in_.TakeWord("closed")) {
    out->kind = Branch::Kind::kClosed;
  } else if (in_.token().kind == DeviceToken::Kind::kString) {
    const std::optional<Pattern> pattern = in_.Regex("expectany");
    good = pattern.has_value();
    if (good) out->pattern = *pattern;
  } else {
    in_.Missing("a regular expression, after or closed", "expectany {");
    if (in_.token().IsMark("{")) {
      in_.SkipBlock();
    } else {
      in_.Take();
    }
    return false;
  }
  out->body = Block("the alternative", true);
  return good;
}

void StatementReader::OptionalText(Statement* out) {
  if (in_.token().kind == DeviceToken::Kind::kString) {
    out->text = in_.Take().text;
  }
}

bool StatementReader::Credential(Statement* out) {
  if (in_.TakeWord("form")) out->form = SecretForm::kForm;
  if (in_.TakeWord("xml")) out->form = SecretForm::kXml;
  OptionalText(out);
  return true;
}

bool StatementReader::SendMatch(Statement* out) {
  out->kind = Kind::kSendMatch;
  const std::optional<int> group = in_.Group();
  if (!group) return false;
  out->group = *group;
  OptionalText(out);
  return true;
}

bool StatementReader::Again(bool of_branch, Statement* out) {
  out->kind = Kind::kAgain;
  if (!of_branch) {
    in_.problems().Error(out->where, "again",
                         "again stands outside of an alternative of expectany");
    return false;
  }
  if (in_.TakeWord("max")) {
    out->times = in_.Count("max", kMaxAgain);
    return out->times.has_value();
  }
  return true;
}

bool StatementReader::Fail(Statement* out) {
  out->kind = Kind::kFail;
  const DeviceToken word = in_.token();
  const std::optional<FailureClass> c = word.kind == DeviceToken::Kind::kWord
                                            ? ParseFailureClass(word.text)
                                            : std::nullopt;
  if (!c) {
    in_.Missing("a class of failures (auth, busy, device, ...)", "fail");
    return false;
  }
  in_.Take();
  out->failure_class = *c;
  OptionalText(out);
  return true;
}

bool StatementReader::Confirm(Statement* out) {
  out->kind = Kind::kConfirm;
  const std::optional<std::string> yes = in_.String("confirm");
  const std::optional<std::string> no =
      yes ? in_.String("confirm \"yes\"") : std::nullopt;
  if (!no || !Checked(*yes) || !Checked(*no)) return false;
  out->text = *yes;
  out->no = *no;
  if (*yes != *no) return true;
  in_.problems().Error(out->where, "confirm", "yes and no are the same");
  return false;
}

bool StatementReader::Reconnect(Statement* out) {
  out->kind = Kind::kReconnect;
  out->span = in_.Seconds("reconnect");
  if (!out->span) return false;
  if (script_.verb == Verb::kLogin) return true;
  in_.problems().Error(out->where, "reconnect",
                       "reconnect stands outside of script login");
  return false;
}

bool StatementReader::Run(Statement* out) {
  out->kind = Kind::kRun;
  while (in_.token().kind == DeviceToken::Kind::kString ||
         in_.token().Is("address")) {
    const DeviceToken word = in_.Take();
    const bool address = word.kind == DeviceToken::Kind::kWord;
    if (!address && (word.text.empty() || !Checked(word.text))) return false;
    out->words.push_back(address ? "" : word.text);
  }
  if (!out->words.empty() && !out->words.front().empty()) return true;
  in_.Missing("a program and its words", "run");
  return false;
}

constexpr std::pair<absl::string_view, PlugState> kStateWords[] = {
    {"on", PlugState::kOn},
    {"off", PlugState::kOff},
    {"pending", PlugState::kPending},
    {"unknown", PlugState::kUnknown},
};

}  // namespace

std::vector<Statement> ReadBlock(TokenStream& in, absl::string_view behind,
                                 const Script& script) {
  return StatementReader(in, script).Block(behind, false);
}

std::optional<Interpretation> ReadState(TokenStream& in) {
  Interpretation result;
  const auto word = [&] {
    for (const auto& [name, state] : kStateWords) {
      if (!in.TakeWord(name)) continue;
      result.state = state;
      return true;
    }
    in.Missing("on, off, pending or unknown", "=");
    return false;
  };
  // `on = "re"` of setplugstate; `"re" = on` of state.
  if (in.token().kind == DeviceToken::Kind::kString) {
    const std::optional<Pattern> pattern = in.Regex("state");
    if (!in.Expect("=", "state") || !word() || !pattern) return std::nullopt;
    result.pattern = *pattern;
    return result;
  }
  if (!word() || !in.Expect("=", "setplugstate")) return std::nullopt;
  const std::optional<Pattern> pattern = in.Regex("=");
  if (!pattern) return std::nullopt;
  result.pattern = *pattern;
  return result;
}

absl::Status CheckSendFormat(absl::string_view text) {
  for (size_t at = 0; at < text.size(); at++) {
    if (text[at] != '%') continue;
    const absl::string_view next = text.substr(++at, 1);
    if (next == "s" || next == "%") continue;
    return absl::InvalidArgumentError(
        absl::StrCat("%", base::Escape(next),
                     " in what is sent: only %s and %% may be there"));
  }
  return absl::OkStatus();
}

}  // namespace power
