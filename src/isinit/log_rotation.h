// The names of an entry's log files, and which of the older ones stay. Pure.
//
//   web.log                                   is written
//   web.log.20260131T101504.120345Z           was full then
//   web.log.20260131T101504.120345Z.zst       the same, compressed
//   web.log.20260131T101504.120345Z.zst.new   compressing it was cut short
//
// So the names say the order, and nothing is renamed twice.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/time/time.h>
#include <absl/types/span.h>

#include <string>
#include <vector>

namespace isinit {

std::string LogName(absl::string_view tag);
// Of one that is full at `now`.
std::string OldLogName(absl::string_view tag, absl::Time now);

struct LogTidying {
  std::vector<std::string> compress;  // the oldest first
  std::vector<std::string> remove;
};
// What is to be done in a folder with these names, in any order, so that `keep`
// old logs of the entry remain, all compressed. Other names are left alone.
LogTidying TidyLogs(absl::string_view tag, absl::Span<const std::string> names,
                    int keep);

}  // namespace isinit
