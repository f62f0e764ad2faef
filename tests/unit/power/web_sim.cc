#include "unit/power/web_sim.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "unit/power/sim.h"

namespace power_test {

std::unique_ptr<power::WebLink> WebSim::Link(power::WebAccount account,
                                             power::WebServer server) {
  return std::make_unique<power::WebLink>(
      std::move(server), std::move(account),
      [](size_t bytes) { return std::string(bytes, '\x2a'); });
}

power::WebAccount WebSim::Account(absl::string_view user,
                                  absl::string_view secret, bool begins_basic) {
  return {.user = std::string(user),
          .secret = SecretOf(secret),
          .begins_basic = begins_basic};
}

void WebSim::Say(const fakes::WebSaid& said) {
  absl::Time at = std::max(last_, now_ + absl::Milliseconds(1) + said.delay);
  std::string bytes = said.is_silent ? "" : fakes::BytesOf(said);
  bool closes = said.hangs_up;
  if (said_bytes_ + bytes.size() >= cut_after) {
    bytes.resize(cut_after - said_bytes_);
    closes = true;
  }
  said_bytes_ += bytes.size();
  const size_t step = piece == 0 ? bytes.size() : piece;
  for (size_t i = 0; i < bytes.size(); i += step) {
    events_.insert(
        {at, {Event::Kind::kBytes, connection_, bytes.substr(i, step)}});
    at += absl::Microseconds(10);
  }
  if (closes) {
    is_open_ = false;
    events_.insert({at, {Event::Kind::kClosed, connection_, {}}});
  } else if (idle != absl::InfiniteDuration()) {
    events_.insert({at + idle, {Event::Kind::kClosed, connection_, {}}});
  }
  last_ = at;
}

void WebSim::Hear() {
  while (is_open_) {
    if (model_.TakesRaw()) {
      const auto said = model_.AnswerRaw(heard_);
      if (said.has_value()) {
        Say(*said);
        continue;
      }
    }
    const auto call = fakes::TakeCall(heard_);
    if (!call.has_value()) return;
    Say(model_.Answer(*call, now_));
  }
}

void WebSim::Collect(power::WebJob& job) {
  for (power::WebEffect& effect : job.TakeEffects()) {
    if (std::holds_alternative<power::WebConnect>(effect)) {
      ++connection_;
      ++connects_;
      is_open_ = false;
      heard_.clear();
      said_bytes_ = 0;
      last_ = now_;
      if (is_deaf) continue;
      if (refuses > 0) {
        --refuses;
        events_.insert({now_ + absl::Milliseconds(1),
                        {Event::Kind::kRefused, connection_, {}}});
        continue;
      }
      is_open_ = true;
      events_.insert({now_ + absl::Milliseconds(1),
                      {Event::Kind::kConnected, connection_, {}}});
    } else if (auto* send = std::get_if<power::WebSend>(&effect)) {
      heard_ += send->bytes;
      if (is_open_) Hear();
    } else {
      ++connection_;
      is_open_ = false;
    }
  }
  for (power::WebJob::Ended& ended : job.TakeEnded()) {
    CHECK(!results_.contains(ended.order));
    results_[ended.order] = ended.result;
  }
  for (std::string& line : job.TakeTrace()) trace_.push_back(std::move(line));
}

std::vector<power::PlugResult> WebSim::Run(power::WebJob& job) {
  results_.clear();
  events_.clear();
  began_ = now_;
  job.Start(now_);
  Collect(job);
  while (!job.has_ended()) {
    absl::Time next = std::min(job.wake_at(), cancel_at);
    if (!events_.empty()) next = std::min(next, events_.begin()->first);
    REQUIRE(next != absl::InfiniteFuture());
    REQUIRE(next < began_ + absl::Hours(1));
    now_ = std::max(now_, next);
    if (now_ >= cancel_at) {
      cancel_at = absl::InfiniteFuture();
      job.Cancel(now_);
    } else if (!events_.empty() && events_.begin()->first <= now_) {
      const Event event = events_.begin()->second;
      events_.erase(events_.begin());
      if (event.connection != connection_) continue;
      switch (event.kind) {
        case Event::Kind::kConnected:
          job.Connected(now_);
          break;
        case Event::Kind::kRefused:
          job.ConnectFailed({power::FailureClass::kUnreachable, "refused"},
                            now_);
          break;
        case Event::Kind::kBytes:
          job.Receive(event.bytes, now_);
          break;
        case Event::Kind::kClosed:
          is_open_ = false;
          job.Closed(now_);
          break;
      }
    } else {
      job.Wake(now_);
    }
    Collect(job);
  }
  std::vector<power::PlugResult> results;
  for (auto& [order, result] : results_) results.push_back(result);
  return results;
}

}  // namespace power_test
