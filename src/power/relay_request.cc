#include "power/relay_request.h"

#include <absl/strings/str_cat.h>

#include <functional>
#include <utility>
#include <vector>

#include "base/status.h"
#include "power/limits.h"
#include "wire/message.h"

namespace power {
namespace {

using fleetbox::wire::PowerRequest;

constexpr int kMaxRetries = 100;
constexpr size_t kMaxAtOnce = 100'000;

absl::Status Wrong(absl::string_view field, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", why));
}

// Names are printed, written into the journal, and looked up.
absl::Status CheckName(absl::string_view field, absl::string_view name) {
  if (name.empty()) return Wrong(field, "is empty");
  if (name.size() > kMaxRelayWordBytes) return Wrong(field, "is too long");
  for (const unsigned char c : name) {
    if (c < ' ' || c == 0x7f) return Wrong(field, "has a control character");
  }
  return absl::OkStatus();
}

template <typename Words>
absl::Status ReadWords(absl::string_view field, const Words& from,
                       std::vector<std::string>& to) {
  if (static_cast<size_t>(from.size()) > kMaxTargets) {
    return Wrong(field, "are too many");
  }
  for (const std::string& word : from) {
    TRY(CheckName(field, word));
    to.push_back(word);
  }
  return absl::OkStatus();
}

absl::StatusOr<absl::Duration> ReadSpan(absl::string_view field, uint64_t ms) {
  if (ms > static_cast<uint64_t>(absl::ToInt64Milliseconds(kMaxRelaySpan))) {
    return Wrong(field, "is too long");
  }
  return absl::Milliseconds(static_cast<int64_t>(ms));
}

absl::Status ReadSpans(const PowerRequest& request, RelayOrder& order) {
  PlanOptions& plan = order.plan;
  if (request.has_limit_ms()) {
    TRY_ASSIGN(plan.limit, ReadSpan("limit", request.limit_ms()));
  }
  if (request.has_state_ms()) {
    TRY_ASSIGN(plan.state_timeout, ReadSpan("state limit", request.state_ms()));
  }
  if (request.has_off_time_ms()) {
    TRY_ASSIGN(plan.off_time, ReadSpan("off time", request.off_time_ms()));
  }
  if (request.has_grace_ms()) {
    TRY_ASSIGN(plan.grace, ReadSpan("grace", request.grace_ms()));
  }
  if (request.has_stagger_ms()) {
    TRY_ASSIGN(plan.stagger, ReadSpan("stagger", request.stagger_ms()));
  }
  if (request.has_hold_ms()) {
    TRY_ASSIGN(plan.hold, ReadSpan("hold", request.hold_ms()));
  }
  if (request.has_step_ms()) {
    TRY_ASSIGN(plan.step_timeout, ReadSpan("step limit", request.step_ms()));
  }
  if (request.has_connect_ms()) {
    TRY_ASSIGN(order.connect_timeout,
               ReadSpan("connect limit", request.connect_ms()));
    if (order.connect_timeout == absl::ZeroDuration()) {
      return Wrong("connect limit", "is none");
    }
  }
  return absl::OkStatus();
}

absl::Status ReadNumbers(const PowerRequest& request, PlanOptions& plan) {
  if (request.has_max()) {
    if (request.max() > kMaxTargets) return Wrong("max", "is too high");
    plan.most = request.max();
  }
  if (request.has_expect_count()) {
    if (request.expect_count() > kMaxTargets) {
      return Wrong("expected count", "is too high");
    }
    plan.expected = request.expect_count();
  }
  if (request.has_retries()) {
    if (request.retries() > kMaxRetries)
      return Wrong("retries", "are too many");
    plan.retries = static_cast<int>(request.retries());
  }
  if (request.has_parallel()) {
    if (request.parallel() == 0 || request.parallel() > kMaxAtOnce) {
      return Wrong("parallel", absl::StrCat("is not from 1 to ", kMaxAtOnce));
    }
    plan.at_once = plan.datagrams_at_once = request.parallel();
  }
  return absl::OkStatus();
}

absl::StatusOr<RelayWish> ReadStop(const PowerRequest& request) {
  if (request.stop().size() != base::ParcelId().bytes.size()) {
    return Wrong("stop", "is no parcel's id");
  }
  if (!request.action().empty()) {
    return Wrong("stop", "does not go with an action");
  }
  RelayWish wish;
  wish.stop = base::ParcelId::From(request.stop());
  wish.abandon = request.abandon();
  return wish;
}

void EncodeSpan(const std::optional<absl::Duration>& span,
                const std::function<void(uint64_t)>& set) {
  if (span.has_value()) {
    set(static_cast<uint64_t>(absl::ToInt64Milliseconds(*span)));
  }
}

}  // namespace

PowerRequest EncodeOrder(const RelayOrder& order) {
  const PlanOptions& plan = order.plan;
  const PlanOptions usual;
  PowerRequest request;
  request.set_action(std::string(Word(plan.action)));
  for (const std::string& word : order.choice.words) request.add_target(word);
  for (const std::string& word : order.choice.excluded) {
    request.add_exclude(word);
  }
  request.set_ignore_unknown(order.choice.ignore_unknown);
  request.set_dry_run(order.dry_run);
  request.set_no_wait(!plan.wait);
  request.set_no_hard(!plan.hard);
  request.set_native_cycle(plan.native_cycle);
  request.set_shared(plan.shared);
  request.set_force(plan.force);
  request.set_with_confirmation(plan.with_confirmation);
  request.set_yes(plan.yes);
  request.set_trace(order.trace);
  request.set_max(static_cast<uint32_t>(plan.most));
  if (plan.expected.has_value()) {
    request.set_expect_count(static_cast<uint32_t>(*plan.expected));
  }
  if (plan.retries.has_value()) {
    request.set_retries(static_cast<uint32_t>(*plan.retries));
  }
  if (plan.at_once != usual.at_once ||
      plan.datagrams_at_once != usual.datagrams_at_once) {
    request.set_parallel(static_cast<uint32_t>(plan.at_once));
  }
  EncodeSpan(plan.limit, [&](uint64_t ms) { request.set_limit_ms(ms); });
  EncodeSpan(order.connect_timeout,
             [&](uint64_t ms) { request.set_connect_ms(ms); });
  EncodeSpan(plan.state_timeout,
             [&](uint64_t ms) { request.set_state_ms(ms); });
  EncodeSpan(plan.off_time, [&](uint64_t ms) { request.set_off_time_ms(ms); });
  EncodeSpan(plan.grace, [&](uint64_t ms) { request.set_grace_ms(ms); });
  EncodeSpan(plan.stagger, [&](uint64_t ms) { request.set_stagger_ms(ms); });
  EncodeSpan(plan.hold, [&](uint64_t ms) { request.set_hold_ms(ms); });
  EncodeSpan(plan.step_timeout, [&](uint64_t ms) { request.set_step_ms(ms); });
  request.set_asker(order.asker);
  return request;
}

PowerRequest EncodeStop(const base::ParcelId& order, bool abandon) {
  PowerRequest request;
  request.set_stop(std::string(order.view()));
  request.set_abandon(abandon);
  return request;
}

absl::StatusOr<RelayWish> ReadRequest(const PowerRequest& request) {
  if (!request.stop().empty()) return ReadStop(request);
  RelayWish wish;
  RelayOrder& order = wish.order.emplace();
  const std::optional<Action> action = ParseAction(request.action());
  if (!action.has_value()) return Wrong("action", "is none");
  PlanOptions& plan = order.plan;
  plan.action = *action;
  TRY(ReadWords("targets", request.target(), order.choice.words));
  TRY(ReadWords("exclusions", request.exclude(), order.choice.excluded));
  if (order.choice.words.empty()) return Wrong("targets", "are none");
  order.choice.ignore_unknown = request.ignore_unknown();
  order.dry_run = request.dry_run();
  order.trace = request.trace();
  plan.wait = !request.no_wait();
  plan.hard = !request.no_hard();
  plan.native_cycle = request.native_cycle();
  plan.shared = request.shared();
  plan.force = request.force();
  plan.with_confirmation = request.with_confirmation();
  plan.yes = request.yes();
  TRY(ReadNumbers(request, plan));
  TRY(ReadSpans(request, order));
  if (!request.asker().empty()) TRY(CheckName("asker", request.asker()));
  order.asker = request.asker();
  return wish;
}

absl::StatusOr<RelayWish> ParseRequest(absl::string_view body) {
  TRY_ASSIGN(const PowerRequest request,
             wire::Parse<PowerRequest>(body, kMaxRelayRequestBytes));
  return ReadRequest(request);
}

}  // namespace power
