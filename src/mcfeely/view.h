// What people and programs are shown: tables, one job in full, JSON. All three
// come from the same message (Queue::View). Pure.
#pragma once

#include <absl/time/time.h>

#include <string>

#include "wire/messages.pb.h"

namespace mcfeely {

// How a text is dressed up; every field "" where there are no colours.
struct Styles {
  absl::string_view good, bad, busy, dim;
};

// One word for a state: "done", "running".
absl::string_view StateWord(fleetbox::wire::TaskState state);
absl::string_view StateWord(fleetbox::wire::JobState state);

// "hold", "mark-done".
absl::string_view VerbWord(fleetbox::wire::Control::Verb verb);
// "2026-01-31T10:15:04.120Z hold web stats by user:ops@example.com".
std::string NoteLine(const fleetbox::wire::JobNote& note);
// Whether a job can still change: open or held.
bool IsOpen(fleetbox::wire::JobState state);

// `status`: a job a line, then the hosts that have work or do not answer.
// `width` is the terminal's, 0 for no limit.
std::string FormatStatus(const fleetbox::wire::Reply& reply, absl::Time now,
                         const Styles& styles, size_t width);
// `show`: the job, or one of its tasks (by name), with everything known.
// Empty when the job has no such task.
std::string FormatJob(const fleetbox::wire::JobView& job, absl::Time now,
                      const Styles& styles, size_t width);
std::string FormatTask(const fleetbox::wire::JobView& job,
                       absl::string_view task, absl::Time now,
                       const Styles& styles);
// The lines of the live view: a bar, and what runs or waits and why.
std::string FormatLive(const fleetbox::wire::JobView& job, absl::Time now,
                       const Styles& styles, size_t width, size_t lines);
// What has changed in a job since `before` (null: everything that is no longer
// as it began), a line a task: "web on www3: running", "zone on ns1: done".
std::string FormatChanges(const fleetbox::wire::JobView* before,
                          const fleetbox::wire::JobView& job);
// "3 of 15 done, 2 running, 1 deferred": one line without colours.
std::string Summary(const fleetbox::wire::JobView& job);

// The same facts for programs.
std::string StatusJson(const fleetbox::wire::Reply& reply);
std::string JobJson(const fleetbox::wire::JobView& job);

}  // namespace mcfeely
