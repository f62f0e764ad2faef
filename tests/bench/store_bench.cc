// How many durable transactions a second the store makes through Commit, with
// 1, 4, 16 and 64 callers that each wait for their answer, beside
//
//   sqlite   SQLite itself with the least around it: one table, callers that
//            queue and wait, one writer that takes all that wait and commits
//            once. WAL, synchronous=full, locking_mode=exclusive
//   append   the disk's limit: the same bytes appended to a preallocated file
//            and one fdatasync for all that wait
//
// A transaction puts three records of 300 bytes; one of the three keys is
// among fifty that are written again and again. The rounds of the three take
// turns, and the medians of five are printed, since the machine is shared.
//
//   store_bench [FILE]    also writes the figures as JSON to FILE

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "bench/store_probe.h"
#include "store/sqlite_engine.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/loop.h"

namespace {

using bench::Figures;
using bench::Keys;
using bench::kValueBytes;
using bench::Must;
using bench::Summarize;

constexpr int kCallers[] = {1, 4, 16, 64};
constexpr int kRounds = 5;

int TransactionsFor(int callers) { return callers == 1 ? 2500 : 8000; }

// --- the store --------------------------------------------------------------

Figures Store(const std::string& folder, int callers) {
  sys::Loop loop;
  auto engine = store::OpenSqlite({.folder = folder + "/store"},
                                  store::SurroundingsOf(loop));
  Must(engine.ok(), engine.status().message());
  const int each = TransactionsFor(callers) / callers;
  const std::string value(kValueBytes, 'x');
  std::vector<double> ms;
  int going = callers;
  std::function<void(int, int)> next = [&](int caller, int i) {
    if (i == each) {
      if (--going == 0) loop.Stop();
      return;
    }
    store::Transaction txn;
    for (std::string& key : Keys(caller, i)) {
      txn.operations.push_back(store::Put(std::move(key), value));
    }
    const absl::Time begun = sys::SteadyNow();
    (*engine)->Commit(std::move(txn), [&, caller, i, begun](store::Outcome o) {
      Must(o.kind == store::Outcome::Kind::kApplied, o.why.message());
      ms.push_back(absl::ToDoubleMilliseconds(sys::SteadyNow() - begun));
      next(caller, i + 1);
    });
  };
  // The loop ends when nothing is left to wait for; what a thread will post it
  // cannot know of.
  loop.At(sys::SteadyNow() + absl::Hours(1), [] {});
  const absl::Time begun = sys::SteadyNow();
  for (int c = 0; c < callers; ++c) next(c, 0);
  loop.Run();
  return Summarize(std::move(ms), sys::SteadyNow() - begun);
}

// --- rounds -----------------------------------------------------------------

Figures Median(std::vector<Figures> rounds) {
  Figures median;
  for (double Figures::*part :
       {&Figures::per_second, &Figures::p50_ms, &Figures::p99_ms}) {
    std::sort(rounds.begin(), rounds.end(),
              [part](const Figures& a, const Figures& b) {
                return a.*part < b.*part;
              });
    median.*part = rounds[rounds.size() / 2].*part;
  }
  return median;
}

std::string Json(absl::string_view name, const Figures& f) {
  return absl::StrFormat(
      "\"%s\":{\"per_second\":%.0f,\"p50_ms\":%.3f,\"p99_ms\":%.3f}", name,
      f.per_second, f.p50_ms, f.p99_ms);
}

}  // namespace

int main(int argc, char** argv) {
  absl::PrintF("%8s %10s %10s %10s %7s %7s  %14s %14s\n", "callers", "store/s",
               "sqlite/s", "append/s", "/sqlite", "/append", "store p50/p99",
               "sqlite p50/p99");
  std::string json;
  for (const int callers : kCallers) {
    std::vector<Figures> ours, sqlite, append;
    for (int round = 0; round < kRounds; ++round) {
      auto folder = sys::TemporaryFolder::Make("store-bench");
      Must(folder.ok(), folder.status().message());
      ours.push_back(Store(folder->path(), callers));
      {
        bench::SqliteProbe probe(folder->path());
        sqlite.push_back(Run(probe, callers, TransactionsFor(callers)));
      }
      bench::AppendProbe probe(folder->path());
      append.push_back(Run(probe, callers, TransactionsFor(callers)));
    }
    const Figures a = Median(ours), b = Median(sqlite), c = Median(append);
    const double to_sqlite = a.per_second / b.per_second;
    const double to_append = a.per_second / c.per_second;
    absl::PrintF(
        "%8d %10.0f %10.0f %10.0f %7.2f %7.2f  %6.2f/%5.2fms "
        "%6.2f/%5.2fms\n",
        callers, a.per_second, b.per_second, c.per_second, to_sqlite, to_append,
        a.p50_ms, a.p99_ms, b.p50_ms, b.p99_ms);
    absl::StrAppend(
        &json, json.empty() ? "" : ",",
        absl::StrFormat("{\"callers\":%d,%s,%s,%s,\"to_sqlite\":%.3f,"
                        "\"to_append\":%.3f}",
                        callers, Json("store", a), Json("sqlite", b),
                        Json("append", c), to_sqlite, to_append));
  }
  if (argc > 1) {
    const absl::Status written =
        sys::ReplaceFile(argv[1], absl::StrCat("{\"store\":[", json, "]}\n"));
    Must(written.ok(), written.message());
  }
  return 0;
}
