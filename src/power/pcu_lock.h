// One process at a time works on a PCU: a lock for each session of an end point
// (address and port), in a file that all processes share. The kernel lets go of
// it when its holder ends, whichever way.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/status.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <optional>
#include <string>

#include "sys/range_locks.h"

namespace power {

// /run/fleetbox/power for root, else a folder of the user's alone.
std::string DefaultRunFolder();

struct EndPoint {
  std::string address;  // of a program or a line: a name of its own
  int port = 0;
};

class PcuLocks {
 public:
  explicit PcuLocks(std::string folder) : folder_(std::move(folder)) {}

  // Unavailable, with the holder's pid and command, while another process has
  // it. Who takes it twice here has it twice: two PCUs of an inventory may be
  // one device.
  absl::Status Take(const EndPoint& end_point, int session);
  void LetGo(const EndPoint& end_point, int session);

 private:
  absl::Status Open();

  const std::string folder_;
  std::optional<sys::RangeLocks> file_;
  absl::flat_hash_map<int64_t, int> held_;  // how often
};

}  // namespace power
