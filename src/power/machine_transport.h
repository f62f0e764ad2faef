// Something pure that says what it wants of a connection (WebEffects) and is
// told what comes: on a TCP connection, as a way for whoever talks above it.
// What is told comes from the loop only.
#pragma once

#include <absl/strings/string_view.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "keys/secret.h"
#include "power/tcp_transport.h"
#include "power/transport.h"
#include "power/web_stream.h"
#include "sys/clock.h"
#include "sys/loop.h"

namespace power {

template <typename Machine>
class MachineTransport : public Transport {
 public:
  MachineTransport(sys::Loop& loop, TransportPlan plan)
      : loop_(loop), plan_(std::move(plan)) {}
  ~MachineTransport() override {
    *alive_ = false;
    loop_.Cancel(timer_);
  }

  void Start(Events events) override {
    events_ = std::move(events);
    Soon([this] {
      Begin(sys::SteadyNow());
      Carry(sys::SteadyNow());
    });
  }
  void Leave(std::function<void()> gone) override {
    has_ended_ = true;
    LeaveLine();
    Carry(sys::SteadyNow());
    if (below_ == nullptr) return Soon(std::move(gone));
    below_->Leave(std::move(gone));
  }

 protected:
  virtual void Begin(absl::Time now) = 0;
  virtual Machine& machine() = 0;
  virtual void LeaveLine() = 0;
  // Tells what there is to be told; false once it has ended.
  virtual bool Tell() = 0;
  // Where the next connection goes, told now or later: "" and why not, if that
  // is not known.
  using Found = std::function<void(const std::string& address, int port,
                                   const std::string& why)>;
  virtual void Find(Found found) { found(plan_.address, plan_.port, ""); }

  void Soon(std::function<void()> f) {
    loop_.Post([f = std::move(f), alive = alive_] {
      if (*alive) f();
    });
  }
  // At the end of this turn, so that no event comes from within a call.
  void CarrySoon() {
    Soon([this] { Carry(sys::SteadyNow()); });
  }

  void Carry(absl::Time now) {
    for (WebEffect& effect : machine().TakeEffects()) {
      if (std::holds_alternative<WebConnect>(effect)) {
        Connect();
      } else if (WebSend* send = std::get_if<WebSend>(&effect)) {
        if (below_ != nullptr) below_->Send(send->bytes);
        keys::Wipe(send->bytes);
      } else if (!has_ended_) {
        ++connects_;
        loop_.DeleteAtEndOfTurn(std::move(below_));
      }
    }
    if (has_ended_) return;
    if (!Tell()) {
      has_ended_ = true;
      loop_.Cancel(std::exchange(timer_, 0));
      return;
    }
    loop_.Cancel(std::exchange(timer_, 0));
    const absl::Time at = machine().wake_at();
    if (at == absl::InfiniteFuture()) return;
    timer_ = loop_.At(std::max(at, now), [this] {
      timer_ = 0;
      const absl::Time then = sys::SteadyNow();
      machine().Wake(then);
      Carry(then);
    });
  }

  void Connect() {
    loop_.DeleteAtEndOfTurn(std::move(below_));
    const uint64_t wanted = ++connects_;
    Find([this, wanted, alive = alive_](const std::string& address, int port,
                                        const std::string& why) {
      // Meanwhile it may have gone, or be on its way elsewhere.
      if (!*alive || has_ended_ || wanted != connects_) return;
      if (!address.empty()) return ConnectTo(address, port);
      const absl::Time now = sys::SteadyNow();
      machine().ConnectFailed(
          {.failure_class = FailureClass::kUnreachable, .text = why}, now);
      CarrySoon();
    });
  }

  void ConnectTo(const std::string& address, int port) {
    // The machine's own limit is a little shorter, and is what is told.
    below_ = std::make_unique<TcpTransport>(
        loop_, address, port, plan_.connect_timeout + absl::Seconds(1));
    const Transport* current = below_.get();
    const auto with = [this, current](auto&& f) {
      if (below_.get() != current || has_ended_) return;
      const absl::Time now = sys::SteadyNow();
      f(machine(), now);
      Carry(now);
    };
    below_->Start(
        {.connected =
             [with] {
               with([](Machine& m, absl::Time now) { m.Connected(now); });
             },
         .received =
             [with](absl::string_view bytes) {
               with([bytes](Machine& m, absl::Time now) {
                 m.Receive(bytes, now);
               });
             },
         .ended =
             [with](const std::optional<Failure>& why) {
               with([why](Machine& m, absl::Time now) {
                 if (why.has_value()) m.ConnectFailed(*why, now);
                 m.Closed(now);
               });
             }});
  }

  sys::Loop& loop_;
  const TransportPlan plan_;
  Events events_;
  std::unique_ptr<Transport> below_;
  uint64_t connects_ = 0;  // that were begun, or given up
  bool has_ended_ = false;
  sys::Loop::Timer timer_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace power
