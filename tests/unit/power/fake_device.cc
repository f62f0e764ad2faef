#include "unit/power/fake_device.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_replace.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "base/bytes.h"
#include "power/credential_form.h"
#include "power/script_choice.h"

namespace power_test {

std::string StepDevice::Print() {
  std::string out;
  // A step without keys is printed and done.
  while (at_ < steps_.size()) {
    out += steps_[at_].prints;
    if (!steps_[at_].keys.empty() || !steps_[at_].connect.empty()) break;
    if (steps_[at_].closes) closes = true;
    at_++;
    if (closes) break;
  }
  return out;
}

std::string StepDevice::Connect(const std::vector<std::string>& program) {
  closes = false;
  got_.clear();
  if (at_ < steps_.size() && !steps_[at_].connect.empty()) {
    const std::string command =
        program.empty() ? "again" : absl::StrJoin(program, " ");
    if (command != steps_[at_].connect) {
      absl::StrAppend(&wrong_, "ran '", command, "'; ");
    }
    if (steps_[at_].switches) switched++;
    at_++;
  }
  return Print();
}

std::string StepDevice::Receive(absl::string_view bytes) {
  got_.append(bytes.data(), bytes.size());
  std::string out;
  while (!got_.empty()) {
    if (at_ >= steps_.size() || !steps_[at_].connect.empty()) {
      absl::StrAppend(&wrong_, "got '", base::Escape(got_), "' at the end; ");
      got_.clear();
      break;
    }
    const Step& step = steps_[at_];
    const size_t common = std::min(got_.size(), step.keys.size());
    if (got_.substr(0, common) != step.keys.substr(0, common)) {
      absl::StrAppend(&wrong_, "step ", at_, ": got '", base::Escape(got_),
                      "', not '", base::Escape(step.keys), "'; ");
      got_.clear();
      break;
    }
    if (got_.size() < step.keys.size()) break;
    got_.erase(0, step.keys.size());
    if (step.switches) switched++;
    if (step.closes) closes = true;
    at_++;
    if (!closes) out += Print();
    // Keys that come before the prompt was there.
    if (!got_.empty()) {
      absl::StrAppend(&wrong_, "too early: '", base::Escape(got_), "'; ");
      got_.clear();
    }
  }
  return out;
}

power::DialogueDevice Line::WithSecret(power::DialogueDevice device) const {
  device.user = kUser;
  device.address = "pcu.example";
  device.secret = &secret_;
  return device;
}

Line::Line(const power::DialogueDevice& device, FakeDevice& fake,
           LineOptions options)
    : fake_(fake),
      options_(std::move(options)),
      secret_(kSecret),
      session_(WithSecret(device), {.telnet = options_.telnet}),
      recorder_(WithSecret(device), {.telnet = options_.telnet}, now_) {}

void Line::Flush() {
  if (to_send_.empty()) return;
  std::string bytes = std::move(to_send_);
  to_send_.clear();
  sent_.push_back(absl::StrReplaceAll(bytes, {{kSecret, "{secret}"}}));
  if (!open_) return;
  // A prompt is known by its letters: a colon or blank at its end may be still
  // to come, but no more than that.
  size_t to_come = 0;
  for (const Packet& packet : packets_to_come_) to_come += packet.bytes.size();
  if (options_.packet != 0 && options_.noise.empty()) {
    INFO("sent too early: " << base::Escape(bytes));
    CHECK(to_come <= 3);
  }
  Deliver(fake_.Receive(bytes));
}

void Line::Deliver(absl::string_view bytes) {
  absl::Time at = now_ + absl::Milliseconds(2);
  if (!packets_to_come_.empty()) {
    at = std::max(at, packets_to_come_.back().at);
  }
  while (!bytes.empty()) {
    const size_t size = options_.packet == 0
                            ? bytes.size()
                            : std::min(bytes.size(), options_.packet);
    packets_to_come_.push_back({at, std::string(bytes.substr(0, size))});
    bytes.remove_prefix(size);
    if (!options_.noise.empty()) {
      packets_to_come_.push_back({at, options_.noise});
    }
    at += absl::Milliseconds(1);
  }
  if (fake_.closes) packets_to_come_.push_back({at, "", true});
}

void Line::Take(const power::Session::Effects& effects) {
  recorder_.Effects(effects, now_);
  for (const power::SessionEffect& effect : effects) {
    if (const auto* text = std::get_if<power::SendText>(&effect)) {
      to_send_ += text->bytes;
    } else if (const auto* secret = std::get_if<power::SendSecret>(&effect)) {
      const keys::Secret bytes = power::EncodedSecret(secret_, secret->form);
      to_send_.append(bytes.view().data(), bytes.view().size());
    } else if (const auto* connect = std::get_if<power::Connect>(&effect)) {
      Flush();
      open_ = false;
      packets_to_come_.clear();
      program_ = connect->program;
      connect_at_ = now_ + connect->after;
    } else if (std::holds_alternative<power::Disconnect>(effect)) {
      Flush();
      open_ = false;
      packets_to_come_.clear();
    } else if (!std::holds_alternative<power::Pause>(effect)) {
      ended_.push_back(std::get<power::RequestEnded>(effect));
    }
  }
  Flush();
}

bool Line::OneEvent() {
  const absl::Time wake = session_.wake_at();
  if (connect_at_ < absl::InfiniteFuture()) {
    now_ = std::max(now_, connect_at_);
    connect_at_ = absl::InfiniteFuture();
    connects_++;
    open_ = true;
    const std::string greeting = fake_.Connect(program_);
    recorder_.Connected(now_);
    Take(session_.Connected(now_));
    Deliver(greeting);
    return true;
  }
  if (!packets_to_come_.empty() && packets_to_come_.front().at <= wake) {
    const Packet packet = packets_to_come_.front();
    packets_to_come_.pop_front();
    now_ = std::max(now_, packet.at);
    const bool drops = packets_++ >= options_.drop_after;
    if (packet.closes || drops) {
      open_ = false;
      packets_to_come_.clear();
      recorder_.Closed(now_);
      Take(session_.Closed(now_));
    } else {
      recorder_.Received(packet.bytes, now_);
      Take(session_.Received(packet.bytes, now_));
    }
    return true;
  }
  if (wake == absl::InfiniteFuture()) return false;
  now_ = std::max(now_, wake);
  Take(session_.Woken(now_));
  return true;
}

std::vector<power::RequestEnded> Line::Run(std::vector<power::ScriptRun> runs) {
  // One request is of one verb; the plugs are those of all its runs.
  std::vector<std::string> plugs;
  for (const power::ScriptRun& run : runs) {
    plugs.insert(plugs.end(), run.plugs.begin(), run.plugs.end());
  }
  if (!runs.empty()) recorder_.Asked(runs[0].script->verb, plugs, now_);
  Take(session_.Ask(1, std::move(runs), now_));
  recorder_.Finished(now_);
  Take(session_.Finish(now_));
  int events = 0;
  while (OneEvent()) REQUIRE(++events < 1'000'000);
  CHECK(session_.idle());
  return std::move(ended_);
}

power::RequestEnded Line::One(std::vector<power::ScriptRun> runs) {
  std::vector<power::RequestEnded> ended = Run(std::move(runs));
  REQUIRE(ended.size() == 1);
  return ended[0];
}

power::DialogueDevice DeviceOf(const power::Specification& spec) {
  power::DialogueDevice device;
  device.specification = &spec;
  for (const std::string& plug : spec.plugs) device.plugs.push_back({plug});
  for (int i = 1; i <= 8 && spec.plugs.empty(); i++) {
    device.plugs.push_back({absl::StrCat(i)});
  }
  return device;
}

std::vector<power::ScriptRun> RunsOf(const power::DialogueDevice& device,
                                     power::Verb verb,
                                     std::vector<std::string> plugs) {
  auto choice = power::ChooseScripts(device, verb, plugs);
  if (const auto* failure = std::get_if<power::Failure>(&choice)) {
    FAIL(failure->text);
  }
  return std::get<std::vector<power::ScriptRun>>(choice);
}

}  // namespace power_test
