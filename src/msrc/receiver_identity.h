// Whether the executable we are is what its name says: recv-HASH, as it is
// called where a controller has put it (msrc/remote_start.h). After a crash of
// the host it may be a part of it.
#pragma once

#include <absl/status/status.h>

#include <string>

namespace msrc {

// Ok for an executable that is called something else. DataLoss when the content
// is another: it is removed, so that the next controller brings it anew. Reads
// all of it, some milliseconds, at most once a day and a start of the machine:
// what it has found is noted beside it. From any thread. Notes that it is in
// use: what nobody uses is removed after 90 days.
absl::Status CheckOwnIdentity();
absl::Status CheckIdentity(const std::string& path);

// Removes our executable if a controller has put it there for this
// run alone. It goes on running.
void RemoveOwnCopy();
void RemoveCopy(const std::string& path);

}  // namespace msrc
