#include "power/web_transports.h"

#include <absl/strings/str_cat.h>

#include <optional>
#include <string>
#include <utility>

#include "power/machine_transport.h"
#include "power/web_prompt.h"
#include "sys/clock.h"
#include "sys/process.h"

namespace power {
namespace {

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
                  WebPromptOptions options, HostFinder find = nullptr)
      : MachineTransport(loop, plan),
        prompt_(std::move(options), sys::RandomBytes),
        find_(std::move(find)) {}

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
    events_.ended(prompt_.failure());
    return false;
  }

  void Find(Found found) override {
    if (find_ == nullptr) return MachineTransport::Find(std::move(found));
    const WebUrl url = *prompt_.url();
    find_(url.host,
          [found = std::move(found), url](const std::string& address) {
            found(address, url.port, absl::StrCat(url.host, " has no address"));
          });
  }

  WebPrompt prompt_;
  const HostFinder find_;
};

class CallTransport : public MachineTransport<WebLink> {
 public:
  CallTransport(sys::Loop& loop, const TransportPlan& plan, WebServer server,
                WebAccount account, WebAsk ask, absl::Duration limit,
                std::function<void(const WebReply& reply)> done)
      : MachineTransport(loop, plan),
        link_(std::move(server), std::move(account), sys::RandomBytes),
        ask_(std::move(ask)),
        limit_(limit),
        done_(std::move(done)) {}

  void Send(absl::string_view) override {}

 private:
  WebLink& machine() override { return link_; }
  void Begin(absl::Time now) override {
    link_.Ask(std::move(ask_), now + limit_, now);
  }
  void LeaveLine() override { link_.Close(); }
  bool Tell() override {
    const std::optional<WebReply> reply = link_.TakeReply();
    if (!reply.has_value()) return true;
    done_(*reply);
    return false;
  }

  WebLink link_;
  WebAsk ask_;
  const absl::Duration limit_;
  const std::function<void(const WebReply& reply)> done_;
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

std::unique_ptr<Transport> NewPromptTransport(sys::Loop& loop,
                                              const TransportPlan& plan,
                                              WebPromptOptions options,
                                              HostFinder find) {
  return std::make_unique<PromptTransport>(loop, plan, std::move(options),
                                           std::move(find));
}

std::unique_ptr<Transport> NewWebCall(
    sys::Loop& loop, const TransportPlan& plan, WebServer server,
    WebAccount account, WebAsk ask, absl::Duration limit,
    std::function<void(const WebReply& reply)> done) {
  return std::make_unique<CallTransport>(loop, plan, std::move(server),
                                         std::move(account), std::move(ask),
                                         limit, std::move(done));
}

}  // namespace power
