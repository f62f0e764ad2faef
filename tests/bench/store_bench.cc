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
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "store/sqlite_engine.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/loop.h"

namespace {

constexpr int kCallers[] = {1, 4, 16, 64};
constexpr int kRounds = 5;
constexpr size_t kValueBytes = 300;

int TransactionsFor(int callers) { return callers == 1 ? 2500 : 8000; }

std::string Key(const char* kind, int caller, int64_t i) {
  return absl::StrFormat("%s/%02d/%09d", kind, caller, i);
}
std::vector<std::string> Keys(int caller, int64_t i) {
  return {Key("t", caller, i), Key("r", caller, i), Key("j", caller, i % 50)};
}

void Must(bool ok, absl::string_view what) {
  if (ok) return;
  absl::FPrintF(stderr, "store_bench: %s\n", what);
  exit(70);
}

struct Figures {
  double per_second = 0, p50_ms = 0, p99_ms = 0;
};
Figures Summarize(std::vector<double> ms, absl::Duration whole) {
  std::sort(ms.begin(), ms.end());
  return {static_cast<double>(ms.size()) / absl::ToDoubleSeconds(whole),
          ms[ms.size() / 2], ms[ms.size() * 99 / 100]};
}

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

// --- the probes -------------------------------------------------------------

class Probe {
 public:
  virtual ~Probe() = default;
  virtual void Begin() = 0;
  virtual void Put(const std::string& key, const std::string& value) = 0;
  virtual void Commit() = 0;
};

class SqliteProbe : public Probe {
 public:
  explicit SqliteProbe(const std::string& folder) {
    Must(sqlite3_open((folder + "/probe.db").c_str(), &db_) == SQLITE_OK,
         "sqlite3_open");
    Run("pragma journal_mode=wal");
    Run("pragma locking_mode=exclusive");
    Run("pragma synchronous=full");
    Run("create table if not exists kv(k blob primary key, rev int, v blob)"
        " without rowid");
    put_ = Prepare(
        "insert into kv values(?,?,?) on conflict(k)"
        " do update set rev=excluded.rev, v=excluded.v");
    begin_ = Prepare("begin immediate");
    commit_ = Prepare("commit");
  }
  ~SqliteProbe() override {
    for (sqlite3_stmt* s : {put_, begin_, commit_}) sqlite3_finalize(s);
    sqlite3_close(db_);
  }
  void Begin() override { Step(begin_); }
  void Put(const std::string& key, const std::string& value) override {
    sqlite3_bind_blob(put_, 1, key.data(), static_cast<int>(key.size()),
                      SQLITE_STATIC);
    sqlite3_bind_int64(put_, 2, 7);
    sqlite3_bind_blob(put_, 3, value.data(), static_cast<int>(value.size()),
                      SQLITE_STATIC);
    Step(put_);
  }
  void Commit() override { Step(commit_); }

 private:
  void Run(const char* sql) {
    Must(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK, sql);
  }
  sqlite3_stmt* Prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    Must(sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr) == SQLITE_OK,
         sql);
    return statement;
  }
  void Step(sqlite3_stmt* s) {
    Must(sqlite3_step(s) == SQLITE_DONE, sqlite3_errmsg(db_));
    sqlite3_reset(s);
  }
  sqlite3* db_ = nullptr;
  sqlite3_stmt *put_, *begin_, *commit_;
};

class AppendProbe : public Probe {
 public:
  explicit AppendProbe(const std::string& folder) {
    auto fd = sys::Open(folder + "/append", O_RDWR | O_CREAT, 0600);
    Must(fd.ok(), fd.status().message());
    fd_ = *std::move(fd);
    Must(sys::WriteAll(fd_.get(), std::string(kFileBytes, '\0')).ok() &&
             fsync(fd_.get()) == 0,
         "preallocating");
  }
  void Begin() override { waiting_.clear(); }
  void Put(const std::string& key, const std::string& value) override {
    absl::StrAppend(&waiting_, key, value);
  }
  void Commit() override {
    if (at_ + static_cast<off_t>(waiting_.size()) > kFileBytes) at_ = 0;
    Must(pwrite(fd_.get(), waiting_.data(), waiting_.size(), at_) ==
                 static_cast<ssize_t>(waiting_.size()) &&
             fdatasync(fd_.get()) == 0,
         "append");
    at_ += static_cast<off_t>(waiting_.size());
  }

 private:
  static constexpr off_t kFileBytes = 32 << 20;
  sys::Fd fd_;
  std::string waiting_;
  off_t at_ = 0;
};

Figures Run(Probe& probe, int callers) {
  const int each = TransactionsFor(callers) / callers;
  const std::string value(kValueBytes, 'x');
  std::mutex mutex;
  std::condition_variable work, done;
  std::vector<std::pair<int, int>> waiting;
  uint64_t queued = 0, applied = 0;
  bool stop = false;
  std::vector<double> ms;
  const absl::Time begun = sys::SteadyNow();
  std::thread writer([&] {
    std::unique_lock<std::mutex> lock(mutex);
    for (;;) {
      work.wait(lock, [&] { return stop || !waiting.empty(); });
      if (waiting.empty()) return;
      std::vector<std::pair<int, int>> mine;
      mine.swap(waiting);
      lock.unlock();
      probe.Begin();
      for (const auto& [caller, i] : mine) {
        for (const std::string& key : Keys(caller, i)) probe.Put(key, value);
      }
      probe.Commit();
      lock.lock();
      applied += mine.size();
      done.notify_all();
    }
  });
  std::vector<std::thread> threads;
  for (int c = 0; c < callers; ++c) {
    threads.emplace_back([&, c] {
      for (int i = 0; i < each; ++i) {
        const absl::Time asked = sys::SteadyNow();
        std::unique_lock<std::mutex> lock(mutex);
        waiting.emplace_back(c, i);
        const uint64_t my = ++queued;
        work.notify_one();
        done.wait(lock, [&] { return applied >= my; });
        ms.push_back(absl::ToDoubleMilliseconds(sys::SteadyNow() - asked));
      }
    });
  }
  for (std::thread& t : threads) t.join();
  const absl::Duration whole = sys::SteadyNow() - begun;
  {
    const std::lock_guard<std::mutex> lock(mutex);
    stop = true;
  }
  work.notify_one();
  writer.join();
  return Summarize(std::move(ms), whole);
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
        SqliteProbe probe(folder->path());
        sqlite.push_back(Run(probe, callers));
      }
      AppendProbe probe(folder->path());
      append.push_back(Run(probe, callers));
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
