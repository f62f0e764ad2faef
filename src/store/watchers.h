// Who watches what in a store of tables, and up to where each has been told.
//
// A watch reads the past from the table of changes in pieces (ReadOn), until it
// has seen the newest revision; from then on it is live, and is told of each
// group as it is committed (Tell). The caller keeps commits out during both, so
// that no revision falls between them and none comes twice.
#pragma once

#include <absl/status/status.h>
#include <absl/strings/string_view.h>

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "store/engine.h"
#include "store/sqlite_tables.h"

namespace store {

// May be used from any thread.
class Watchers {
 public:
  using Changed = std::function<void(WatchBatch)>;

  int64_t Add(absl::string_view prefix, Revision from, Changed changed);
  void Remove(int64_t watch);
  bool Any();
  // What to call for this watch; empty when it was removed.
  Changed CallOf(int64_t watch);

  struct Piece {
    std::vector<WatchBatch> batches;  // to tell, also if the status is not ok
    bool more = false;                // call again
    absl::Status status;              // not ok: the tables cannot be read now
  };
  Piece ReadOn(int64_t watch, Tables& tables);

  struct Telling {
    int64_t watch;
    WatchBatch batch;
  };
  // What those that are live are to be told of these rows.
  std::vector<Telling> Tell(const std::vector<Tables::ChangeRow>& rows);

  // Makes all read on from where they are, and returns those that must.
  std::vector<int64_t> StartOver();

 private:
  struct Watcher {
    std::string prefix;
    Revision next = 0;  // the first revision it has not been told of
    bool live = false;
    Changed changed;
  };
  static absl::Status ReadRows(Tables& tables, Watcher& watcher,
                               std::vector<WatchBatch>* batches);

  std::mutex mutex_;
  std::map<int64_t, Watcher> watchers_;
  int64_t last_ = 0;
};

}  // namespace store
