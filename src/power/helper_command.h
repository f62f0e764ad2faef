// Whether the command of a device line is one of the co-processes that are
// built in, and what its options say. Pure.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keys/secret.h"

namespace power {

enum class HelperKind : uint8_t { kIpmi, kSnmp, kRedfish, kHttp };

struct HelperCommand {
  HelperKind kind = HelperKind::kIpmi;
  std::vector<std::string> hosts = {};
  std::string user = {};
  std::shared_ptr<const keys::Secret> password = nullptr;
  bool wait_until_on = false, wait_until_off = false;  // ipmipower
  std::string cipher_suite = {};
  std::string url = {}, header = {};  // httppower, redfishpower
  bool cookies = false;
  // redfishpower: paths by "stat", "on", "off", "cycle", and what is posted.
  std::map<std::string, std::string> paths = {}, data = {};
  // What a person should know: a password that everybody can read.
  std::vector<std::string> warnings = {};
};

// `program`: words, or a shell's `-c COMMAND`. None for other programs, for
// options that are not understood here, and for what needs a shell: those are
// run.
std::optional<HelperCommand> ParseHelperCommand(
    absl::Span<const std::string> program);

}  // namespace power
