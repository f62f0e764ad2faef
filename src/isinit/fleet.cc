#include "isinit/fleet.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "keys/allowed_signers.h"
#include "keys/identity.h"
#include "keys/openssh_key.h"
#include "net/channel.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/loop.h"
#include "sys/process.h"
#include "wire/message.h"
#include "wire/parcel.h"

namespace isinit {

namespace wire_pb = fleetbox::wire;

namespace {

constexpr size_t kMaxFleetFileBytes = 16 << 20;

absl::Status AddItem(absl::string_view item, std::vector<FleetHost>& hosts) {
  const size_t equals = item.find('=');
  std::string name(item.substr(0, equals));
  std::string text(equals == absl::string_view::npos ? item
                                                     : item.substr(equals + 1));
  if (!net::HasCarrier(text)) text = absl::StrCat("ssh:", text);
  TRY_ASSIGN(const net::Address address, net::ParseAddress(text));
  if (equals == absl::string_view::npos) {
    name = address.carrier == net::Address::Carrier::kUnix ? address.path
                                                           : address.host;
  }
  if (name.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", item, "': the host has no name"));
  }
  hosts.push_back({std::move(name), std::move(text)});
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<FleetHost>> ParseFleet(absl::string_view text) {
  std::vector<FleetHost> hosts;
  for (absl::string_view item :
       absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    item = absl::StripAsciiWhitespace(item);
    if (!absl::ConsumePrefix(&item, "@")) {
      TRY(AddItem(item, hosts));
      continue;
    }
    const std::string file(item);
    TRY_ASSIGN(const std::string lines,
               sys::ReadFile(file, kMaxFleetFileBytes));
    for (absl::string_view line : absl::StrSplit(lines, '\n')) {
      line = absl::StripAsciiWhitespace(line.substr(0, line.find('#')));
      if (!line.empty()) TRY(base::Context(AddItem(line, hosts), file));
    }
  }
  if (hosts.empty()) return absl::InvalidArgumentError("no host is named");
  return hosts;
}

absl::StatusOr<size_t> ParseBatch(absl::string_view text, size_t hosts) {
  const bool percent = absl::ConsumeSuffix(&text, "%");
  uint32_t n = 0;
  if (!absl::SimpleAtoi(text, &n) || n == 0 || (percent && n > 100)) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", text, percent ? "%" : "",
                     "' is not a number of hosts, nor 1% to 100%"));
  }
  if (!percent) return n;
  return std::max<size_t>(1, hosts * n / 100);
}

namespace {

// One host's conversation.
struct Talk {
  std::unique_ptr<net::Channel> channel;
  base::ParcelId asked;
  sys::Loop::Timer patience = 0;
  bool sent = false, over = false;
};

class Asker {
 public:
  Asker(const std::vector<FleetHost>& hosts,
        const wire_pb::IsinitRequest& request, const FleetOptions& options,
        const std::function<void(size_t, const FleetOutcome&)>& ended)
      : hosts_(hosts),
        request_(request),
        options_(options),
        ended_(ended),
        trust_(options.trust),
        talks_(hosts.size()),
        outcomes_(hosts.size()) {}

  absl::StatusOr<std::vector<FleetOutcome>> Run() {
    TRY(FindIdentity());
    trust_.Refresh();
    StartMore();
    loop_.Run();
    return std::move(outcomes_);
  }

 private:
  absl::Status FindIdentity();
  void StartMore();
  void Start(size_t i);
  void Send(size_t i);
  void Arrived(size_t i, absl::string_view bytes);
  void End(size_t i, int code, absl::string_view text);

  const std::vector<FleetHost>& hosts_;
  const wire_pb::IsinitRequest& request_;
  const FleetOptions& options_;
  const std::function<void(size_t, const FleetOutcome&)>& ended_;
  sys::Loop loop_;
  keys::TrustFile trust_;
  std::unique_ptr<wire::Signer> signer_;
  std::vector<Talk> talks_;
  std::vector<FleetOutcome> outcomes_;
  size_t next_ = 0, under_way_ = 0, failures_ = 0;
};

// Where the carrier vouches for who we are, somebody without a key gets one for
// this call.
absl::Status Asker::FindIdentity() {
  absl::StatusOr<std::unique_ptr<wire::Signer>> identity =
      keys::UserIdentity(options_.identity);
  const bool tcp = std::any_of(
      hosts_.begin(), hosts_.end(),
      [](const FleetHost& h) { return absl::StartsWith(h.address, "tcp:"); });
  if (!identity.ok() && options_.identity.empty() && !tcp) {
    identity = std::make_unique<keys::KeyPair>(keys::NewKeyPair("one call"));
  }
  TRY(identity);
  signer_ = *std::move(identity);
  return absl::OkStatus();
}

// A batch is begun when the one before it is through.
void Asker::StartMore() {
  if (under_way_ > 0 || next_ == hosts_.size()) return;
  if (options_.stop_on_fail > 0 && failures_ >= options_.stop_on_fail) return;
  const size_t batch = options_.batch == 0 ? hosts_.size() : options_.batch;
  const size_t end = std::min(hosts_.size(), next_ + batch);
  under_way_ = end - next_;
  const size_t first = std::exchange(next_, end);
  for (size_t i = first; i < end; i++) Start(i);
}

void Asker::Start(size_t i) {
  outcomes_[i].asked = true;
  const absl::StatusOr<net::Address> address =
      net::ParseAddress(hosts_[i].address);
  if (!address.ok()) {
    loop_.Post([this, i, address] { End(i, 64, address.status().message()); });
    return;
  }
  net::ChannelOptions options;
  options.signer = signer_.get();
  options.trust = &trust_;
  if (address->carrier == net::Address::Carrier::kTcp) {
    options.expected_principal = absl::StrCat("host:", hosts_[i].name);
  }
  options.remote_command = {"fleetbox", "isinit", "--relay"};
  net::ChannelEvents events;
  events.opened = [this, i](net::Channel&) { Send(i); };
  events.parcel = [this, i](net::Channel&, absl::string_view bytes) {
    Arrived(i, bytes);
  };
  events.receipt = [this, i](net::Channel&, const net::Receipt& r) {
    if (r.id == talks_[i].asked && r.code != net::Receipt::Code::kAccepted) {
      End(i, 77, absl::StrCat("the host says: ", r.text));
    }
  };
  events.closed = [this, i](net::Channel&, const absl::Status& why) {
    if (talks_[i].sent) {
      End(i, 75, why.ok() ? "the connection broke" : why.message());
    } else {
      const bool trust =
          absl::IsPermissionDenied(why) || absl::IsUnauthenticated(why);
      End(i, trust ? 77 : 69, why.ok() ? "it hung up" : why.message());
    }
  };
  talks_[i].channel = net::Channel::Call(loop_, *address, std::move(options),
                                         std::move(events));
  talks_[i].patience = loop_.After(options_.patience, [this, i] {
    talks_[i].patience = 0;
    End(i, 75, talks_[i].sent ? "no answer in time" : "not reached in time");
  });
}

void Asker::Send(size_t i) {
  wire::Draft draft;
  draft.kind = wire_pb::TELL;
  draft.body = wire::Serialize(request_);
  draft.audience = absl::StrCat("host:", hosts_[i].name);
  draft.id = base::ParcelId::From(sys::RandomBytes(16));
  draft.now = sys::WallNow();
  talks_[i].asked = draft.id;
  absl::StatusOr<std::string> parcel = wire::Seal(draft, *signer_);
  if (!parcel.ok()) {
    End(i, 70, parcel.status().message());
    return;
  }
  talks_[i].sent = true;
  talks_[i].channel->Send(*std::move(parcel));
}

void Asker::Arrived(size_t i, absl::string_view bytes) {
  if (talks_[i].over) return;
  wire::Receiver receiver;
  receiver.trust = &trust_;
  receiver.local_peer = talks_[i].channel->peer().local;
  // What ssh or the kernel has connected us with answers for itself.
  if (receiver.local_peer.empty() &&
      absl::StartsWith(hosts_[i].address, "ssh:")) {
    receiver.local_peer = absl::StrCat("host:", hosts_[i].name);
  }
  const absl::StatusOr<wire::Opened> parcel =
      wire::Open(bytes, receiver, sys::WallNow());
  if (!parcel.ok() || parcel->header.kind != wire_pb::TOLD) {
    End(i, 77, parcel.ok() ? "that is no answer" : parcel.status().message());
    return;
  }
  absl::StatusOr<wire_pb::IsinitAnswer> answer =
      wire::Parse<wire_pb::IsinitAnswer>(parcel->body);
  if (!answer.ok() || answer->query() != talks_[i].asked.view()) return;
  const bool last = answer->last();
  const int code = static_cast<int>(answer->exit_code());
  const std::string text = answer->text();
  outcomes_[i].answers.push_back(*std::move(answer));
  if (last) End(i, code, text);
}

void Asker::End(size_t i, int code, absl::string_view text) {
  Talk& talk = talks_[i];
  if (std::exchange(talk.over, true)) return;
  loop_.Cancel(talk.patience);
  outcomes_[i].code = code;
  outcomes_[i].text = std::string(text);
  if (code != 0) failures_++;
  if (ended_) ended_(i, outcomes_[i]);
  // An event of the channel may be what brought us here.
  if (talk.channel != nullptr) {
    loop_.DeleteAtEndOfTurn(std::move(talk.channel));
  }
  if (--under_way_ == 0) loop_.Post([this] { StartMore(); });
}

}  // namespace

absl::StatusOr<std::vector<FleetOutcome>> AskFleet(
    const std::vector<FleetHost>& hosts, const wire_pb::IsinitRequest& request,
    const FleetOptions& options,
    const std::function<void(size_t, const FleetOutcome&)>& ended) {
  return Asker(hosts, request, options, ended).Run();
}

int WorstCode(const std::vector<FleetOutcome>& outcomes) {
  int worst = 0;
  for (const FleetOutcome& o : outcomes) {
    worst = std::max(worst, o.asked ? o.code : 75);
  }
  return worst;
}

}  // namespace isinit
