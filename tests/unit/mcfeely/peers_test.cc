// The real server and the real agent, each with peers that are not what they
// should be, over TCP on the loopback.
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>

#include "base/bytes.h"
#include "keys/allowed_signers.h"
#include "keys/openssh_key.h"
#include "mcfeely/agent.h"
#include "mcfeely/job.h"
#include "mcfeely/server.h"
#include "unit/net/fixture.h"
#include "wire/message.h"

namespace {

namespace pb = fleetbox::wire;
using net_test::End;
using net_test::TurnUntil;

// Keys, a trust file, and a folder for everything.
struct Site {
  sys::TemporaryFolder folder = *sys::TemporaryFolder::Make("peers-");
  keys::KeyPair server = keys::NewKeyPair("server");
  keys::KeyPair h1 = keys::NewKeyPair("h1"), h2 = keys::NewKeyPair("h2");
  keys::KeyPair ops = keys::NewKeyPair("ops");
  keys::KeyPair stranger = keys::NewKeyPair("stranger");

  Site() {
    sys::IgnoreSigpipe();
    Write("server", server);
    Write("h1", h1);
    Trust(server, "server:mcfeely");
    Trust(h1, "host:h1");
    Trust(h2, "host:h2");
    Trust(ops, "ops");
  }
  std::string Path(const std::string& name) const {
    return absl::StrCat(folder.path(), "/", name);
  }
  void Write(const std::string& name, const keys::KeyPair& key) {
    REQUIRE(keys::WriteKeyFiles(Path(name), key, false).ok());
  }
  void Trust(const keys::KeyPair& key, const std::string& principal) {
    keys::AllowedSigner signer;
    signer.principals = {principal};
    signer.key = key.public_key();
    REQUIRE(keys::AddSigner(Path("trust"), signer).ok());
  }
};

base::ParcelId NewId() { return base::ParcelId::From(sys::RandomBytes(16)); }

std::string Sealed(wire::Kind kind, const std::string& body,
                   const keys::KeyPair& key, const std::string& audience,
                   absl::Time when = sys::WallNow()) {
  wire::Draft draft;
  draft.kind = kind;
  draft.body = body;
  draft.audience = audience;
  draft.id = NewId();
  draft.now = when;
  const auto parcel = wire::Seal(draft, key);
  REQUIRE(parcel.ok());
  return *parcel;
}

base::ParcelId IdOf(const std::string& parcel) {
  return wire::ParseHeader(parcel)->id;
}

// A server, and peers that a test plays itself.
struct ServerSite : Site {
  sys::Loop loop;
  std::unique_ptr<mcfeely::Server> real;
  keys::TrustFile trust{Path("trust")};

  explicit ServerSite(absl::Duration answer_within = absl::Minutes(10),
                      absl::Duration dead_after = absl::Milliseconds(600)) {
    trust.Refresh();
    mcfeely::ServerConfig config;
    config.queue = Path("queue");
    config.listen = {"tcp:127.0.0.1:0"};
    config.identity = Path("server");
    config.trust = Path("trust");
    config.hosts = {"h1", "h2"};
    config.handshake_time = absl::Milliseconds(300);
    config.dead_after = dead_after;
    config.limits.answer_within = answer_within;
    config.limits.max_per_host = 10;
    auto opened = mcfeely::Server::Open(loop, config);
    INFO(opened.status().message());
    REQUIRE(opened.ok());
    real = std::move(*opened);
  }
  net::Address address() const {
    return *net::ParseAddress(real->addresses()[0]);
  }
  void Call(End& end, const keys::KeyPair& key, const std::string& principal,
            sys::Loop& on) {
    net::ChannelOptions options;
    options.signer = &key;
    options.trust = &trust;
    options.principal = principal;
    options.expected_principal = "server:mcfeely";
    end.channel = net::Channel::Call(on, address(), options, end.Events());
  }
  void CallAsAgent(End& end, const keys::KeyPair& key, const std::string& host,
                   sys::Loop& on, bool takes_ahead = false) {
    Call(end, key, "host:" + host, on);
    pb::Announce announce;
    announce.set_takes_ahead(takes_ahead);
    announce.set_host(host);
    announce.set_journal(sys::RandomBytes(16));
    end.channel->Send(Sealed(pb::ANNOUNCE, announce.SerializeAsString(), key,
                             "server:mcfeely"));
  }
  wire::Receiver As(std::vector<std::string> principals) const {
    wire::Receiver receiver;
    receiver.principals = std::move(principals);
    receiver.trust = &trust;
    return receiver;
  }
  bool Until(const std::function<bool()>& done) {
    return TurnUntil(loop, done);
  }

  // The answer to a parcel of an operator.
  net::Receipt Ask(const std::string& parcel) {
    End end;
    Call(end, ops, "ops", loop);
    end.channel->Send(parcel);
    REQUIRE(Until([&] { return !end.receipts.empty(); }));
    return end.receipts[0];
  }
  uint64_t Inject(const std::string& host, size_t input_bytes = 0) {
    mcfeely::Job job;
    job.tasks.push_back({"t", host, "comm", {}, {}});
    if (input_bytes > 0) {
      job.inputs = {{"in", sys::RandomBytes(input_bytes)}};
      job.tasks[0].options.Edit().run.input = "in";
    }
    const net::Receipt receipt = Ask(Sealed(
        pb::JOB, ToMessage(job).SerializeAsString(), ops, "server:mcfeely"));
    REQUIRE(receipt.code == net::Receipt::Code::kAccepted);
    return receipt.number;
  }
  pb::TaskView Look(uint64_t job) {
    pb::Query query;
    query.mutable_show()->set_job(job);
    End end;
    Call(end, ops, "ops", loop);
    end.channel->Send(
        Sealed(pb::QUERY, query.SerializeAsString(), ops, "server:mcfeely"));
    REQUIRE(Until([&] { return !end.parcels.empty(); }));
    const auto opened = wire::Open(end.parcels[0], As({}), sys::WallNow());
    REQUIRE(opened.ok());
    const auto reply = wire::Parse<pb::Reply>(opened->body);
    REQUIRE(reply.ok());
    REQUIRE(reply->job_size() == 1);
    return reply->job(0).task(0);
  }
  // What an agent has been sent so far, in one.
  pb::Dispatch SentTo(const End& agent) const {
    pb::Dispatch sent;
    for (const std::string& parcel : agent.parcels) {
      const auto opened =
          wire::Open(parcel, As({"host:h1", "host:h2"}), sys::WallNow());
      REQUIRE(opened.ok());
      sent.MergeFrom(*wire::Parse<pb::Dispatch>(opened->body));
    }
    return sent;
  }
  pb::Attempt AttemptOf(const End& agent) {
    REQUIRE(Until([&] { return SentTo(agent).attempt_size() > 0; }));
    return SentTo(agent).attempt(0);
  }
  std::string Done(const pb::Attempt& attempt, const keys::KeyPair& key) {
    pb::Results results;
    pb::Result* result = results.add_result();
    result->set_attempt(attempt.id());
    result->set_job(attempt.job());
    result->set_task(attempt.task());
    result->set_verdict(pb::DONE);
    return Sealed(pb::RESULTS, results.SerializeAsString(), key,
                  "server:mcfeely");
  }
};

// An agent, and a server that a test plays itself.
struct AgentSite : Site {
  sys::Loop loop;
  keys::TrustFile trust{Path("trust")};
  End end;  // the server's
  std::unique_ptr<net::Listener> listener;
  std::unique_ptr<mcfeely::Agent> real;

  explicit AgentSite(const std::string& policy = "") {
    trust.Refresh();
    net::ChannelOptions options;
    options.signer = &server;
    options.trust = &trust;
    options.principal = "server:mcfeely";
    auto listening = net::Listener::Listen(
        loop, *net::ParseAddress("tcp:127.0.0.1:0"), options,
        [this] { return end.Events(); },
        [this](std::unique_ptr<net::Channel> channel) {
          end.channel = std::move(channel);
        });
    REQUIRE(listening.ok());
    listener = std::move(*listening);
    REQUIRE(sys::MakeFolders(Path("comm")).ok());
    REQUIRE(sys::ReplaceFile(
                Path("comm/mark"),
                "#!/bin/sh\necho ran >>\"$MCFEELY_COMM_DIR/ran\"\n", 0755)
                .ok());
    mcfeely::AgentConfig config;
    config.host = "h1";
    config.servers = {net::FormatAddress(listener->address())};
    config.comm_folder = Path("comm");
    config.journal = Path("journal");
    config.identity = Path("h1");
    config.trust = Path("trust");
    if (!policy.empty()) {
      REQUIRE(sys::ReplaceFile(Path("policy"), policy).ok());
      config.policy = Path("policy");
    }
    auto opened = mcfeely::Agent::Open(loop, config);
    INFO(opened.status().message());
    REQUIRE(opened.ok());
    real = std::move(*opened);
    REQUIRE(Until([&] { return !end.parcels.empty(); }));  // announced
    end.parcels.clear();
  }
  wire::Receiver As(std::vector<std::string> principals) const {
    wire::Receiver receiver;
    receiver.principals = std::move(principals);
    receiver.trust = &trust;
    return receiver;
  }
  bool Until(const std::function<bool()>& done) {
    return TurnUntil(loop, done);
  }
  static std::string OneMark(const std::string& principal = "ops") {
    pb::Dispatch dispatch;
    pb::Attempt* attempt = dispatch.add_attempt();
    attempt->set_id(sys::RandomBytes(16));
    attempt->set_job(1);
    attempt->set_number(1);
    attempt->set_task_name("t");
    attempt->set_comm("mark");
    attempt->set_principal(principal);
    return dispatch.SerializeAsString();
  }
  // How often a comm ran.
  size_t Ran() const {
    const auto text = sys::ReadFile(Path("comm/ran"));
    return text.ok() ? text->size() / 4 : 0;
  }
  // The results the agent sends, as they come.
  std::vector<pb::Result> Results() {
    std::vector<pb::Result> all;
    for (const std::string& parcel : end.parcels) {
      const auto opened =
          wire::Open(parcel, As({"server:mcfeely"}), sys::WallNow());
      REQUIRE(opened.ok());
      const auto results = wire::Parse<pb::Results>(opened->body);
      for (const pb::Result& r : results->result()) all.push_back(r);
    }
    return all;
  }
};

}  // namespace

TEST_CASE("mcfeely 35: an agent runs nothing of a dispatch that is not right",
          "[mcfeely]") {
  AgentSite site;
  const absl::Time now = sys::WallNow();
  const std::string body = AgentSite::OneMark();
  std::string bent = Sealed(pb::DISPATCH, body, site.server, "host:h1");
  bent[110] ^= 1;
  std::string unsigned_one = Sealed(pb::DISPATCH, body, site.server, "host:h1");
  unsigned_one.replace(unsigned_one.size() - 64, 64, 64, '\0');
  const std::vector<std::string> wrong = {
      bent,
      unsigned_one,
      Sealed(pb::DISPATCH, body, site.stranger, "host:h1"),
      Sealed(pb::DISPATCH, body, site.server, "host:h2"),
      Sealed(pb::DISPATCH, body, site.server, "host:h1",
             now - absl::Minutes(10)),
      Sealed(pb::DISPATCH, body, site.server, "host:h1",
             now + absl::Minutes(10)),
      Sealed(pb::DISPATCH, "no message at all", site.server, "host:h1"),
      Sealed(pb::TELL, body, site.server, "host:h1"),
  };
  for (const std::string& parcel : wrong) site.end.channel->Send(parcel);
  REQUIRE(site.Until([&] { return site.end.receipts.size() == wrong.size(); }));
  for (size_t i = 0; i < wrong.size(); i++) {
    INFO(i);
    CHECK(site.end.receipts[i].id == IdOf(wrong[i]));
    CHECK(site.end.receipts[i].code == net::Receipt::Code::kRefused);
    // Only our own log says why.
    CHECK(site.end.receipts[i].text == "refused");
  }
  CHECK(site.Ran() == 0);

  // One that is right is carried out, its copy is refused.
  const std::string good = Sealed(pb::DISPATCH, body, site.server, "host:h1");
  site.end.channel->Send(good);
  REQUIRE(site.Until([&] { return !site.Results().empty(); }));
  site.end.channel->Send(good);
  REQUIRE(
      site.Until([&] { return site.end.receipts.size() == wrong.size() + 1; }));
  CHECK(site.end.receipts.back().code == net::Receipt::Code::kRefused);
  CHECK(site.Ran() == 1);
}

TEST_CASE("mcfeely 35: a server takes no job that is not right", "[mcfeely]") {
  ServerSite site;
  mcfeely::Job job;
  job.tasks.push_back({"t", "h1", "comm", {}, {}});
  const std::string body = ToMessage(job).SerializeAsString();
  std::string bent = Sealed(pb::JOB, body, site.ops, "server:mcfeely");
  bent[110] ^= 1;
  for (const std::string& parcel :
       {bent, Sealed(pb::JOB, body, site.stranger, "server:mcfeely"),
        Sealed(pb::JOB, body, site.ops, "server:other"),
        Sealed(pb::JOB, body, site.ops, "server:mcfeely",
               sys::WallNow() + absl::Minutes(10))}) {
    CHECK(site.Ask(parcel).code == net::Receipt::Code::kRefused);
  }
  // A job may be delivered late and twice: it is the same job.
  const std::string good = Sealed(pb::JOB, body, site.ops, "server:mcfeely",
                                  sys::WallNow() - absl::Hours(24));
  CHECK(site.Ask(good).number == 1);
  CHECK(site.Ask(good).number == 1);
  // A key that nobody trusts does not even get a channel.
  End nobody;
  site.Call(nobody, site.stranger, "ops", site.loop);
  REQUIRE(site.Until([&] { return nobody.closed == 1; }));
  CHECK(nobody.opened == 0);
}

TEST_CASE("mcfeely 36: an agent refuses what its own policy forbids",
          "[mcfeely]") {
  AgentSite site("allow ops run mark on h2\nallow boss run mark on h*\n");
  site.end.channel->Send(
      Sealed(pb::DISPATCH, AgentSite::OneMark(), site.server, "host:h1"));
  REQUIRE(site.Until([&] { return site.Results().size() == 1; }));
  CHECK(site.Results()[0].verdict() == pb::FAILED);
  CHECK(site.Results()[0].reason() ==
        absl::StrCat("refused by policy: ", site.Path("policy"),
                     ":1: the host 'h1' is not allowed"));
  CHECK(site.Ran() == 0);
  site.end.parcels.clear();
  site.end.channel->Send(
      Sealed(pb::DISPATCH, AgentSite::OneMark("boss"), site.server, "host:h1"));
  REQUIRE(site.Until([&] { return site.Results().size() == 1; }));
  CHECK(site.Results()[0].verdict() == pb::DONE);
  CHECK(site.Ran() == 1);

  // A policy that is just being mended refuses nothing for good.
  REQUIRE(sys::ReplaceFile(site.Path("policy"), "allow\n").ok());
  site.end.parcels.clear();
  site.end.channel->Send(
      Sealed(pb::DISPATCH, AgentSite::OneMark("boss"), site.server, "host:h1"));
  REQUIRE(site.Until([&] { return site.Results().size() == 1; }));
  CHECK(site.Results()[0].verdict() == pb::DEFERRED);
  CHECK(site.Ran() == 1);
}

TEST_CASE("server: an attempt comes ahead, and a receipt once it is stored",
          "[mcfeely]") {
  ServerSite site;
  End agent;
  site.CallAsAgent(agent, site.h1, "h1", site.loop, /*takes_ahead=*/true);
  site.Inject("h1");
  REQUIRE(site.Until([&] { return !agent.receipts.empty(); }));
  const pb::Dispatch sent = site.SentTo(agent);
  REQUIRE(sent.ahead_size() == 1);
  CHECK(sent.ahead(0).comm() == "comm");
  CHECK(sent.attempt().empty());  // one signature is enough
  CHECK(agent.receipts[0].id == wire::ParseHeader(agent.parcels[0])->id);
  CHECK(agent.receipts[0].code == net::Receipt::Code::kAccepted);
  agent.channel->Send(site.Done(sent.ahead(0), site.h1));
  REQUIRE(site.Until([&] { return agent.receipts.size() == 2; }));
  CHECK(site.Look(1).state() == pb::TASK_DONE);
}

TEST_CASE("server: nothing comes ahead to an agent that does not know of it",
          "[mcfeely]") {
  ServerSite site;
  End agent;
  site.CallAsAgent(agent, site.h1, "h1", site.loop);
  site.Inject("h1");
  site.AttemptOf(agent);
  CHECK(agent.parcels.size() == 1);
  CHECK(site.SentTo(agent).ahead().empty());
}

TEST_CASE("server: no receipt overtakes what it is for", "[mcfeely]") {
  ServerSite site(absl::Minutes(10), /*dead_after=*/absl::Seconds(60));
  End agent;
  site.CallAsAgent(agent, site.h1, "h1", site.loop, /*takes_ahead=*/true);
  // It takes no more than a credit's worth.
  REQUIRE(site.Until([&] { return agent.channel->open(); }));
  agent.channel->Pause(true);
  constexpr int kBig = 5;
  for (int i = 0; i < kBig; i++) site.Inject("h1", 1 << 20);
  const uint64_t job = site.Inject("h1");
  REQUIRE(site.Until(
      [&] { return site.Look(job).state() == pb::TASK_DISPATCHED; }));
  // A job is accepted when it is stored, and so is what was decided before it:
  // by now the attempt has been given.
  site.Inject("h2");
  agent.channel->Pause(false);
  const auto all_given = [&] { return site.SentTo(agent).attempt_size(); };
  REQUIRE(site.Until([&] { return all_given() == kBig + 1; }));
  CHECK(site.SentTo(agent).ahead_size() == 1);
  CHECK(agent.receipts.empty());
}

TEST_CASE("server: what came ahead may be refused like the rest", "[mcfeely]") {
  ServerSite site;
  End agent;
  site.CallAsAgent(agent, site.h1, "h1", site.loop, /*takes_ahead=*/true);
  const uint64_t job = site.Inject("h1");
  REQUIRE(site.Until([&] { return !agent.parcels.empty(); }));
  agent.channel->SendReceipt({.id = wire::ParseHeader(agent.parcels[0])->id,
                              .code = net::Receipt::Code::kRefused,
                              .text = ""});
  REQUIRE(
      site.Until([&] { return site.Look(job).state() == pb::TASK_DELAYED; }));
}

TEST_CASE("mcfeely 39: an agent that falls silent loses its channel only",
          "[mcfeely]") {
  ServerSite site;
  sys::Loop frozen;  // the agent's, which is not turned any more
  End silent;
  site.CallAsAgent(silent, site.h1, "h1", frozen);
  const uint64_t first = site.Inject("h1"), second = site.Inject("h2");
  const absl::Time deadline = sys::SteadyNow() + absl::Seconds(10);
  while (site.SentTo(silent).attempt().empty() && sys::SteadyNow() < deadline) {
    frozen.Turn(absl::Milliseconds(5));
    site.loop.Turn(absl::Milliseconds(5));
  }
  REQUIRE(site.SentTo(silent).attempt_size() == 1);
  CHECK(site.Look(first).state() == pb::TASK_DISPATCHED);

  // Others are served meanwhile.
  End other;
  site.CallAsAgent(other, site.h2, "h2", site.loop);
  other.channel->Send(site.Done(site.AttemptOf(other), site.h2));
  REQUIRE(site.Until([&] { return !other.receipts.empty(); }));
  CHECK(site.Look(second).state() == pb::TASK_DONE);

  // The limit fires: the host is gone, and its fate is open until its journal
  // says more. One that has lost it leads to another try.
  REQUIRE(site.Until([&] {
    return absl::StrContains(site.Look(first).why(), "not connected");
  }));
  End again;
  site.CallAsAgent(again, site.h1, "h1", site.loop);
  // The list of its attempts is read from the store, a moment later.
  REQUIRE(site.Until([&] {
    return site.Look(first).state() == pb::TASK_DELAYED &&
           site.Look(first).attempt_size() == 1;
  }));
  CHECK(site.Look(first).attempt(0).verdict() == pb::INTERRUPTED);
}

TEST_CASE("mcfeely 39: an agent that lives and never answers loses the attempt",
          "[mcfeely]") {
  ServerSite site(absl::Milliseconds(300));
  End mute, other;
  site.CallAsAgent(mute, site.h1, "h1", site.loop);
  site.CallAsAgent(other, site.h2, "h2", site.loop);
  const uint64_t first = site.Inject("h1"), second = site.Inject("h2");
  other.channel->Send(site.Done(site.AttemptOf(other), site.h2));
  REQUIRE(
      site.Until([&] { return site.Look(first).state() == pb::TASK_DELAYED; }));
  REQUIRE(site.Until([&] { return site.Look(first).attempt_size() > 0; }));
  CHECK(site.Look(first).attempt(0).reason() == "h1 does not say that it runs");
  CHECK(site.Look(second).state() == pb::TASK_DONE);
  CHECK(mute.closed == 0);
  // It was told to end it.
  const pb::Attempt attempt = site.AttemptOf(mute);
  REQUIRE(site.Until([&] { return site.SentTo(mute).cancel_size() == 1; }));
  CHECK(site.SentTo(mute).cancel(0) == attempt.id());
  // What it says too late is taken, and changes nothing.
  mute.channel->Send(site.Done(attempt, site.h1));
  REQUIRE(site.Until([&] { return !mute.receipts.empty(); }));
  CHECK(mute.receipts[0].code == net::Receipt::Code::kAccepted);
  CHECK(site.Look(first).state() == pb::TASK_DELAYED);
}

TEST_CASE("mcfeely 39: garbage ends its channel, or is refused by name",
          "[mcfeely]") {
  ServerSite site;
  const uint64_t job = site.Inject("h1");
  // Before any handshake, and one who never says a word.
  for (const std::string& bytes :
       {std::string("0:,"), std::string("65:secret\n,"),
        std::string("GET / HTTP/1.1\r\n\r\n"), std::string(100'000, '\xff'),
        std::string()}) {
    const auto fd = sys::BeginConnectTcp("127.0.0.1", site.address().port);
    REQUIRE(fd.ok());
    REQUIRE(site.Until([&] {
      return bytes.empty() || send(fd->get(), bytes.data(), bytes.size(),
                                   MSG_NOSIGNAL | MSG_DONTWAIT) > 0;
    }));
    bool ended = false;
    REQUIRE(site.Until([&] {
      char c[4096];
      ssize_t n;
      while ((n = recv(fd->get(), c, sizeof c, MSG_DONTWAIT)) > 0) {
      }
      ended = n == 0 ||
              (errno != EAGAIN && errno != EINPROGRESS && errno != ENOTCONN);
      return ended;
    }));
    CHECK(ended);
  }
  // As an agent that is trusted.
  End mad;
  site.CallAsAgent(mad, site.h1, "h1", site.loop);
  mad.channel->Send(std::string(1000, 'x'));
  mad.channel->Send(
      Sealed(pb::RESULTS, "no message", site.h1, "server:mcfeely"));
  REQUIRE(site.Until([&] { return mad.receipts.size() == 2; }));
  for (const net::Receipt& receipt : mad.receipts) {
    CHECK(receipt.code == net::Receipt::Code::kRefused);
  }
  CHECK(site.Look(job).state() == pb::TASK_DISPATCHED);
}

TEST_CASE("mcfeely 39: an agent ends its own attempts, nobody else's",
          "[mcfeely]") {
  ServerSite site;
  End one, two;
  site.CallAsAgent(one, site.h1, "h1", site.loop);
  site.CallAsAgent(two, site.h2, "h2", site.loop);
  const uint64_t job = site.Inject("h1");
  const pb::Attempt attempt = site.AttemptOf(one);
  two.channel->Send(site.Done(attempt, site.h2));
  pb::Attempt foreign = attempt;
  foreign.set_id(sys::RandomBytes(16));
  one.channel->Send(site.Done(foreign, site.h1));
  REQUIRE(site.Until(
      [&] { return !one.receipts.empty() && !two.receipts.empty(); }));
  CHECK(site.Look(job).state() == pb::TASK_DISPATCHED);
  // Signed by h2, on h1's channel.
  one.channel->Send(site.Done(foreign, site.h2));
  REQUIRE(site.Until([&] { return one.receipts.size() == 2; }));
  CHECK(site.Look(job).state() == pb::TASK_DISPATCHED);
  one.channel->Send(site.Done(attempt, site.h1));
  REQUIRE(site.Until([&] { return one.receipts.size() == 3; }));
  CHECK(site.Look(job).state() == pb::TASK_DONE);
  // Nobody may call itself another host.
  End liar;
  site.CallAsAgent(liar, site.h2, "h1", site.loop);
  REQUIRE(
      site.Until([&] { return liar.closed == 1 || !liar.receipts.empty(); }));
  if (!liar.receipts.empty()) {
    CHECK(liar.receipts[0].code == net::Receipt::Code::kRefused);
  }
}
