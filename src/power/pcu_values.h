// What the values of an inventory may be, and what powerman's device lines
// mean. Pure.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <optional>
#include <string>

#include "power/device_parser.h"
#include "power/pcu.h"

namespace power {

inline constexpr char kDefaultSerial[] = "9600,8n1";

// Why this cannot be the name of a PCU, a host or a group; empty if it can.
std::string NameProblem(absl::string_view name);
// Why this cannot be a value; empty if it can: nothing that could end a line or
// a C string.
std::string TextProblem(absl::string_view text);

// "store:NAME" or NAME alone, "file:PATH", "env:NAME", "cred:NAME", "cmd:...".
absl::StatusOr<SecretSource> ParseSecretSource(absl::string_view text);

// SHA-256 as hexadecimal digits, also with colons between them, or in curl's
// way, sha256//BASE64: lower case hex.
std::optional<std::string> ParseTlsPin(absl::string_view text);

// The parts of powerman's "9600,8n1".
bool IsSerialSetting(absl::string_view text);

// A way in: those of device(5), and ribcl.
bool IsWayIn(absl::string_view word);

// Whether a word behind a number is a unit of time: "ms", "s", "m", "h",
// "m30s".
bool LooksLikeUnit(absl::string_view word);
// So many of them; `seconds` is what the number in front would be as seconds.
std::optional<absl::Duration> SpanOf(absl::Duration seconds,
                                     absl::string_view unit);

// powerman's device line: HOST:PORT, a tty, or a program. InvalidArgument.
// `spec`, if it is known, says which of its ways in the port is.
absl::StatusOr<Pcu> PcuOf(const DeviceLine& line, const Specification* spec);

}  // namespace power
