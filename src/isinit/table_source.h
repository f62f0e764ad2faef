// The table's file: where it is, what it said last, and tables that are pushed
// from elsewhere.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "isinit/table.h"
#include "sys/fd.h"
#include "sys/loop.h"

namespace isinit {

class TableSource {
 public:
  // `file` "" is /etc/isinittab, else /etc/cltab when that alone is there.
  TableSource(std::string file, bool compat);
  ~TableSource();

  const std::string& file() const { return file_; }
  // Reads the file. Null when it says the same as last time, byte for byte.
  // A file that cannot be read, or is more than 64 MiB, is a status that names
  // it; what was in force stays.
  absl::StatusOr<const Reading*> Reread();
  // What it said last, whether good or not.
  const Reading& last() const { return last_; }
  // The errors of the last reading, and why the file could not be read.
  const std::vector<std::string>& problems() const { return problems_; }
  // BLAKE2b-256 of the text that was read last without an error.
  const std::string& hash() const { return hash_; }

  // Puts a table in the place of the file's: what it was is kept beside it as
  // FILE.1. InvalidArgument, with every error, when it has errors.
  absl::Status Replace(absl::string_view text);

  // Calls `changed` when the file may have changed, until this ends.
  absl::Status Watch(sys::Loop& loop, std::function<void()> changed);
  void Unwatch();

 private:
  std::string file_;
  bool compat_;
  std::string text_;
  bool read_ = false;
  Reading last_;
  std::vector<std::string> problems_;
  std::string hash_;
  sys::Loop* loop_ = nullptr;
  sys::Fd watch_;
};

}  // namespace isinit
