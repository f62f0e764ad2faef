// What a Server holds; for the server*.cc files alone. server.cc opens it,
// carries out what the queue says and ends it; server_parcels.cc takes in what
// arrives and sends what goes out; server_queries.cc shows how things stand.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "keys/allowed_signers.h"
#include "mcfeely/carriers.h"
#include "mcfeely/commit_pace.h"
#include "mcfeely/page_server.h"
#include "mcfeely/policy_file.h"
#include "mcfeely/queue.h"
#include "mcfeely/server.h"
#include "net/listener.h"
#include "store/engine.h"
#include "sys/fd.h"
#include "sys/users.h"
#include "wire/parcel.h"

namespace mcfeely {

namespace wire_pb = fleetbox::wire;

struct Server::State {
  State(sys::Loop& l, ServerConfig c)
      : loop(l),
        config(std::move(c)),
        trust(config.trust),
        policy(config.policy) {}

  struct Client {
    std::unique_ptr<net::Channel> channel;
    // Jobs it follows, and the query it asked that with.
    absl::flat_hash_map<JobId, base::ParcelId> follows;
    std::string called;  // the host we have called on it; may be empty
    bool takes_ahead = false;
    // What was sent ahead last, as it would be sent otherwise, and in which
    // parcel.
    std::string ahead;
    base::ParcelId ahead_parcel;
  };
  struct Dispatched {
    base::ParcelId parcel;
    std::vector<wire_pb::Attempt> attempts;
  };

  // server.cc
  absl::Status Open();
  absl::Status OpenEventLog();
  absl::Status OpenCarriers();
  absl::Status OpenPage();
  net::ChannelOptions OptionsOfChannels() const;
  net::ChannelEvents MakeEvents();
  bool KnownHost(const std::string& host) const;
  Connection Number(net::Channel& channel) const;
  std::string PickName(const net::Peer& peer) const;
  Connection Opened(std::unique_ptr<net::Channel> channel);
  void Closed(net::Channel& channel, const absl::Status& why);
  void RefusedBy(const net::Peer& peer, const absl::Status& why);
  void Pump();
  void Commit();
  void PumpSoon();
  void CarryOut(const Action& action);
  void Mail(const SendReport& report);
  void SetTimer(absl::Time when);
  void ExpireSoon(absl::Duration pause);
  void CheckTrust();
  void FinishStop();

  // server_parcels.cc
  void Arrived(net::Channel& channel, absl::string_view bytes);
  absl::Status Take(Connection from, net::Channel& channel,
                    const wire::Opened& parcel, absl::string_view bytes);
  absl::Status MayOperate(const std::string& principal);
  absl::Status MayAsk(const std::string& principal,
                      const wire_pb::Query& query);
  absl::Status AnswerRefusal(Connection to, const base::ParcelId& id,
                             const absl::Status& why);
  void TakeReceipt(net::Channel& channel, const net::Receipt& receipt);
  std::optional<base::ParcelId> Send(net::Channel& channel, wire::Kind kind,
                                     std::string body,
                                     const std::string& audience);
  std::optional<base::ParcelId> SendDispatch(net::Channel& channel,
                                             const SendAttempts& send,
                                             std::string body);
  void SendAhead(const SendAttempts& send);
  void SendAttemptsTo(const SendAttempts& send);
  void SendCancelTo(const SendCancel& send);

  // server_queries.cc
  absl::Status Answer(Connection to, const base::ParcelId& id,
                      const wire_pb::Query& query);
  absl::Status AnswerStatus(const wire_pb::Query::Status& query,
                            wire_pb::Reply* reply);
  void ShowHosts(wire_pb::Reply* reply) const;
  void SendReply(Client& client, const base::ParcelId& query,
                 wire_pb::Reply reply);
  void TellFollowers(JobId job);

  sys::Loop& loop;
  ServerConfig config;
  std::string host = sys::HostName();
  keys::TrustFile trust;
  PolicyFile policy;
  std::unique_ptr<wire::Signer> signer;
  std::unique_ptr<store::Engine> engine;
  std::unique_ptr<Queue> queue;
  std::vector<std::unique_ptr<net::Listener>> listeners;
  std::unique_ptr<Carriers> carriers;
  std::unique_ptr<PageServer> page;  // null when nobody wants one
  absl::flat_hash_map<Connection, Client> clients;
  absl::flat_hash_map<net::Channel*, Connection> numbers;
  Connection next_connection = 1;
  wire::ReplayGuard replays;
  std::deque<Dispatched> dispatched;
  struct Followers {
    absl::flat_hash_set<Connection> connections;
    absl::Time next = absl::InfinitePast();  // not before, until the job ends
    bool later = false;                      // a timer will tell them then
  };
  absl::flat_hash_map<JobId, Followers> followers;
  absl::flat_hash_set<JobId> changed;
  sys::Fd event_log;
  sys::Loop::Timer timer = 0;
  bool pump_soon = false;
  CommitPace pace;
  bool stopping = false;
  sys::Loop::Timer expire = 0;
};

}  // namespace mcfeely
