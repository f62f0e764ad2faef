#include "power/transcript.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>

#include <catch2/catch.hpp>

#include "power/device_library.h"
#include "power/limits.h"
#include "power/transcript_session.h"
#include "unit/power/fake_device.h"
#include "unit/power/rows.h"

namespace {

using namespace power_test;
using power::ReadTranscript;
using power::Transcript;

const power::DeviceFile& Models() {
  static const power::DeviceFile file = power::ReadBuiltInDevices().file;
  return file;
}

Transcript Record(const Row& row, LineOptions options) {
  StepDevice fake(row.steps);
  options.telnet = row.way == "telnet";
  const power::DialogueDevice device = DeviceOf(*Models().Find(row.model));
  Line line(device, fake, options);
  line.One(RunsOf(device, row.verb, {row.plug}));
  return line.TakeTranscript();
}

std::string Difference(const Transcript& transcript, const std::string& model) {
  return power::Replay(transcript, "t", *Models().Find(model)).value_or("none");
}

TEST_CASE("transcripts: every model's session is repeated as it was",
          "[power]") {
  for (const Row& row : SwitchingRows()) {
    INFO(row.model << " over " << row.way);
    for (const size_t packet : {0, 1}) {
      const Transcript recorded = Record(row, {.packet = packet});
      const std::string text = power::TranscriptText(recorded);
      CHECK(text.find("s3cret") == std::string::npos);
      const auto again = ReadTranscript("t", text);
      REQUIRE(again.problems.empty());
      CHECK(again.transcript == recorded);
      CHECK(Difference(again.transcript, row.model) == "none");
    }
  }
}

TEST_CASE("transcripts: another script is told by its first difference",
          "[power]") {
  const Row row = SwitchingRows()[0];
  REQUIRE(row.model == "APCControl12p3");
  const Transcript recorded =
      ReadTranscript("t", power::TranscriptText(Record(row, {}))).transcript;
  CHECK_THAT(Difference(recorded, "APCControl1p4"),
             Catch::Contains("t:") &&
                 Catch::Contains("the script sends '3\\x0d\\n', the record "
                                 "sends '2\\x0d\\n'"));
  CHECK_THAT(Difference(recorded, "WTIIPS4"),
             Catch::Contains("the script does nothing, the record sends"));
  Transcript cut = recorded;
  cut.events.resize(cut.events.size() - 1);
  CHECK(Difference(cut, row.model) != "none");
  Transcript other = recorded;
  for (auto& event : other.events) {
    if (event.kind == power::TranscriptEvent::Kind::kEnded) {
      event.failure = power::FailureClass::kAuth;
    }
  }
  CHECK_THAT(Difference(other, row.model),
             Catch::Contains("ends, well, the record ends, auth"));
}

TEST_CASE("transcripts: an echoed password is left out, however it is cut",
          "[power]") {
  const keys::Secret secret(kSecret);
  power::DialogueDevice device = DeviceOf(*Models().Find("WTIIPS4"));
  device.secret = &secret;
  power::TranscriptRecorder recorder(device, {}, absl::UnixEpoch());
  const std::string echo = absl::StrCat("a", kSecret, "b");
  for (const char c : echo) {
    recorder.Received(std::string(1, c), absl::UnixEpoch());
  }
  recorder.Closed(absl::UnixEpoch() + absl::Seconds(1));
  std::string received;
  for (const auto& event : recorder.Take().events) received += event.text;
  CHECK(received == "a***b");
}

// Found by tests/fuzz/dialogue: in pieces, the first one alone is answered.
TEST_CASE("transcripts: a packet is one, however many lines it takes",
          "[power]") {
  const power::DialogueDevice device = DeviceOf(*Models().Find("WTIIPS4"));
  StepDevice fake({{"Enter Password:", std::string(kSecret) + "\r\n"},
                   {"\r\nIPS> ", "/S\r\n"},
                   {"\r\n1 | a | ON |" + std::string(9000, '-') +
                        "\r\n2 | b | OFF |\r\nIPS> ",
                    "/X\r\n", false, true}});
  Line line(device, fake, {});
  line.One(RunsOf(device, power::Verb::kStatus, {"1"}));
  const Transcript recorded = line.TakeTranscript();
  int more = 0;
  for (const auto& event : recorded.events) {
    more += event.kind == power::TranscriptEvent::Kind::kMore ? 1 : 0;
  }
  CHECK(more == 2);
  const auto again = ReadTranscript("t", power::TranscriptText(recorded));
  CHECK(again.transcript == recorded);
  CHECK(Difference(again.transcript, "WTIIPS4") == "none");
}

// Found by tests/fuzz/dialogue: it came before the time was over, and is so
// recorded.
TEST_CASE("transcripts: what might be a password is recorded when it came",
          "[power]") {
  const keys::Secret secret("hunter2");
  power::DialogueDevice device = DeviceOf(*Models().Find("WTIIPS4"));
  device.secret = &secret;
  power::Session session(device, {});
  power::TranscriptRecorder recorder(device, {}, absl::UnixEpoch());
  const auto at = [](int s) { return absl::UnixEpoch() + absl::Seconds(s); };
  recorder.Asked(power::Verb::kStatus, {"1"}, at(0));
  recorder.Effects(
      session.Ask(1, RunsOf(device, power::Verb::kStatus, {"1"}), at(0)),
      at(0));
  recorder.Connected(at(0));
  recorder.Effects(session.Connected(at(0)), at(0));
  recorder.Received("h", at(1));
  recorder.Effects(session.Received("h", at(1)), at(1));
  recorder.Effects(session.Woken(at(120)), at(120));
  const Transcript recorded = recorder.Take();
  REQUIRE(recorded.events.size() == 6);
  CHECK(recorded.events[3].at == absl::Seconds(1));
  CHECK(recorded.events[5].failure == power::FailureClass::kPrompt);
  CHECK(Difference(recorded, "WTIIPS4") == "none");
}

TEST_CASE("transcripts: forged ones are refused with the line", "[power]") {
  const auto problem = [](absl::string_view text) {
    const auto reading = ReadTranscript("t", text);
    return reading.problems.empty() ? ""
                                    : power::ProblemText(reading.problems[0]);
  };
  CHECK(problem("transcript 1\n") == "");
  CHECK_THAT(problem(""), Catch::Contains("transcript 1 is missing"));
  CHECK_THAT(problem("transcript 2"), Catch::Contains("not from 1 to 1"));
  CHECK_THAT(problem("transcript 1\nmodel \"m\"\n1 received \"x\"\n0 closed"),
             Catch::Contains("t:4: the time runs backwards"));
  CHECK_THAT(problem("transcript 1\n1 dance"),
             Catch::Contains("t:2: what happened"));
  CHECK_THAT(problem("transcript 1\n1 ended badly"),
             Catch::Contains("well or a class"));
  CHECK_THAT(problem("transcript 1\n1 ask nothing"),
             Catch::Contains("a script is missing"));
  CHECK_THAT(problem("transcript 1\n1 received"),
             Catch::Contains("a string is missing"));
  CHECK_THAT(problem("transcript 1\n1 received \"x"),
             Catch::Contains("does not end"));
  CHECK_THAT(problem(std::string(power::kMaxTranscriptBytes + 1, ' ')),
             Catch::Contains("too large"));
  // What is in no session: replayed without harm.
  const Transcript odd =
      ReadTranscript("t",
                     "transcript 1 0 received \"x\\000\" 0 closed 1 connected "
                     "2 finish 2 ask status \"1\"")
          .transcript;
  CHECK(odd.events.size() == 5);
  CHECK(Difference(odd, "IPAL") == "t:1: there is no plug '1'");
}

}  // namespace
