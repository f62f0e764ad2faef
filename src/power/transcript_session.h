// Sessions and transcripts: what a session says is recorded, and another script
// is tried against it. Pure.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <optional>
#include <string>
#include <vector>

#include "power/redactor.h"
#include "power/session.h"
#include "power/transcript.h"

namespace power {

// Is told all that a session is told, and all that it answers. What is beyond
// kMaxTranscriptEvents is left out.
class TranscriptRecorder {
 public:
  TranscriptRecorder(const DialogueDevice& device,
                     const SessionOptions& options, absl::Time start);
  void Asked(Verb verb, std::vector<std::string> plugs, absl::Time now);
  void Finished(absl::Time now);
  void Connected(absl::Time now);
  void Received(absl::string_view bytes, absl::Time now);
  void Closed(absl::Time now);
  void Effects(const Session::Effects& effects, absl::Time now);
  Transcript Take();

 private:
  void Add(TranscriptEvent event, absl::Time now);
  void Flush();
  void Text(TranscriptEvent::Kind kind, std::string text, absl::Time now);

  Transcript transcript_;
  const Hidden hidden_;
  Redactor redactor_;
  absl::Time start_, received_at_;
  bool packet_begun_ = false;  // a part of what came last is recorded
};

// Runs `specification` against what was recorded: the device's output is fed
// in at its time, what the scripts send is compared. The first difference, in
// words ("t.rec:12: sends 'on 3', not 'on 4'"); nullopt if there is none.
std::optional<std::string> Replay(const Transcript& transcript,
                                  absl::string_view name,
                                  const Specification& specification);

}  // namespace power
