// Where host files and operands are looked for.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <string>
#include <vector>

#include "sys/environment.h"

namespace hosts {

class Search {
 public:
  // The list is HXMD_PATH's, if it is set and not empty. `environment` is
  // borrowed.
  explicit Search(const sys::Environment& environment);

  // A name with a leading $NAME, ~ or ~USER replaced. InvalidArgument.
  absl::StatusOr<std::string> Expand(absl::string_view name) const;
  // The first such file or folder on the list. A name that begins with / or ./
  // is not searched for. NotFound.
  absl::StatusOr<std::string> Find(absl::string_view name) const;
  // The same, where "--" and "--/NAME" mean the folder below.
  absl::StatusOr<std::string> FindTable(absl::string_view name) const;

  // The first absolute folder of the list, or of the built-in one; it need not
  // exist.
  const std::string& own_folder() const { return own_folder_; }
  // Whether that comes from the environment, and the whole list.
  bool own_folder_given() const { return own_folder_given_; }
  bool list_given() const { return list_given_; }
  std::string list() const;

 private:
  const sys::Environment& environment_;
  std::vector<std::string> folders_;
  std::string own_folder_;
  bool list_given_ = false, own_folder_given_ = false;
};

// `path` as it is for a process in any folder, with ./ and ../ folded; as it is
// where folding them leads to another file.
std::string ReportedName(const std::string& path);

}  // namespace hosts
