#include "power/campaign_run.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <random>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "base/time.h"
#include "power/own_action.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/process.h"
#include "sys/process_list.h"
#include "sys/resolve.h"
#include "sys/udp_socket.h"
#include "sys/users.h"

namespace power {
namespace {

constexpr size_t kGoAheadAtOnce = 8;  // batches

PcuQueue::Chance RandomChance() {
  return [random = std::make_shared<std::mt19937_64>(sys::RandomSeed())] {
    return std::uniform_real_distribution<double>(0, 1)(*random);
  };
}

Failure ConfigFailure(absl::string_view text) {
  return {.failure_class = FailureClass::kConfig, .text = std::string(text)};
}

}  // namespace

std::string SecretPrompt(const Pcu& pcu) {
  return absl::StrCat("Password of ", pcu.name,
                      pcu.user.empty() ? "" : ", user ", pcu.user);
}

std::string PrivacyPrompt(const Pcu& pcu) {
  return absl::StrCat("Privacy password of ", pcu.name);
}

CampaignRun::CampaignRun(sys::Loop& loop, CampaignRequest request,
                         std::vector<RunPcu> pcus, Options options,
                         Callbacks callbacks,
                         std::shared_ptr<CampaignMeans> means)
    : loop_(loop),
      campaign_(std::move(request), RandomChance()),
      pcus_(std::move(pcus)),
      options_(std::move(options)),
      callbacks_(std::move(callbacks)),
      action_(campaign_.request().action),
      shares_means_(means != nullptr),
      means_(shares_means_ ? std::move(means)
                           : std::make_shared<CampaignMeans>(
                                 loop, options_.run_folder,
                                 options_.state_folder, options_.secrets)),
      user_(++means_->last_user),
      lockout_file_(absl::StrCat(options_.state_folder, "/lockout")),
      secrets_(pcus_.size()),
      kept_(campaign_.hosts()) {
  for (const CampaignPcu& pcu : campaign_.request().pcus) {
    sessions_.push_back(pcu.settings.sessions);
    pcu_names_.push_back(pcu.name);
  }
}

CampaignRun::~CampaignRun() {
  loop_.Cancel(timer_);
  for (auto& [id, under] : under_) {
    loop_.Cancel(under.timer);
    means_->sessions.Withdraw(under.wait);
    if (under.session >= 0) {
      means_->sessions.GiveBack(*under.end_point, under.session);
    }
  }
  for (const std::string& pcu : pcu_names_) means_->sessions.Leave(user_, pcu);
}

void CampaignRun::Note(std::string line) const {
  if (callbacks_.note) callbacks_.note(std::move(line));
}

void CampaignRun::Start() {
  was_started_ = true;
  if (!options_.ignores_lockout) {
    absl::StatusOr<Lockout> lockout = lockout_file_.Read();
    if (lockout.ok()) lockout_ = *std::move(lockout);
  }
  // A person is asked before anything begins; a variable of the environment
  // must be gone before there is a child.
  for (size_t pcu = 0; pcu < pcus_.size(); ++pcu) {
    if (pcus_[pcu].pcu == nullptr) continue;
    for (const SecretSource* source :
         {&pcus_[pcu].pcu->secret, &pcus_[pcu].pcu->privacy_secret}) {
      if (source->kind == SecretSource::Kind::kPrompt ||
          source->kind == SecretSource::Kind::kEnv) {
        ReadSecrets(pcu, means_->reader);
        break;
      }
    }
  }
  if (IsJournaled(action_)) {
    // While the first batches are made.
    means_->journal.OpenAhead(means_->pool);
    own_ = OwnAction(sys::WallNow(), action_,
                     options_.login.empty() ? LoginName() : options_.login);
    own_.via = options_.via;
  }
  Apply(campaign_.Begin(sys::SteadyNow()));
}

void CampaignRun::Interrupt() {
  if (was_started_) Apply(campaign_.Interrupt(sys::SteadyNow()));
}

void CampaignRun::Abandon() {
  const std::weak_ptr<bool> alive = alive_;
  if (was_started_) Apply(campaign_.Abandon(sys::SteadyNow()));
  if (!alive.expired() && !shares_means_) means_->GiveUpLogOut();
}

// A strip answers for all of its plugs at once: what follows is done for all
// of them together, behind all that has arrived. Step by step for so many, not
// all steps for each: the steps do not fit into a processor's first cache.
void CampaignRun::ApplySoon() {
  if (std::exchange(applies_soon_, true)) return;
  loop_.AtEndOfTurn([this, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired() && applies_soon_) Apply({});
  });
}

void CampaignRun::Apply(Campaign::Effects later) {
  applies_soon_ = false;
  gathered_.Append(std::move(later));
  Campaign::Effects effects = std::exchange(gathered_, {});
  for (Campaign::Start& start : effects.start) StartBatch(std::move(start));
  for (const BatchId id : effects.cancel) CancelBatch(id);
  const absl::Duration since_steady = sys::WallNow() - sys::SteadyNow();
  for (Campaign::HostEnded& ended : effects.ended) {
    ended.result.started += since_steady;
    HostEnded(std::move(ended));
  }
  for (const size_t pcu : effects.released) Release(pcu);
  SetTimer();
  MaybeDone();
}

void CampaignRun::SetTimer() {
  loop_.Cancel(timer_);
  timer_ = 0;
  if (campaign_.wake_at() == absl::InfiniteFuture()) return;
  timer_ = loop_.At(campaign_.wake_at(), [this] {
    timer_ = 0;
    Apply(campaign_.Wake(sys::SteadyNow()));
  });
}

void CampaignRun::StartBatch(Campaign::Start start) {
  Under& under = under_[start.batch.id];
  const BatchId id = start.batch.id;
  under.pcu = start.pcu;
  under.batch = std::move(start.batch);
  under.hosts = std::move(start.hosts);
  under.begins = std::move(start.begins);
  under.open = under.batch.orders.size();
  under.until = sys::SteadyNow() + under.batch.limit;
  const std::string& transport =
      pcus_[under.pcu].ways[under.batch.way].way.transport;
  under.engine = means_->controllers.Find(transport);
  if (under.engine == nullptr) {
    FailBatch(id, Failure{.failure_class = FailureClass::kUnsupported,
                          .text = absl::StrCat("'", transport,
                                               "' is not spoken here")});
    return;
  }
  GetSecrets(id);
}

// What has not reached its engine has not begun.
void CampaignRun::CancelBatch(BatchId id) {
  const auto at = under_.find(id);
  if (at == under_.end() || at->second.engine == nullptr) return;
  if (at->second.ticket != 0) {
    at->second.engine->Cancel(at->second.ticket);
  } else {
    FailBatch(id, std::nullopt);
  }
}

void CampaignRun::FailBatch(BatchId id, std::optional<Failure> failure,
                            VerifyLevel verified) {
  Under& under = under_.at(id);
  loop_.Cancel(under.timer);
  under.timer = 0;
  means_->sessions.Withdraw(std::exchange(under.wait, 0));
  under.engine = nullptr;  // no step goes on
  PlugResult result;
  result.failure = std::move(failure);
  result.verified = verified;
  loop_.Post([this, id, result, alive = std::weak_ptr<bool>(alive_)] {
    if (alive.expired()) return;
    const auto at = under_.find(id);
    if (at == under_.end()) return;
    const size_t orders = at->second.batch.orders.size();
    for (size_t order = 0; order < orders; ++order) {
      OrderEnded(id, order, result);
    }
  });
}

void CampaignRun::ReadSecrets(size_t pcu, SecretReader& reader) {
  const Pcu& its = *pcus_[pcu].pcu;
  PcuSecrets& secrets = secrets_[pcu];
  secrets.secret = reader.Read(its.secret, SecretPrompt(its));
  if (its.privacy_secret.kind != SecretSource::Kind::kNone) {
    secrets.privacy = reader.Read(its.privacy_secret, PrivacyPrompt(its));
  }
}

void CampaignRun::GetSecrets(BatchId id) {
  const size_t pcu = under_.at(id).pcu;
  PcuSecrets& secrets = secrets_[pcu];
  if (secrets.secret.has_value()) {
    OnSecrets(id);
    return;
  }
  const Pcu& its = *pcus_[pcu].pcu;
  const auto is_at_hand = [this](const SecretSource& source) {
    return source.kind != SecretSource::Kind::kProgram ||
           means_->reader.Holds(source);
  };
  if (is_at_hand(its.secret) && is_at_hand(its.privacy_secret)) {
    ReadSecrets(pcu, means_->reader);
    OnSecrets(id);
    return;
  }
  // A program takes its time: on a thread, with a reader of its own.
  secrets.waiting.push_back(id);
  if (std::exchange(secrets.is_asked, true)) return;
  auto read =
      std::make_shared<std::pair<std::optional<absl::StatusOr<HeldSecret>>,
                                 std::optional<absl::StatusOr<HeldSecret>>>>();
  means_->pool.Run(
      [read, source = its.secret, privacy = its.privacy_secret,
       places = options_.secrets] {
        SecretReader reader(places);
        read->first = reader.Read(source, "");
        if (privacy.kind != SecretSource::Kind::kNone) {
          read->second = reader.Read(privacy, "");
        }
      },
      [this, pcu, read, alive = std::weak_ptr<bool>(alive_)] {
        if (alive.expired()) return;
        const Pcu& its = *pcus_[pcu].pcu;
        if (read->first->ok()) means_->reader.Keep(its.secret, **read->first);
        if (read->second.has_value() && read->second->ok()) {
          means_->reader.Keep(its.privacy_secret, **read->second);
        }
        secrets_[pcu].secret = std::move(read->first);
        secrets_[pcu].privacy = std::move(read->second);
        for (const BatchId id : std::exchange(secrets_[pcu].waiting, {})) {
          if (under_.count(id) > 0 && under_.at(id).engine != nullptr) {
            OnSecrets(id);
          }
        }
      });
}

std::optional<Failure> CampaignRun::CheckSecrets(const Under& under) const {
  const PcuSecrets& secrets = secrets_[under.pcu];
  if (!secrets.secret->ok()) {
    return ConfigFailure(secrets.secret->status().message());
  }
  if (secrets.privacy.has_value() && !secrets.privacy->ok()) {
    return ConfigFailure(secrets.privacy->status().message());
  }
  const Pcu& pcu = *pcus_[under.pcu].pcu;
  const std::optional<absl::Time> until = lockout_.LockedUntil(
      pcu.name, pcu.user, (*secrets.secret)->version, sys::WallNow());
  if (!until.has_value()) return std::nullopt;
  return Failure{.failure_class = FailureClass::kLocked,
                 .text = LockedText(*until)};
}

void CampaignRun::OnSecrets(BatchId id) {
  // Those of its own that were refused a moment ago are seen to by the
  // campaign.
  if (const std::optional<Failure> failure = CheckSecrets(under_.at(id))) {
    // The next campaign may find another one there.
    const Pcu& pcu = *pcus_[under_.at(id).pcu].pcu;
    means_->reader.Forget(pcu.secret);
    means_->reader.Forget(pcu.privacy_secret);
    FailBatch(id, failure);
    return;
  }
  GetAddress(id);
}

void CampaignRun::GetAddress(BatchId id) {
  Under& under = under_.at(id);
  const Pcu& pcu = *pcus_[under.pcu].pcu;
  const Way& way = pcus_[under.pcu].ways[under.batch.way].way;
  if (IsLocal(way.transport)) {
    OnAddress(id, "");
    return;
  }
  const std::string& host = pcu.ip.empty() ? pcu.host : pcu.ip;
  if (host.empty()) {
    FailBatch(id, ConfigFailure("has neither a host nor an address"));
    return;
  }
  if (sys::UdpAddress::Parse(host, 1).ok()) {
    OnAddress(id, host);
    return;
  }
  Name& name = names_[host];
  if (name.addresses.has_value()) {
    if (name.addresses->ok()) {
      OnAddress(id, name.addresses->value().front());
    } else {
      FailBatch(
          id, Failure{.failure_class = FailureClass::kUnreachable,
                      .text = std::string(name.addresses->status().message())});
    }
    return;
  }
  under.timer = loop_.After(options_.connect_timeout, [this, id, host] {
    under_.at(id).timer = 0;
    FailBatch(id, Failure{.failure_class = FailureClass::kTimeout,
                          .text = absl::StrCat("the address of ", host,
                                               " was not found in time")});
  });
  name.waiting.push_back(id);
  if (name.waiting.size() > 1) return;
  auto found = std::make_shared<absl::StatusOr<std::vector<std::string>>>();
  means_->pool.Run(
      [found, host] { *found = sys::Resolve(host); },
      [this, found, host, alive = std::weak_ptr<bool>(alive_)] {
        if (alive.expired()) return;
        Name& name = names_[host];
        if (found->ok() && found->value().empty()) {
          *found = absl::NotFoundError(absl::StrCat(host, ": has no address"));
        }
        name.addresses = std::move(*found);
        for (const BatchId id : std::exchange(name.waiting, {})) {
          const auto at = under_.find(id);
          if (at == under_.end() || at->second.engine == nullptr) {
            continue;
          }
          loop_.Cancel(at->second.timer);
          at->second.timer = 0;
          GetAddress(id);
        }
      });
}

void CampaignRun::OnAddress(BatchId id, std::string address) {
  Under& under = under_.at(id);
  const Way& way = pcus_[under.pcu].ways[under.batch.way].way;
  under.address = std::move(address);
  under.end_point =
      EndPoint{.address = under.address.empty()
                              ? absl::StrCat("=", pcu_names_[under.pcu])
                              : under.address,
               .port = way.port.value_or(0)};
  GetLock(id);
}

void CampaignRun::GetLock(BatchId id) {
  Under& under = under_.at(id);
  const PcuSessions::Wait wait = means_->sessions.Ask(
      {.user = user_,
       .pcu = pcu_names_[under.pcu],
       .end_point = *under.end_point,
       .sessions = sessions_[under.pcu],
       .until = under.until},
      [this, id](const absl::StatusOr<int>& session) { OnLock(id, session); });
  // It may be over with that.
  const auto at = under_.find(id);
  if (at != under_.end() && at->second.session < 0) at->second.wait = wait;
}

void CampaignRun::OnLock(BatchId id, const absl::StatusOr<int>& session) {
  const auto at = under_.find(id);
  if (at == under_.end()) return;
  at->second.wait = 0;
  if (!session.ok()) {
    FailBatch(id, Failure{.failure_class = absl::IsUnavailable(session.status())
                                               ? FailureClass::kLocked
                                               : FailureClass::kInternal,
                          .text = std::string(session.status().message())});
    return;
  }
  at->second.session = *session;
  WriteJournal(id);
}

void CampaignRun::WriteJournal(BatchId id) {
  const Under& under = under_.at(id);
  if (!IsJournaled(action_) || under.begins.empty()) {
    GoAhead(id);
    return;
  }
  std::vector<JournalHost> hosts;
  hosts.reserve(under.begins.size());
  for (const size_t host : under.begins) {
    hosts.push_back(
        {.name = campaign_.request().hosts[host].name,
         .feeds = campaign_.FeedsOf(campaign_.request().hosts[host].feeds)});
  }
  own_.at = sys::WallNow();
  std::vector<RecordId> ids = means_->journal.Begin(
      own_, std::move(hosts),
      [this, id,
       alive = std::weak_ptr<bool>(alive_)](const Journal::Begun& begun) {
        if (alive.expired()) return;
        if (!begun.status.ok() && unwritten_.ok()) unwritten_ = begun.status;
        for (const JournalRecord& record : begun.unfinished) {
          Note(absl::StrCat(
              record.host.name, ": an earlier ", record.action.verb, ", begun ",
              base::FormatTime(record.action.at),
              record.action.login.empty() ? "" : " by ", record.action.login,
              IsUnderWay(record) ? absl::StrCat(", is under way in process ",
                                                record.action.pid)
                                 : ", was not finished"));
        }
        // A journal that cannot be written is no reason to leave a machine as
        // it is; it is told at the end.
        GoAheadSoon(id);
      });
  for (size_t i = 0; i < ids.size(); ++i) {
    kept_[under.begins[i]].record = std::move(ids[i]);
  }
}

// The journal tells all at once. A few in each turn of the loop: what the first
// answer is not left until the last have been asked.
void CampaignRun::GoAheadSoon(BatchId id) {
  ready_.push_back(id);
  if (ready_.size() == 1) PostGoAhead();
}

void CampaignRun::PostGoAhead() {
  loop_.Post([this, alive = std::weak_ptr<bool>(alive_)] {
    for (size_t n = 0; n < kGoAheadAtOnce; ++n) {
      if (alive.expired() || ready_.empty()) return;
      const auto at = under_.find(ready_.front());
      ready_.pop_front();
      if (at != under_.end() && at->second.engine != nullptr) {
        GoAhead(at->first);
      }
    }
    if (!alive.expired() && !ready_.empty()) PostGoAhead();
  });
}

void CampaignRun::GoAhead(BatchId id) {
  Under& under = under_.at(id);
  const RunPcu& pcu = pcus_[under.pcu];
  const PcuSecrets& secrets = secrets_[under.pcu];
  Batch batch = {.pcu = pcu.pcu,
                 .specification = pcu.ways[under.batch.way].specification,
                 .plugs = pcu.plugs,
                 .way = pcu.ways[under.batch.way].way,
                 .address = under.address,
                 .connect_timeout = options_.connect_timeout,
                 .limit = under.batch.limit};
  batch.credentials.user = pcu.pcu->user;
  batch.credentials.secret = (*secrets.secret)->secret;
  if (secrets.privacy.has_value()) {
    batch.credentials.privacy_secret = (*secrets.privacy)->secret;
  }
  batch.orders.reserve(under.batch.orders.size());
  for (const PcuQueue::Order& order : under.batch.orders) {
    batch.orders.push_back(
        {.action = order.order.action,
         .plug = order.plug,
         .options = order.order.options,
         .with_confirmation = order.order.with_confirmation});
  }
  if (callbacks_.trace || IsJournaled(action_)) {
    batch.trace = [this, id, pcu = under.pcu,
                   alive =
                       std::weak_ptr<bool>(alive_)](absl::string_view line) {
      if (alive.expired()) return;
      const auto at = under_.find(id);
      if (at != under_.end()) {
        std::optional<wire::Sha256Sum>& said = at->second.said;
        if (!said.has_value()) said.emplace();
        said->Add(line);
        said->Add("\n");
        at->second.digest = nullptr;
      }
      if (callbacks_.trace) callbacks_.trace(pcu_names_[pcu], line);
    };
  }
  if (!options_.record.empty()) {
    batch.record = [this, alive = std::weak_ptr<bool>(alive_)](
                       absl::string_view transcript) {
      if (alive.expired()) return;
      const absl::Status kept =
          sys::ReplaceFile(options_.record, transcript, 0600);
      if (!kept.ok()) Note(std::string(kept.message()));
    };
  }
  under.ticket = under.engine->Start(
      std::move(batch), [this, id, alive = std::weak_ptr<bool>(alive_)](
                            size_t order, const PlugResult& result) {
        if (!alive.expired()) OrderEnded(id, order, result);
      });
}

void CampaignRun::OrderEnded(BatchId id, size_t order,
                             const PlugResult& result) {
  const auto at = under_.find(id);
  if (at == under_.end()) return;
  Under& under = at->second;
  NoteCredentials(under.pcu, result);
  if (IsJournaled(action_)) {
    if (under.said.has_value() && under.digest == nullptr) {
      under.digest =
          std::make_shared<const std::string>(base::Hex(under.said->Of()));
    }
    for (const size_t host : under.hosts[order]) {
      kept_[host].digest = under.digest;
    }
  }
  if (--under.open == 0) {
    const Under gone = std::move(under);
    under_.erase(at);
    if (gone.session >= 0) {
      means_->sessions.GiveBack(*gone.end_point, gone.session);
    }
  }
  campaign_.OrderEnded(id, order, result, sys::SteadyNow(), gathered_);
  ApplySoon();
}

void CampaignRun::NoteCredentials(size_t pcu, const PlugResult& result) {
  const bool is_refused = result.failure.has_value() &&
                          result.failure->failure_class == FailureClass::kAuth;
  if (!is_refused && result.verified < VerifyLevel::kLogin) return;
  if (is_refused && result.failure->is_of_plug) return;
  if (!told_.insert({pcu, !is_refused}).second) return;
  const Pcu& its = *pcus_[pcu].pcu;
  if (is_refused) {
    means_->reader.Forget(its.secret);
    means_->reader.Forget(its.privacy_secret);
  }
  const std::string version = (*secrets_[pcu].secret)->version;
  const absl::Time now = sys::WallNow();
  // Only what was refused once is to be forgotten.
  if (!is_refused && !options_.ignores_lockout && lockout_.empty()) return;
  const absl::Status changed = lockout_file_.Change([&](Lockout& lockout) {
    if (is_refused) {
      lockout.Refused(its.name, its.user, version, now);
    } else {
      lockout.Accepted(its.name, its.user);
    }
  });
  if (!changed.ok()) {
    Note(
        absl::StrCat("the memory of refused credentials: ", changed.message()));
  }
}

void CampaignRun::Release(size_t pcu) {
  means_->sessions.Leave(user_, pcu_names_[pcu]);
}

void CampaignRun::HostEnded(Campaign::HostEnded&& ended) {
  const Kept& kept = kept_[ended.host];
  if (kept.record.has_value() && !callbacks_.log) {
    ended.result.journal = RecordIdText(*kept.record);
  }
  if (callbacks_.ended) callbacks_.ended(ended.host, ended.result);
  if (!IsJournaled(action_)) return;
  if (unkept_.empty()) {
    if (!shares_means_) means_->journal.OpenAhead(means_->pool);
    means_->journal.Later([this, alive = std::weak_ptr<bool>(alive_)] {
      if (alive.expired()) return;
      KeepEnds();
      MaybeDone();
    });
  }
  unkept_.push_back(std::move(ended));
}

void CampaignRun::KeepEnds() {
  if (unkept_.empty()) return;
  means_->journal.OpenAhead(means_->pool);  // a service's loop has other work
  const sys::LogTogether together;
  const absl::Time now = sys::WallNow();
  for (auto& [host, result] : std::exchange(unkept_, {})) {
    Kept& kept = kept_[host];
    if (kept.record.has_value()) {
      if (callbacks_.log) result.journal = RecordIdText(*kept.record);
      JournalEnd end = EndOf(result, now);
      if (kept.digest != nullptr) end.digest = *kept.digest;
      ++open_ends_;
      means_->journal.End(*std::exchange(kept.record, std::nullopt),
                          campaign_.request().hosts[host].name, std::move(end),
                          [this, alive = std::weak_ptr<bool>(alive_)](
                              const absl::Status& status) {
                            if (!alive.expired()) EndIsKept(status);
                          });
    }
    if (callbacks_.log) callbacks_.log(result);
  }
}

void CampaignRun::EndIsKept(const absl::Status& status) {
  --open_ends_;
  if (!status.ok() && unwritten_.ok()) unwritten_ = status;
  MaybeDone();
}

void CampaignRun::MaybeDone() {
  if (!campaign_.is_ended() || applies_soon_ || is_done_) return;
  if (!std::exchange(is_told_, true) && callbacks_.told) callbacks_.told();
  if (!unkept_.empty()) {
    // A service has others to hear first.
    if (shares_means_) return;
    KeepEnds();
  }
  if (open_ends_ > 0) return;
  is_done_ = true;
  if (!unwritten_.ok()) {
    Note(absl::StrCat("the journal: ", unwritten_.message()));
  }
  const auto tell = [this] {
    if (callbacks_.done) callbacks_.done();
  };
  // Others go on with what they share.
  if (shares_means_) return tell();
  means_->LogOut(tell);
}

}  // namespace power
