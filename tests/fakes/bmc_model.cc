#include "fakes/bmc_model.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"

namespace fakes {
namespace {

using power::IpmiExchange;
using power::IpmiPayload;
using power::IpmiStatus;

constexpr size_t kMaxSessions = 64;
constexpr size_t kAnswersKept = 16;
constexpr uint8_t kNoPrivilege = 0xd4, kNotInThisState = 0xd5;
constexpr uint8_t kNotKnown = 0xc1, kWrongField = 0xcc, kBusy = 0xc0;

std::string Bytes(std::initializer_list<int> bytes) {
  std::string out;
  for (const int byte : bytes) out.push_back(static_cast<char>(byte));
  return out;
}

std::string Answer(IpmiPayload type, const std::string& payload) {
  return power::EncodeIpmiPacket(type, payload);
}

// An answer to a request; `body` is its completion code and data.
std::string Message(uint8_t function, uint8_t number, uint8_t command,
                    absl::string_view body) {
  std::string head = Bytes({0x81, (function + 1) << 2});
  head.push_back(power::IpmiChecksum(head));
  std::string rest = Bytes({0x20, number << 2, command});
  absl::StrAppend(&rest, body);
  rest.push_back(power::IpmiChecksum(rest));
  return head + rest;
}

std::string Capabilities() {
  // Channel 1, IPMI 2.0 only, users by name, per-message authentication.
  return Bytes({0x00, 0x01, 0x80, 0x04, 0x02, 0, 0, 0, 0});
}

std::string Suites(const std::vector<int>& suites, absl::string_view data) {
  std::string records = Bytes({0x00, 0x01});
  if (data.size() < 3 || (data[2] & 0x3f) != 0) return records;
  for (const int number : suites) {
    const power::IpmiSuite* suite = power::FindIpmiSuite(number);
    absl::StrAppend(&records, Bytes({0xc0, number, suite->authentication,
                                     0x40 | suite->integrity,
                                     0x80 | suite->confidentiality}));
  }
  return records;
}

std::string DeviceId() {
  return Bytes({0x00, 0x20, 0x01, 0x01, 0x00, 0x02, 0x9f, 0, 0, 0, 0, 0});
}

}  // namespace

BmcModel::BmcModel(BmcOptions options, uint64_t seed)
    : options_(std::move(options)),
      random_(seed),
      guid_(Random(16)),
      is_on_(options_.is_on) {}

std::string BmcModel::Random(size_t bytes) {
  std::string out;
  while (out.size() < bytes) out.push_back(static_cast<char>(random_()));
  return out;
}

bool BmcModel::IsOn(absl::Time now) {
  while (!plan_.empty() && plan_.begin()->first <= now) {
    is_on_ = plan_.begin()->second;
    plan_.erase(plan_.begin());
  }
  return is_on_;
}

void BmcModel::PlanPower(bool on, absl::Time at) {
  if (!options_.is_stubborn) plan_[at] = on;
}

std::vector<std::string> BmcModel::Receive(absl::string_view datagram,
                                           absl::Time now) {
  if (datagram.size() > 4 && datagram[4] == 0) return Legacy(datagram);
  const absl::StatusOr<power::IpmiPacket> packet =
      power::ParseIpmiPacket(datagram);
  std::optional<std::string> answer;
  if (packet.ok() && packet->session != 0) {
    answer = InSession(*packet, datagram, now);
  } else if (packet.ok()) {
    switch (static_cast<IpmiPayload>(packet->payload_type)) {
      case IpmiPayload::kMessage:
        answer = Unsealed(packet->payload);
        break;
      case IpmiPayload::kOpenRequest:
        answer = Answer(IpmiPayload::kOpenResponse, Open(packet->payload));
        break;
      case IpmiPayload::kRakp1:
        answer = Rakp1(packet->payload);
        if (answer) answer = Answer(IpmiPayload::kRakp2, *answer);
        break;
      case IpmiPayload::kRakp3:
        answer = Answer(IpmiPayload::kRakp4, Rakp3(packet->payload));
        break;
      default:
        break;
    }
  }
  if (!answer.has_value()) {
    ++counts_.dropped;
    return {};
  }
  return {*std::move(answer)};
}

// What is asked before a session, in the frames of IPMI 1.5,
std::vector<std::string> BmcModel::Legacy(absl::string_view datagram) {
  constexpr size_t kMessageAt = 14;
  if (datagram.size() < kMessageAt) return {};
  const std::optional<std::string> answer =
      BeforeSession(datagram.substr(kMessageAt));
  if (!answer.has_value()) return {};
  std::string out = Bytes({0x06, 0x00, 0xff, 0x07, 0x00});
  out.append(8, '\0');
  out.push_back(static_cast<char>(answer->size()));
  return {out + *answer};
}

// and in those of 2.0.
std::optional<std::string> BmcModel::Unsealed(absl::string_view message) {
  const std::optional<std::string> answer = BeforeSession(message);
  if (!answer.has_value()) return std::nullopt;
  return Answer(IpmiPayload::kMessage, *answer);
}

std::optional<std::string> BmcModel::BeforeSession(absl::string_view message) {
  if (message.size() < 7) return std::nullopt;
  const uint8_t function = static_cast<uint8_t>(message[1]) >> 2;
  const uint8_t number = static_cast<uint8_t>(message[4]) >> 2;
  const uint8_t command = message[5];
  const absl::string_view data = message.substr(6, message.size() - 7);
  std::string body = Bytes({kNotKnown});
  if (function == 0x06 && command == 0x38) body = Capabilities();
  if (function == 0x06 && command == 0x54) body = Suites(options_.suites, data);
  return Message(function, number, command, body);
}

std::string BmcModel::Refusal(uint8_t tag, IpmiStatus status,
                              uint32_t console) const {
  if (options_.refuses_shortly) return Bytes({tag, static_cast<int>(status)});
  std::string out = Bytes({tag, static_cast<int>(status), 0, 0});
  base::PutLe32(out, console);
  return out;
}

std::string BmcModel::Open(absl::string_view payload) {
  ++counts_.opens;
  base::Reader reader(payload);
  const uint8_t tag = reader.U8();
  reader.Bytes(3);
  const uint32_t console = reader.Le32();
  const absl::string_view algorithms = reader.Bytes(24);
  if (!reader.ok()) return Refusal(tag, IpmiStatus::kNoMatchingSuite, console);
  if (options_.busy_logins > 0 || sessions_.size() >= kMaxSessions) {
    if (options_.busy_logins > 0) --options_.busy_logins;
    sessions_.clear();  // those that were only begun time out
    return Refusal(tag, IpmiStatus::kNoResources, console);
  }
  const power::IpmiSuite* suite = nullptr;
  for (const int number : options_.suites) {
    const power::IpmiSuite* candidate = power::FindIpmiSuite(number);
    if (algorithms[4] == candidate->authentication &&
        algorithms[12] == candidate->integrity &&
        algorithms[20] == candidate->confidentiality) {
      suite = candidate;
    }
  }
  if (options_.answers_suite != 0) {
    suite = power::FindIpmiSuite(options_.answers_suite);
  }
  if (suite == nullptr) {
    return Refusal(tag, IpmiStatus::kNoMatchingSuite, console);
  }
  uint32_t id = 0;
  while (id == 0 || sessions_.contains(id)) id = random_();
  Session& session = sessions_[id];
  session.suite = suite;
  session.exchange.our_id = console;
  session.exchange.their_id = id;
  std::string out = Bytes({tag, 0, 4, 0});
  base::PutLe32(out, console);
  base::PutLe32(out, id);
  absl::StrAppend(&out, Bytes({0, 0, 0, 8, suite->authentication, 0, 0, 0}),
                  Bytes({1, 0, 0, 8, suite->integrity, 0, 0, 0}),
                  Bytes({2, 0, 0, 8, suite->confidentiality, 0, 0, 0}));
  return out;
}

std::optional<std::string> BmcModel::Rakp1(absl::string_view payload) {
  ++counts_.rakp1s;
  base::Reader reader(payload);
  const uint8_t tag = reader.U8();
  reader.Bytes(3);
  const auto found = sessions_.find(reader.Le32());
  const std::string their_random(reader.Bytes(16));
  const uint8_t role = reader.U8();
  reader.Bytes(2);
  const std::string name(reader.Bytes(reader.U8()));
  if (!reader.ok()) return std::nullopt;
  if (found == sessions_.end() || found->second.is_open) {
    return Refusal(tag, IpmiStatus::kInvalidSession, 0);
  }
  Session& session = found->second;
  IpmiExchange& exchange = session.exchange;
  session.user = nullptr;
  for (const BmcUser& user : options_.users) {
    if (user.name == name) session.user = &user;
  }
  if (session.user == nullptr) {
    if (options_.silent_for_unknown) return std::nullopt;
    return Refusal(tag, IpmiStatus::kUnauthorizedName, exchange.our_id);
  }
  if ((role & 0x0f) > session.user->privilege) {
    return Refusal(tag, IpmiStatus::kUnauthorizedRole, exchange.our_id);
  }
  if (exchange.their_random.empty() || options_.new_random_each_time) {
    exchange.their_random = Random(16);
  }
  exchange.our_random = their_random;
  exchange.role = role;
  exchange.user = name;
  exchange.guid = guid_;
  std::string out = Bytes({tag, 0, 0, 0});
  base::PutLe32(out, exchange.our_id);
  absl::StrAppend(
      &out, exchange.their_random, exchange.guid,
      power::IpmiRakp2Code(*session.suite, session.user->password, exchange)
          .view());
  return out;
}

std::string BmcModel::Rakp3(absl::string_view payload) {
  ++counts_.rakp3s;
  base::Reader reader(payload);
  const uint8_t tag = reader.U8();
  const uint8_t status = reader.U8();
  reader.Bytes(2);
  const auto found = sessions_.find(reader.Le32());
  if (!reader.ok() || status != 0 || found == sessions_.end() ||
      found->second.user == nullptr) {
    return Refusal(tag, IpmiStatus::kInvalidSession, 0);
  }
  Session& session = found->second;
  const IpmiExchange& exchange = session.exchange;
  if (!net::SameBytes(
          power::IpmiRakp3Code(*session.suite, session.user->password, exchange)
              .view(),
          reader.rest())) {
    ++counts_.refused_proofs;
    return Refusal(tag, IpmiStatus::kInvalidCheckValue, exchange.our_id);
  }
  session.keys = power::MakeIpmiKeys(*session.suite,
                                     options_.controller_key.empty()
                                         ? session.user->password
                                         : options_.controller_key,
                                     exchange);
  if (!session.is_open) ++counts_.logins;
  session.is_open = true;
  std::string out = Bytes({tag, 0, 0, 0});
  base::PutLe32(out, exchange.our_id);
  absl::StrAppend(&out, power::IpmiRakp4Check(session.keys, exchange).view());
  return out;
}

std::optional<std::string> BmcModel::InSession(const power::IpmiPacket& packet,
                                               absl::string_view datagram,
                                               absl::Time now) {
  const auto found = sessions_.find(packet.session);
  if (found == sessions_.end() || !found->second.is_open) return std::nullopt;
  Session& session = found->second;
  const absl::StatusOr<std::string> message =
      power::UnsealIpmiPacket(session.keys, datagram);
  if (!message.ok() || message->size() < 7) return std::nullopt;
  if (!session.window.Take(packet.sequence)) return std::nullopt;
  const uint8_t function = static_cast<uint8_t>((*message)[1]) >> 2;
  const uint8_t number = static_cast<uint8_t>((*message)[4]) >> 2;
  const uint8_t command = (*message)[5];
  const absl::string_view data =
      absl::string_view(*message).substr(6, message->size() - 7);
  std::string answer;
  for (const auto& [asked, answered] : session.answered) {
    if (options_.remembers_numbers && asked == *message) answer = answered;
  }
  if (answer.empty()) {
    answer = Message(function, number, command,
                     Execute(session, function, command, data, now));
    session.answered.emplace_back(*message, answer);
    if (session.answered.size() > kAnswersKept) session.answered.pop_front();
  }
  std::string sealed =
      power::SealIpmiPacket(session.keys, session.exchange.our_id,
                            ++session.sequence, Random(16), answer);
  if (function == 0x06 && command == 0x3c) sessions_.erase(found);
  return sealed;
}

std::string BmcModel::Execute(Session& session, uint8_t function,
                              uint8_t command, absl::string_view data,
                              absl::Time now) {
  if (options_.busy_commands > 0) {
    --options_.busy_commands;
    return Bytes({kBusy});
  }
  switch (function << 8 | command) {
    case 0x0001:  // Get Chassis Status
      return Bytes({0, 0x60 | (IsOn(now) ? 1 : 0), 0, 0x40, 0});
    case 0x0002:
      return Control(session, data, now);
    case 0x0004:
      ++counts_.identify;
      return Bytes({0});
    case 0x0008:
      return SetBoot(session, data, now);
    case 0x0009:
      return GetBoot(session, data, now);
    case 0x0601:
      return DeviceId();
    case 0x0638:
      return Capabilities();
    case 0x0654:
      return Suites(options_.suites, data);
    case 0x063b:
      return SetPrivilege(session, data);
    case 0x063c:
      ++counts_.closes;
      return Bytes({0});
    default:
      return Bytes({kNotKnown});
  }
}

std::string BmcModel::SetPrivilege(Session& session, absl::string_view data) {
  if (data.empty()) return Bytes({0xc7});
  const uint8_t wanted = data[0] & 0x0f;
  const uint8_t role = session.exchange.role & 0x0f;
  if (wanted > session.user->privilege || (role != 0 && wanted > role)) {
    return Bytes({0x80});
  }
  if (wanted != 0) session.privilege = wanted;
  return Bytes({0, session.privilege});
}

std::string BmcModel::BootOption(uint8_t parameter, absl::Time now) {
  std::string value = boot_[parameter];
  value.resize(parameter == 5 ? 5 : parameter == 4 ? 2 : 1);
  if (parameter == 5 && now >= boot_until_) value[0] &= 0x7f;
  return value;
}

std::string BmcModel::SetBoot(const Session& session, absl::string_view data,
                              absl::Time now) {
  constexpr uint8_t kNoSuchOption = 0x80;
  if (session.privilege < options_.control_privilege) {
    return Bytes({kNoPrivilege});
  }
  if (!options_.has_boot_options) return Bytes({kNotKnown});
  if (data.empty()) return Bytes({0xc7});
  const uint8_t parameter = data[0] & 0x7f;
  const bool is_known = parameter == 0 || parameter == 3 || parameter == 4 ||
                        (parameter == 5 && options_.has_boot_flags);
  if (!is_known) return Bytes({kNoSuchOption});
  if (options_.forgets_boot) return Bytes({0});
  boot_[parameter] = std::string(data.substr(1));
  if (parameter == 5) {
    ++counts_.boot;
    boot_until_ = (BootOption(3, now)[0] & 0x08) != 0 ? absl::InfiniteFuture()
                                                      : now + absl::Seconds(60);
  }
  return Bytes({0});
}

std::string BmcModel::GetBoot(const Session& session, absl::string_view data,
                              absl::Time now) {
  if (session.privilege < options_.control_privilege) {
    return Bytes({kNoPrivilege});
  }
  if (!options_.has_boot_options || !options_.shows_boot_options) {
    return Bytes({kNotKnown});
  }
  if (data.size() != 3) return Bytes({0xc7});
  return Bytes({0, 1, data[0]}) + BootOption(data[0] & 0x7f, now);
}

std::string BmcModel::Control(const Session& session, absl::string_view data,
                              absl::Time now) {
  if (session.privilege < options_.control_privilege) {
    return Bytes({kNoPrivilege});
  }
  const bool was_on = IsOn(now);
  const absl::Time later = now + options_.switch_time;
  switch (data.empty() ? 0xff : data[0]) {
    case 0:
      ++counts_.off;
      PlanPower(false, later);
      return Bytes({0});
    case 1:
      ++counts_.on;
      PlanPower(true, later);
      if (options_.falls_back) PlanPower(false, later + absl::Seconds(3));
      return Bytes({0});
    case 2:
      if (!was_on) return Bytes({kNotInThisState});
      ++counts_.cycle;
      PlanPower(false, later);
      PlanPower(true, later + absl::Seconds(2));
      return Bytes({0});
    case 3:
      if (!was_on) return Bytes({kNotInThisState});
      ++counts_.reset;
      return Bytes({0});
    case 4:
      ++counts_.nmi;
      return Bytes({0});
    case 5:
      if (!was_on) return Bytes({kNotInThisState});
      ++counts_.soft;
      if (!options_.ignores_soft) PlanPower(false, now + options_.soft_time);
      return Bytes({0});
    default:
      return Bytes({kWrongField});
  }
}

}  // namespace fakes
