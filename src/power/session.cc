#include "power/session.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

namespace power {

Session::Session(DialogueDevice device, SessionOptions options)
    : device_(std::move(device)), options_(options) {
  Reset();
}

void Session::Reset() {
  state_ = State::kIdle;
  closed_ = false;
  telnet_ = TelnetFilter();
  dialogue_ = std::make_unique<Dialogue>(device_);
}

Session::Effects Session::Ask(uint64_t request, std::vector<ScriptRun> runs,
                              absl::Time now) {
  Effects out;
  Request asked{request, std::move(runs)};
  asked.ended.resize(asked.runs.size());
  requests_.push_back(std::move(asked));
  finishing_ = false;
  if (state_ == State::kIdle) {
    state_ = State::kConnecting;
    out.push_back(Connect{});
  } else if (state_ == State::kReady) {
    Next(now, &out);
  }
  return out;
}

bool Session::Cancel(uint64_t request) {
  const bool running = state_ == State::kScripts;
  for (auto it = requests_.begin(); it != requests_.end(); ++it) {
    if (it->id != request) continue;
    if (running && it == requests_.begin()) return false;
    requests_.erase(it);
    return true;
  }
  return false;
}

Session::Effects Session::Connected(absl::Time now) {
  Effects out;
  telnet_ = TelnetFilter();
  closed_ = false;
  if (state_ == State::kConnecting) {
    Begin(State::kLogin, Verb::kLogin, now, &out);
  } else {
    Take(dialogue_->Connected(now), now, &out);
  }
  return out;
}

Session::Effects Session::ConnectFailed(const Failure& failure, absl::Time) {
  Effects out;
  Drop(failure, &out);
  return out;
}

Session::Effects Session::Abort(const Failure& failure, absl::Time now) {
  Effects out;
  switch (state_) {
    case State::kIdle:
      break;
    case State::kConnecting:
    case State::kReady:
      Drop(failure, &out);
      break;
    case State::kLogin:
    case State::kScripts:
    case State::kPing:
    case State::kLogout:
      Take(dialogue_->ConnectFailed(failure), now, &out);
      break;
  }
  return out;
}

Session::Effects Session::Received(absl::string_view bytes, absl::Time now) {
  Effects out;
  if (state_ == State::kIdle || state_ == State::kConnecting) return out;
  if (!options_.telnet) {
    Take(dialogue_->Received(bytes, now), now, &out);
    return out;
  }
  std::string reply;
  const std::string data = telnet_.Receive(bytes, &reply);
  if (!reply.empty()) out.push_back(SendText{std::move(reply)});
  Take(dialogue_->Received(data, now), now, &out);
  return out;
}

Session::Effects Session::Closed(absl::Time now,
                                 const std::optional<Failure>& why) {
  Effects out;
  if (state_ == State::kIdle || state_ == State::kConnecting) return out;
  closed_ = true;
  Take(dialogue_->Closed(now, why), now, &out);
  // Between two requests nobody is hurt: the next one connects.
  if (state_ == State::kReady) Leave(&out);
  return out;
}

Session::Effects Session::Finish(absl::Time now) {
  Effects out;
  finishing_ = true;
  if (state_ == State::kReady) Next(now, &out);
  return out;
}

Session::Effects Session::Woken(absl::Time now) {
  Effects out;
  if (state_ != State::kReady) {
    Take(dialogue_->Woken(now), now, &out);
  } else if (!options_.keep && now >= idle_since_ + options_.linger) {
    Begin(State::kLogout, Verb::kLogout, now, &out);
  } else if (now >= ping_at()) {
    Begin(State::kPing, Verb::kPing, now, &out);
  }
  return out;
}

absl::string_view Session::phase() const {
  switch (state_) {
    case State::kIdle:
    case State::kReady:
      return "idle";
    case State::kConnecting:
      return "connect";
    case State::kLogin:
      return "login";
    case State::kScripts:
      return "script";
    case State::kPing:
      return "ping";
    case State::kLogout:
      return "logout";
  }
  return "";
}

absl::Time Session::ping_at() const {
  const absl::Duration period = device_.specification->ping_period;
  return period > absl::ZeroDuration() &&
                 device_.specification->Find(Verb::kPing) != nullptr
             ? idle_since_ + period
             : absl::InfiniteFuture();
}

absl::Time Session::wake_at() const {
  if (state_ != State::kReady) return dialogue_->wake_at();
  return options_.keep ? ping_at()
                       : std::min(ping_at(), idle_since_ + options_.linger);
}

// A 0xFF that is data is doubled; what a TelnetFilter answers comes elsewhere.
std::string Session::Wire(const std::string& bytes) const {
  return options_.telnet ? TelnetFilter::Send(bytes) : bytes;
}

void Session::Take(Dialogue::Effects effects, absl::Time now, Effects* out) {
  for (DialogueEffect& effect : effects) {
    if (auto* text = std::get_if<SendText>(&effect)) {
      out->push_back(SendText{Wire(text->bytes)});
    } else if (auto* secret = std::get_if<SendSecret>(&effect)) {
      out->push_back(*secret);
    } else if (auto* again = std::get_if<Reconnect>(&effect)) {
      out->push_back(Connect{again->after, std::move(again->program)});
    } else if (const auto* pause = std::get_if<Pause>(&effect)) {
      out->push_back(*pause);
    } else {
      Ended(std::get<RunEnded>(std::move(effect)), now, out);
    }
  }
}

void Session::Ended(RunEnded ended, absl::Time now, Effects* out) {
  switch (state_) {
    case State::kIdle:
    case State::kConnecting:
    case State::kReady:
      return;
    case State::kLogin:
    case State::kPing:
      if (ended.failure) return Drop(*ended.failure, out);
      if (state_ == State::kLogin) ++logins_;
      state_ = State::kReady;
      return Next(now, out);
    case State::kLogout:
      // A device that hangs up at once has logged us out, too.
      return Leave(out);
    case State::kScripts:
      break;
  }
  Request& request = requests_.front();
  const std::optional<Failure> failure = ended.failure;
  if (!failure) ++scripts_done_;
  request.ended[ended.run] = std::move(ended);
  if (std::any_of(request.ended.begin(), request.ended.end(),
                  [](const auto& run) { return !run.has_value(); })) {
    return;
  }
  RequestEnded done{request.id};
  std::optional<Failure> first;
  for (auto& run : request.ended) {
    if (run->failure && !first) first = run->failure;
    done.runs.push_back(*std::move(run));
  }
  requests_.pop_front();
  out->push_back(std::move(done));
  if (first) return Drop(*first, out);
  state_ = State::kReady;
  Next(now, out);
}

void Session::Begin(State state, Verb verb, absl::Time now, Effects* out) {
  state_ = state;
  const Script* script = device_.specification->Find(verb);
  if (script == nullptr) return Ended({}, now, out);
  Take(dialogue_->Start({{script, {}}}, now), now, out);
}

// What follows when nothing is under way.
void Session::Next(absl::Time now, Effects* out) {
  idle_since_ = now;
  while (!requests_.empty() && requests_.front().runs.empty()) {
    out->push_back(RequestEnded{requests_.front().id});
    requests_.pop_front();
  }
  if (closed_) return Leave(out);
  if (!requests_.empty()) {
    state_ = State::kScripts;
    return Take(dialogue_->Start(requests_.front().runs, now), now, out);
  }
  if (finishing_) return Begin(State::kLogout, Verb::kLogout, now, out);
}

// The connection is over, and that is well. Requests that came meanwhile need
// another one.
void Session::Leave(Effects* out) {
  out->push_back(Disconnect{});
  Reset();
  if (requests_.empty()) return;
  state_ = State::kConnecting;
  out->push_back(Connect{});
}

// The connection is of no more use; who still waits is told why.
void Session::Drop(const Failure& failure, Effects* out) {
  out->push_back(Disconnect{});
  Reset();
  std::deque<Request> lost = std::move(requests_);
  requests_.clear();
  for (Request& request : lost) {
    RequestEnded ended{request.id};
    for (size_t i = 0; i < std::max<size_t>(1, request.runs.size()); i++) {
      RunEnded run;
      run.run = i;
      run.failure = failure;
      run.begun = false;
      ended.runs.push_back(std::move(run));
    }
    out->push_back(std::move(ended));
  }
}

}  // namespace power
