#include "power/relay_request.h"

#include <catch2/catch.hpp>

#include "power/limits.h"
#include "wire/message.h"

namespace {

using power::Action;
using power::RelayOrder;
using Request = fleetbox::wire::PowerRequest;

Request Least() {
  Request request;
  request.set_action("off");
  request.add_target("web1");
  return request;
}

RelayOrder Full() {
  RelayOrder order;
  order.choice = {.words = {"web[1-3]", "@db", "pcu:rack3-a/7"},
                  .excluded = {"web2"},
                  .ignore_unknown = true};
  power::PlanOptions& plan = order.plan;
  plan.action = Action::kIdentifyOn;
  plan.with_confirmation = plan.force = plan.shared = plan.native_cycle = true;
  plan.wait = plan.hard = false;
  plan.at_once = plan.datagrams_at_once = 7;
  plan.limit = absl::Seconds(1);
  plan.off_time = absl::ZeroDuration();
  plan.stagger = absl::Milliseconds(250);
  plan.grace = absl::Hours(24);
  plan.state_timeout = absl::Seconds(3);
  plan.step_timeout = absl::Seconds(4);
  plan.retries = 0;
  plan.most = 0;
  plan.yes = true;
  plan.expected = 3;
  order.connect_timeout = absl::Milliseconds(1);
  order.dry_run = order.trace = true;
  order.asker = "ops@admin1";
  return order;
}

std::string Why(const Request& request) {
  return std::string(power::ReadRequest(request).status().message());
}

}  // namespace

TEST_CASE("power 50: an order is at the other host what it was here",
          "[power]") {
  const auto wish =
      power::ParseRequest(wire::Serialize(power::EncodeOrder(Full())));
  REQUIRE(wish.ok());
  REQUIRE(wish->order.has_value());
  const RelayOrder& order = *wish->order;
  CHECK(order.choice.words == Full().choice.words);
  CHECK(order.choice.excluded == Full().choice.excluded);
  CHECK(order.choice.ignore_unknown);
  const power::PlanOptions& plan = order.plan;
  CHECK(plan.action == Action::kIdentifyOn);
  CHECK((plan.with_confirmation && plan.force && plan.shared &&
         plan.native_cycle && plan.yes));
  CHECK_FALSE(plan.wait);
  CHECK_FALSE(plan.hard);
  CHECK(plan.at_once == 7);
  CHECK(plan.datagrams_at_once == 7);
  CHECK(plan.limit == absl::Seconds(1));
  CHECK(plan.off_time == absl::ZeroDuration());
  CHECK(plan.stagger == absl::Milliseconds(250));
  CHECK(plan.grace == absl::Hours(24));
  CHECK(plan.state_timeout == absl::Seconds(3));
  CHECK(plan.step_timeout == absl::Seconds(4));
  CHECK(plan.retries == 0);
  CHECK(plan.most == 0);
  CHECK(plan.expected == 3);
  CHECK(order.connect_timeout == absl::Milliseconds(1));
  CHECK((order.dry_run && order.trace));
  CHECK(order.asker == "ops@admin1");
}

TEST_CASE("power 50: what an order does not say is the other host's to choose",
          "[power]") {
  RelayOrder order;
  order.choice.words = {"web1"};
  const auto wish = power::ReadRequest(power::EncodeOrder(order));
  REQUIRE(wish.ok());
  const power::PlanOptions& plan = wish->order->plan;
  CHECK(plan.wait);
  CHECK(plan.hard);
  CHECK_FALSE(plan.force);
  CHECK_FALSE(plan.limit.has_value());
  CHECK_FALSE(plan.off_time.has_value());
  CHECK_FALSE(plan.retries.has_value());
  CHECK_FALSE(plan.expected.has_value());
  CHECK(plan.most == 32);
  CHECK(plan.at_once == 256);
  CHECK(plan.datagrams_at_once == 1024);
}

TEST_CASE("power 50: any action there is can be asked for", "[power]") {
  for (const Action action :
       {Action::kStatus, Action::kVerify, Action::kOn, Action::kOff,
        Action::kCycle, Action::kReset, Action::kSoft, Action::kNmi,
        Action::kIdentifyOn, Action::kIdentifyOff, Action::kBootNone,
        Action::kBootPxe, Action::kBootDisk, Action::kBootCdrom,
        Action::kBootBios}) {
    RelayOrder order;
    order.choice.words = {"web1"};
    order.plan.action = action;
    const auto wish = power::ReadRequest(power::EncodeOrder(order));
    REQUIRE(wish.ok());
    CHECK(wish->order->plan.action == action);
  }
}

TEST_CASE("power 50: a word about an earlier request names it", "[power]") {
  const auto id = base::ParcelId::From("0123456789abcdef");
  const auto wish = power::ReadRequest(power::EncodeStop(id, true));
  REQUIRE(wish.ok());
  CHECK_FALSE(wish->order.has_value());
  CHECK(wish->stop == id);
  CHECK(wish->abandon);
  Request request = power::EncodeStop(id, false);
  request.set_stop("short");
  CHECK(Why(request) == "stop: is no parcel's id");
  request = power::EncodeStop(id, false);
  request.set_action("off");
  CHECK(Why(request) == "stop: does not go with an action");
}

TEST_CASE("power 50: a field that cannot be so is refused and named",
          "[power]") {
  REQUIRE(power::ReadRequest(Least()).ok());
  const auto with = [](const auto& change) {
    Request request = Least();
    change(request);
    return Why(request);
  };
  CHECK(with([](Request& r) { r.clear_action(); }) == "action: is none");
  CHECK(with([](Request& r) { r.set_action("explode"); }) == "action: is none");
  CHECK(with([](Request& r) { r.clear_target(); }) == "targets: are none");
  CHECK(with([](Request& r) { r.add_target(""); }) == "targets: is empty");
  CHECK(with([](Request& r) { r.add_target("a\nb"); }) ==
        "targets: has a control character");
  CHECK(with([](Request& r) { r.add_exclude("\x1b[2J"); }) ==
        "exclusions: has a control character");
  CHECK(with([](Request& r) {
          r.add_target(std::string(power::kMaxRelayWordBytes + 1, 'x'));
        }) == "targets: is too long");
  CHECK(with([](Request& r) {
          for (size_t i = 0; i < power::kMaxTargets; ++i) r.add_target("x");
        }) == "targets: are too many");
  CHECK(with([](Request& r) { r.set_max(70'000); }) == "max: is too high");
  CHECK(with([](Request& r) { r.set_expect_count(70'000); }) ==
        "expected count: is too high");
  CHECK(with([](Request& r) { r.set_retries(101); }) ==
        "retries: are too many");
  CHECK(with([](Request& r) { r.set_parallel(0); }) ==
        "parallel: is not from 1 to 100000");
  CHECK(with([](Request& r) { r.set_limit_ms(UINT64_MAX); }) ==
        "limit: is too long");
  CHECK(with([](Request& r) { r.set_off_time_ms(86'400'001); }) ==
        "off time: is too long");
  CHECK(with([](Request& r) { r.set_connect_ms(0); }) ==
        "connect limit: is none");
  CHECK(with([](Request& r) { r.set_asker("a\x7f"); }) ==
        "asker: has a control character");
}

TEST_CASE("power 50: a request that is cut short, or too long, is no order",
          "[power]") {
  const std::string whole = wire::Serialize(power::EncodeOrder(Full()));
  for (size_t length = 0; length < whole.size(); ++length) {
    // Between two fields it is a shorter message, which says less.
    const auto wish = power::ParseRequest(whole.substr(0, length));
    if (!wish.ok()) continue;
    CHECK(wish->order->plan.action == Action::kIdentifyOn);
    CHECK_FALSE(wish->order->choice.words.empty());
  }
  CHECK_FALSE(power::ParseRequest("").ok());
  CHECK_FALSE(power::ParseRequest("\xff\xff\xff").ok());
  Request request = Least();
  request.set_asker(std::string(power::kMaxRelayRequestBytes, 'x'));
  CHECK(absl::IsInvalidArgument(
      power::ParseRequest(wire::Serialize(request)).status()));
}
