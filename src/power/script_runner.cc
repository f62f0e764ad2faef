#include "power/script_runner.h"

#include <absl/algorithm/container.h>
#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/bytes.h"
#include "power/device_print.h"
#include "power/limits.h"

namespace power {
namespace {

using Kind = Statement::Kind;

// Only one that is always reached tells when a device begins to carry out: an
// alternative may lead past one.
bool HasConfirm(const std::vector<Statement>& body) {
  return absl::c_any_of(
      body, [](const Statement& s) { return s.kind == Kind::kConfirm; });
}

std::string Wanted(const Pattern& pattern) {
  return absl::StrCat("'", base::Escape(pattern.text()), "'");
}

std::string WantedOf(const Statement& s) {
  std::string text;
  for (const Branch& branch : s.branches) {
    if (branch.kind != Branch::Kind::kPattern) continue;
    absl::StrAppend(&text, text.empty() ? "" : " or ", Wanted(branch.pattern));
  }
  return text;
}

std::string ItPrinted(const ScriptLine& line) {
  const std::string printed = line.recent.Text();
  return printed.empty() ? "" : absl::StrCat("; it printed '", printed, "'");
}

// Nothing but what was waited for was missing: no other answer came.
bool IsSilent(const ScriptLine& line) {
  return absl::c_all_of(line.buffer.view(),
                        [](char c) { return c >= 0 && c <= ' '; });
}

const Branch* BranchOf(const Statement& s, Branch::Kind kind) {
  for (const Branch& branch : s.branches) {
    if (branch.kind == kind) return &branch;
  }
  return nullptr;
}

}  // namespace

ScriptRunner::ScriptRunner(const DialogueDevice& device, ScriptRun run)
    : specification_(*device.specification),
      script_(*run.script),
      plugs_(std::move(run.plugs)),
      name_(ScriptName(script_.verb, script_.form)),
      confirms_(HasConfirm(script_.body)) {}

absl::Time ScriptRunner::wake_at() const {
  if (!begun_ || ended()) return absl::InfiniteFuture();
  return wait_ == Wait::kNetwork ? deadline_ : std::min(deadline_, until_);
}

RunEnded ScriptRunner::Result() const {
  RunEnded result;
  result.failure = failure_;
  result.plugs = reports_;
  result.confirmation_reached = confirmation_reached_;
  result.begun = begun_;
  return result;
}

void ScriptRunner::Fail(const Failure& failure) {
  failure_ = failure;
  failure_->maybe_executed = maybe_executed_;
  wait_ = Wait::kEnded;
}

void ScriptRunner::FailWith(FailureClass c, const std::string& text,
                            const Where& where) {
  Fail({c, absl::StrCat(name_, ": ", text, " (", PlaceText(where), ")")});
}

// A transport that knows more than that it was closed says so.
void ScriptRunner::FailClosed(const Failure& why, absl::string_view before,
                              const Where& where) {
  const bool is_plain = why.failure_class == FailureClass::kClosed;
  FailWith(why.failure_class,
           is_plain ? absl::StrCat("the connection was closed before ", before)
                    : why.text,
           where);
}

void ScriptRunner::Begin(absl::Time now) {
  begun_ = true;
  deadline_ = now + specification_.timeout;
  Push(script_.body, plugs_);
}

void ScriptRunner::Step(absl::Time now, ScriptLine line) {
  if (!begun_) Begin(now);
  while (!ended()) {
    if (frames_.empty()) {
      wait_ = Wait::kEnded;
    } else if (wait_ == Wait::kNetwork || !One(now, line)) {
      if (!ended()) OverTime(now, line);
      return;
    } else if (++steps_ > kMaxSteps && !ended()) {
      FailWith(FailureClass::kConfig, "the script does not come to an end",
               script_.where);
    }
  }
}

// The limit of the whole script; it counts when a statement has to wait.
bool ScriptRunner::OverTime(absl::Time now, const ScriptLine& line) {
  if (now < deadline_) return false;
  const Frame& frame = frames_.back();
  const Statement& s = (*frame.body)[frame.at];
  const std::string limit =
      absl::StrCat(SecondsText(specification_.timeout), " s");
  if (wait_ != Wait::kBytes) {
    FailWith(FailureClass::kTimeout,
             absl::StrCat("the script took more than ", limit), s.where);
    return true;
  }
  NotMatched(s.kind == Kind::kExpect ? Wanted(s.pattern) : WantedOf(s),
             specification_.timeout, s.where, line);
  return true;
}

void ScriptRunner::NotMatched(const std::string& wanted, absl::Duration limit,
                              const Where& where, const ScriptLine& line) {
  FailWith(IsSilent(line) ? FailureClass::kTimeout : FailureClass::kPrompt,
           absl::StrCat("no ", wanted, " within ", SecondsText(limit), " s",
                        ItPrinted(line)),
           where);
}

bool ScriptRunner::One(absl::Time now, ScriptLine& line) {
  Frame& frame = frames_.back();
  if (frame.at >= frame.body->size()) {
    if (!frame.items.empty()) {  // foreach: the next plug
      frame.plugs = {std::move(frame.items.back())};
      frame.items.pop_back();
      frame.at = 0;
      frame.first = true;
      return true;
    }
    frames_.pop_back();
    if (!frames_.empty()) Advance();
    return true;
  }
  const Statement& s = (*frame.body)[frame.at];
  switch (s.kind) {
    case Kind::kExpect:
      return Expect(s, now, line);
    case Kind::kExpectAny:
      return ExpectAny(s, now, line);
    case Kind::kDelay:
      return Delay(s, now, line);
    case Kind::kForEachPlug:
    case Kind::kForEachNode:
      ForEach(s, line);
      return true;
    case Kind::kIfOn:
    case Kind::kIfOff:
      If(s);
      return true;
    case Kind::kAgain:
      Again();
      return true;
    case Kind::kFail:
      FailStatement(s, line);
      return true;
    case Kind::kReconnect:
    case Kind::kRun:
      Network(s, line);
      return true;
    case Kind::kSetPlugState:
      SetPlugState(s, line);
      break;
    case Kind::kSetResult:
      SetResult(s, line);
      break;
    case Kind::kSend:
    case Kind::kSendUser:
    case Kind::kSendSecret:
    case Kind::kSendMatch:
    case Kind::kConfirm:
      Send(s, line);
      break;
    case Kind::kSetNative:
      break;
  }
  if (!ended()) Advance();
  return true;
}

void ScriptRunner::Push(const std::vector<Statement>& body,
                        std::vector<std::string> plugs) {
  frames_.push_back({&body, 0, std::move(plugs)});
}

void ScriptRunner::Advance() {
  Frame& frame = frames_.back();
  frame.at++;
  frame.first = true;
  frame.taken.clear();
  wait_ = Wait::kNothing;
  until_ = absl::InfiniteFuture();
}

void ScriptRunner::Take(const Match& match, ScriptLine& line) {
  const absl::string_view bytes = line.buffer.view();
  groups_.clear();
  for (const auto& group : match.groups) {
    groups_.push_back(group ? std::optional<std::string>(bytes.substr(
                                  group->begin, group->end - group->begin))
                            : std::nullopt);
  }
  line.buffer.Consume(match.end());
}

bool ScriptRunner::Expect(const Statement& s, absl::Time now,
                          ScriptLine& line) {
  if (const auto match = s.pattern.Find(line.buffer.view())) {
    Take(*match, line);
    Advance();
    return true;
  }
  return WaitForBytes(s.span, Wanted(s.pattern), s.where, now, line);
}

bool ScriptRunner::ExpectAny(const Statement& s, absl::Time now,
                             ScriptLine& line) {
  frames_.back().taken.resize(s.branches.size());
  if (const auto branch = BestBranch(s, line)) {
    return TakeBranch(s, *branch, line);
  }
  const Branch* closed = BranchOf(s, Branch::Kind::kClosed);
  const Branch* after = BranchOf(s, Branch::Kind::kAfter);
  if (line.closed && closed != nullptr) {
    return TakeBranch(s, static_cast<size_t>(closed - s.branches.data()), line);
  }
  Frame& frame = frames_.back();
  if (after != nullptr && !frame.first && now >= until_ && now < deadline_ &&
      !line.closed) {
    return TakeBranch(s, static_cast<size_t>(after - s.branches.data()), line);
  }
  std::optional<absl::Duration> limit;
  if (after != nullptr) limit = after->after;
  return WaitForBytes(limit, WantedOf(s), s.where, now, line);
}

// The one that matches at the earliest position; of several there, the first
// in the text. What it matches is taken.
std::optional<size_t> ScriptRunner::BestBranch(const Statement& s,
                                               ScriptLine& line) {
  std::optional<size_t> best;
  Match best_match;
  for (size_t i = 0; i < s.branches.size(); i++) {
    const Branch& branch = s.branches[i];
    if (branch.kind != Branch::Kind::kPattern) continue;
    const auto match = branch.pattern.Find(line.buffer.view());
    if (match && (!best || match->begin() < best_match.begin())) {
      best = i;
      best_match = *match;
    }
  }
  if (best) Take(best_match, line);
  return best;
}

// Up to `again` an alternative is run so many times; once more, and what
// stands behind `again` is run instead.
bool ScriptRunner::TakeBranch(const Statement& s, size_t index, ScriptLine&) {
  const Branch& branch = s.branches[index];
  Frame& frame = frames_.back();
  const int taken = ++frame.taken[index];
  wait_ = Wait::kNothing;
  until_ = absl::InfiniteFuture();
  frame.first = true;
  const auto again = absl::c_find_if(branch.body, [](const Statement& inner) {
    return inner.kind == Kind::kAgain;
  });
  const std::vector<std::string> plugs = frame.plugs;
  if (again == branch.body.end() || taken <= again->times.value_or(kMaxAgain)) {
    Push(branch.body, plugs);
    return true;
  }
  if (again + 1 == branch.body.end()) {
    FailWith(
        FailureClass::kPrompt,
        absl::StrCat("printed ", Wanted(branch.pattern), " ", taken, " times"),
        branch.where);
    return true;
  }
  Push(branch.body, plugs);
  frames_.back().at = static_cast<size_t>(again - branch.body.begin()) + 1;
  return true;
}

// Back to the expectany that the alternative belongs to.
void ScriptRunner::Again() {
  frames_.pop_back();
  frames_.back().first = true;
  wait_ = Wait::kNothing;
}

bool ScriptRunner::WaitForBytes(std::optional<absl::Duration> limit,
                                const std::string& wanted, const Where& where,
                                absl::Time now, ScriptLine& line) {
  Frame& frame = frames_.back();
  const std::optional<absl::Duration> step = line.device.step_timeout
                                                 ? line.device.step_timeout
                                                 : specification_.step_timeout;
  if (!limit) limit = step;
  if (frame.first) {
    frame.first = false;
    wait_ = Wait::kBytes;
    until_ = limit ? now + *limit : absl::InfiniteFuture();
  }
  if (line.closed) {
    FailClosed(*line.closed, absl::StrCat(wanted, ItPrinted(line)), where);
  } else if (line.buffer.dropped() > kMaxUnmatchedBytes) {
    FailWith(FailureClass::kPrompt,
             absl::StrCat("more than ", kMaxUnmatchedBytes, " bytes without ",
                          wanted, ItPrinted(line)),
             where);
  } else if (now >= until_ && now < deadline_) {
    NotMatched(wanted, *limit, where, line);
  }
  return false;
}

bool ScriptRunner::Delay(const Statement& s, absl::Time now,
                         const ScriptLine& line) {
  Frame& frame = frames_.back();
  if (frame.first) {
    frame.first = false;
    wait_ = Wait::kMoment;
    until_ = now + *s.span;
    line.out.push_back(Pause{*s.span});
  }
  if (now < until_ || now >= deadline_) return false;
  Advance();
  return true;
}

void ScriptRunner::ForEach(const Statement& s, const ScriptLine& line) {
  std::vector<std::string> items;
  if (script_.form == Form::kRanged) {
    items = plugs_;
  } else {
    for (const DevicePlug& plug : line.device.plugs) {
      if (s.kind == Kind::kForEachPlug || plug.has_host) {
        items.push_back(plug.name);
      }
    }
  }
  if (items.empty() || s.body.empty()) return Advance();
  absl::c_reverse(items);
  std::vector<std::string> first = {std::move(items.back())};
  items.pop_back();
  Push(s.body, std::move(first));
  frames_.back().items = std::move(items);
}

void ScriptRunner::If(const Statement& s) {
  const std::vector<std::string> plugs = frames_.back().plugs;
  PlugState state = PlugState::kUnknown;
  for (const PlugReport& report : reports_) {
    if (!plugs.empty() && report.plug == plugs.front()) state = report.state;
  }
  if (state == PlugState::kUnknown) {
    return FailWith(
        FailureClass::kDevice,
        absl::StrCat("the state of plug '", plugs.empty() ? "" : plugs.front(),
                     "' is not known"),
        s.where);
  }
  const PlugState wanted =
      s.kind == Kind::kIfOn ? PlugState::kOn : PlugState::kOff;
  if (state != wanted || s.body.empty()) return Advance();
  Push(s.body, plugs);
}

void ScriptRunner::Network(const Statement& s, ScriptLine& line) {
  Reconnect effect;
  effect.after = s.span.value_or(absl::ZeroDuration());
  for (const std::string& word : s.words) {
    effect.program.push_back(word.empty() ? line.device.address
                                          : WithPlugs(word));
  }
  if (s.kind == Kind::kRun && Switches(script_.verb) && !confirms_) {
    maybe_executed_ = true;
  }
  line.out.push_back(std::move(effect));
  Advance();
  wait_ = Wait::kNetwork;
}

}  // namespace power
