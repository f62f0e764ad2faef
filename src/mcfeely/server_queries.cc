// How things stand, for whoever asks once and for whoever follows a job.

#include <algorithm>

#include "base/limits.h"
#include "base/status.h"
#include "base/time.h"
#include "mcfeely/fit_reply.h"
#include "mcfeely/server_state.h"
#include "mcfeely/view.h"
#include "sys/clock.h"

namespace mcfeely {
namespace {

// Ended jobs in the answer to a query that does not name jobs.
constexpr size_t kListedEndedJobs = 1000;

// Whoever follows a job sees it so often at most. A view of a large job costs
// as much as hundreds of its results: a fiftieth of the time goes into views,
// more only where they would be too far apart.
constexpr absl::Duration kBetweenViews = absl::Milliseconds(100);
constexpr absl::Duration kLongestBetweenViews = absl::Seconds(2);
constexpr int kTimesOfView = 50;

}  // namespace

void Server::State::SendReply(Client& client, const base::ParcelId& query,
                              wire_pb::Reply reply) {
  // To nobody by name: whoever asks may not know what it is called here, and
  // the query's random id already says whose answer it is.
  reply.set_query(std::string(query.view()));
  FitReply(base::kMaxBodyBytes, &reply);
  Send(*client.channel, wire_pb::REPLY, reply.SerializeAsString(), "");
}

absl::Status Server::State::AnswerStatus(const wire_pb::Query::Status& query,
                                         wire_pb::Reply* reply) {
  const absl::Time now = sys::SteadyNow();
  std::vector<JobId> jobs;
  for (uint64_t job : query.job()) jobs.push_back({job});
  if (query.job().empty() && !query.no_jobs()) {
    jobs = queue->scheduler().Jobs();
    if (query.ended() || query.failed()) {
      TRY_ASSIGN(std::vector<JobId> ended,
                 queue->EndedJobs(*engine, kListedEndedJobs));
      jobs.insert(jobs.begin(), ended.rbegin(), ended.rend());
    }
  }
  for (JobId job : jobs) {
    TRY_ASSIGN(wire_pb::JobView view, queue->View(*engine, job, false, now));
    const absl::Duration age = now - base::FromMillis(view.injected_ms());
    if (age < absl::Milliseconds(query.older_ms())) continue;
    if (query.failed() && view.state() != wire_pb::JOB_FAILED) continue;
    *reply->add_job() = std::move(view);
  }
  ShowHosts(reply);
  return absl::OkStatus();
}

void Server::State::ShowHosts(wire_pb::Reply* reply) const {
  for (const auto& [name, count] : queue->scheduler().Hosts()) {
    wire_pb::HostView* h = reply->add_host();
    h->set_name(name);
    h->set_connected(count.connected);
    h->set_running(count.open);
    h->set_queued(count.ready);
    h->set_away(count.away);
    if (count.again < absl::InfiniteFuture()) {
      h->set_again_ms(static_cast<uint64_t>(base::ToMillis(count.again)));
    }
    if (const auto drained = queue->drained().find(name);
        drained != queue->drained().end()) {
      h->set_drained_by(drained->second.principal());
      h->set_drained_ms(drained->second.since_ms());
    }
  }
}

absl::Status Server::State::Answer(Connection to, const base::ParcelId& id,
                                   const wire_pb::Query& query) {
  Client& client = clients[to];
  wire_pb::Reply reply;
  absl::Status status;
  const absl::Time now = sys::SteadyNow();
  switch (query.what_case()) {
    case wire_pb::Query::kStatus:
      status = AnswerStatus(query.status(), &reply);
      break;
    case wire_pb::Query::kShow: {
      auto view = queue->View(*engine, {query.show().job()}, true, now);
      status = view.status();
      if (view.ok()) *reply.add_job() = *std::move(view);
      break;
    }
    case wire_pb::Query::kFollow: {
      const JobId job{query.follow().job()};
      auto view = queue->View(*engine, job, false, now);
      status = view.status();
      if (view.ok()) {
        reply.set_more(IsOpen(view->state()));
        *reply.add_job() = *std::move(view);
      }
      if (reply.more()) {
        client.follows[job] = id;
        followers[job].connections.insert(to);
      }
      break;
    }
    case wire_pb::Query::kRelease:
      status = absl::UnimplementedError("release with a newer mcfeely-server");
      break;
    case wire_pb::Query::WHAT_NOT_SET:
      return absl::InvalidArgumentError("an empty query");
  }
  if (!status.ok()) {
    reply.Clear();
    reply.set_error(std::string(status.message()));
    reply.set_code(static_cast<uint32_t>(status.code()));
  }
  SendReply(client, id, std::move(reply));
  return absl::OkStatus();
}

void Server::State::TellFollowers(JobId job) {
  const auto it = followers.find(job);
  if (it == followers.end()) return;
  const absl::Time now = sys::SteadyNow();
  if (now < it->second.next && queue->scheduler().Has(job)) {
    if (std::exchange(it->second.later, true)) return;
    loop.At(it->second.next, [this, job] {
      const auto still = followers.find(job);
      if (still == followers.end()) return;
      still->second.later = false;
      TellFollowers(job);
    });
    return;
  }
  auto view = queue->View(*engine, job, false, now);
  if (!view.ok()) return;
  wire_pb::Reply reply;
  reply.set_more(IsOpen(view->state()));
  *reply.add_job() = *std::move(view);
  for (Connection c : it->second.connections) {
    Client& client = clients[c];
    SendReply(client, client.follows[job], reply);
    if (!reply.more()) client.follows.erase(job);
  }
  it->second.next = now + std::clamp(kTimesOfView * (sys::SteadyNow() - now),
                                     kBetweenViews, kLongestBetweenViews);
  if (!reply.more()) followers.erase(it);
}

}  // namespace mcfeely
