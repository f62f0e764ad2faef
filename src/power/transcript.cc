#include "power/transcript.h"

#include <absl/strings/str_cat.h>

#include <tuple>

#include "power/device_print.h"
#include "power/limits.h"
#include "power/statement_parser.h"

namespace power {
namespace {

using Kind = TranscriptEvent::Kind;

constexpr std::pair<absl::string_view, Kind> kWords[] = {
    {"ask", Kind::kAsk},           {"finish", Kind::kFinish},
    {"connect", Kind::kConnect},   {"connected", Kind::kConnected},
    {"received", Kind::kReceived}, {"more", Kind::kMore},
    {"sent", Kind::kSent},         {"secret", Kind::kSecret},
    {"closed", Kind::kClosed},     {"disconnect", Kind::kDisconnect},
    {"ended", Kind::kEnded},
};

std::string Strings(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    absl::StrAppend(&text, " ", DeviceString(word));
  }
  return text;
}

std::string EventText(const TranscriptEvent& event) {
  std::string text = absl::StrCat(SecondsText(event.at), " ", Word(event.kind));
  switch (event.kind) {
    case Kind::kAsk:
      return absl::StrCat(text, " ", ScriptName(event.verb, Form::kPlain),
                          Strings(event.words));
    case Kind::kConnect:
      return absl::StrCat(text, Strings(event.words));
    case Kind::kReceived:
    case Kind::kMore:
    case Kind::kSent:
      return absl::StrCat(text, " ", DeviceString(event.text));
    case Kind::kSecret:
      return absl::StrCat(text, event.form == SecretForm::kForm  ? " form"
                                : event.form == SecretForm::kXml ? " xml"
                                                                 : "");
    case Kind::kEnded:
      return absl::StrCat(text, " ",
                          event.failure ? Word(*event.failure) : "well");
    case Kind::kFinish:
    case Kind::kConnected:
    case Kind::kClosed:
    case Kind::kDisconnect:
      return text;
  }
  return text;
}

class Reader {
 public:
  explicit Reader(TokenStream& in) : in_(in) {}
  Transcript Read();

 private:
  void Head();
  bool Event();
  bool Rest(TranscriptEvent* event);
  std::vector<std::string> Words();

  TokenStream& in_;
  Transcript transcript_;
};

Transcript Reader::Read() {
  if (!in_.TakeWord("transcript") || !in_.Count("transcript", 1)) {
    in_.Missing("transcript 1", "the beginning");
    return {};
  }
  Head();
  while (!in_.AtEnd() && Event()) {
  }
  return std::move(transcript_);
}

void Reader::Head() {
  while (in_.token().kind == DeviceToken::Kind::kWord) {
    if (in_.TakeWord("model")) {
      transcript_.model = in_.String("model").value_or("");
    } else if (in_.TakeWord("user")) {
      transcript_.user = in_.String("user").value_or("");
    } else if (in_.TakeWord("address")) {
      transcript_.address = in_.String("address").value_or("");
    } else if (in_.TakeWord("telnet")) {
      transcript_.telnet = true;
    } else if (in_.TakeWord("plugs")) {
      transcript_.plugs = Words();
    } else {
      return;
    }
  }
}

std::vector<std::string> Reader::Words() {
  std::vector<std::string> words;
  while (in_.token().kind == DeviceToken::Kind::kString) {
    words.push_back(in_.Take().text);
  }
  return words;
}

bool Reader::Event() {
  TranscriptEvent event;
  event.line = in_.token().where.line;
  const std::optional<absl::Duration> at = in_.Seconds("the line before");
  if (!at) return false;
  event.at = *at;
  if (!transcript_.events.empty() && *at < transcript_.events.back().at) {
    in_.Error("time", "the time runs backwards");
    return false;
  }
  if (transcript_.events.size() >= kMaxTranscriptEvents) {
    in_.Error("size",
              absl::StrCat("more than ", kMaxTranscriptEvents, " events"));
    return false;
  }
  for (const auto& [word, kind] : kWords) {
    if (!in_.TakeWord(word)) continue;
    event.kind = kind;
    if (!Rest(&event)) return false;
    transcript_.events.push_back(std::move(event));
    return true;
  }
  in_.Missing("what happened (received, sent, closed, ...)", "the time");
  return false;
}

bool Reader::Rest(TranscriptEvent* event) {
  switch (event->kind) {
    case Kind::kAsk: {
      const auto id = ParseScriptName(in_.token().text, 2);
      if (!id || id->form != Form::kPlain) {
        in_.Missing("a script", "ask");
        return false;
      }
      in_.Take();
      event->verb = id->verb;
      event->words = Words();
      return true;
    }
    case Kind::kConnect:
      event->words = Words();
      return true;
    case Kind::kReceived:
    case Kind::kMore:
    case Kind::kSent: {
      const auto text = in_.String(Word(event->kind));
      event->text = text.value_or("");
      return text.has_value();
    }
    case Kind::kSecret:
      if (in_.TakeWord("form")) event->form = SecretForm::kForm;
      if (in_.TakeWord("xml")) event->form = SecretForm::kXml;
      return true;
    case Kind::kEnded:
      if (in_.TakeWord("well")) return true;
      event->failure = ParseFailureClass(in_.token().text);
      if (!event->failure) {
        in_.Missing("well or a class of failures", "ended");
        return false;
      }
      in_.Take();
      return true;
    case Kind::kFinish:
    case Kind::kConnected:
    case Kind::kClosed:
    case Kind::kDisconnect:
      return true;
  }
  return true;
}

}  // namespace

absl::string_view Word(Kind kind) {
  for (const auto& [word, other] : kWords) {
    if (other == kind) return word;
  }
  return "";
}

bool operator==(const TranscriptEvent& a, const TranscriptEvent& b) {
  const auto parts = [](const TranscriptEvent& e) {
    return std::tie(e.kind, e.at, e.text, e.words, e.verb, e.form, e.failure);
  };
  return parts(a) == parts(b);
}

std::string TranscriptText(const Transcript& transcript) {
  std::string text =
      absl::StrCat("transcript 1\nmodel ", DeviceString(transcript.model),
                   "\nuser ", DeviceString(transcript.user), "\naddress ",
                   DeviceString(transcript.address), "\n");
  if (transcript.telnet) absl::StrAppend(&text, "telnet\n");
  if (!transcript.plugs.empty()) {
    absl::StrAppend(&text, "plugs", Strings(transcript.plugs), "\n");
  }
  for (const TranscriptEvent& event : transcript.events) {
    absl::StrAppend(&text, EventText(event), "\n");
  }
  return text;
}

TranscriptReading ReadTranscript(absl::string_view name,
                                 absl::string_view text) {
  DeviceProblems problems;
  DeviceLexer lexer(std::string(name), std::string(text), {}, problems,
                    kMaxTranscriptBytes);
  lexer.AllowNul();
  TokenStream in(lexer, problems);
  TranscriptReading reading;
  reading.transcript = Reader(in).Read();
  reading.problems = problems.Take();
  return reading;
}

}  // namespace power
