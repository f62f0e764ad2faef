#include "unit/power/fake_service.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/status.h"

namespace power_test {

using power::PlugState;
using power::Verb;

namespace {

constexpr size_t kPlugs = 16;  // of a vpcd

bool Has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

const char* CommandOf(Verb verb) {
  switch (verb) {
    case Verb::kOn:
      return "on";
    case Verb::kOff:
    case Verb::kCycle:
      return "off";
    case Verb::kReset:
      return "reset";
    case Verb::kBeaconOn:
      return "flash";
    default:
      return "unflash";
  }
}

}  // namespace

FakeService::~FakeService() { *alive_ = false; }

void FakeService::AddStrip(const std::string& name,
                           const std::vector<std::string>& hosts) {
  Strip strip = {.name = name};
  for (size_t i = 0; i < kPlugs; i++) {
    strip.plugs.push_back({i < hosts.size() ? hosts[i] : ""});
  }
  strips_.push_back(std::move(strip));
  hosts_.insert(hosts_.end(), hosts.begin(), hosts.end());
}

void FakeService::Break(const std::string& host, power::Failure failure,
                        bool obeys) {
  broken_[host] = {std::move(failure), obeys};
}

void FakeService::LetGo() {
  holds_ = false;
  std::vector<Ticket> tickets;
  for (const auto& [ticket, held] : held_) tickets.push_back(ticket);
  for (const Ticket ticket : tickets) Run(ticket);
}

bool FakeService::HasHost(absl::string_view name) const {
  return Has(hosts_, std::string(name));
}

const std::vector<std::string>* FakeService::Group(
    absl::string_view name) const {
  const auto found = groups_.find(name);
  return found == groups_.end() ? nullptr : &found->second;
}

std::vector<power::ServiceDevice> FakeService::Devices() const {
  std::vector<power::ServiceDevice> devices;
  for (const Strip& strip : strips_) {
    power::ServiceDevice device = {
        .name = strip.name,
        .model = "vpc",
        .link = power::ServiceDevice::Link::kConnected,
        .actions = strip.actions};
    for (const Plug& plug : strip.plugs) {
      if (!plug.host.empty()) device.hosts.push_back(plug.host);
    }
    devices.push_back(std::move(device));
  }
  return devices;
}

bool FakeService::Can(Verb verb, const std::vector<std::string>&) const {
  return has_temperatures_ || verb != Verb::kStatusTemp;
}

power::Service::Ticket FakeService::Start(power::ServiceOrder order,
                                          Events events) {
  const Ticket ticket = ++last_ticket_;
  orders_.push_back(order);
  held_[ticket] = {ticket, std::move(order), std::move(events)};
  if (holds_) return ticket;
  loop_.AtEndOfTurn([this, ticket, alive = alive_] {
    if (*alive) Run(ticket);
  });
  return ticket;
}

void FakeService::Abandon(Ticket ticket) { abandoned_ += held_.erase(ticket); }

bool FakeService::IsAlive(Ticket ticket) const {
  return held_.contains(ticket);
}

void FakeService::Run(Ticket ticket) {
  if (!IsAlive(ticket)) return;
  const Held held = held_[ticket];
  for (Strip& strip : strips_) {
    RunOn(strip, held.order, held.events);
    if (!IsAlive(ticket)) return;
  }
  held_.erase(ticket);
  held.events.ended();
}

void FakeService::RunOn(Strip& strip, const power::ServiceOrder& order,
                        const Events& events) {
  std::vector<size_t> wanted;
  for (size_t i = 0; i < strip.plugs.size(); i++) {
    if (!strip.plugs[i].host.empty() && Has(order.hosts, strip.plugs[i].host)) {
      wanted.push_back(i);
    }
  }
  if (wanted.empty()) return;
  std::vector<power::ServiceResult> results;
  if (power::IsQuery(order.verb) || order.verb == Verb::kVerify) {
    std::vector<std::string> lines;
    for (size_t i = 0; i < strip.plugs.size(); i++) {
      const bool is_on = order.verb == Verb::kStatus ? strip.plugs[i].is_on
                                                     : strip.plugs[i].beacon;
      lines.push_back(absl::StrCat("plug ", i, ": ",
                                   order.verb == Verb::kStatusTemp
                                       ? absl::StrCat(83 + i)
                                       : std::string(is_on ? "ON" : "OFF")));
    }
    Say(strip, order, events,
        order.verb == Verb::kStatusTemp     ? "temp *"
        : order.verb == Verb::kStatusBeacon ? "beacon *"
                                            : "stat *",
        lines);
    strip.actions++;
  }
  for (const size_t i : wanted) {
    if (!power::IsQuery(order.verb)) {
      Say(strip, order, events, absl::StrCat(CommandOf(order.verb), " ", i),
          {});
      strip.actions++;
    }
    results.push_back(Do(strip, i, order.verb));
    const auto place =
        std::find(order.hosts.begin(), order.hosts.end(), strip.plugs[i].host);
    results.back().place = static_cast<size_t>(place - order.hosts.begin());
  }
  for (const power::ServiceResult& result : results) events.result(result);
}

void FakeService::Say(Strip& strip, const power::ServiceOrder& order,
                      const Events& events, const std::string& command,
                      const std::vector<std::string>& lines) {
  const int number = strip.said++;
  if (!order.telemetry) return;
  const auto tell = [&](const char* what, const std::string& text) {
    events.telemetry(absl::StrCat(what, "(", strip.name, "): '", text, "'"));
  };
  tell("send", command + "\\n");
  for (const std::string& line : lines) tell("recv", line + "\\n");
  tell("recv", absl::StrCat(number, " OK\\n"));
  tell("recv", absl::StrCat(number + 1, " vpc> "));
}

power::ServiceResult FakeService::Do(Strip& strip, size_t at, Verb verb) {
  Plug& plug = strip.plugs[at];
  power::ServiceResult result = {.host = plug.host, .device = strip.name};
  const auto broken = broken_.find(plug.host);
  if (broken != broken_.end()) {
    result.result.failure = broken->second.first;
    if (!broken->second.second) return result;
  }
  result.result.before = plug.is_on ? PlugState::kOn : PlugState::kOff;
  const bool jammed = jammed_.contains(plug.host);
  if (!jammed) {
    if (verb == Verb::kOn || verb == Verb::kCycle) plug.is_on = true;
    if (verb == Verb::kOff) plug.is_on = false;
    if (verb == Verb::kBeaconOn) plug.beacon = true;
    if (verb == Verb::kBeaconOff) plug.beacon = false;
  }
  const bool shows = verb == Verb::kStatusBeacon ? plug.beacon : plug.is_on;
  result.result.after = shows ? PlugState::kOn : PlugState::kOff;
  if (verb == Verb::kStatusTemp) result.value = absl::StrCat(83 + at);
  if (verb == Verb::kVerify) {
    result.result.verified = power::VerifyLevel::kPlug;
  }
  if (jammed && power::Switches(verb)) {
    result.result.failure = {power::FailureClass::kState,
                             "is still as it was after 60 s"};
  }
  if (!result.result.failure) result.result.outcome = power::Outcome::kDone;
  return result;
}

const FakeService::Plug& FakeService::plug(const std::string& host) const {
  for (const Strip& strip : strips_) {
    for (const Plug& plug : strip.plugs) {
      if (plug.host == host) return plug;
    }
  }
  base::MustFailed("a host that there is", __FILE__, __LINE__);
}

}  // namespace power_test
