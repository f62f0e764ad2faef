// A disk that remembers what was written and what was flushed, and that fails
// when told to: a door to the system for SQLite, on top of the real one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

struct sqlite3_file;
struct sqlite3_vfs;

namespace store {

class FakeDisk {
 public:
  FakeDisk();
  ~FakeDisk();  // all files are closed by then
  const std::string& vfs() const { return name_; }

  // --- failing. Counted are writes, cuts and flushes, from 1.
  enum class Fault { kWriteError, kWriteFull, kFlushError, kAnyError };
  // The `nth` from now that `fault` concerns fails, and all later ones if
  // `forever`.
  void FailAt(Fault fault, int nth, bool forever);
  void Heal();
  bool failed();  // since FailAt

  // --- remembering
  void Acknowledge(int64_t number);
  size_t events();
  std::vector<size_t> FlushBoundaries();
  // The numbers that were acknowledged before event `at`.
  std::vector<int64_t> AcknowledgedBefore(size_t at);
  // Makes in `folder` the files as a power cut before event `at` could leave
  // them: what was flushed is there; each later write is there, missing, or
  // torn at a sector, independently of the others.
  void Rebuild(size_t at, const std::string& folder, std::mt19937& random);

 private:
  friend struct FakeDiskMethods;
  struct Event {
    enum class Kind { kOpen, kWrite, kCut, kFlush, kDelete, kAcknowledge };
    Kind kind;
    std::string file;  // without its folder
    int64_t at = 0;    // of a write; where it is cut; the number acknowledged
    std::string bytes;
  };
  // SQLITE_OK, or the error this operation meets.
  int Meet(Event event);

  const std::string name_;
  std::unique_ptr<sqlite3_vfs> vfs_;
  std::mutex mutex_;
  std::vector<Event> events_;
  Fault fault_ = Fault::kAnyError;
  int until_fault_ = 0;  // 0: none
  bool forever_ = false, failed_ = false;
};

}  // namespace store
