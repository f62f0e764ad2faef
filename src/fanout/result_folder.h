// --results=dir: what each task wrote and how it went, in files:
//
//   dir/<number>/stdout, dir/<number>/stderr, dir/<number>/meta.json
//
// meta.json is written when the task has ended, so a folder without it belongs
// to a task that runs or was cut short. A folder of an earlier run is used
// again; its files are replaced, not rewritten, so whoever has one of them open
// keeps what it was.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <string>

#include "sys/fd.h"

namespace fanout {

class ResultFolder {
 public:
  struct Files {
    sys::Fd out, err;  // empty, for writing at the end
  };
  // Makes it when there is none.
  static absl::StatusOr<ResultFolder> Open(const std::string& path);

  // For an attempt that starts; takes away what an earlier one left. `number`
  // is %u: digits.
  absl::StatusOr<Files> Begin(absl::string_view number) const;
  // For one that has ended.
  absl::Status End(absl::string_view number, absl::string_view meta_json) const;

 private:
  explicit ResultFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace fanout
