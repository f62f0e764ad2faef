// Ended jobs are kept for a while, then deleted: in steps, the head last and
// with it the index, so that what was begun is found again after a crash.

#include <absl/strings/match.h>

#include <algorithm>

#include "base/status.h"
#include "base/time.h"
#include "mcfeely/queue_state.h"
#include "wire/compress.h"

namespace mcfeely {

namespace pb = fleetbox::wire;

namespace {

// Records read and deleted in one call; each may be of half a MiB.
constexpr int64_t kAtOnce = 32;

}  // namespace

absl::StatusOr<bool> Queue::Expire(store::Engine& engine, absl::Time now) {
  State& s = *state_;
  s.Tick(now);
  if (s.ended_jobs.empty()) return false;
  const auto [ms, number] = *s.ended_jobs.begin();
  const bool old = base::FromMillis(ms) + s.options.keep <= s.now;
  if (!old && s.ended_jobs.size() <= s.options.keep_jobs) return false;
  // What was deleted last must be gone before the rest is looked at.
  if (!s.trouble.ok() || s.under_way || !s.backlog.empty() || !s.open.empty()) {
    return true;
  }
  const JobId job{number};
  Group group;
  // Parts, then runs; texts come behind those.
  TRY_ASSIGN(const store::RangeResult page,
             engine.Range(s.keys.Part(job, 0),
                          store::PrefixEnd(s.keys.Runs(job)), kAtOnce));
  for (const store::Entry& entry : page.entries) {
    group.operations.push_back(store::Delete(entry.key));
  }
  if (group.operations.empty()) {
    TRY(s.DeleteLast(engine, job, &group));
    group.operations.push_back(
        store::Delete(s.keys.Ended(base::FromMillis(ms), job)));
    s.ended_jobs.erase(s.ended_jobs.begin());
    s.Log("job.deleted", job, "", "", "");
  }
  for (const store::Operation& o : group.operations) {
    s.open.bytes += o.key.size();
  }
  s.open.operations += group.operations.size();
  s.open.first.push_back(std::move(group));
  return true;
}

// The head, the text, and the names under which repeats of it are recognised.
absl::Status Queue::State::DeleteLast(store::Engine& engine, JobId job,
                                      Group* group) {
  const absl::StatusOr<store::Entry> entry = engine.Get(keys.Head(job));
  if (absl::IsNotFound(entry.status())) return absl::OkStatus();
  TRY(entry);
  pb::JobHead head;
  TRY(base::Context(UnpackMessage(entry->value, head), entry->key));
  const auto remove = [&](std::string key) {
    group->operations.push_back(store::Delete(std::move(key)));
  };
  std::string text;
  for (uint32_t n = 0; n < head.text_pieces(); n++) {
    TRY_ASSIGN(const store::Entry piece, engine.Get(keys.Text(job, n)));
    TRY_ASSIGN(const std::string bytes,
               wire::UnpackValue(piece.value, kTextPieceBytes));
    text += bytes;
    remove(piece.key);
  }
  TRY_ASSIGN(const Job spec, JobOfParcel(text));
  if (!spec.key->empty()) {
    const std::string key = keys.Idempotency(head.principal(), *spec.key);
    remove(key);
    idempotent.erase(key.substr(keys.Idempotencies().size()));
  }
  const base::ParcelId parcel = base::ParcelId::From(head.parcel());
  remove(keys.Parcel(parcel));
  parcels.erase(parcel);
  // Reports that could not be sent in all this time.
  const std::string first = keys.Mail(job, 0);
  const std::string end = keys.Mail(JobId{job.value + 1}, 0);
  for (auto it = reports.lower_bound(first);
       it != reports.end() && it->first < end &&
       group->operations.size() < kAtOnce * 2;) {
    remove(it->first);
    report_times.erase({it->second.again, it->first});
    it = reports.erase(it);
  }
  remove(keys.Head(job));
  return absl::OkStatus();
}

}  // namespace mcfeely
