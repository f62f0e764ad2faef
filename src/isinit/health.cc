#include "isinit/health.h"

#include <utility>

#include "sys/clock.h"

namespace isinit {
namespace {

ProbeTarget TargetOf(const Health& health) {
  ProbeTarget target;
  target.port = health.port;
  target.text = health.text;
  switch (health.kind) {
    case Health::Kind::kTcp:
      target.kind = ProbeTarget::Kind::kTcp;
      break;
    case Health::Kind::kHttp:
      target.kind = ProbeTarget::Kind::kHttp;
      break;
    case Health::Kind::kUnix:
      target.kind = ProbeTarget::Kind::kUnix;
      break;
    case Health::Kind::kCommand:
    case Health::Kind::kNone:
      target.kind = ProbeTarget::Kind::kCommand;
      break;
  }
  return target;
}

}  // namespace

struct HealthWatch::Patient {
  Run run = 0;
  std::shared_ptr<const Entry> entry;
  Probe::Start start;
  int fails = 0;  // in a row
  bool failed = false;
  std::string trouble;
  absl::Time looked;
  std::unique_ptr<Probe> probe;
  sys::Loop::Timer timer = 0;
};

HealthWatch::HealthWatch(sys::Loop& loop, sys::Reaper& reaper, Told told)
    : loop_(loop), reaper_(reaper), told_(std::move(told)) {}

HealthWatch::~HealthWatch() {
  for (const auto& [tag, patient] : patients_) loop_.Cancel(patient->timer);
}

void HealthWatch::Up(Run run, std::shared_ptr<const Entry> entry,
                     Probe::Start start) {
  Ended(entry->tag);
  const Health& health = entry->attributes.health;
  if (health.kind == Health::Kind::kNone) return;
  auto made = std::make_unique<Patient>();
  Patient& patient = *made;
  patient.run = run;
  patient.start = std::move(start);
  patients_[entry->tag] = std::move(made);
  patient.entry = std::move(entry);
  // A test has just passed.
  const absl::Duration first =
      patient.entry->mode == Mode::kTest ? health.every : health.grace;
  patient.timer = loop_.After(first, [this, &patient] { Look(patient); });
}

void HealthWatch::Ended(const std::string& tag) {
  const auto found = patients_.find(tag);
  if (found == patients_.end()) return;
  loop_.Cancel(found->second->timer);
  // It may be its own probe that leads here.
  loop_.DeleteAtEndOfTurn(std::move(found->second));
  patients_.erase(found);
}

void HealthWatch::Look(Patient& patient) {
  patient.timer = 0;
  patient.looked = sys::SteadyNow();
  const Health& health = patient.entry->attributes.health;
  patient.probe = std::make_unique<Probe>(
      loop_, reaper_, TargetOf(health), patient.start, health.timeout,
      [this, &patient](const absl::Status& status) { Seen(patient, status); });
}

void HealthWatch::Seen(Patient& patient, const absl::Status& status) {
  loop_.DeleteAtEndOfTurn(std::move(patient.probe));
  const Health& health = patient.entry->attributes.health;
  patient.trouble = status.ok() ? "" : std::string(status.message());
  patient.fails = status.ok() ? 0 : patient.fails + 1;
  patient.timer =
      loop_.At(std::max(patient.looked + health.every, sys::SteadyNow()),
               [this, &patient] { Look(patient); });
  // Told last: it may lead to the end of the patient.
  if (status.ok()) {
    if (std::exchange(patient.failed, false) && told_.passed != nullptr) {
      told_.passed(patient.run);
    }
  } else if (patient.fails >= health.fails &&
             !std::exchange(patient.failed, true) && told_.failed != nullptr) {
    told_.failed(patient.run, patient.trouble);
  }
}

Run HealthWatch::RunOf(const std::string& tag) const {
  const auto found = patients_.find(tag);
  return found == patients_.end() ? 0 : found->second->run;
}

std::string HealthWatch::TroubleOf(const std::string& tag) const {
  const auto found = patients_.find(tag);
  return found == patients_.end() ? "" : found->second->trouble;
}

}  // namespace isinit
