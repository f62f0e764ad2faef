// A device file of any bytes: no crash, bounded problems, and each
// specification that is left reads back as the same when it is written anew.
// With an odd first byte the others are words that device files are made of.
#include <absl/strings/str_cat.h>

#include <iterator>

#include "base/status.h"
#include "power/device_lint.h"
#include "power/device_parser.h"
#include "power/device_print.h"
#include "power/limits.h"

namespace {

constexpr absl::string_view kPieces[] = {
    "language 2 ",
    "specification ",
    "\"s\" ",
    "\"t\" ",
    "{ ",
    "} ",
    "timeout 5 ",
    "pingperiod .5 ",
    "plug name ",
    "script ",
    "login ",
    "on ",
    "on_ranged ",
    "status_all ",
    "verify ",
    "send ",
    "expect ",
    "delay 1.25 ",
    "setplugstate ",
    "$1 ",
    "$2 ",
    "= ",
    "off ",
    "success ",
    "setresult ",
    "foreachplug ",
    "foreachnode ",
    "ifon ",
    "ifoff ",
    "send-user ",
    "send-secret ",
    "send-match ",
    "expectany ",
    "again ",
    "max 2 ",
    "fail auth ",
    "confirm ",
    "set-native ",
    "reconnect 1 ",
    "run ",
    "address ",
    "after 3 ",
    "closed ",
    "within 2 ",
    "transport ",
    "ssh ",
    "telnet ",
    "port 23 ",
    "tls yes ",
    "interleave no ",
    "native-cycle safe ",
    "sessions 3 ",
    "state ",
    "pending ",
    "snmp ",
    "get ",
    "7 ",
    "-1 ",
    "device ",
    "node ",
    "alias ",
    "include x\n",
    "\"([0-9]+)-(ON|OFF)\\r\\n\" ",
    "\"%s\\033\" ",
    "\"a[1-3]\" ",
    "\n",
    "#",
    "alternative ",
    "tcpwrappers ",
    "listen ",
    "form ",
    "xml ",
};

std::string Words(absl::string_view data) {
  std::string text;
  for (const char c : data) {
    absl::StrAppend(&text,
                    kPieces[static_cast<uint8_t>(c) % std::size(kPieces)]);
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const absl::string_view rest(reinterpret_cast<const char*>(data) + 1,
                               size - 1);
  const std::string text = data[0] % 2 == 1 ? Words(rest) : std::string(rest);
  const power::DeviceReading reading = power::ReadDeviceFile(
      "f", text,
      [&](absl::string_view path,
          absl::string_view) -> absl::StatusOr<std::string> {
        if (path.size() > 1) return absl::NotFoundError("none");
        return text.substr(0, text.size() / 2);
      });
  MUST(reading.problems.size() <= power::kMaxDeviceProblems);
  for (const power::DeviceProblem& problem : reading.problems) {
    MUST(problem.where.line >= 1 && !problem.text.empty());
  }
  for (const power::Specification& spec : reading.file.specifications) {
    const std::string printed = power::SpecificationText(spec);
    const power::DeviceReading again = power::ReadDeviceFile("g", printed);
    MUST(again.ok());
    MUST(again.file.specifications.size() == 1);
    MUST(again.file.specifications[0] == spec);
  }
  (void)power::LintDeviceFile(reading.file);
  return 0;
}
