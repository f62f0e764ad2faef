#include "power/transcript_session.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/bytes.h"
#include "power/device_print.h"
#include "power/limits.h"
#include "power/script_choice.h"

namespace power {
namespace {

using Kind = TranscriptEvent::Kind;

constexpr size_t kLineBytes = 4096;  // of what was sent or received

std::string Strings(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    absl::StrAppend(&text, " ", DeviceString(word));
  }
  return text;
}

// Nothing for a pause: when something was sent is in the record.
std::optional<TranscriptEvent> EventOf(const SessionEffect& effect,
                                       const Hidden& hidden) {
  if (std::holds_alternative<Pause>(effect)) return std::nullopt;
  TranscriptEvent event;
  if (const auto* text = std::get_if<SendText>(&effect)) {
    event.kind = Kind::kSent;
    event.text = RedactedSend(text->bytes, hidden);
  } else if (const auto* secret = std::get_if<SendSecret>(&effect)) {
    event.kind = Kind::kSecret;
    event.form = secret->form;
  } else if (const auto* connect = std::get_if<Connect>(&effect)) {
    event.kind = Kind::kConnect;
    for (const std::string& word : connect->program) {
      event.words.push_back(Redacted(word, hidden));
    }
  } else if (std::holds_alternative<Disconnect>(effect)) {
    event.kind = Kind::kDisconnect;
  } else {
    event.kind = Kind::kEnded;
    for (const RunEnded& run : std::get<RequestEnded>(effect).runs) {
      if (run.failure && !event.failure) {
        event.failure = run.failure->failure_class;
      }
    }
  }
  return event;
}

// What the session did, as text for people.
std::string Shown(const TranscriptEvent& event) {
  switch (event.kind) {
    case Kind::kSent:
      return absl::StrCat("sends '", base::Escape(event.text), "'");
    case Kind::kSecret:
      return "sends the password";
    case Kind::kConnect:
      return absl::StrCat("connects", Strings(event.words));
    case Kind::kDisconnect:
      return "disconnects";
    case Kind::kEnded:
      return absl::StrCat("ends, ",
                          event.failure ? Word(*event.failure) : "well");
    default:
      return "does nothing";
  }
}

// The session against the record.
class Replayer {
 public:
  Replayer(const Transcript& transcript, absl::string_view name,
           const Specification& specification);
  std::optional<std::string> Run();

 private:
  std::optional<std::string> One(const TranscriptEvent& event);
  std::optional<std::string> Compare(const TranscriptEvent& event);
  void WakeUntil(absl::Time now);
  void Take(const Session::Effects& effects);
  std::optional<std::string> Ask(const TranscriptEvent& event, absl::Time now);
  std::string At(const TranscriptEvent& event) const {
    return absl::StrCat(name_, ":", event.line, ": ");
  }

  const Transcript& transcript_;
  std::string name_;
  DialogueDevice device_;
  Session session_;
  std::vector<TranscriptEvent> done_;  // and not compared yet
  uint64_t requests_ = 0;
};

DialogueDevice DeviceOf(const Transcript& transcript,
                        const Specification& specification) {
  DialogueDevice device;
  device.specification = &specification;
  device.user = transcript.user;
  device.address = transcript.address;
  for (const std::string& plug : transcript.plugs) {
    device.plugs.push_back({plug});
  }
  return device;
}

Replayer::Replayer(const Transcript& transcript, absl::string_view name,
                   const Specification& specification)
    : transcript_(transcript),
      name_(name),
      device_(DeviceOf(transcript, specification)),
      // The record says when it was to log out.
      session_(device_, {.telnet = transcript.telnet,
                         .linger = absl::InfiniteDuration()}) {}

std::optional<std::string> Replayer::Run() {
  const std::vector<TranscriptEvent>& events = transcript_.events;
  for (size_t i = 0; i < events.size(); i++) {
    TranscriptEvent event = events[i];
    // A device's packet is one thing to a script, however it is written.
    while (event.kind == Kind::kReceived && i + 1 < events.size() &&
           events[i + 1].kind == Kind::kMore) {
      event.text += events[++i].text;
    }
    if (auto difference = One(event)) return difference;
  }
  if (done_.empty()) return std::nullopt;
  return absl::StrCat(name_, ": at the end the script ", Shown(done_[0]),
                      ", and the record does not");
}

void Replayer::WakeUntil(absl::Time now) {
  while (session_.wake_at() <= now && done_.empty()) {
    const absl::Time wake = session_.wake_at();
    Take(session_.Woken(wake));
    if (session_.wake_at() <= wake) return;
  }
}

// Neighbours are one text: how it was cut is no difference.
void Replayer::Take(const Session::Effects& effects) {
  for (const SessionEffect& effect : effects) {
    std::optional<TranscriptEvent> event = EventOf(effect, device_.hidden());
    if (!event.has_value()) continue;
    if (event->kind == Kind::kSent && !done_.empty() &&
        done_.back().kind == Kind::kSent) {
      done_.back().text += event->text;
    } else {
      done_.push_back(*std::move(event));
    }
  }
}

std::optional<std::string> Replayer::Ask(const TranscriptEvent& event,
                                         absl::Time now) {
  auto runs = ChooseScripts(device_, event.verb, event.words);
  if (const auto* failure = std::get_if<Failure>(&runs)) {
    return At(event) + failure->text;
  }
  Take(session_.Ask(++requests_,
                    std::get<std::vector<ScriptRun>>(std::move(runs)), now));
  return std::nullopt;
}

std::optional<std::string> Replayer::One(const TranscriptEvent& event) {
  const absl::Time now = absl::UnixEpoch() + event.at;
  WakeUntil(now);
  switch (event.kind) {
    case Kind::kSent:
    case Kind::kSecret:
    case Kind::kConnect:
    case Kind::kDisconnect:
    case Kind::kEnded:
      return Compare(event);
    case Kind::kAsk:
    case Kind::kFinish:
    case Kind::kConnected:
    case Kind::kReceived:
    case Kind::kMore:
    case Kind::kClosed:
      break;
  }
  if (!done_.empty()) {
    return absl::StrCat(At(event), "before this the script ", Shown(done_[0]),
                        ", and the record does not");
  }
  if (event.kind == Kind::kAsk) return Ask(event, now);
  if (event.kind == Kind::kFinish) Take(session_.Finish(now));
  if (event.kind == Kind::kConnected) Take(session_.Connected(now));
  if (event.kind == Kind::kReceived || event.kind == Kind::kMore) {
    Take(session_.Received(event.text, now));
  }
  if (event.kind == Kind::kClosed) Take(session_.Closed(now));
  return std::nullopt;
}

std::optional<std::string> Replayer::Compare(const TranscriptEvent& event) {
  const TranscriptEvent did = done_.empty() ? TranscriptEvent() : done_[0];
  // Passwords that a model has in it may stand in the record.
  const std::string text = event.kind == Kind::kSent
                               ? RedactedSend(event.text, device_.hidden())
                               : event.text;
  const bool same_text = did.text.substr(0, text.size()) == text;
  if (did.kind == event.kind && did.words == event.words &&
      did.form == event.form && did.failure == event.failure && same_text) {
    done_[0].text.erase(0, text.size());
    if (done_[0].text.empty()) done_.erase(done_.begin());
    return std::nullopt;
  }
  return absl::StrCat(At(event), "the script ", Shown(did), ", the record ",
                      Shown(event));
}

}  // namespace

TranscriptRecorder::TranscriptRecorder(const DialogueDevice& device,
                                       const SessionOptions& options,
                                       absl::Time start)
    : hidden_(device.hidden()),
      redactor_(hidden_),
      start_(start),
      received_at_(start) {
  transcript_.model = device.specification->name;
  transcript_.user = device.user;
  transcript_.address = device.address;
  transcript_.telnet = options.telnet;
  for (const DevicePlug& plug : device.plugs) {
    transcript_.plugs.push_back(plug.name);
  }
}

void TranscriptRecorder::Add(TranscriptEvent event, absl::Time now) {
  if (transcript_.events.size() >= kMaxTranscriptEvents) return;
  event.at = std::max(absl::ZeroDuration(),
                      absl::Floor(now - start_, absl::Nanoseconds(1)));
  transcript_.events.push_back(std::move(event));
}

void TranscriptRecorder::Text(Kind kind, std::string text, absl::Time now) {
  for (size_t at = 0; at < text.size(); at += kLineBytes) {
    TranscriptEvent event;
    event.kind = kind;
    event.text = text.substr(at, kLineBytes);
    Add(std::move(event), now);
    if (kind == Kind::kReceived) kind = Kind::kMore;
  }
}

// What might have become a secret, and something else came: it belongs to the
// moment at which it had come, for the session has acted on it since.
void TranscriptRecorder::Flush() {
  Text(packet_begun_ ? Kind::kMore : Kind::kReceived, redactor_.Flush(),
       received_at_);
  packet_begun_ = false;
}

void TranscriptRecorder::Asked(Verb verb, std::vector<std::string> plugs,
                               absl::Time now) {
  Flush();
  TranscriptEvent event;
  event.kind = Kind::kAsk;
  event.verb = verb;
  event.words = std::move(plugs);
  Add(std::move(event), now);
}

void TranscriptRecorder::Finished(absl::Time now) {
  Flush();
  Add({Kind::kFinish}, now);
}

void TranscriptRecorder::Connected(absl::Time now) {
  Flush();
  Add({Kind::kConnected}, now);
}

void TranscriptRecorder::Received(absl::string_view bytes, absl::Time now) {
  received_at_ = now;
  const std::string text = redactor_.Feed(bytes);
  packet_begun_ = !text.empty();
  Text(Kind::kReceived, text, now);
}

void TranscriptRecorder::Closed(absl::Time now) {
  Flush();
  Add({Kind::kClosed}, now);
}

void TranscriptRecorder::Effects(const Session::Effects& effects,
                                 absl::Time now) {
  if (effects.empty()) return;
  Flush();
  for (const SessionEffect& effect : effects) {
    std::optional<TranscriptEvent> event = EventOf(effect, hidden_);
    if (!event.has_value()) continue;
    if (event->kind == Kind::kSent) {
      Text(Kind::kSent, std::move(event->text), now);
    } else {
      Add(*std::move(event), now);
    }
  }
}

Transcript TranscriptRecorder::Take() {
  Flush();
  return std::move(transcript_);
}

std::optional<std::string> Replay(const Transcript& transcript,
                                  absl::string_view name,
                                  const Specification& specification) {
  return Replayer(transcript, name, specification).Run();
}

}  // namespace power
