// Reads device files and powerman's configuration (device(5)): powerman's
// grammar as it is, and what `language 2` adds. All mistakes are told at once.
// Pure.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "power/device_lexer.h"
#include "power/specification.h"

namespace power {

class TokenStream;

// device NAME SPEC HOST:PORT, or TTY FLAGS, or "COMMAND |&"
struct DeviceLine {
  std::string name, specification, address, flags;
  Where where = {};
  friend bool operator==(const DeviceLine&, const DeviceLine&) = default;
};
// node NAMES DEVICE [PLUGS], each may be a range.
struct HostLine {
  std::string names, device;
  std::optional<std::string> plugs;
  Where where = {};
  friend bool operator==(const HostLine&, const HostLine&) = default;
};
struct AliasLine {
  std::string name, hosts;
  Where where = {};
  friend bool operator==(const AliasLine&, const AliasLine&) = default;
};

struct DeviceFile {
  std::vector<Specification> specifications;
  std::vector<DeviceLine> devices;
  std::vector<HostLine> hosts;
  std::vector<AliasLine> aliases;
  std::vector<std::string> listens;
  std::optional<bool> tcp_wrappers;
  std::string plug_log_level;

  const Specification* Find(absl::string_view name) const;
  friend bool operator==(const DeviceFile&, const DeviceFile&) = default;
};

struct DeviceReading {
  DeviceFile file;  // without what was wrong
  std::vector<DeviceProblem> problems;
  bool ok() const;  // no errors
};

// What a file may hold besides: each begins with one of the words, and is read
// by somebody else.
struct OtherItems {
  absl::Span<const absl::string_view> words = {};
  std::function<void(const DeviceToken& word, TokenStream& in)> read = {};
};

// `name` is what messages call the file.
DeviceReading ReadDeviceFile(absl::string_view name, absl::string_view text,
                             IncludeFile include = {},
                             const OtherItems& others = {});

}  // namespace power
