#include "power/relay_answer.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>

#include "base/status.h"
#include "base/time.h"
#include "power/campaign_plan.h"
#include "power/limits.h"

namespace power {
namespace {

using fleetbox::wire::PowerAnswer;
using fleetbox::wire::PowerHost;
using fleetbox::wire::PowerResult;

constexpr int kMaxAttempts = 1'000'000;
constexpr uint64_t kMaxTookMs = uint64_t{1000} * 3600 * 24 * 365;
constexpr uint64_t kMaxTimeMs = uint64_t{1} << 43;  // some centuries
constexpr uint32_t kMaxExitCode = 255;

constexpr HostOutcome kOutcomes[] = {
    HostOutcome::kDone,    HostOutcome::kAlready, HostOutcome::kAccepted,
    HostOutcome::kPlanned, HostOutcome::kFailed,  HostOutcome::kSkipped,
    HostOutcome::kManual,  HostOutcome::kUnknown};
constexpr PlugState kStates[] = {PlugState::kUnknown, PlugState::kOn,
                                 PlugState::kOff, PlugState::kPending};
constexpr VerifyLevel kLevels[] = {VerifyLevel::kNothing, VerifyLevel::kReach,
                                   VerifyLevel::kLogin, VerifyLevel::kPlug,
                                   VerifyLevel::kPrivilege};

absl::Status Wrong(absl::string_view field) {
  return absl::InvalidArgumentError(
      absl::StrCat("an answer that is none: ", field));
}

template <typename T, size_t N>
absl::StatusOr<T> FromWord(absl::string_view field, absl::string_view word,
                           const T (&all)[N]) {
  const auto at = std::find_if(std::begin(all), std::end(all),
                               [&](T one) { return Word(one) == word; });
  if (at == std::end(all)) return Wrong(field);
  return *at;
}

}  // namespace

std::string Harmless(absl::string_view text) {
  std::string out(text.substr(0, kMaxRelayTextBytes));
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < ' ' || byte == 0x7f) c = '?';
  }
  return out;
}

std::string HarmlessLines(absl::string_view text) {
  std::string out;
  for (absl::string_view line :
       absl::StrSplit(text.substr(0, kMaxRelayPlanBytes), '\n')) {
    absl::StrAppend(&out, Harmless(line), "\n");
  }
  out.pop_back();
  return out;
}

PowerResult EncodeResult(size_t host, const HostResult& result) {
  PowerResult message;
  message.set_host(static_cast<uint32_t>(host));
  message.set_outcome(std::string(Word(result.outcome)));
  if (result.outcome == HostOutcome::kFailed) {
    message.set_failure_class(std::string(Word(result.failure_class)));
  }
  message.set_detail(result.detail);
  message.set_feeds(result.feeds);
  message.set_before(std::string(Word(result.before)));
  message.set_after(std::string(Word(result.after)));
  message.set_verified(std::string(Word(result.verified)));
  message.set_transport(result.transport);
  message.set_attempts(static_cast<uint32_t>(std::max(result.attempts, 0)));
  message.set_journal(result.journal);
  if (result.started != absl::InfinitePast()) {
    message.set_started_ms(
        static_cast<uint64_t>(base::ToMillis(result.started)));
  }
  message.set_took_ms(static_cast<uint64_t>(
      std::max<int64_t>(absl::ToInt64Milliseconds(result.took), 0)));
  message.set_interrupted(result.was_interrupted);
  return message;
}

absl::StatusOr<HostResult> ReadResult(const PowerResult& message) {
  HostResult result;
  TRY_ASSIGN(result.outcome, FromWord("outcome", message.outcome(), kOutcomes));
  if (result.outcome == HostOutcome::kFailed) {
    const std::optional<FailureClass> failure_class =
        ParseFailureClass(message.failure_class());
    if (!failure_class.has_value()) return Wrong("class");
    result.failure_class = *failure_class;
  }
  TRY_ASSIGN(result.before, FromWord("before", message.before(), kStates));
  TRY_ASSIGN(result.after, FromWord("after", message.after(), kStates));
  TRY_ASSIGN(result.verified,
             FromWord("verified", message.verified(), kLevels));
  if (message.attempts() > kMaxAttempts) return Wrong("attempts");
  if (message.took_ms() > kMaxTookMs) return Wrong("time");
  if (message.started_ms() > kMaxTimeMs) return Wrong("start");
  result.attempts = static_cast<int>(message.attempts());
  result.detail = Harmless(message.detail());
  result.feeds = Harmless(message.feeds());
  result.transport = Harmless(message.transport());
  result.journal = Harmless(message.journal());
  if (message.started_ms() > 0) {
    result.started =
        base::FromMillis(static_cast<int64_t>(message.started_ms()));
  }
  result.took = absl::Milliseconds(static_cast<int64_t>(message.took_ms()));
  result.was_interrupted = message.interrupted();
  return result;
}

absl::Status RelayTally::TakeHosts(const PowerAnswer& answer, News& news) {
  if (has_hosts_) return Wrong("hosts again");
  if (hosts_.size() + static_cast<size_t>(answer.host_size()) > kMaxTargets) {
    return Wrong("too many hosts");
  }
  for (const PowerHost& host : answer.host()) {
    hosts_.push_back({Harmless(host.name()), Harmless(host.feeds())});
  }
  if (!answer.planned()) return absl::OkStatus();
  has_hosts_ = news.has_hosts = true;
  has_result_.resize(hosts_.size());
  return absl::OkStatus();
}

absl::Status RelayTally::TakeResult(const PowerResult& message, News& news) {
  if (!has_hosts_ || message.host() >= hosts_.size()) return Wrong("host");
  if (has_result_[message.host()]) return Wrong("a second result");
  TRY_ASSIGN(HostResult result, ReadResult(message));
  result.host = hosts_[message.host()].name;
  result.action = action_;
  has_result_[message.host()] = true;
  ++results_;
  news.results.push_back({message.host(), std::move(result)});
  return absl::OkStatus();
}

absl::StatusOr<RelayTally::News> RelayTally::Take(const PowerAnswer& answer) {
  News news;
  if (is_over_) return Wrong("more than the last one");
  if (answer.host_size() > 0 || answer.planned()) {
    TRY(TakeHosts(answer, news));
  }
  news.plan = HarmlessLines(answer.plan());
  if (!answer.note().empty()) news.notes.push_back(Harmless(answer.note()));
  if (!answer.trace().empty()) {
    news.traces.push_back(
        {Harmless(answer.trace_pcu()), Harmless(answer.trace())});
  }
  if (answer.has_result()) TRY(TakeResult(answer.result(), news));
  if (!answer.last()) return news;
  // Whoever has told hosts has told what became of each.
  if (results_ != hosts_.size()) return Wrong("the last one is too early");
  if (answer.exit_code() > kMaxExitCode) return Wrong("exit code");
  if (!has_hosts_ && answer.error().empty()) return Wrong("no hosts");
  is_over_ = news.is_last = true;
  news.exit_code = static_cast<int>(answer.exit_code());
  news.error = HarmlessLines(answer.error());
  return news;
}

std::vector<std::pair<size_t, HostResult>> RelayTally::Lost(
    absl::string_view why) {
  is_over_ = true;
  std::vector<std::pair<size_t, HostResult>> lost;
  for (size_t host = 0; host < has_result_.size(); ++host) {
    if (has_result_[host]) continue;
    has_result_[host] = true;
    HostResult result;
    result.host = hosts_[host].name;
    result.feeds = hosts_[host].feeds;
    result.action = action_;
    result.outcome = HostOutcome::kUnknown;
    result.detail =
        absl::StrCat(via_, ": ", why,
                     IsSwitching(action_) ? "; may have been executed" : "");
    lost.push_back({host, std::move(result)});
  }
  return lost;
}

}  // namespace power
