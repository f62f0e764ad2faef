// The original's list of power controllers, as JSON, made into an inventory.
// Pure.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <string>
#include <utility>
#include <vector>

#include "keys/secret.h"

namespace power {

struct ImportProblem {
  size_t record = 0;  // 1 is the first
  std::string pcu;    // what it is called; empty if nothing tells
  std::string rule;   // "config" for what is missing, "model", "port", ...
  std::string text;
  bool left_out = false;  // the whole record
};
// "record 3 (rack3-a): password is missing [config]"
std::string ProblemText(const ImportProblem& problem);

struct ImportedSecret {
  std::string name;  // as the inventory names it
  keys::Secret secret;
};

struct Import {
  // An inventory without mistakes. What could not be taken over stands in it
  // as comments.
  std::string text;
  // Passwords never stand in the text: these belong into the store.
  std::vector<ImportedSecret> secrets;
  std::vector<ImportProblem> problems;
  size_t pcus = 0, hosts = 0;
};

// InvalidArgument for what is no JSON array. `json`, and the passwords that
// were read from it, are wiped.
absl::StatusOr<Import> ImportRecords(std::string json);

}  // namespace power
