// What was said in a session, with the password left out: written while it
// happens (--record), read again to try another script against it
// (lint --against). Pure; device(5) is the page.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <optional>
#include <string>
#include <vector>

#include "power/device_lexer.h"
#include "power/specification.h"

namespace power {

struct TranscriptEvent {
  enum class Kind : uint8_t {
    kAsk,        // a request: a verb and plugs
    kFinish,     // no more of them
    kConnect,    // the script wants a connection, or a program
    kConnected,  // it is there
    kReceived,
    kMore,  // came together with what was received before it
    kSent,
    kSecret,      // the password was sent
    kClosed,      // by the device
    kDisconnect,  // by us
    kEnded,       // a request, well or with a class of failures
  };
  Kind kind = Kind::kReceived;
  absl::Duration at = {};  // since the beginning
  int line = 0;            // of the file, if it was read
  std::string text = {};
  std::vector<std::string> words = {};  // plugs; a program
  Verb verb = Verb::kStatus;
  SecretForm form = SecretForm::kRaw;
  std::optional<FailureClass> failure = {};
};
bool operator==(const TranscriptEvent& a, const TranscriptEvent& b);

struct Transcript {
  std::string model, user, address;
  bool telnet = false;
  std::vector<std::string> plugs;
  std::vector<TranscriptEvent> events;
  friend bool operator==(const Transcript&, const Transcript&) = default;
};

// The word of a file for it: "received".
absl::string_view Word(TranscriptEvent::Kind kind);

std::string TranscriptText(const Transcript& transcript);

struct TranscriptReading {
  Transcript transcript;
  std::vector<DeviceProblem> problems;  // all of them errors
};
TranscriptReading ReadTranscript(absl::string_view name,
                                 absl::string_view text);

}  // namespace power
