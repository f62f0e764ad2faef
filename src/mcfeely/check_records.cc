#include "mcfeely/check_records.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/status.h"
#include "mcfeely/queue.h"
#include "mcfeely/records.h"

namespace mcfeely {
namespace {

using Entries = std::map<std::string, std::string>;
constexpr char kQueue[] = "main";

// What Load needs of an engine, over a map.
class EntriesEngine : public store::Engine {
 public:
  explicit EntriesEngine(const Entries& entries) : entries_(entries) {}

  absl::StatusOr<store::Entry> Get(absl::string_view key) override {
    const auto found = entries_.find(std::string(key));
    if (found == entries_.end()) return store::NoSuchKey();
    store::Entry entry;
    entry.key = found->first;
    entry.value = found->second;
    return entry;
  }
  absl::StatusOr<store::RangeResult> Range(absl::string_view first,
                                           absl::string_view last,
                                           int64_t limit) override {
    store::RangeResult result;
    for (auto it = entries_.lower_bound(std::string(first));
         it != entries_.end() && (last.empty() || it->first < last); ++it) {
      if (limit > 0 && static_cast<int64_t>(result.entries.size()) == limit) {
        result.more = true;
        break;
      }
      result.entries.emplace_back();
      result.entries.back().key = it->first;
      result.entries.back().value = it->second;
    }
    return result;
  }
  void Commit(store::Transaction,
              std::function<void(store::Outcome)>) override {}
  int64_t Watch(absl::string_view, store::Revision,
                std::function<void(store::WatchBatch)>) override {
    return 0;
  }
  void Unwatch(int64_t) override {}
  absl::StatusOr<store::Lease> MakeLease(absl::Duration) override {
    return Cannot();
  }
  absl::Status KeepAlive(store::Lease) override { return Cannot(); }
  absl::Status Revoke(store::Lease) override { return Cannot(); }
  absl::Status Compact(store::Revision) override { return Cannot(); }
  absl::StatusOr<store::EngineStatus> Status() override { return Cannot(); }

 private:
  static absl::Status Cannot() {
    return absl::UnimplementedError("the records are only read");
  }
  const Entries& entries_;
};

uint64_t LastNumber(const Entries& entries, const Keys& keys) {
  uint64_t last = 0;
  for (const auto& [key, value] : entries) {
    if (const auto job = keys.ParseJobKey(key)) {
      last = std::max(last, job->job.value);
    } else if (const auto ended = keys.ParseEnded(key)) {
      last = std::max(last, ended->job.value);
    } else if (keys.ParseParcel(key).has_value()) {
      const auto job = UnpackNumber(absl::string_view(value).substr(0, 16));
      if (job.ok()) last = std::max(last, *job);
    }
  }
  return last;
}

// Load names the key it stumbled over first.
Entries::iterator NamedBy(Entries& entries, absl::string_view message) {
  return std::find_if(entries.begin(), entries.end(), [&](const auto& entry) {
    const std::string shown = base::Escape(entry.first);
    return absl::StartsWith(message, shown) &&
           absl::StartsWith(message.substr(shown.size()), ": ");
  });
}

// Returns how many entries went.
size_t RemoveJob(Entries& entries, const std::string& prefix) {
  const auto first = entries.lower_bound(prefix);
  const std::string end = store::PrefixEnd(prefix);
  size_t count = 0;
  for (auto it = first; it != entries.end() && it->first < end; count++) {
    it = entries.erase(it);
  }
  return count;
}

}  // namespace

CheckedRecords CheckRecords(Entries& entries, absl::Time now, bool is_whole) {
  CheckedRecords checked;
  const Keys keys(kQueue);
  const uint64_t last = LastNumber(entries, keys);
  const auto seq = entries.find(keys.Seq());
  const auto given = seq == entries.end()
                         ? absl::StatusOr<uint64_t>(uint64_t{0})
                         : UnpackNumber(seq->second);
  if (!is_whole) {
    const uint64_t seconds =
        static_cast<uint64_t>(std::max<int64_t>(absl::ToUnixSeconds(now), 0));
    const uint64_t next = std::max({last, given.value_or(0), seconds});
    checked.problems.push_back(
        absl::StrCat(keys.Seq(),
                     ": jobs may have been accepted of which nothing is left; "
                     "the next one is job ",
                     next + 1));
    entries[keys.Seq()] = PackNumber(next);
  } else if (!given.ok() || *given < last) {
    checked.problems.push_back(absl::StrCat(
        keys.Seq(), ": is not the last job's number; it is set to ", last));
    entries[keys.Seq()] = PackNumber(last);
  }
  // Each round takes something out, so it ends.
  for (;;) {
    EntriesEngine engine(entries);
    Queue queue({.name = kQueue,
                 .random_bytes = [](size_t n) { return std::string(n, 'x'); }});
    const absl::Status loaded = queue.Load(engine, now);
    if (loaded.ok()) {
      checked.open_jobs = queue.scheduler().Jobs().size();
      return checked;
    }
    auto named = NamedBy(entries, loaded.message());
    std::string gone = "is removed";
    // A record of a job that is named may be one that is missing.
    const absl::string_view message = loaded.message();
    const auto job = keys.ParseJobKey(
        named == entries.end()
            ? std::string(message.substr(0, message.find(": ")))
            : named->first);
    if (named == entries.end() && !job.has_value()) {
      checked.problems.emplace_back(loaded.message());
      return checked;
    }
    if (job.has_value() && job->kind != Keys::JobKey::Kind::kRun) {
      checked.lost_jobs++;
      const size_t count = RemoveJob(entries, keys.Job(job->job));
      MUST(count > 0);  // or there would have been nothing to stumble over
      gone = absl::StrCat("JOB ", job->job.value, " IS LOST, ", count,
                          " records are removed");
    } else if (named->first == keys.Step()) {
      entries.erase(named);
      gone = "begins anew";
    } else {
      entries.erase(named);
    }
    checked.problems.push_back(absl::StrCat(loaded.message(), "; ", gone));
  }
}

}  // namespace mcfeely
