#include "power/datagram_controllers.h"

#include <absl/container/flat_hash_map.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <deque>
#include <functional>
#include <map>
#include <utility>

#include "power/ipmi_client.h"
#include "power/snmp_client.h"

namespace power {
namespace {

// Conversations with one device at once: an agent in an outlet strip is a small
// computer.
constexpr size_t kAtOncePerBatch = 16;

// The order in which a batch's conversations begin and end; those who know a
// protocol begin one.
class OrderByOrder : public Controller {
 public:
  using ClientTicket = uint64_t;
  using Finish = std::function<void(const PlugResult& result)>;

  explicit OrderByOrder(sys::Loop& loop) : loop_(loop) {}

  Ticket Start(Batch batch, Done done) override {
    const Ticket ticket = next_ticket_++;
    Running& running = running_[ticket];
    for (size_t i = 0; i < batch.orders.size(); ++i) {
      running.waiting.push_back(i);
    }
    running.batch = std::make_shared<const Batch>(std::move(batch));
    running.done = std::move(done);
    BeginWaiting(ticket);
    return ticket;
  }

  void Cancel(Ticket ticket) override {
    const auto at = running_.find(ticket);
    if (at == running_.end()) return;
    Running& running = at->second;
    std::vector<size_t> dropped(running.waiting.begin(), running.waiting.end());
    running.waiting.clear();
    // What only looks may end in the middle; what switches is seen to its end.
    for (auto open = running.open.begin(); open != running.open.end();) {
      if (!OnlyLooks(running.batch->orders[open->first].action)) {
        ++open;
        continue;
      }
      CancelOne(open->second);
      dropped.push_back(open->first);
      open = running.open.erase(open);
    }
    loop_.Post([this, ticket, dropped, alive = std::weak_ptr<bool>(alive_)] {
      if (alive.expired()) return;
      for (const size_t order : dropped) Ended(ticket, order, PlugResult());
    });
  }

 protected:
  virtual ClientTicket BeginOne(const Batch& batch, const PlugOrder& order,
                                Finish finish) = 0;
  virtual void CancelOne(ClientTicket ticket) = 0;

 private:
  struct Running {
    std::shared_ptr<const Batch> batch;  // shared with what is being begun
    Done done;
    std::deque<size_t> waiting;
    std::map<size_t, ClientTicket> open;
    size_t ended = 0;
  };

  void BeginWaiting(Ticket ticket) {
    Running& running = running_.at(ticket);
    while (!running.waiting.empty() && running.open.size() < kAtOncePerBatch) {
      const size_t order = running.waiting.front();
      running.waiting.pop_front();
      if (running.batch->trace) {
        running.batch->trace(absl::StrCat(
            running.batch->way.transport, " ", running.batch->address, ": ",
            Word(running.batch->orders[order].action), " ",
            running.batch->orders[order].plug));
      }
      running.open[order] =
          BeginOne(*running.batch, running.batch->orders[order],
                   [this, ticket, order](const PlugResult& result) {
                     running_.at(ticket).open.erase(order);
                     Trace(ticket, order, result);
                     Ended(ticket, order, result);
                   });
    }
  }

  void Trace(Ticket ticket, size_t order, const PlugResult& result) {
    const Batch& batch = *running_.at(ticket).batch;
    if (!batch.trace) return;
    batch.trace(absl::StrCat(
        batch.way.transport, " ", batch.address, ": ", batch.orders[order].plug,
        " is ", Word(result.after),
        result.failure.has_value()
            ? absl::StrCat("; ", Word(result.failure->failure_class), ": ",
                           result.failure->text)
            : ""));
  }

  void Ended(Ticket ticket, size_t order, const PlugResult& result) {
    const auto at = running_.find(ticket);
    if (at == running_.end()) return;
    const Done done = at->second.done;
    if (++at->second.ended == at->second.batch->orders.size()) {
      running_.erase(at);
    } else {
      BeginWaiting(ticket);
    }
    done(order, result);
  }

  sys::Loop& loop_;
  std::map<Ticket, Running> running_;
  Ticket next_ticket_ = 1;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

PlugResult FailedWith(Failure failure) {
  PlugResult result;
  result.failure = std::move(failure);
  return result;
}

Failure ConfigFailure(std::string text) {
  return {.failure_class = FailureClass::kConfig, .text = std::move(text)};
}

class IpmiController : public OrderByOrder {
 public:
  explicit IpmiController(sys::Loop& loop)
      : OrderByOrder(loop), loop_(loop), client_(loop) {}

 protected:
  ClientTicket BeginOne(const Batch& batch, const PlugOrder& order,
                        Finish finish) override {
    IpmiAccountReading reading = IpmiAccountOf(batch);
    if (reading.failure.has_value()) {
      loop_.Post(
          [finish, result = FailedWith(*reading.failure)] { finish(result); });
      return 0;
    }
    IpmiTask task = {.address = batch.address,
                     .port = batch.way.port.value_or(kIpmiPort),
                     .action = order.action,
                     .account = std::move(reading.account)};
    task.options.action = order.options;
    task.options.limit = batch.limit;
    return client_.Start(std::move(task), std::move(finish));
  }
  void CancelOne(ClientTicket ticket) override { client_.Cancel(ticket); }

 private:
  sys::Loop& loop_;
  IpmiClient client_;
};

const Setting* Inside(const Specification* specification,
                      absl::string_view block, absl::string_view name) {
  if (specification == nullptr) return nullptr;
  const SettingsBlock* found = specification->Block(block);
  if (found == nullptr) return nullptr;
  for (const Setting& setting : found->lines) {
    if (setting.name == name) return &setting;
  }
  return nullptr;
}

// A family is a model of its own name.
std::string FamilyOf(const Batch& batch) {
  if (batch.specification != nullptr &&
      FindSnmpFamily(batch.specification->name) != nullptr) {
    return batch.specification->name;
  }
  const Setting* family = Inside(batch.specification, "snmp", "family");
  return family == nullptr || family->values.empty()
             ? ""
             : family->values.front().text;
}

class SnmpController : public OrderByOrder {
 public:
  explicit SnmpController(sys::Loop& loop)
      : OrderByOrder(loop), loop_(loop), client_(loop) {}

 protected:
  ClientTicket BeginOne(const Batch& batch, const PlugOrder& order,
                        Finish finish) override {
    SnmpAccountReading reading = SnmpAccountOf(batch);
    if (reading.failure.has_value()) {
      loop_.Post(
          [finish, result = FailedWith(*reading.failure)] { finish(result); });
      return 0;
    }
    const SettingsBlock* block = batch.specification == nullptr
                                     ? nullptr
                                     : batch.specification->Block("snmp");
    std::shared_ptr<const SnmpTable> table;
    if (block != nullptr && IsSnmpTable(*block)) {
      const auto read = ReadSnmpTable(*block, batch.specification->name);
      if (!read.ok()) {
        loop_.Post([finish, result = FailedWith(ConfigFailure(
                                std::string(read.status().message())))] {
          finish(result);
        });
        return 0;
      }
      table = *read;
    }
    SnmpTask task = {.address = batch.address,
                     .port = batch.way.port.value_or(kSnmpPort),
                     .family = table == nullptr ? FamilyOf(batch) : "",
                     .table = std::move(table),
                     .plug = order.plug,
                     .action = order.action,
                     .account = std::move(reading.account)};
    task.options.action = order.options;
    task.options.limit = std::min(batch.limit, task.options.limit);
    return client_.Start(std::move(task), std::move(finish));
  }
  void CancelOne(ClientTicket ticket) override { client_.Cancel(ticket); }

 private:
  sys::Loop& loop_;
  SnmpClient client_;
};

std::optional<net::Digest> ParseDigest(absl::string_view word) {
  constexpr std::pair<absl::string_view, net::Digest> kDigests[] = {
      {"md5", net::Digest::kMd5},       {"sha", net::Digest::kSha1},
      {"sha1", net::Digest::kSha1},     {"sha224", net::Digest::kSha224},
      {"sha256", net::Digest::kSha256}, {"sha384", net::Digest::kSha384},
      {"sha512", net::Digest::kSha512},
  };
  for (const auto& [name, digest] : kDigests) {
    if (name == word) return digest;
  }
  return std::nullopt;
}

}  // namespace

std::unique_ptr<Controller> NewIpmiController(sys::Loop& loop) {
  return std::make_unique<IpmiController>(loop);
}
std::unique_ptr<Controller> NewSnmpController(sys::Loop& loop) {
  return std::make_unique<SnmpController>(loop);
}

IpmiAccountReading IpmiAccountOf(const Batch& batch) {
  IpmiAccountReading reading;
  reading.account.user = batch.credentials.user;
  reading.account.password = batch.credentials.secret;
  std::vector<int> suites;
  const auto take = [&](absl::string_view word) {
    int suite = 0;
    if (!absl::SimpleAtoi(word, &suite) || (suite != 3 && suite != 17)) {
      reading.failure = ConfigFailure(
          absl::StrCat("'", word, "' is no cipher suite that is spoken here"));
    }
    suites.push_back(suite);
  };
  if (!batch.pcu->cipher_suite.empty()) {
    take(batch.pcu->cipher_suite);
  } else if (const Setting* setting =
                 Inside(batch.specification, "ipmi", "suites")) {
    for (const Setting::Value& value : setting->values) take(value.text);
  }
  if (!suites.empty()) reading.account.suites = std::move(suites);
  return reading;
}

SnmpAccountReading SnmpAccountOf(const Batch& batch) {
  SnmpAccountReading reading;
  SnmpAccount& account = reading.account;
  const std::string& version = batch.pcu->snmp_version;
  if (version == "3") {
    account.version = 3;
  } else if (version == "1") {
    account.version = 1;
  } else if (!version.empty() && version != "2" && version != "2c") {
    reading.failure =
        ConfigFailure(absl::StrCat("'", version, "' is no version of SNMP"));
  }
  if (account.version != 3) {
    account.community = batch.credentials.secret;
    return reading;
  }
  account.user = batch.credentials.user;
  account.password = batch.credentials.secret;
  account.privacy_password = batch.credentials.privacy_secret != nullptr
                                 ? batch.credentials.privacy_secret
                                 : batch.credentials.secret;
  if (!batch.pcu->snmp_digest.empty()) {
    account.digest = ParseDigest(batch.pcu->snmp_digest);
    if (!account.digest.has_value()) {
      reading.failure = ConfigFailure(
          absl::StrCat("'", batch.pcu->snmp_digest, "' is no digest of SNMP"));
    }
  }
  const std::string& privacy = batch.pcu->snmp_privacy;
  if (privacy == "aes" || privacy == "aes128") {
    account.privacy = SnmpPrivacy::kAes;
  } else if (privacy == "des") {
    account.privacy = SnmpPrivacy::kDes;
  } else if (!privacy.empty() && privacy != "none") {
    reading.failure =
        ConfigFailure(absl::StrCat("'", privacy, "' is no cipher of SNMP"));
  }
  return reading;
}

}  // namespace power
