// A session (session.h) on a real line: carries out what it says, and tells it
// what came and when. One connection at a time; a line that is being left is
// waited for before another is opened, for many a device has only one.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "power/dialogue_batch.h"
#include "power/redactor.h"
#include "power/session.h"
#include "power/transcript_session.h"
#include "power/transport.h"
#include "sys/loop.h"

namespace power {

class DialogueLink {
 public:
  struct Setup {
    DialogueDevice device = {};
    SessionOptions options = {};
    std::shared_ptr<const keys::Secret> secret = nullptr;
    // A line to the device, or to a program. Null: there is none, and the
    // dialogue itself starts its program.
    std::function<std::unique_ptr<Transport>(
        const std::vector<std::string>& program)>
        connect = {};
    std::string line = {};  // "telnet 10.0.0.1 port 23", for traces
    bool records = false;
  };
  struct Events {
    std::function<void(const RequestEnded& ended)> answered;
    std::function<void()> gone;  // there is no connection any more
  };
  // The loop outlives it. Events never come from within a call.
  DialogueLink(sys::Loop& loop, Setup setup, Events events);
  ~DialogueLink();
  DialogueLink(const DialogueLink&) = delete;

  void Ask(const DialogueBatch::AskDevice& ask);
  void Abort(const Failure& failure);
  void Forget(uint64_t request);
  void Finish();
  void SetTrace(std::function<void(absl::string_view line)> trace);

  // No connection, and none that is being left.
  bool is_gone() const;
  const DialogueDevice& device() const { return setup_.device; }
  const Session& session() const { return session_; }
  // Since the beginning; empty unless it records.
  std::string TakeTranscript();

 private:
  void Apply(Session::Effects effects);
  void Carry(const SessionEffect& effect);
  void OpenSoon(const Connect& connect);
  void Open();
  void Close();
  void SendTheSecret(SecretForm form);
  void OnConnected();
  void OnReceived(absl::string_view bytes);
  void OnEnded(const std::optional<Failure>& why);
  RequestEnded WithReasons(RequestEnded ended) const;
  void SetTimer();
  void Trace(absl::string_view what);
  void TraceSent(absl::string_view bytes);
  void TraceReceived(absl::string_view bytes);

  sys::Loop& loop_;
  const Setup setup_;
  const Events events_;
  Session session_;
  std::unique_ptr<TranscriptRecorder> recorder_;
  std::function<void(absl::string_view line)> trace_;
  std::unique_ptr<Redactor> seen_;  // of what is traced
  std::unique_ptr<Transport> transport_, leaving_;
  bool is_connected_ = false;
  std::optional<Connect> to_open_;  // once its time has come
  sys::Loop::Timer timer_ = 0, open_timer_ = 0, tell_timer_ = 0;
  std::deque<SessionEffect> effects_;
  bool carrying_ = false;
  std::vector<RequestEnded> answers_;
  // Why plugs have no state, as their transport knows it; of this request.
  std::map<std::string, Failure, std::less<>> reasons_;
};

}  // namespace power
