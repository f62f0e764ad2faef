// What the store is measured against: SQLite with the least around it, and the
// disk itself. Callers queue and wait; one writer takes all that wait and
// commits once.
#pragma once

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sys/clock.h"
#include "sys/file.h"

namespace bench {

inline constexpr size_t kValueBytes = 300;

inline std::string Key(const char* kind, int caller, int64_t i) {
  return absl::StrFormat("%s/%02d/%09d", kind, caller, i);
}
inline std::vector<std::string> Keys(int caller, int64_t i) {
  return {Key("t", caller, i), Key("r", caller, i), Key("j", caller, i % 50)};
}

inline void Must(bool ok, absl::string_view what) {
  if (ok) return;
  absl::FPrintF(stderr, "bench: %s\n", what);
  exit(70);
}

struct Figures {
  double per_second = 0, p50_ms = 0, p99_ms = 0;
};
inline Figures Summarize(std::vector<double> ms, absl::Duration whole) {
  std::sort(ms.begin(), ms.end());
  return {static_cast<double>(ms.size()) / absl::ToDoubleSeconds(whole),
          ms[ms.size() / 2], ms[ms.size() * 99 / 100]};
}

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

// `transactions` of three records each from so many callers.
inline Figures Run(Probe& probe, int callers, int transactions) {
  const int each = transactions / callers;
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

}  // namespace bench
