#include "power/web_transports.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "keys/secret.h"
#include "power/tcp_transport.h"
#include "power/web_prompt.h"
#include "sys/clock.h"
#include "sys/process.h"

namespace power {
namespace {

// What both have in common: something pure that has a connection below and a
// dialogue above, and what is told from the loop only.
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
    // The machine's own limit is a little shorter, and is what is told.
    below_ = std::make_unique<TcpTransport>(
        loop_, plan_.address, plan_.port,
        plan_.connect_timeout + absl::Seconds(1));
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
  bool has_ended_ = false;
  sys::Loop::Timer timer_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

class TlsTransport : public MachineTransport<WebStream> {
 public:
  TlsTransport(sys::Loop& loop, const TransportPlan& plan,
               net::TlsOptions options)
      : MachineTransport(loop, plan),
        stream_({.tls = std::move(options),
                 .connect_timeout = plan.connect_timeout},
                sys::RandomBytes) {}

  void Send(absl::string_view bytes) override {
    if (has_ended_) return;
    stream_.Send(std::string(bytes));
    CarrySoon();
  }

 private:
  WebStream& machine() override { return stream_; }
  void Begin(absl::Time now) override { stream_.Open(now); }
  void LeaveLine() override { stream_.Close(); }
  bool Tell() override {
    const WebStream::State state = stream_.state();
    if (!was_open_ && (state == WebStream::State::kOpen ||
                       state == WebStream::State::kEnded)) {
      was_open_ = true;
      events_.connected();
    }
    const std::string text = stream_.TakeText();
    if (!text.empty()) events_.received(text);
    if (state == WebStream::State::kFailed) {
      events_.ended(stream_.failure());
      return false;
    }
    if (state != WebStream::State::kEnded) return true;
    events_.ended(std::nullopt);
    return false;
  }

  WebStream stream_;
  bool was_open_ = false;
};

class PromptTransport : public MachineTransport<WebPrompt> {
 public:
  PromptTransport(sys::Loop& loop, const TransportPlan& plan,
                  WebPromptOptions options)
      : MachineTransport(loop, plan),
        prompt_(std::move(options), sys::RandomBytes) {}

  void Send(absl::string_view bytes) override {
    if (has_ended_) return;
    prompt_.Type(bytes, sys::SteadyNow());
    CarrySoon();
  }

 private:
  WebPrompt& machine() override { return prompt_; }
  void Begin(absl::Time) override {
    prompt_.Start();
    events_.connected();
  }
  void LeaveLine() override {}
  bool Tell() override {
    const std::string text = prompt_.TakePrinted();
    if (!text.empty()) events_.received(text);
    if (!prompt_.has_quit()) return true;
    events_.ended(std::nullopt);
    return false;
  }

  WebPrompt prompt_;
};

}  // namespace

TransportMaker WebTransports(std::shared_ptr<WebTrust> trust) {
  return [trust](sys::Loop& loop,
                 const TransportPlan& plan) -> std::unique_ptr<Transport> {
    const bool is_https = plan.transport == "https";
    if (plan.transport == "tls") {
      return std::make_unique<TlsTransport>(
          loop, plan, trust->OptionsFor(*plan.pcu, plan.address));
    }
    if (plan.transport != "http" && !is_https) return nullptr;
    WebPromptOptions options = {
        .url = WebUrl{.is_tls = is_https,
                      .host = WebHostOf(*plan.pcu, plan.address),
                      .port = plan.port},
        .may_move = false,
        .connect_timeout = plan.connect_timeout};
    if (is_https) options.tls = trust->OptionsFor(*plan.pcu, plan.address);
    return std::make_unique<PromptTransport>(loop, plan, std::move(options));
  };
}

}  // namespace power
