#include "msrc/receiver_session.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "msrc/into.h"
#include "msrc/receiver_limits.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/log.h"
#include "sys/process.h"
#include "sys/system_log.h"
#include "sys/users.h"
#include "wire/message.h"

namespace msrc {
namespace {

namespace pb = fleetbox::wire;

constexpr uint32_t kProtocol = 2;  // 2: terminals
constexpr absl::Duration kTryLockAgain = absl::Milliseconds(50);
constexpr int kRefused = 77;

std::vector<std::string> HomeFolders(const std::string& own) {
  std::vector<std::string> homes = sys::HomesOfPeople();
  homes.push_back(own);
  return homes;
}

bool AnySetId(const wire::Manifest& manifest) {
  const std::vector<wire::Entry>& entries = manifest.entries();
  return std::any_of(entries.begin(), entries.end(), wire::HasSetId);
}

}  // namespace

ReceiverSession::ReceiverSession(sys::Loop& loop, ReceiverConfig config,
                                 ReceiverCalls calls)
    : loop_(loop),
      config_(std::move(config)),
      calls_(std::move(calls)),
      admission_(config_.admission),
      nonce_(sys::RandomBytes(16)),
      alive_(std::make_shared<bool>(true)),
      pool_(loop, 1) {}

ReceiverSession::~ReceiverSession() {
  *alive_ = false;
  if (work_ != nullptr) work_->Stop();
  loop_.Cancel(timer_);
}

void ReceiverSession::Begin() {
  pb::FromReceiver message;
  pb::ReceiverHello& hello = *message.mutable_hello();
  hello.set_protocol(kProtocol);
  hello.set_software("fleetbox " FLEETBOX_VERSION);
  hello.set_platform(sys::Platform());
  hello.set_uid(sys::MyUid());
  const absl::StatusOr<sys::Account> account = sys::FindAccount(sys::MyUid());
  if (account.ok()) hello.set_user(account->name);
  hello.set_nonce(nonce_);
  hello.set_principal(admission_.principal());
  hello.set_strict(admission_.strict());
  calls_.send(message);
  timer_ = loop_.After(kDeliveryTime, [this] {
    timer_ = 0;
    Refuse(absl::DeadlineExceededError("no delivery has come"), 75);
  });
}

// --- what comes in -----------------------------------------------------------

void ReceiverSession::OnParcel(absl::string_view parcel) {
  if (phase_ == Phase::kOver) return;
  const absl::StatusOr<wire::Header> header = wire::ParseHeader(parcel);
  if (!header.ok()) return Refuse(header.status(), kRefused);
  if (header->kind == pb::MANIFEST && phase_ == Phase::kDelivery) {
    return TakeManifest(parcel);
  }
  if (header->kind == pb::DELIVERY && phase_ == Phase::kDelivery) {
    return TakeDelivery(parcel, pb::DELIVERY);
  }
  if (header->kind == pb::UTILITY && phase_ == Phase::kUtility) {
    return TakeUtility(parcel);
  }
  Refuse(absl::FailedPreconditionError(absl::StrCat(
             "a parcel of kind ", wire::RulesOf(header->kind)->name,
             " out of its order")),
         76);
}

void ReceiverSession::OnMessage(absl::string_view bytes) {
  if (phase_ == Phase::kOver) return;
  const absl::StatusOr<pb::FromController> message =
      wire::Parse<pb::FromController>(bytes, base::kMaxFrameBytes);
  if (!message.ok()) return Refuse(message.status(), 76);
  switch (message->what_case()) {
    case pb::FromController::kContent:
      return Feed(message->content().bytes());
    case pb::FromController::kInput:
      if (utility_ != nullptr && phase_ == Phase::kRunning) {
        utility_->Input(message->input().bytes(), message->input().end());
      }
      return;
    case pb::FromController::kCancel:
      return Cancel(message->cancel().signal());
    case pb::FromController::kTerminal:
      if (utility_ != nullptr && phase_ == Phase::kRunning) {
        utility_->Resize(message->terminal());
      }
      return;
    case pb::FromController::kDone:
      if (phase_ == Phase::kUtility) EndExchange();
      return;
    case pb::FromController::WHAT_NOT_SET:
      return;  // of a later version
  }
}

// Kept as it is: it is looked at when a delivery that we have let in names it.
void ReceiverSession::TakeManifest(absl::string_view parcel) {
  if (!shared_.empty()) {
    return Refuse(absl::FailedPreconditionError("a second shared manifest"),
                  76);
  }
  shared_ = std::string(parcel);
}

void ReceiverSession::TakeBundle(absl::string_view parcel) {
  TakeDelivery(parcel, pb::BUNDLE);
}

void ReceiverSession::TakeDelivery(absl::string_view parcel, wire::Kind kind) {
  loop_.Cancel(std::exchange(timer_, 0));
  const absl::Status status = Accept(parcel, kind);
  // Unsafe paths and damage are told from who may not.
  if (absl::IsFailedPrecondition(status) && admitted_) {
    return Refuse(status, 76);
  }
  if (absl::IsInvalidArgument(status) && admitted_) return Refuse(status, 65);
  if (!status.ok()) return Refuse(status, kRefused);
  if (admitted_->delivery.attach()) return Follow();
  lock_until_ = sys::SteadyNow() + kDefaultLockWait;
  if (const uint64_t ms = admitted_->delivery.policy().lock_wait_ms();
      ms != 0) {
    const uint64_t most =
        static_cast<uint64_t>(absl::ToInt64Milliseconds(kMaxLockWait));
    lock_until_ = sys::SteadyNow() +
                  absl::Milliseconds(static_cast<int64_t>(std::min(ms, most)));
  }
  phase_ = Phase::kOpening;
  TryOpen();
}

absl::Status ReceiverSession::Accept(absl::string_view parcel,
                                     wire::Kind kind) {
  absl::StatusOr<Admission::Admitted> admitted =
      admission_.Admit(parcel, kind, sys::WallNow());
  TRY(admitted);
  const pb::Delivery& delivery = admitted->delivery;
  if (kind == pb::DELIVERY && delivery.nonce() != nonce_) {
    return absl::PermissionDeniedError(absl::StrCat(
        "step 9 (replay): ", wire::Fingerprint(admitted->opened.header.sender),
        ": it is the answer to another hello"));
  }
  admitted_ = *std::move(admitted);
  run_hex_ = base::Hex(delivery.run());
  host_ = admitted_->delivery.host();
  run_hex_ = base::Hex(admitted_->delivery.run());
  TRY_ASSIGN(const std::string into,
             IntoPath(admitted_->delivery.into(), config_.home));
  if (admitted_->delivery.attach()) {
    return CheckLimits(into, pb::Utility());
  }
  TRY_ASSIGN(wire::Manifest manifest, ManifestOf());
  if (!AnySetId(manifest)) {
    // Nothing that anybody has to allow.
    admitted_->delivery.mutable_policy()->set_set_id(false);
  }
  TRY(CheckLimits(into, admitted_->delivery.utility()));
  DeliveryOrder order = {.run_hex = run_hex_,
                         .into = into,
                         .manifest = std::move(manifest),
                         .policy = admitted_->delivery.policy(),
                         .everything = kind == pb::BUNDLE,
                         .cache = config_.cache,
                         .homes = HomeFolders(config_.home)};
  work_ = std::make_unique<DeliveryWork>(std::move(order));
  return absl::OkStatus();
}

absl::StatusOr<wire::Manifest> ReceiverSession::ManifestOf() {
  TRY_ASSIGN(wire::Manifest own,
             wire::Manifest::FromMessage(admitted_->delivery.own()));
  if (admitted_->delivery.shared().empty()) return own;
  TRY_ASSIGN(const wire::Opened opened,
             admission_.AdmitShared(shared_, *admitted_));
  shared_ = std::string();
  TRY_ASSIGN(const wire::Manifest shared, wire::Manifest::Decode(opened.body));
  return wire::Manifest::Merge(shared, own);
}

absl::Status ReceiverSession::CheckLimits(const std::string& into,
                                          const pb::Utility& utility) const {
  const Policy& policy = admitted_->delivery.policy();
  SenderWish wish = {.principals = admitted_->opened.principals,
                     .into = into,
                     .set_id = policy.set_id(),
                     .prune_all = policy.prune_all(),
                     .now = sys::WallNow()};
  wish.utility = {utility.word().begin(), utility.word().end()};
  wish.argv = utility.argv();
  wish.embellished = !utility.shell().empty() || !utility.defs().empty() ||
                     utility.environment_size() > 0 || utility.has_terminal();
  return admission_.CheckLimits(wish);
}

// --- the delivery ------------------------------------------------------------

void ReceiverSession::TryOpen() {
  timer_ = 0;
  absl::Status status = work_->Open();
  if (absl::IsUnavailable(status) && sys::SteadyNow() < lock_until_) {
    timer_ = loop_.After(kTryLockAgain, [this] { TryOpen(); });
    return;
  }
  if (!status.ok()) return Finished(status);
  // Where it really is, if a link has led there.
  status = CheckLimits(work_->into(), admitted_->delivery.utility());
  if (!status.ok()) {
    work_.reset();
    return Refuse(status, kRefused);
  }
  phase_ = Phase::kComparing;
  OnThread([work = work_.get()] { return work->Compare(); },
           &ReceiverSession::Compared);
}

// Long work is not for the loop, on which the channel lives.
void ReceiverSession::OnThread(
    std::function<absl::Status()> work,
    void (ReceiverSession::*then)(const absl::Status&)) {
  auto status = std::make_shared<absl::Status>();
  pool_.Run([work = std::move(work), status] { *status = work(); },
            [this, alive = alive_, status, then] {
              if (*alive) (this->*then)(*status);
            });
}

void ReceiverSession::Compared(const absl::Status& status) {
  if (!status.ok() || lost_) return Finished(status);
  pb::FromReceiver message;
  *message.mutable_need() = work_->need().ToMessage();
  calls_.send(message);
  phase_ = Phase::kContents;
  if (work_->fed()) Finish();
}

void ReceiverSession::Feed(absl::string_view content) {
  if (phase_ != Phase::kContents) {
    return Refuse(absl::FailedPreconditionError("a content out of its order"),
                  76);
  }
  const absl::Status status = work_->Feed(content);
  if (!status.ok()) return Finished(status);
  if (work_->fed()) Finish();
}

void ReceiverSession::Finish() {
  phase_ = Phase::kFinishing;
  OnThread([work = work_.get()] { return work->Finish(); },
           &ReceiverSession::Finished);
}

void ReceiverSession::Finished(const absl::Status& status) {
  pb::FromReceiver message;
  *message.mutable_applied() = work_->applied(status);
  const std::string into = work_->into();
  const bool applied = message.applied().outcome() == pb::Applied::APPLIED;
  // What is staged goes, before anybody hears that all is as it was; without
  // anybody who hears it, it may come to use.
  if (lost_ && (status.ok() || absl::IsCancelled(status))) work_->Leave();
  work_.reset();
  calls_.send(message);
  const pb::Delivery& delivery = admitted_->delivery;
  if (!applied || lost_) return EndExchange();
  admitted_->delivery.set_into(into);
  if (delivery.has_utility() && delivery.utility().word_size() > 0) {
    return StartUtility(delivery.utility());
  }
  if (!delivery.utility_follows()) return EndExchange();
  phase_ = Phase::kUtility;
}

// --- the utility -------------------------------------------------------------

void ReceiverSession::TakeUtility(absl::string_view parcel) {
  absl::StatusOr<Admission::Admitted> admitted =
      admission_.Admit(parcel, pb::UTILITY, sys::WallNow());
  if (!admitted.ok()) return RefuseUtility(admitted.status(), kRefused);
  const wire::Header& delivery = admitted_->opened.header;
  if (admitted->opened.header.sender != delivery.sender ||
      admitted->utility.delivery() != delivery.id.view()) {
    return RefuseUtility(
        absl::PermissionDeniedError("the utility is that of another delivery"),
        kRefused);
  }
  const absl::Status allowed =
      CheckLimits(admitted_->delivery.into(), admitted->utility);
  if (!allowed.ok()) return RefuseUtility(allowed, kRefused);
  if (admitted->utility.word_size() == 0) return EndExchange();
  StartUtility(admitted->utility);
}

void ReceiverSession::StartUtility(const pb::Utility& utility) {
  phase_ = Phase::kRunning;
  UtilityOrder order = {.utility = utility,
                        .into = admitted_->delivery.into(),
                        .home = config_.home,
                        .host = host_,
                        .run_hex = run_hex_};
  if (utility.detach()) return StartKept(std::move(order));
  UtilityEvents events;
  events.output = [this](int stream, std::string bytes) {
    SendOutput(stream, std::move(bytes));
  };
  events.wants_input = [this](bool wants) {
    if (calls_.pause && !lost_) calls_.pause(!wants);
  };
  events.ended = [this](const pb::Ended& ended) {
    SendEnded(ended);
    EndExchange();
  };
  utility_ =
      std::make_unique<UtilityRun>(loop_, std::move(order), std::move(events));
}

void ReceiverSession::StartKept(UtilityOrder order) {
  absl::StatusOr<KeptRun> kept =
      config_.cache.empty()
          ? absl::FailedPreconditionError("there is no folder to keep it in")
          : KeptRun::Make(config_.cache, run_hex_);
  if (!kept.ok()) return RefuseUtility(kept.status(), 73);
  kept_run_ = *std::move(kept);
  order.out = std::move(kept_run_->out);
  order.err = std::move(kept_run_->err);
  UtilityEvents events;
  events.ended = [this](const pb::Ended& ended) {
    (void)kept_run_->WriteEnd(ended);
    kept_run_.reset();
    kept_ = false;
    if (told_ && calls_.over) loop_.Post(calls_.over);
  };
  utility_ =
      std::make_unique<UtilityRun>(loop_, std::move(order), std::move(events));
  kept_ = true;
  pb::Ended ended;
  ended.set_detached(true);
  SendEnded(ended);
  EndExchange();
}

void ReceiverSession::Follow() {
  Follower::Events events;
  events.output = [this](int stream, std::string bytes) {
    SendOutput(stream, std::move(bytes));
  };
  events.ended = [this](const pb::Ended& ended) {
    SendEnded(ended);
    EndExchange();
  };
  absl::StatusOr<std::unique_ptr<Follower>> follower =
      Follower::Open(loop_, config_.cache, run_hex_, std::move(events));
  if (!follower.ok()) return RefuseUtility(follower.status(), 66);
  follower_ = *std::move(follower);
  phase_ = Phase::kFollowing;
}

// What the connection does not take is not read from the utility, either.
void ReceiverSession::SendOutput(int stream, std::string bytes) {
  if (lost_) return;
  pb::FromReceiver message;
  message.mutable_output()->set_stream(static_cast<uint32_t>(stream));
  message.mutable_output()->set_bytes(std::move(bytes));
  calls_.send(message);
  if (!calls_.waiting || calls_.waiting() < kMaxOutputInFlight) return;
  output_paused_ = true;
  if (utility_ != nullptr) utility_->PauseOutput(true);
  if (follower_ != nullptr) follower_->Pause(true);
}

void ReceiverSession::OnDrained() {
  if (!output_paused_) return;
  output_paused_ = false;
  if (utility_ != nullptr) utility_->PauseOutput(false);
  if (follower_ != nullptr) follower_->Pause(false);
}

void ReceiverSession::SendEnded(const pb::Ended& ended) {
  if (lost_) return;
  pb::FromReceiver message;
  *message.mutable_ended() = ended;
  calls_.send(message);
}

// --- ends --------------------------------------------------------------------

void ReceiverSession::Cancel(uint32_t signal) {
  switch (phase_) {
    case Phase::kRunning: {
      const absl::Status status = utility_->Cancel(signal);
      if (!status.ok()) Refuse(status, 76);
      return;
    }
    case Phase::kComparing:
    case Phase::kFinishing:
      return work_->Stop();  // the thread's end says how far it came
    case Phase::kOpening:
    case Phase::kContents:
      loop_.Cancel(std::exchange(timer_, 0));
      return Finished(absl::CancelledError("cancelled"));
    case Phase::kDelivery:
    case Phase::kUtility:
    case Phase::kFollowing:
      return EndExchange();
    case Phase::kOver:
      return;
  }
}

void ReceiverSession::OnLost() {
  if (lost_) return;
  lost_ = true;
  switch (phase_) {
    case Phase::kRunning:
      if (utility_ != nullptr) utility_->Lost();
      return;
    case Phase::kComparing:
    case Phase::kFinishing:
      return work_->Stop();
    case Phase::kDelivery:
    case Phase::kOpening:
    case Phase::kContents:
    case Phase::kUtility:
    case Phase::kFollowing:
      follower_.reset();
      if (work_ != nullptr) work_->Leave();
      work_.reset();
      return EndExchange();
    case Phase::kOver:
      return;
  }
}

void ReceiverSession::Log(const absl::Status& why) const {
  const std::initializer_list<sys::LogField> fields = {{"host", host_},
                                                       {"why", why.message()}};
  sys::LogStep("receiver.refused", fields);
  if (admission_.strict() && !config_.local) {
    sys::TellSystemLog("msrc-recv",
                       absl::StrCat("refused: ", base::Escape(why.message())));
  }
}

// Who is not trusted is told nothing; ssh vouches for others.
std::string ReceiverSession::WhatPeerHears(const absl::Status& why) const {
  return admission_.strict() && !admitted_ && !config_.local
             ? "refused"
             : std::string(why.message());
}

void ReceiverSession::Refuse(const absl::Status& why, int status) {
  loop_.Cancel(std::exchange(timer_, 0));
  Log(why);
  if (phase_ == Phase::kRunning || phase_ == Phase::kFollowing ||
      phase_ == Phase::kUtility) {
    return RefuseUtility(why, status);
  }
  // A thread may be at it: it is told, and its end is the end.
  if (phase_ == Phase::kComparing || phase_ == Phase::kFinishing) {
    return work_->Stop();
  }
  work_.reset();
  pb::FromReceiver message;
  pb::Applied& applied = *message.mutable_applied();
  applied.set_outcome(pb::Applied::REFUSED);
  applied.set_status(static_cast<uint32_t>(status));
  applied.set_error(WhatPeerHears(why));
  if (!lost_) calls_.send(message);
  EndExchange();
}

void ReceiverSession::RefuseUtility(const absl::Status& why, int status) {
  utility_.reset();
  follower_.reset();
  pb::Ended ended;
  ended.set_exit_code(static_cast<uint32_t>(status));
  ended.set_error(WhatPeerHears(why));
  SendEnded(ended);
  EndExchange();
}

void ReceiverSession::EndExchange() {
  if (phase_ == Phase::kOver) return;
  phase_ = Phase::kOver;
  loop_.Cancel(std::exchange(timer_, 0));
  loop_.Post([this, alive = alive_] {
    if (!*alive) return;
    told_ = true;
    if (calls_.said_all) calls_.said_all();
    if (*alive && !kept_ && calls_.over) calls_.over();
  });
}

}  // namespace msrc
