#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include "base/status.h"
#include "cli/applet.h"
#include "cli/args.h"
#include "cli/report.h"
#include "power/powerman_client.h"
#include "power/powerman_protocol.h"
#include "power/powerman_talk.h"

// powerman's own command line: options become commands for a server, and words
// behind them are targets of the last one. Options may stand behind such words.

namespace {

absl::StatusOr<int> Run(const cli::Call& call);

constexpr auto kOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'1', "on", "TARGETS", "switch on"},
      {'0', "off", "TARGETS", "switch off"},
      {'c', "cycle", "TARGETS", "off, and on again"},
      {'r', "reset", "TARGETS", "the reset line"},
      {'f', "flash", "TARGETS", "beacons on"},
      {'u', "unflash", "TARGETS", "beacons off"},
      {'l', "list", "", "list the hosts"},
      {'q', "query-all", "", "what is on, of all hosts"},
      {'Q', "query", "TARGETS", "what is on"},
      {'n', "soft-all", "", "soft power of all hosts, of servers that have it"},
      {'N', "soft", "TARGETS", "soft power, of servers that have it"},
      {'b', "beacon-all", "", "beacons of all hosts"},
      {'B', "beacon", "TARGETS", "beacons"},
      {'t', "temp-all", "", "temperatures of all hosts"},
      {'P', "temp", "TARGETS", "temperatures"},
      {'d', "device-all", "", "the controllers"},
      {'D', "device", "TARGETS", "the controllers of these"},
      {'T', "telemetry", "", "show what is said to controllers"},
      {'x', "exprange", "", "a line for each host"},
      {'h', "server-host", "HOST[:PORT]", "the server, or its socket's path",
       "127.0.0.1"},
      {'g', "genders", "", "refused: there are no genders here"},
      {'I', "ignore-errs", "", "go on behind a command that fails"},
      {'Z', "dump-cmds", "", "print what would be sent to the server"},
      {'V', "version", "", "print the version of powerman that this is like"},
  });
});

}  // namespace

extern constinit const cli::Applet applet_powerman = {
    .name = "powerman",
    .summary = "switch hosts by way of a powerman server",
    .usage = "[OPTION ...] ACTION [TARGETS] [ACTION [TARGETS] ...]",
    .options = kOptions,
    .links = "pm",
    .exits =
        "1    nobody answers, or the command line is wrong\n"
        "2NN  the server's answer to the command that failed: 209 there is no "
        "such host, 210 and 211 with errors, 213 not possible\n",
    .usage_exit = 1,
    .run = Run,
};

namespace {

constexpr absl::Duration kConnectTime = absl::Seconds(30);

struct ActionOption {
  char letter;
  const char* command;
  bool first;
};
constexpr ActionOption kActions[] = {
    {'1', "on", false},      {'0', "off", false},    {'c', "cycle", false},
    {'r', "reset", false},   {'f', "flash", false},  {'u', "unflash", false},
    {'l', "nodes", false},   {'q', "status", false}, {'Q', "status", false},
    {'n', "soft", false},    {'N', "soft", false},   {'b', "beacon", false},
    {'B', "beacon", false},  {'t', "temp", false},   {'P', "temp", false},
    {'d', "device", false},  {'D', "device", false}, {'T', "telemetry", true},
    {'x', "exprange", true},
};

struct Line {
  std::vector<power::PowermanWish> wishes = {};
  std::vector<std::string> more = {};
  std::string server = {};
  bool goes_on = false, dumps = false, wants_version = false, genders = false;
};

void Add(const cli::Seen& seen, Line* line) {
  const char letter = seen.option.letter;
  for (const ActionOption& action : kActions) {
    if (action.letter != letter) continue;
    power::PowermanWish wish = {.command = action.command,
                                .first = action.first};
    if (!seen.option.value.empty()) wish.targets = seen.value;
    line->wishes.push_back(std::move(wish));
  }
  if (letter == 'h') line->server = seen.value;
  line->goes_on |= letter == 'I';
  line->dumps |= letter == 'Z';
  line->wants_version |= letter == 'V';
  line->genders |= letter == 'g';
}

// Options and words in any order.
absl::Status Read(const cli::Call& call, Line* line) {
  for (const cli::Seen& seen : call.seen) Add(seen, line);
  for (size_t i = 0; i < call.operands.size(); i++) {
    const std::string& word = call.operands[i];
    if (call.dashes || word.size() < 2 || word[0] != '-') {
      line->more.push_back(word);
      continue;
    }
    const std::vector<std::string> rest(call.operands.begin() + i,
                                        call.operands.end());
    TRY_ASSIGN(const cli::CommandLine behind,
               cli::ReadCommandLine(*call.applet, call.program, rest));
    if (behind.wanted != cli::Wanted::kRun) {
      return cli::UsageError("--help: stands before the targets");
    }
    return Read(behind.call, line);
  }
  return absl::OkStatus();
}

absl::StatusOr<int> Run(const cli::Call& call) {
  Line line = {.server = call.Get("server-host")};
  TRY(Read(call, &line));
  if (line.wants_version) {
    cli::Print(absl::StrCat(power::kPowermanVersion, "\n"));
    return 1;  // as powerman does
  }
  if (line.genders) {
    return cli::FailWith(1, "not configured with genders support");
  }
  if (line.wishes.empty()) return cli::UsageError("an action is missing");
  const absl::StatusOr<std::vector<std::string>> commands =
      power::PowermanCommands(std::move(line.wishes), line.more);
  if (!commands.ok()) return cli::FailWith(1, commands.status().message());
  if (line.dumps) {
    for (const std::string& command : *commands) {
      cli::Print(absl::StrCat(command, "\r\n"));
    }
    return 0;
  }
  absl::StatusOr<sys::Fd> server =
      power::ConnectToPowerman(line.server, kConnectTime);
  if (!server.ok()) return cli::FailWith(1, server.status().message());
  const absl::StatusOr<int> code = power::RunPowermanCommands(
      *std::move(server), *commands, line.goes_on, [](absl::string_view text) {
        cli::Print(text);
        cli::Flush();
      });
  if (!code.ok()) return cli::FailWith(1, code.status().message());
  return *code;
}

}  // namespace
