#include "power/service_resume.h"

#include <absl/strings/str_cat.h>

#include <utility>

#include "power/unfinished.h"
#include "sys/clock.h"
#include "sys/log.h"

namespace power {
namespace {

constexpr char kWho[] = "resume";

}  // namespace

void ServiceResume::Start() {
  UnfinishedActions actions;
  const absl::Status read = Journal::Scan(
      service_.state_folder(),
      [&](JournalRecord record) { actions.Add(std::move(record)); });
  if (!read.ok() && !absl::IsNotFound(read)) {
    sys::Log("power.journal.unread", {{"why", read.message()}});
  }
  ServiceOrder order = {.verb = Verb::kStatus, .who = kWho};
  for (JournalRecord& record : actions.Take()) {
    // A pcu-reboot beside us may be at it.
    if (IsUnderWay(record) || !service_.HasHost(record.host.name)) continue;
    order.hosts.push_back(record.host.name);
    records_.push_back(std::move(record));
  }
  if (order.hosts.empty()) return;
  service_.Start(std::move(order), {.result = [this](const ServiceResult& r) {
                   for (const JournalRecord& record : records_) {
                     if (record.host.name == r.host) Looked(record, r);
                   }
                 }});
}

void ServiceResume::Looked(const JournalRecord& record,
                           const ServiceResult& result) {
  const PlugState state = result.result.after;
  const bool is_known = result.result.outcome.has_value();
  std::string text = UnfinishedText(record, state);
  if (result.result.failure.has_value()) {
    absl::StrAppend(&text, ": ", result.result.failure->text);
  }
  sys::Log("power.unfinished", {{"host", record.host.name}, {"text", text}});
  // One that cannot be looked at stays unfinished, for the next start.
  if (!is_known) return;
  if (switches_on_ && IsToBeOn(record, state)) {
    SwitchOn(record, state);
  } else {
    Close(record, text, state);
  }
}

void ServiceResume::SwitchOn(const JournalRecord& record, PlugState found) {
  const auto told = [this, record, found](const ServiceResult& result) {
    const PlugResult& plug = result.result;
    if (!plug.outcome.has_value()) return;  // it was logged
    Close(record,
          absl::StrCat(UnfinishedText(record, found), "; switched on again"),
          plug.after);
  };
  service_.Start({.verb = Verb::kOn, .hosts = {record.host.name}, .who = kWho},
                 {.result = told});
}

void ServiceResume::Close(const JournalRecord& record, std::string text,
                          PlugState after) {
  service_.journal().End(
      record.id, record.host.name,
      {.at = sys::WallNow(),
       .outcome = std::string(Word(HostOutcome::kFailed)),
       .failure_class = std::string(Word(FailureClass::kInternal)),
       .detail = std::move(text),
       .after = std::string(Word(after))});
}

}  // namespace power
