// The tokens of a device file (device(5)), those of the files it includes in
// their places; and what is wrong with a file. Pure: the caller reads files.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <functional>
#include <string>
#include <vector>

#include "power/limits.h"
#include "power/specification.h"

namespace power {

// What is wrong with a file: in the order in which it was found.
struct DeviceProblem {
  Where where = {};
  bool error = true;  // else a warning: it is read, and probably not meant
  std::string rule;   // one word for each kind of mistake: "duplicate-script"
  std::string text;
};
// "apc.dev:12: script on given twice [duplicate-script]"
std::string ProblemText(const DeviceProblem& problem);

// So many as anybody reads; junk may make millions.
class DeviceProblems {
 public:
  void Error(const Where& where, absl::string_view rule, std::string text) {
    Add({where, true, std::string(rule), std::move(text)});
  }
  void Warn(const Where& where, absl::string_view rule, std::string text) {
    Add({where, false, std::string(rule), std::move(text)});
  }
  bool full() const;
  std::vector<DeviceProblem> Take() { return std::move(problems_); }

 private:
  void Add(DeviceProblem problem);
  std::vector<DeviceProblem> problems_;
};

struct DeviceToken {
  enum class Kind : uint8_t { kWord, kNumber, kString, kMark, kEnd };
  Kind kind = Kind::kEnd;
  std::string text;  // of a string: without quotes and escapes
  Where where = {};
  int language = 1;  // of the file it stands in
  bool Is(absl::string_view word) const {
    return kind == Kind::kWord && text == word;
  }
  bool IsMark(absl::string_view mark) const {
    return kind == Kind::kMark && text == mark;
  }
};

// Gives the text of a file that `from` includes as `path`.
using IncludeFile = std::function<absl::StatusOr<std::string>(
    absl::string_view path, absl::string_view from)>;

class DeviceLexer {
 public:
  // `include` may be empty: then nothing can be included.
  DeviceLexer(std::string file, std::string text, IncludeFile include,
              DeviceProblems& problems,
              size_t most_bytes = kMaxDeviceFileBytes);
  // From now on \000 may stand in strings: transcripts hold what devices print.
  void AllowNul() { allow_nul_ = true; }
  // kEnd for ever behind the last one. What is no token is an error and left
  // out.
  DeviceToken Next();

 private:
  struct Source {
    std::string file, text;
    size_t at = 0;
    int line = 1;
    int language = 1;
  };
  bool SkipBlank(Source& source);
  bool Take(Source& source, DeviceToken* token);
  bool String(Source& source, DeviceToken* token);
  bool Prefixed(Source& source, DeviceToken* token);
  void Escape(Source& source, std::string* out);
  void Include(const Where& where);
  std::string IncludedPath(Source& source);
  void Enter(std::string file, std::string text, const Where& where);
  void ReadLanguage(Source& source);
  Where At(const Source& source) const { return {source.file, source.line}; }

  std::vector<Source> sources_;  // the innermost is the last
  Where end_;                    // of the latest one that has ended
  IncludeFile include_;
  DeviceProblems& problems_;
  size_t most_bytes_, files_ = 0, bytes_ = 0;
  bool allow_nul_ = false;
};

}  // namespace power
