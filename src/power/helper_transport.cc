#include "power/helper_transport.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "power/helper.h"
#include "power/helper_command.h"
#include "power/ipmi_client.h"
#include "sys/clock.h"
#include "sys/pool.h"
#include "sys/resolve.h"

namespace power {
namespace {

constexpr int kThreads = 4;  // of look-ups

// What all helpers of a process share.
struct HelperMeans {
  explicit HelperMeans(sys::Loop& loop) : pool(loop, kThreads), ipmi(loop) {}
  sys::Pool pool;
  IpmiClient ipmi;
};

// An ipmipower that is told a host's number behind its name uses that.
void SplitPort(std::string* host, int* port) {
  const size_t colon = host->rfind(':');
  if (colon == std::string::npos || host->find(':') != colon) return;
  int number = 0;
  if (!absl::SimpleAtoi(host->substr(colon + 1), &number)) return;
  if (number < 1 || number > 65535) return;
  *port = number;
  host->resize(colon);
}

IpmiAccount AccountOf(const HelperCommand& command) {
  IpmiAccount account = {.user = command.user, .password = command.password};
  int suite = 0;
  if (absl::SimpleAtoi(command.cipher_suite, &suite)) account.suites = {suite};
  return account;
}

class HelperTransport : public Transport {
 public:
  HelperTransport(sys::Loop& loop, std::shared_ptr<HelperMeans> means,
                  HelperCommand command)
      : loop_(loop),
        means_(std::move(means)),
        command_(std::move(command)),
        helper_(MakeHelper(command_)) {}
  ~HelperTransport() override {
    *alive_ = false;
    loop_.Cancel(timer_);
    CancelCalls();
  }

  void Start(Events events) override {
    events_ = std::move(events);
    Soon([this] {
      events_.connected();
      Apply(helper_->Begin());
    });
  }
  void Send(absl::string_view bytes) override {
    auto typed = std::make_shared<keys::Secret>(bytes);  // it may hold one
    Soon([this, typed] {
      Apply(helper_->Received(typed->view(), sys::SteadyNow()));
    });
  }
  void Leave(std::function<void()> gone) override {
    CancelCalls();
    Soon(std::move(gone));
    has_ended_ = true;
  }

 private:
  void Soon(std::function<void()> f) {
    if (has_ended_) return;
    loop_.Post([f = std::move(f), alive = alive_] {
      if (*alive) f();
    });
  }

  void Apply(Helper::Effects effects) {
    if (has_ended_) return;
    for (const HelperCall& call : effects.start) Begin(call);
    if (!effects.say.empty()) events_.received(effects.say);
    if (effects.quit) {
      has_ended_ = true;
      CancelCalls();
      return events_.ended(std::nullopt);
    }
    loop_.Cancel(std::exchange(timer_, 0));
    if (helper_->wake_at() == absl::InfiniteFuture()) return;
    timer_ = loop_.At(helper_->wake_at(), [this] {
      timer_ = 0;
      Apply(helper_->Wake(sys::SteadyNow()));
    });
  }

  void Begin(const HelperCall& call) {
    const IpmiCall what = std::get<IpmiCall>(call.what);
    if (what.asks_beacon) {
      return Fail(call.id, FailureClass::kUnsupported,
                  "the light's state cannot be asked for");
    }
    std::string host = call.host;
    int port = kIpmiPort;
    SplitPort(&host, &port);
    auto found = std::make_shared<absl::StatusOr<std::vector<std::string>>>();
    means_->pool.Run([found, host] { *found = sys::Resolve(host); },
                     [this, found, port, what, id = call.id, alive = alive_] {
                       if (!*alive || has_ended_) return;
                       if (!found->ok() || (*found)->empty()) {
                         return Fail(id, FailureClass::kUnreachable,
                                     "has no address");
                       }
                       Ask(id, (*found)->front(), port, what);
                     });
  }

  // The dialogue sees to what has to be read before and afterwards.
  void Ask(uint64_t id, const std::string& address, int port,
           const IpmiCall& what) {
    IpmiTask task = {.address = address,
                     .port = port,
                     .action = what.action,
                     .account = AccountOf(command_)};
    task.options.action.wait = what.waits;
    task.options.action.hard = false;
    task.options.action.native_cycle = true;
    tickets_[id] = means_->ipmi.Start(
        std::move(task), [this, id, alive = alive_](const PlugResult& result) {
          if (!*alive || has_ended_) return;
          tickets_.erase(id);
          Apply(helper_->Answered(
              id, {.failure = result.failure, .state = result.after},
              sys::SteadyNow()));
        });
  }

  void Fail(uint64_t id, FailureClass failure_class, absl::string_view text) {
    Soon([this, id, failure_class, text = std::string(text)] {
      Apply(helper_->Answered(
          id,
          {.failure = Failure{.failure_class = failure_class, .text = text}},
          sys::SteadyNow()));
    });
  }

  void CancelCalls() {
    for (const auto& [id, ticket] : tickets_) means_->ipmi.Cancel(ticket);
    tickets_.clear();
  }

  sys::Loop& loop_;
  const std::shared_ptr<HelperMeans> means_;
  const HelperCommand command_;
  const std::unique_ptr<Helper> helper_;
  Events events_;
  std::map<uint64_t, IpmiClient::Ticket> tickets_;  // by call
  sys::Loop::Timer timer_ = 0;
  bool has_ended_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace

TransportMaker HelperTransports() {
  return [means = std::shared_ptr<HelperMeans>()](
             sys::Loop& loop,
             const TransportPlan& plan) mutable -> std::unique_ptr<Transport> {
    if (plan.transport != "exec" || plan.pcu->program_external) return nullptr;
    std::optional<HelperCommand> command = ParseHelperCommand(plan.program);
    if (!command.has_value() || command->kind != HelperKind::kIpmi) {
      return nullptr;
    }
    if (means == nullptr) means = std::make_shared<HelperMeans>(loop);
    return std::make_unique<HelperTransport>(loop, means, *std::move(command));
  };
}

}  // namespace power
