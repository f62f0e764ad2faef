// A device that is driven in the test's process, and a session with it: in
// simulated time, over a line that cuts what is printed into packets.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "keys/secret.h"
#include "power/session.h"
#include "power/transcript_session.h"

namespace power_test {

inline constexpr char kUser[] = "operator";
inline constexpr char kSecret[] = "s3cret%s";  // a percent sign is harmless

// What a device does: prints when connected, answers what it receives.
class FakeDevice {
 public:
  virtual ~FakeDevice() = default;
  // What it prints when somebody connects, or a program of it is started.
  virtual std::string Connect(const std::vector<std::string>& program) = 0;
  virtual std::string Receive(absl::string_view bytes) = 0;
  bool closes = false;  // after what it prints
  int switched = 0;     // how often it did something to the power
};

// A step of a dialogue: prints, then waits for these bytes and no others.
struct Step {
  std::string prints = {};
  std::string keys = {};
  bool switches = false;
  bool closes = false;       // behind the keys
  double after = 0;          // seconds before it prints
  std::string connect = {};  // "again", or a program: keys are not waited for
};

// Goes through steps; notes every byte that is another one than it waits for.
class StepDevice : public FakeDevice {
 public:
  explicit StepDevice(std::vector<Step> steps) : steps_(std::move(steps)) {}
  std::string Connect(const std::vector<std::string>& program) override;
  std::string Receive(absl::string_view bytes) override;
  bool Done() const { return at_ == steps_.size(); }
  const std::string& wrong() const { return wrong_; }
  // Of how many steps the keys have come.
  size_t at() const { return at_; }

 private:
  std::string Print();
  std::vector<Step> steps_;
  size_t at_ = 0;
  std::string got_, wrong_;
};

struct LineOptions {
  size_t packet = 0;       // bytes; 0: all at once
  std::string noise = {};  // between packets
  bool telnet = false;
  size_t drop_after = static_cast<size_t>(-1);  // packets, then it closes
};

// Lets a session talk to a device until nothing is left to do.
class Line {
 public:
  Line(const power::DialogueDevice& device, FakeDevice& fake,
       LineOptions options);

  // One request, and then the end of the session. Everything that ended.
  std::vector<power::RequestEnded> Run(std::vector<power::ScriptRun> runs);
  power::RequestEnded One(std::vector<power::ScriptRun> runs);
  // What was sent, the secret as "{secret}".
  const std::vector<std::string>& sent() const { return sent_; }
  absl::Time now() const { return now_; }
  size_t packets() const { return packets_; }
  int connects() const { return connects_; }
  power::Session& session() { return session_; }
  power::Transcript TakeTranscript() { return recorder_.Take(); }

 private:
  void Take(const power::Session::Effects& effects);
  power::DialogueDevice WithSecret(power::DialogueDevice device) const;
  void Deliver(absl::string_view bytes);
  void Flush();
  bool OneEvent();

  FakeDevice& fake_;
  LineOptions options_;
  keys::Secret secret_;
  absl::Time now_ = absl::UnixEpoch();
  power::Session session_;
  power::TranscriptRecorder recorder_;
  struct Packet {
    absl::Time at;
    std::string bytes;
    bool closes = false;
  };
  std::deque<Packet> packets_to_come_;
  std::string to_send_;
  bool open_ = false;
  std::vector<power::RequestEnded> ended_;
  std::vector<std::string> sent_;
  size_t packets_ = 0;
  int connects_ = 0;
  absl::Time connect_at_ = absl::InfiniteFuture();
  std::vector<std::string> program_;
};

// The plugs that a device has if nobody says otherwise: the model's, or 1-8.
power::DialogueDevice DeviceOf(const power::Specification& spec);
std::vector<power::ScriptRun> RunsOf(const power::DialogueDevice& device,
                                     power::Verb verb,
                                     std::vector<std::string> plugs);

}  // namespace power_test
