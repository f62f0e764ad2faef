// SQLite's door to the system, with four things added.
//
// A checksum in each page of a database file, so that bytes which changed on
// the disk are noticed when they are read and not handed out as a record:
// SQLite's own integrity rules see a broken structure, not a broken value. The
// checksums lie in bytes that SQLite reserves at the end of each page, so the
// file stays a plain SQLite file for every reader. The log has its own.
//
// The log is written in long pieces. SQLite writes each page of a commit by two
// calls, one for 24 bytes, which is most of what a commit of many pages costs
// beside its flush. Here they are gathered until the flush, or until anything
// else is done to the file. A failed write then shows in the flush; SQLite
// believes a commit only after that.
//
// A log that begins in an empty file has its header flushed with its first
// commit, not before it.
//
// Behind a log that has grown zeros are written for what comes next: to flush
// what lies in blocks that the file has already takes half as long as to flush
// a file that grows. Zeros are no frame, so that a reader ends there.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>

namespace store {

inline constexpr int kChecksumBytes = 8;
// The layout of the log: https://www.sqlite.org/fileformat2.html, section 4.
inline constexpr int64_t kWalHeaderBytes = 32;

// The name under which SQLite knows this door, on top of the one named `under`
// (empty: the system's).
absl::StatusOr<std::string> SqliteVfs(const std::string& under);

}  // namespace store
