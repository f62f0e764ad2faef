// Sessions with devices that print anything, at any time, and hang up: every
// request ends once, nothing is sent when nothing is asked, a verify never
// confirms, and what was recorded is repeated. The first byte chooses the
// model, the second what is asked, the others what the device does.
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/status.h"
#include "power/device_library.h"
#include "power/device_parser.h"
#include "power/script_choice.h"
#include "power/transcript_session.h"

namespace {

constexpr char kOwn[] = R"dev(language 2
specification "own" { timeout 60 step-timeout 20 interleave yes
  plug name { "1" "2" "3" }
  script login { expectany { "u" { send-user "\r" again } "p" { send-secret "\r"
    again max 1 fail auth } ">" { } closed { reconnect 1 } after 9 { } } }
  script status_all { send "?" foreachplug { expect "(.)=(.)"
    setplugstate $1 $2 on="1" off="0" } }
  script on_ranged { send "%s" foreachplug { expect "(.):(.)"
    setresult $1 $2 success="k" } }
  script cycle { expect "(.)" setplugstate $1 on="1" off="0"
    ifon { send "off" delay 4 } ifoff { } send "on" confirm "YES" "NO"
    expect "k" within 3 }
  script verify { send "%s" expect "q" confirm "YES" "NO" expect ">" }
})dev";

const power::DeviceFile& Models() {
  static const power::DeviceFile file = [] {
    power::DeviceFile all = power::ReadBuiltInDevices().file;
    all.specifications.push_back(
        power::ReadDeviceFile("own", kOwn).file.specifications.at(0));
    return all;
  }();
  return file;
}

struct World {
  power::Session& session;
  power::TranscriptRecorder& recorder;
  absl::Time now = absl::UnixEpoch();
  bool connects = false;
  std::string sent = {};
  size_t ended = 0, asked = 0;

  void Take(const power::Session::Effects& effects) {
    recorder.Effects(effects, now);
    for (const power::SessionEffect& effect : effects) {
      if (std::holds_alternative<power::RequestEnded>(effect)) ended++;
      if (std::holds_alternative<power::Connect>(effect)) connects = true;
      if (std::holds_alternative<power::Disconnect>(effect)) connects = false;
      if (const auto* text = std::get_if<power::SendText>(&effect)) {
        sent += text->bytes;
      }
    }
    MUST(ended <= asked);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3 || size > 20'000) return 0;
  const auto& specs = Models().specifications;
  const power::Specification& spec = specs[data[0] % specs.size()];
  const power::Verb verbs[] = {power::Verb::kStatus, power::Verb::kOn,
                               power::Verb::kCycle, power::Verb::kVerify};
  const power::Verb verb = verbs[data[1] % std::size(verbs)];
  const keys::Secret secret("hunter2");
  power::DialogueDevice device;
  device.specification = &spec;
  device.user = "me";
  device.secret = &secret;
  device.plugs = {{"1"}, {"2"}, {"3"}};
  std::vector<std::string> plugs = {"1"};
  if (data[1] & 64) plugs.push_back("3");
  // As dialogue_controller.cc has it: it says when to log out.
  const power::SessionOptions options{.telnet = (data[1] & 128) != 0,
                                      .linger = absl::InfiniteDuration()};
  auto runs = power::ChooseScripts(device, verb, plugs);
  if (std::holds_alternative<power::Failure>(runs)) return 0;

  power::Session session(device, options);
  power::TranscriptRecorder recorder(device, options, absl::UnixEpoch());
  World world{session, recorder};
  recorder.Asked(verb, plugs, world.now);
  world.asked = 1;
  world.Take(session.Ask(
      1, std::get<std::vector<power::ScriptRun>>(std::move(runs)), world.now));
  const auto connect = [&] {
    if (!world.connects) return;
    world.connects = false;
    recorder.Connected(world.now);
    world.Take(session.Connected(world.now));
  };
  const auto wake = [&](absl::Time until) {
    for (int i = 0; i < 1000 && session.wake_at() <= until; i++) {
      world.now = std::max(world.now, session.wake_at());
      world.Take(session.Woken(world.now));
    }
    MUST(session.wake_at() > until);
    world.now = std::max(world.now, until);
  };
  absl::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  while (!rest.empty()) {
    connect();
    const uint8_t what = static_cast<uint8_t>(rest[0]);
    rest.remove_prefix(1);
    if (what == 0xfe) {
      recorder.Closed(world.now);
      world.Take(session.Closed(world.now));
    } else if (what >= 0xf0) {
      wake(world.now + absl::Seconds(what - 0xf0));
    } else {
      const absl::string_view bytes = rest.substr(0, what);
      rest.remove_prefix(bytes.size());
      recorder.Received(bytes, world.now);
      world.Take(session.Received(bytes, world.now));
    }
  }
  // However it stands, time ends it.
  for (int i = 0; i < 10'000 && world.ended == 0; i++) {
    connect();
    wake(std::min(session.wake_at(), world.now + absl::Hours(1)));
  }
  MUST(world.ended == 1);
  if (verb == power::Verb::kVerify) {
    MUST(world.sent.find("YES") == std::string::npos);
  }
  const power::Transcript transcript = recorder.Take();
  const std::string text = power::TranscriptText(transcript);
  const power::TranscriptReading again = power::ReadTranscript("t", text);
  MUST(again.problems.empty());
  MUST(again.transcript == transcript);
  // What was taken out, or held back because it might have been the password,
  // is not recorded as it came.
  if (absl::string_view(reinterpret_cast<const char*>(data), size).find('h') ==
      absl::string_view::npos) {
    MUST(!power::Replay(again.transcript, "t", spec).has_value());
  }
  return 0;
}
