#include "power/helper_transport.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "power/helper.h"
#include "power/helper_command.h"
#include "power/ipmi_client.h"
#include "power/limits.h"
#include "power/snmp_client.h"
#include "power/snmp_question.h"
#include "power/udp_driver.h"
#include "power/web_transports.h"
#include "sys/clock.h"
#include "sys/pool.h"
#include "sys/process.h"
#include "sys/resolve.h"

namespace power {
namespace {

constexpr int kHttpsPort = 443;
constexpr int kThreads = 4;  // of look-ups
constexpr absl::Duration kPageLimit = absl::Seconds(10);

std::optional<uint32_t> SnmpNumberIn(absl::string_view datagram) {
  const auto number = SnmpNumberOf(datagram);
  if (!number.has_value()) return std::nullopt;
  return number->second;
}

// What all helpers of a process share.
struct HelperMeans {
  HelperMeans(sys::Loop& loop, std::shared_ptr<WebTrust> web_trust)
      : trust(std::move(web_trust)),
        pool(loop, kThreads),
        ipmi(loop),
        snmp(loop, SnmpNumberIn,
             {.at_once = kMaxDatagramJobs,
              .max_datagram_bytes = kMaxSnmpDatagramBytes,
              .first_slot = base::Le32(sys::RandomBytes(4).data())}) {}
  void Find(const std::string& host,
            std::function<void(const std::string& address)> then) {
    auto found = std::make_shared<absl::StatusOr<std::vector<std::string>>>();
    pool.Run([found, host] { *found = sys::Resolve(host); },
             [found, then = std::move(then)] {
               then(!found->ok() || (*found)->empty() ? "" : (*found)->front());
             });
  }

  const std::shared_ptr<WebTrust> trust;
  sys::Pool pool;
  IpmiClient ipmi;
  SnmpKeyCache keys;
  UdpDriver snmp;
};

// Both are told another port behind the host's name.
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

// snmppower's version 3 is MD5 without privacy.
SnmpAccount AccountOf(const SnmpCall& call) {
  SnmpAccount account = {.version = call.version};
  if (call.version != 3) {
    account.community = call.secret;
    return account;
  }
  account.user = call.user;
  account.digest = net::Digest::kMd5;
  account.password = call.secret;
  return account;
}

// "user:password"
WebAccount AccountOf(const PageCall& call) {
  WebAccount account = {.begins_basic = true};
  if (call.credentials == nullptr) return account;
  const std::pair<absl::string_view, absl::string_view> pair =
      absl::StrSplit(call.credentials->view(), absl::MaxSplits(':', 1));
  account.user = std::string(pair.first);
  account.secret = std::make_shared<const keys::Secret>(pair.second);
  return account;
}

// Both may be told a port behind the host's name.
int PortOf(const HelperCall& call) {
  if (std::holds_alternative<IpmiCall>(call.what)) return kIpmiPort;
  return std::holds_alternative<SnmpCall>(call.what) ? kSnmpPort : kHttpsPort;
}

class HelperTransport : public Transport {
 public:
  HelperTransport(sys::Loop& loop, const TransportPlan& plan,
                  std::shared_ptr<HelperMeans> means, HelperCommand command)
      : loop_(loop),
        plan_(plan),
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

  void Answer(uint64_t id, const HelperAnswer& answer) {
    const auto host = hosts_.extract(id);
    if (answer.failure.has_value() && !host.empty() && events_.failed) {
      Failure failure = *answer.failure;
      failure.is_of_plug = command_.hosts.size() > 1;
      events_.failed(failure.is_of_plug ? host.mapped() : "", failure);
    }
    Apply(helper_->Answered(id, answer, sys::SteadyNow()));
  }

  void Begin(const HelperCall& call) {
    hosts_[call.id] = call.host;
    const IpmiCall* what = std::get_if<IpmiCall>(&call.what);
    if (what != nullptr && what->asks_beacon) {
      return Fail(call.id, FailureClass::kUnsupported,
                  "the light's state cannot be asked for");
    }
    std::string host = call.host;
    int port = PortOf(call);
    SplitPort(&host, &port);
    means_->Find(host, [this, host, port, call,
                        alive = alive_](const std::string& address) {
      if (!*alive || has_ended_) return;
      if (address.empty()) {
        Fail(call.id, FailureClass::kUnreachable, "has no address");
      } else if (const auto* ipmi = std::get_if<IpmiCall>(&call.what)) {
        Ask(call.id, address, port, *ipmi);
      } else if (const auto* page = std::get_if<PageCall>(&call.what)) {
        Ask(call.id, host, address, port, *page);
      } else {
        Ask(call.id, address, port, std::get<SnmpCall>(call.what));
      }
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
          Answer(id, {.failure = result.failure, .state = result.after});
        });
  }

  void Ask(uint64_t id, const std::string& host, int port,
           const SnmpCall& call) {
    const SnmpAccount account = AccountOf(call);
    if (auto failure = CheckSnmpAccount(account)) {
      return Fail(id, failure->failure_class, failure->text);
    }
    const absl::StatusOr<sys::UdpAddress> address =
        sys::UdpAddress::Parse(host, port);
    if (!address.ok()) {
      return Fail(id, FailureClass::kConfig, address.status().message());
    }
    const SnmpQuestion::What what = {.sets = call.sets,
                                     .binding = {call.oid, call.value}};
    snmp_tickets_[id] = means_->snmp.Start(
        *address,
        [what, account, &keys = means_->keys](uint32_t slot) {
          return std::make_unique<SnmpQuestion>(what, account, slot,
                                                sys::RandomBytes, keys);
        },
        [this, id, alive = alive_](Conversation& conversation) {
          if (!*alive || has_ended_) return;
          snmp_tickets_.erase(id);
          const auto& question = static_cast<SnmpQuestion&>(conversation);
          HelperAnswer answer = {.failure = question.result()->failure,
                                 .value = question.value()};
          Soon([this, id, answer = std::move(answer)] { Answer(id, answer); });
        },
        [this, id, alive = alive_](const absl::Status& status) {
          if (*alive && !has_ended_) {
            Fail(id, FailureClass::kInternal, status.message());
          }
        });
  }

  void Ask(uint64_t id, const std::string& host, const std::string& address,
           int port, const PageCall& call) {
    WebAccount account = AccountOf(call);
    if (auto failure = CheckWebAccount(account)) {
      return Fail(id, failure->failure_class, failure->text);
    }
    WebAsk ask =
        HelperAsk(call.posts ? "POST" : "GET", absl::StrCat("/", call.path),
                  call.header, call.body);
    if (!net::IsHttpTarget(ask.call.target)) {
      return Fail(id, FailureClass::kConfig, "no path to be asked for");
    }
    ask.shows_account = account.secret != nullptr;
    WebServer server = {.host = host, .port = port};
    server.stream.connect_timeout = plan_.connect_timeout;
    server.stream.tls = means_->trust->OptionsFor(*plan_.pcu, address);
    server.stream.tls->server = host;
    TransportPlan plan = plan_;
    plan.address = address;
    plan.port = port;
    std::unique_ptr<Transport>& page = pages_[id];
    page = NewWebCall(
        loop_, plan, std::move(server), std::move(account), std::move(ask),
        kPageLimit, [this, id, alive = alive_](const WebReply& reply) {
          if (!*alive || has_ended_) return;
          loop_.DeleteAtEndOfTurn(std::move(pages_.at(id)));
          pages_.erase(id);
          HelperAnswer answer = {.failure = reply.failure};
          if (reply.answer.has_value()) {
            const int status = reply.answer->status;
            answer.body = reply.answer->body;
            if (status >= 400) {
              answer.failure = Failure{.failure_class = ClassOfStatus(status),
                                       .text = absl::StrCat("HTTP ", status)};
            }
          }
          Soon([this, id, answer = std::move(answer)] { Answer(id, answer); });
        });
    page->Start({});
  }

  void Fail(uint64_t id, FailureClass failure_class, absl::string_view text) {
    Soon([this, id, failure_class, text = std::string(text)] {
      Answer(id, {.failure =
                      Failure{.failure_class = failure_class, .text = text}});
    });
  }

  void CancelCalls() {
    for (const auto& [id, ticket] : tickets_) means_->ipmi.Cancel(ticket);
    tickets_.clear();
    for (const auto& [id, ticket] : snmp_tickets_) means_->snmp.Cancel(ticket);
    snmp_tickets_.clear();
    pages_.clear();
  }

  sys::Loop& loop_;
  const TransportPlan plan_;
  const std::shared_ptr<HelperMeans> means_;
  const HelperCommand command_;
  const std::unique_ptr<Helper> helper_;
  Events events_;
  std::map<uint64_t, std::string> hosts_;           // by call
  std::map<uint64_t, IpmiClient::Ticket> tickets_;  // likewise
  std::map<uint64_t, UdpDriver::Ticket> snmp_tickets_;
  std::map<uint64_t, std::unique_ptr<Transport>> pages_;
  sys::Loop::Timer timer_ = 0;
  bool has_ended_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace

TransportMaker HelperTransports(std::shared_ptr<WebTrust> trust) {
  return [trust, means = std::shared_ptr<HelperMeans>()](
             sys::Loop& loop,
             const TransportPlan& plan) mutable -> std::unique_ptr<Transport> {
    if (plan.transport != "exec" || plan.pcu->program_external) return nullptr;
    std::optional<HelperCommand> command = ParseHelperCommand(plan.program);
    if (!command.has_value()) return nullptr;
    if (means == nullptr) means = std::make_shared<HelperMeans>(loop, trust);
    if (command->kind == HelperKind::kHttp) {
      return NewPromptTransport(
          loop, plan,
          {.url = WebUrl::Parse(command->url),
           .begins_basic = true,
           .tls = trust->OptionsFor(*plan.pcu, ""),
           .connect_timeout = plan.connect_timeout,
           .header = command->header,
           .has_cookies = command->cookies},
          [means](const std::string& host,
                  std::function<void(const std::string& address)> then) {
            means->Find(host, std::move(then));
          });
    }
    return std::make_unique<HelperTransport>(loop, plan, means,
                                             *std::move(command));
  };
}

}  // namespace power
