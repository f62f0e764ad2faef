#include "power/dialogue_link.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "power/credential_form.h"
#include "power/telnet.h"
#include "sys/clock.h"

namespace power {

DialogueLink::DialogueLink(sys::Loop& loop, Setup setup, Events events)
    : loop_(loop),
      setup_(std::move(setup)),
      events_(std::move(events)),
      session_(setup_.device, setup_.options),
      seen_(std::make_unique<Redactor>(setup_.device.hidden())) {
  if (setup_.records) {
    recorder_ = std::make_unique<TranscriptRecorder>(
        setup_.device, setup_.options, sys::SteadyNow());
  }
}

DialogueLink::~DialogueLink() {
  loop_.Cancel(timer_);
  loop_.Cancel(open_timer_);
  loop_.Cancel(tell_timer_);
}

void DialogueLink::Ask(const DialogueBatch::AskDevice& ask) {
  const absl::Time now = sys::SteadyNow();
  reasons_.clear();
  if (recorder_ != nullptr) recorder_->Asked(ask.verb, ask.plugs, now);
  Apply(session_.Ask(ask.request, ask.runs, now));
}

void DialogueLink::Abort(const Failure& failure) {
  Failure why = failure;
  why.text = absl::StrCat(session_.phase(), ": ", failure.text);
  Apply(session_.Abort(why, sys::SteadyNow()));
}

void DialogueLink::Forget(uint64_t request) {
  if (!session_.Cancel(request) || session_.logged_in()) return;
  Apply(
      session_.Abort({FailureClass::kInternal, "cancelled"}, sys::SteadyNow()));
}

void DialogueLink::Finish() {
  const absl::Time now = sys::SteadyNow();
  if (recorder_ != nullptr) recorder_->Finished(now);
  Apply(session_.Finish(now));
}

void DialogueLink::SetTrace(std::function<void(absl::string_view line)> trace) {
  trace_ = std::move(trace);
}

bool DialogueLink::is_gone() const {
  return session_.idle() && transport_ == nullptr && leaving_ == nullptr &&
         !to_open_.has_value();
}

std::string DialogueLink::TakeTranscript() {
  return recorder_ == nullptr ? "" : TranscriptText(recorder_->Take());
}

// What one effect leads to may lead to more of them: those come behind, and
// answers behind all.
void DialogueLink::Apply(Session::Effects effects) {
  if (recorder_ != nullptr) recorder_->Effects(effects, sys::SteadyNow());
  for (SessionEffect& effect : effects) effects_.push_back(std::move(effect));
  if (carrying_) return;
  carrying_ = true;
  while (!effects_.empty()) {
    const SessionEffect effect = std::move(effects_.front());
    effects_.pop_front();
    Carry(effect);
  }
  carrying_ = false;
  SetTimer();
  const bool tells = !answers_.empty() || is_gone();
  if (!tells || tell_timer_ != 0) return;
  tell_timer_ = loop_.After(absl::ZeroDuration(), [this] {
    tell_timer_ = 0;
    const std::vector<RequestEnded> answers = std::exchange(answers_, {});
    for (const RequestEnded& answer : answers) events_.answered(answer);
    if (is_gone()) events_.gone();
  });
}

void DialogueLink::Carry(const SessionEffect& effect) {
  if (const auto* text = std::get_if<SendText>(&effect)) {
    TraceSent(text->bytes);
    if (transport_ != nullptr) transport_->Send(text->bytes);
  } else if (const auto* secret = std::get_if<SendSecret>(&effect)) {
    SendTheSecret(secret->form);
  } else if (const auto* pause = std::get_if<Pause>(&effect)) {
    Trace(absl::StrCat("pauses ", absl::FormatDuration(pause->span)));
  } else if (const auto* connect = std::get_if<Connect>(&effect)) {
    OpenSoon(*connect);
  } else if (std::holds_alternative<Disconnect>(effect)) {
    Trace("disconnected");
    to_open_.reset();
    loop_.Cancel(std::exchange(open_timer_, 0));
    Close();
  } else {
    answers_.push_back(WithReasons(std::get<RequestEnded>(effect)));
  }
}

RequestEnded DialogueLink::WithReasons(RequestEnded ended) const {
  for (RunEnded& run : ended.runs) {
    for (PlugReport& report : run.plugs) {
      if (report.state != PlugState::kUnknown || report.failure) continue;
      auto reason = reasons_.find(report.plug);
      if (reason == reasons_.end()) reason = reasons_.find("");
      if (reason != reasons_.end()) report.failure = reason->second;
    }
  }
  return ended;
}

void DialogueLink::SendTheSecret(SecretForm form) {
  if (setup_.secret == nullptr) {
    // What was to follow it is not sent either: a line end would be an empty
    // one.
    effects_.erase(
        std::remove_if(effects_.begin(), effects_.end(),
                       [](const SessionEffect& effect) {
                         return std::holds_alternative<SendText>(effect);
                       }),
        effects_.end());
    return Apply(session_.Abort(
        {FailureClass::kConfig,
         absl::StrCat(session_.phase(),
                      ": a password is wanted, and there is no secret")},
        sys::SteadyNow()));
  }
  Trace("sent the password");
  if (transport_ == nullptr) return;
  const keys::Secret encoded = EncodedSecret(*setup_.secret, form);
  if (!setup_.options.telnet) return transport_->Send(encoded.view());
  std::string wire = TelnetFilter::Send(encoded.view());
  transport_->Send(wire);
  keys::Wipe(wire);
}

void DialogueLink::OpenSoon(const Connect& connect) {
  Close();
  to_open_ = connect;
  loop_.Cancel(open_timer_);
  open_timer_ = loop_.After(connect.after, [this] {
    open_timer_ = 0;
    if (leaving_ == nullptr) Open();
  });
}

void DialogueLink::Open() {
  if (!to_open_.has_value()) return;
  const Connect connect = *std::exchange(to_open_, std::nullopt);
  Trace(absl::StrCat("connects to ", connect.program.empty()
                                         ? setup_.line
                                         : connect.program[0]));
  transport_ = setup_.connect(connect.program);
  if (transport_ == nullptr) return OnConnected();
  is_connected_ = false;
  transport_->Start(
      {.connected = [this] { OnConnected(); },
       .received = [this](absl::string_view bytes) { OnReceived(bytes); },
       .ended = [this](const auto& why) { OnEnded(why); },
       .failed =
           [this](absl::string_view plug, const Failure& why) {
             reasons_.insert_or_assign(std::string(plug), why);
           }});
}

void DialogueLink::Close() {
  if (transport_ == nullptr) return;
  Transport* const line = transport_.get();
  if (leaving_ != nullptr) loop_.DeleteAtEndOfTurn(std::move(leaving_));
  leaving_ = std::move(transport_);
  line->Leave([this] {
    loop_.DeleteAtEndOfTurn(std::move(leaving_));
    if (to_open_.has_value() && open_timer_ == 0) Open();
    Apply({});
  });
}

void DialogueLink::OnConnected() {
  const absl::Time now = sys::SteadyNow();
  is_connected_ = true;
  Trace("connected");
  if (recorder_ != nullptr) recorder_->Connected(now);
  Apply(session_.Connected(now));
}

void DialogueLink::OnReceived(absl::string_view bytes) {
  const absl::Time now = sys::SteadyNow();
  TraceReceived(bytes);
  if (recorder_ != nullptr) recorder_->Received(bytes, now);
  Apply(session_.Received(bytes, now));
}

void DialogueLink::OnEnded(const std::optional<Failure>& why) {
  const absl::Time now = sys::SteadyNow();
  loop_.DeleteAtEndOfTurn(std::move(transport_));
  if (!is_connected_) {
    const Failure failure = why.value_or(
        Failure{FailureClass::kClosed, "connect: the other side hung up"});
    Trace(failure.text);
    return Apply(session_.ConnectFailed(failure, now));
  }
  Trace(why.has_value() ? absl::StrCat("closed: ", why->text) : "closed");
  if (recorder_ != nullptr) recorder_->Closed(now);
  Apply(session_.Closed(now, why));
}

void DialogueLink::SetTimer() {
  loop_.Cancel(std::exchange(timer_, 0));
  const absl::Time wake = session_.wake_at();
  if (session_.idle() || wake == absl::InfiniteFuture()) return;
  timer_ = loop_.At(wake, [this] {
    timer_ = 0;
    Apply(session_.Woken(sys::SteadyNow()));
  });
}

void DialogueLink::Trace(absl::string_view what) {
  if (trace_ == nullptr) return;
  const std::string held = seen_->Flush();
  if (!held.empty())
    trace_(absl::StrCat("received '", base::Escape(held), "'"));
  trace_(what);
}

void DialogueLink::TraceSent(absl::string_view bytes) {
  if (trace_ == nullptr) return;
  const std::string text = RedactedSend(bytes, setup_.device.hidden());
  Trace(absl::StrCat("sent '", base::Escape(text), "'"));
}

void DialogueLink::TraceReceived(absl::string_view bytes) {
  if (trace_ == nullptr) return;
  const std::string text = seen_->Feed(bytes);
  for (absl::string_view rest = text; !rest.empty();) {
    const size_t end = rest.find('\n');
    const absl::string_view line =
        rest.substr(0, end == rest.npos ? rest.size() : end + 1);
    trace_(absl::StrCat("received '", base::Escape(line), "'"));
    rest.remove_prefix(line.size());
  }
}

}  // namespace power
