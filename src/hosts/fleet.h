// All hosts of a run: the tables that the command line names, read and joined.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "hosts/options.h"
#include "hosts/search.h"
#include "hosts/table.h"
#include "hosts/voice.h"
#include "hosts/work_folder.h"

namespace hosts {

// Standard input, which is one file of the run at most: "-". It is copied, so
// that the commands do not see it and it has a name.
class StandardInput {
 public:
  explicit StandardInput(WorkFolder& work) : work_(work) {}
  // The path of the copy. `use` says what for ("a -C file"); UsageError when it
  // is used already, naming both uses. A -X file may be the -Z file once more.
  absl::StatusOr<std::string> CopyFor(absl::string_view use, int mode = 0600);
  bool used() const { return !use_.empty(); }

 private:
  WorkFolder& work_;
  std::string use_, path_;
};

struct Fleet {
  explicit Fleet(absl::string_view key) : table(key) {}

  Table table;
  // The files as reported, separated by colons; "" for none.
  std::string configs, extras, defaults;
  // Somebody else could have written a table: texts are expanded in safe mode.
  bool untrusted = false;
};

// Reads all tables. Fails with 65 for one that cannot be found; what a table
// has wrong is InvalidArgument or FailedPrecondition.
absl::StatusOr<Fleet> LoadFleet(const HostOptions& options,
                                const Search& search, StandardInput& input,
                                const Voice& voice);

// The hosts that may be elected at all, by -B and --on, as a flag each.
// NotFound for a name of --on that means no host.
absl::StatusOr<std::vector<bool>> Admitted(const HostOptions& options,
                                           const Table& table,
                                           const Voice& voice);

}  // namespace hosts
