// --results=dir: what each task wrote and how it went, in files:
//
//   dir/<number>/stdout, dir/<number>/stderr, dir/<number>/meta.json
//
// meta.json is written when the task has ended and its output has been passed
// on, so a folder without it belongs to a task that runs or was cut short.
// While the output of one that has ended waits for its turn, undelivered.json
// stands in its place: should we be killed, the next run can pass it on without
// doing the task again. A folder of an earlier run is used again; its files are
// replaced, not rewritten, so whoever has one of them open keeps what it was.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <optional>
#include <string>

#include "fanout/task_record.h"
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
  // For one that has ended and whose output waits.
  absl::Status Complete(absl::string_view number,
                        absl::string_view meta_json) const;
  // For one whose output has been passed on.
  absl::Status End(absl::string_view number, absl::string_view meta_json) const;
  // What an earlier run left of a task that had ended; its output has yet to be
  // passed on. None when there is no such thing, or it is not whole.
  struct Undelivered {
    TaskRecord task;
    sys::Fd out, err;  // for reading
  };
  absl::StatusOr<std::optional<Undelivered>> Find(
      absl::string_view number) const;

 private:
  explicit ResultFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace fanout
