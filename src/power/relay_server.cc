#include "power/relay_server.h"

#include <absl/strings/str_cat.h>
#include <absl/time/time.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/status.h"
#include "keys/allowed_signers.h"
#include "keys/identity.h"
#include "keys/openssh_key.h"
#include "net/listener.h"
#include "power/limits.h"
#include "power/relay_request.h"
#include "power/seen_requests.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/process.h"
#include "sys/users.h"
#include "wire/message.h"
#include "wire/parcel.h"

namespace power {
namespace {

namespace wire_pb = fleetbox::wire;
using wire_pb::PowerAnswer;

constexpr char kSystemTrust[] = "/etc/fleetbox/allowed_signers";

// One that cannot even be looked at may be there.
bool MayExist(const std::string& path) {
  const absl::StatusOr<sys::FileInfo> file = sys::Stat(path);
  return !file.ok() || file->exists || file->symlink;
}

std::string AccountName() {
  const absl::StatusOr<sys::Account> account = sys::FindAccount(sys::MyUid());
  return account.ok() ? account->name : absl::StrCat(sys::MyUid());
}

}  // namespace

struct RelayServer::State {
  struct Line {
    std::unique_ptr<net::Channel> channel;
    std::string from;
    // Of ssh, where no trust file says who may: who anybody counts as.
    std::string counts_as;
  };
  struct Run {
    std::unique_ptr<RelayRun> run;
    uint64_t line = 0;  // 0: it has broken
    std::string parcel_id, principal;
  };

  State(sys::Loop& l, Options o)
      : loop(l),
        options(std::move(o)),
        trust(options.trust),
        seen(absl::StrCat(options.run.run.state_folder, "/requests")) {
    if (options.host.empty()) options.host = sys::HostName();
  }

  net::ChannelOptions MakeOptions();
  net::ChannelEvents MakeEvents();
  uint64_t NumberOf(const net::Channel& channel) const;
  void Arrived(net::Channel& channel, absl::string_view bytes);
  absl::Status Take(uint64_t line, absl::string_view bytes);
  absl::Status CheckRoom() const;
  absl::Status Stop(uint64_t line, const std::string& principal,
                    const RelayWish& wish);
  void Begin(uint64_t line, const wire::Opened& parcel, RelayOrder order);
  void Tell(uint64_t number, PowerAnswer answer);
  void Closed(net::Channel& channel);
  void CheckIdle();

  sys::Loop& loop;
  Options options;
  keys::TrustFile trust;
  SeenRequests seen;
  std::unique_ptr<wire::Signer> signer;
  std::vector<std::unique_ptr<net::Listener>> listeners;
  std::map<uint64_t, Line> lines;
  std::map<uint64_t, Run> runs;
  uint64_t last_line = 0, last_run = 0;
  std::function<void()> idle;
  bool is_stopping = false;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
};

net::ChannelOptions RelayServer::State::MakeOptions() {
  net::ChannelOptions channel;
  channel.signer = signer.get();
  channel.trust = &trust;
  channel.principal = absl::StrCat("host:", options.host);
  channel.max_frame_bytes = kMaxRelayRequestBytes + 4096;
  return channel;
}

net::ChannelEvents RelayServer::State::MakeEvents() {
  net::ChannelEvents events;
  events.parcel = [this](net::Channel& channel, absl::string_view bytes) {
    Arrived(channel, bytes);
  };
  events.closed = [this](net::Channel& channel, const absl::Status&) {
    Closed(channel);
  };
  return events;
}

uint64_t RelayServer::State::NumberOf(const net::Channel& channel) const {
  for (const auto& [number, line] : lines) {
    if (line.channel.get() == &channel) return number;
  }
  return 0;
}

// What a parcel was refused for is for our log; the peer only hears that it
// was.
void RelayServer::State::Arrived(net::Channel& channel,
                                 absl::string_view bytes) {
  const uint64_t line = NumberOf(channel);
  if (line == 0) return;
  const absl::Status taken = Take(line, bytes);
  if (taken.ok()) return;
  sys::Log("relay.refused", {{"from", lines.at(line).from},
                             {"why", std::string(taken.message())}});
  net::Receipt receipt;
  if (const auto header = wire::ParseHeader(bytes); header.ok()) {
    receipt.id = header->id;
  }
  const bool is_busy = absl::IsResourceExhausted(taken);
  receipt.code =
      is_busy ? net::Receipt::Code::kNotNow : net::Receipt::Code::kRefused;
  receipt.text = is_busy ? "busy" : "refused";
  channel.SendReceipt(receipt);
}

absl::Status RelayServer::State::Take(uint64_t number,
                                      absl::string_view bytes) {
  const Line& line = lines.at(number);
  trust.Refresh();
  wire::Receiver receiver;
  receiver.principals = {absl::StrCat("host:", options.host)};
  receiver.trust = &trust;
  receiver.local_peer = line.counts_as;
  const absl::Time now = sys::WallNow();
  TRY_ASSIGN(const wire::Opened parcel, wire::Open(bytes, receiver, now));
  const std::string sender = wire::Fingerprint(parcel.header.sender);
  if (parcel.header.kind != wire_pb::REQUEST) {
    return absl::InvalidArgumentError(absl::StrCat(
        "step 1 (header): ", sender, ": a ",
        wire::RulesOf(parcel.header.kind)->name, " is nothing that switches"));
  }
  // What is for anybody could be carried to every host, one after the other.
  if (parcel.header.audience == wire::AudienceOf("")) {
    return absl::PermissionDeniedError(
        absl::StrCat("step 2 (audience): ", sender, ": it names no host"));
  }
  const absl::StatusOr<RelayWish> wish = ParseRequest(parcel.body);
  if (!wish.ok()) {
    return base::Context(wish.status(),
                         absl::StrCat("step 8 (content): ", sender));
  }
  if (wish->order.has_value()) TRY(CheckRoom());
  TRY(seen.Check(parcel.header, now));
  if (!wish->order.has_value()) {
    return Stop(number, parcel.principals[0], *wish);
  }
  Begin(number, parcel, *wish->order);
  return absl::OkStatus();
}

// Campaigns that share nothing must not be in one process: locks are a
// process's.
absl::Status RelayServer::State::CheckRoom() const {
  const size_t most =
      options.run.means == nullptr ? size_t{1} : kMaxRelayRequests;
  if (!is_stopping && runs.size() < most) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat(runs.size(), " requests are under way"));
}

// One may stop what one has begun oneself, by the same line. What has ended in
// the meantime is nobody's mistake.
absl::Status RelayServer::State::Stop(uint64_t line,
                                      const std::string& principal,
                                      const RelayWish& wish) {
  for (auto& [number, run] : runs) {
    if (run.line != line || run.parcel_id != wish.stop.view()) continue;
    if (run.principal != principal) {
      return absl::PermissionDeniedError(
          absl::StrCat(principal, ": has not asked for what it would stop"));
    }
    if (wish.abandon) {
      run.run->Abandon();
    } else {
      run.run->Interrupt();
    }
    break;
  }
  return absl::OkStatus();
}

void RelayServer::State::Begin(uint64_t line, const wire::Opened& parcel,
                               RelayOrder order) {
  const uint64_t number = ++last_run;
  RelayRun::Options its = options.run;
  its.run.login = parcel.principals[0];
  its.run.via = lines.at(line).from;
  if (!order.asker.empty()) {
    absl::StrAppend(&its.run.via, " (", order.asker, ")");
  }
  sys::Log("relay.begun", {{"from", lines.at(line).from},
                           {"principal", parcel.principals[0]},
                           {"action", std::string(Word(order.plan.action))}});
  Run& run = runs[number];
  run.line = line;
  run.parcel_id = std::string(parcel.header.id.view());
  run.principal = parcel.principals[0];
  run.run = std::make_unique<RelayRun>(
      loop, std::move(order), std::move(its),
      [this, number](PowerAnswer answer) { Tell(number, std::move(answer)); });
  run.run->Start();
}

void RelayServer::State::Tell(uint64_t number, PowerAnswer answer) {
  const auto at = runs.find(number);
  if (at == runs.end()) return;
  const bool is_last = answer.last();
  const auto line = lines.find(at->second.line);
  const bool is_left_out =
      !answer.trace().empty() && line != lines.end() &&
      line->second.channel->queued_bytes() > kMaxRelayUnreadBytes;
  if (line != lines.end() && !is_left_out) {
    answer.set_request(at->second.parcel_id);
    wire::Draft draft;
    draft.kind = wire_pb::POWERED;
    draft.body = wire::Serialize(answer);
    draft.id = base::ParcelId::From(sys::RandomBytes(16));
    draft.now = sys::WallNow();
    absl::StatusOr<std::string> parcel = wire::Seal(draft, *signer);
    if (parcel.ok()) line->second.channel->Send(*std::move(parcel));
  }
  if (!is_last) return;
  sys::Log("relay.ended",
           {{"principal", at->second.principal}, {"code", answer.exit_code()}});
  loop.DeleteAtEndOfTurn(std::move(at->second.run));
  runs.erase(at);
  CheckIdle();
}

void RelayServer::State::Closed(net::Channel& channel) {
  const uint64_t number = NumberOf(channel);
  if (number == 0) return;
  auto line = lines.extract(number);
  loop.DeleteAtEndOfTurn(std::move(line.mapped().channel));
  for (auto& [id, run] : runs) {
    if (run.line != number) continue;
    run.line = 0;
    run.run->Interrupt();
  }
  CheckIdle();
}

void RelayServer::State::CheckIdle() {
  if (is_stopping && runs.empty()) {
    for (auto& [number, line] : lines) line.channel->Close("stopping");
  }
  if (idle && lines.empty() && runs.empty()) idle();
}

RelayServer::RelayServer(sys::Loop& loop, Options options)
    : state_(std::make_unique<State>(loop, std::move(options))) {}
RelayServer::~RelayServer() = default;

absl::Status RelayServer::Listen(const std::string& text) {
  State& s = *state_;
  TRY_ASSIGN(const net::Address address, net::ParseAddress(text));
  if (s.signer == nullptr) {
    TRY_ASSIGN(s.signer, keys::HostIdentity(s.options.identity));
  }
  s.trust.Refresh();
  TRY_ASSIGN(
      std::unique_ptr<net::Listener> listener,
      net::Listener::Listen(
          s.loop, address, s.MakeOptions(), [&s] { return s.MakeEvents(); },
          [&s](std::unique_ptr<net::Channel> channel) {
            if (s.lines.size() >= kMaxRelayChannels) {
              sys::Log("relay.full", {{"from", channel->peer().address}});
              s.loop.DeleteAtEndOfTurn(std::move(channel));
              return;
            }
            State::Line& line = s.lines[++s.last_line];
            line.from = channel->peer().address;
            line.counts_as = channel->peer().local;
            line.channel = std::move(channel);
          }));
  s.listeners.push_back(std::move(listener));
  return absl::OkStatus();
}

absl::Status RelayServer::AcceptSsh(sys::Fd socket, const std::string& from) {
  State& s = *state_;
  if (s.signer == nullptr) {
    absl::StatusOr<std::unique_ptr<wire::Signer>> identity =
        keys::HostIdentity(s.options.identity);
    // ssh has said who we are; an account that cannot read the host's key gets
    // one for this call.
    if (!identity.ok() && s.options.identity.empty()) {
      identity = std::make_unique<keys::KeyPair>(keys::NewKeyPair("one call"));
    }
    TRY(identity);
    s.signer = *std::move(identity);
  }
  // The system's counts even where a variable names another: whoever can set
  // variables is not to get rid of it.
  const bool is_strict = !s.options.trust.empty() || MayExist(s.trust.path()) ||
                         MayExist(kSystemTrust);
  State::Line& line = s.lines[++s.last_line];
  line.from = from;
  if (!is_strict) line.counts_as = absl::StrCat("ssh:", AccountName());
  line.channel = net::Channel::Accept(s.loop, std::move(socket),
                                      net::Address::Carrier::kSsh, from,
                                      s.MakeOptions(), s.MakeEvents());
  return absl::OkStatus();
}

std::vector<std::string> RelayServer::addresses() const {
  std::vector<std::string> all;
  for (const auto& listener : state_->listeners) {
    all.push_back(net::FormatAddress(listener->address()));
  }
  return all;
}

bool RelayServer::is_idle() const {
  return state_->lines.empty() && state_->runs.empty();
}

void RelayServer::SetIdle(std::function<void()> idle) {
  state_->idle = std::move(idle);
}

void RelayServer::Interrupt() {
  for (auto& [number, run] : state_->runs) run.run->Interrupt();
}

void RelayServer::Stop(std::function<void()> stopped) {
  State& s = *state_;
  s.is_stopping = true;
  s.idle = std::move(stopped);
  for (const auto& listener : s.listeners) listener->Stop();
  Interrupt();
  s.loop.Post([weak = std::weak_ptr<bool>(s.alive), &s] {
    if (!weak.expired()) s.CheckIdle();
  });
}

void RelayServer::Abandon() {
  for (auto& [number, run] : state_->runs) run.run->Abandon();
}

}  // namespace power
