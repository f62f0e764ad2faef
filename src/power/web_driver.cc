#include "power/web_driver.h"

#include <absl/strings/str_cat.h>

#include <utility>

#include "keys/secret.h"
#include "power/tcp_transport.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/process.h"

namespace power {

std::string WebHostOf(const Pcu& pcu, const std::string& address) {
  if (!pcu.host.empty()) return pcu.host;
  return pcu.ip.empty() ? address : pcu.ip;
}

net::TlsOptions WebTrust::OptionsFor(const Pcu& pcu,
                                     const std::string& address) {
  net::TlsOptions options = {.server = WebHostOf(pcu, address),
                             .pin = pcu.tls_pin,
                             .is_insecure = pcu.tls_insecure,
                             .is_legacy = pcu.legacy_crypto};
  if (!options.pin.empty() || options.is_insecure) return options;
  if (!std::exchange(has_read_, true)) {
    for (const std::string& path : settings_.authority_files) {
      const absl::StatusOr<std::string> text = sys::ReadFile(path);
      if (!text.ok()) continue;
      const auto parsed = net::TlsAuthorities::Parse(*text);
      if (!parsed.ok()) continue;
      authorities_ = *parsed;
      break;
    }
  }
  options.authorities = authorities_;
  return options;
}

struct WebDriver::Job {
  Ticket ticket = 0;
  Batch batch;
  Plan plan;
  Controller::Done done;
  std::unique_ptr<WebJob> job;
  std::unique_ptr<Transport> transport;
  sys::Loop::Timer timer = 0;
  absl::Time timer_at = absl::InfiniteFuture();
};

WebDriver::WebDriver(sys::Loop& loop, WebSettings settings)
    : loop_(loop), trust_(std::move(settings)) {}

WebDriver::~WebDriver() {
  *alive_ = false;
  for (auto& [ticket, job] : jobs_) loop_.Cancel(job->timer);
}

WebDriver::Ticket WebDriver::Start(Batch batch, Plan plan,
                                   Controller::Done done) {
  const Ticket ticket = next_ticket_++;
  const WebAccount account = {.user = batch.credentials.user,
                              .secret = batch.credentials.secret,
                              .begins_basic = plan.begins_basic};
  std::optional<Failure> failure = CheckWebAccount(account);
  std::vector<WebOrder> orders;
  for (const PlugOrder& order : batch.orders) {
    orders.push_back(
        {.action = order.action, .plug = order.plug, .options = order.options});
    if (order.action == Action::kTemperature ||
        order.action == Action::kBeacon) {
      failure = Failure{
          .failure_class = FailureClass::kUnsupported,
          .text = absl::StrCat("it has no ", Word(order.action), " here")};
    }
  }
  if (!batch.way.port.has_value()) {
    failure = Failure{.failure_class = FailureClass::kInternal,
                      .text = "the way has no port"};
  }
  if (failure.has_value() || orders.empty()) {
    loop_.Post([count = orders.size(), failure, done, alive = alive_] {
      PlugResult result;
      result.failure = failure;
      for (size_t i = 0; i < count && *alive; ++i) done(i, result);
    });
    return ticket;
  }
  WebServer server = {.host = WebHostOf(*batch.pcu, batch.address),
                      .port = *batch.way.port};
  server.stream.connect_timeout = batch.connect_timeout;
  server.stream.connect_again = plan.connect_again;
  if (plan.is_tls) {
    server.stream.tls = trust_.OptionsFor(*batch.pcu, batch.address);
  }
  auto job = std::make_unique<Job>();
  job->ticket = ticket;
  job->job = std::make_unique<WebJob>(
      orders, batch.limit,
      std::make_unique<WebLink>(std::move(server), account, sys::RandomBytes),
      plan.make(orders, account));
  job->batch = std::move(batch);
  job->plan = std::move(plan);
  job->done = std::move(done);
  Job& begun = *(jobs_[ticket] = std::move(job));
  const absl::Time now = sys::SteadyNow();
  begun.job->Start(now);
  Carry(begun, now);
  return ticket;
}

void WebDriver::Cancel(Ticket ticket) {
  const auto found = jobs_.find(ticket);
  if (found == jobs_.end()) return;
  const absl::Time now = sys::SteadyNow();
  found->second->job->Cancel(now);
  Carry(*found->second, now);
}

void WebDriver::Connect(Job& job) {
  loop_.DeleteAtEndOfTurn(std::move(job.transport));
  // Our own limit is a little longer: the job's is the one that is told.
  job.transport = std::make_unique<TcpTransport>(
      loop_, job.batch.address, *job.batch.way.port,
      job.batch.connect_timeout + absl::Seconds(1));
  const Transport* current = job.transport.get();
  const auto with = [this, ticket = job.ticket,
                     current](const std::function<void(Job&, absl::Time)>& f) {
    const auto found = jobs_.find(ticket);
    // What an earlier connection still says is not meant any more.
    if (found == jobs_.end() || found->second->transport.get() != current) {
      return;
    }
    const absl::Time now = sys::SteadyNow();
    f(*found->second, now);
    Carry(*found->second, now);
  };
  job.transport->Start(
      {.connected =
           [with] {
             with([](Job& j, absl::Time now) { j.job->Connected(now); });
           },
       .received =
           [with](absl::string_view bytes) {
             with([bytes](Job& j, absl::Time now) {
               j.job->Receive(bytes, now);
             });
           },
       .ended =
           [with](const std::optional<Failure>& why) {
             with([why](Job& j, absl::Time now) {
               // Which of the two it is, the job knows.
               if (why.has_value()) j.job->ConnectFailed(*why, now);
               j.job->Closed(now);
             });
           }});
}

void WebDriver::Carry(Job& job, absl::Time now) {
  for (WebEffect& effect : job.job->TakeEffects()) {
    if (std::holds_alternative<WebConnect>(effect)) {
      Connect(job);
    } else if (WebSend* send = std::get_if<WebSend>(&effect)) {
      if (job.transport != nullptr) job.transport->Send(send->bytes);
      keys::Wipe(send->bytes);
    } else {
      loop_.DeleteAtEndOfTurn(std::move(job.transport));
    }
  }
  for (const std::string& line : job.job->TakeTrace()) {
    if (job.batch.trace) job.batch.trace(line);
  }
  Tell(job);
  if (job.job->has_ended()) return End(job);
  const absl::Time at = job.job->wake_at();
  if (at == job.timer_at) return;
  loop_.Cancel(job.timer);
  job.timer_at = at;
  job.timer = 0;
  if (at == absl::InfiniteFuture()) return;
  job.timer = loop_.At(std::max(at, now), [this, ticket = job.ticket] {
    Job& woken = *jobs_.at(ticket);
    woken.timer = 0;
    woken.timer_at = absl::InfiniteFuture();
    const absl::Time then = sys::SteadyNow();
    woken.job->Wake(then);
    Carry(woken, then);
  });
}

void WebDriver::Tell(Job& job) {
  for (WebJob::Ended& ended : job.job->TakeEnded()) {
    loop_.Post([done = job.done, ended = std::move(ended), alive = alive_] {
      if (*alive) done(ended.order, ended.result);
    });
  }
}

void WebDriver::End(Job& job) {
  loop_.Cancel(job.timer);
  if (job.plan.learn) job.plan.learn(job.job->protocol());
  std::unique_ptr<Job> gone = std::move(jobs_.at(job.ticket));
  jobs_.erase(gone->ticket);
  loop_.DeleteAtEndOfTurn(std::move(gone));
}

}  // namespace power
