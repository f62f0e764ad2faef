// Where a store lies: the names in its folder, who owns it, and whether the
// file system under it can be trusted.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <utility>

#include "sys/fd.h"
#include "sys/file.h"

namespace store {

std::string StorePath(const std::string& folder);

// Unavailable, naming the pid, when another process owns the store.
absl::StatusOr<sys::LockFile> TakeStore(const std::string& folder);

// Keeps apart who moves the log into the database and who copies both. While
// nothing is moved the log only grows, or begins anew behind a database that
// has all of the former one, so that the two files, read one after the other,
// are the store at a moment (SQLite's documentation: WAL-mode File Format). A
// lock on the database file that SQLite's own do not see (flock(2)).
class LogGate {
 public:
  static absl::StatusOr<LogGate> Open(const std::string& folder);
  // Nobody copies until Leave; false while somebody does.
  absl::StatusOr<bool> TryToMove();
  // Nobody moves until Leave; waits for who does.
  absl::Status EnterToCopy();
  void Leave();
  int file() const { return file_.get(); }  // the database, open for reading

 private:
  explicit LogGate(sys::Fd file) : file_(std::move(file)) {}
  sys::Fd file_;
};

// FailedPrecondition when the folder lies on a file system that is not known
// to lock and to flush.
absl::Status CheckFileSystem(const std::string& folder);

}  // namespace store
