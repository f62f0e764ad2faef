#include "power/snmp_job.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "power/ability.h"

namespace power {
namespace {

const SnmpOid& SystemObject() {
  static const SnmpOid& oid = *new SnmpOid{1, 3, 6, 1, 2, 1, 1, 2, 0};
  return oid;
}

const SnmpWrite* WriteOf(const SnmpFamily& family, Action command) {
  switch (command) {
    case Action::kOn:
      return &family.turn_on;
    case Action::kOff:
      return &family.turn_off;
    case Action::kCycle:
      return family.cycle.object.empty() ? nullptr : &family.cycle;
    default:
      return nullptr;  // an outlet has no reset line and no system behind it
  }
}

bool IsMissing(const SnmpPdu& pdu) {
  if (static_cast<SnmpError>(pdu.error_status) == SnmpError::kNoSuchName) {
    return true;
  }
  if (pdu.error_status != 0 || pdu.bindings.empty()) return false;
  const SnmpType type = pdu.bindings[0].value.type;
  return type == SnmpType::kNoSuchObject || type == SnmpType::kNoSuchInstance ||
         type == SnmpType::kEndOfView;
}

// Of a set, after the plug has been read: that it is there is known.
FailureClass ClassOf(int64_t error_status) {
  switch (static_cast<SnmpError>(error_status)) {
    case SnmpError::kNoSuchName:  // how SNMP 1 says it
    case SnmpError::kReadOnly:
    case SnmpError::kNoAccess:
    case SnmpError::kAuthorization:
    case SnmpError::kNotWritable:
      return FailureClass::kPrivilege;
    case SnmpError::kNoCreation:
    case SnmpError::kInconsistentName:
      return FailureClass::kPlug;
    case SnmpError::kResourceUnavailable:
      return FailureClass::kBusy;
    default:
      return FailureClass::kDevice;
  }
}

}  // namespace

SnmpJob::SnmpJob(Action action, const SnmpFamily* family, std::string plug,
                 const SnmpOptions& options, SnmpAccount account, uint32_t slot,
                 RandomBytes random, SnmpKeyCache& keys, SnmpEngine engine)
    : action_(action),
      family_(family),
      plug_name_(std::move(plug)),
      options_(options),
      session_(std::move(account), slot, std::move(random), keys,
               std::move(engine)),
      plug_(action, options.action, /*can_tell_privilege=*/false) {}

void SnmpJob::Start(absl::Time now) {
  if (family_ == nullptr) return AskFamily(now);
  Begin(now);
}

void SnmpJob::Begin(absl::Time now) {
  if (const auto failure = WhyNotByProtocol("snmp", action_)) {
    return Do(plug_.Failed(*failure, now), now);
  }
  if (action_ == Action::kCycle && options_.action.native_cycle &&
      family_->cycle.object.empty()) {
    return Do(
        Fail(FailureClass::kUnsupported,
             absl::StrCat(family_->name, " has no cycle of its own"), now),
        now);
  }
  Do(plug_.Begin(now), now);
}

void SnmpJob::Do(const PlugAction::Next& next, absl::Time now) {
  doing_ = next;
  switch (next.step) {
    case PlugAction::Step::kRead:
      return AskState(reads_else_ ? family_->read_else : family_->read,
                      next.until, now);
    case PlugAction::Step::kSwitch:
      return AskSwitch(next.command, now);
    case PlugAction::Step::kPause:
      pause_until_ = next.until;
      return;
    case PlugAction::Step::kPrivilege:
    case PlugAction::Step::kReadBack:
    case PlugAction::Step::kEnd:
      return End();
  }
}

void SnmpJob::AskFamily(absl::Time now) {
  asks_family_ = true;
  session_.Ask(SnmpPduType::kGet, {{.oid = SystemObject()}}, true, now,
               now + options_.limit);
  Look(now);
}

void SnmpJob::AskState(absl::string_view object, absl::Time until,
                       absl::Time now) {
  const std::optional<SnmpOid> oid = SnmpObjectOf(object, plug_name_);
  if (!oid.has_value()) return Do(NoSuchPlug(now), now);
  // The last reading of all is given time for its answer.
  until =
      std::min(now + options_.limit, std::max(until, now + absl::Seconds(2)));
  session_.Ask(SnmpPduType::kGet, {{.oid = *oid}}, true, now, until);
  Look(now);
}

void SnmpJob::AskSwitch(Action command, absl::Time now) {
  const SnmpWrite* write = WriteOf(*family_, command);
  const std::optional<SnmpOid> oid =
      write == nullptr ? std::nullopt : SnmpObjectOf(write->object, plug_name_);
  if (!oid.has_value()) return Do(NoSuchPlug(now), now);
  session_.Ask(SnmpPduType::kSet,
               {{.oid = *oid, .value = SnmpInteger(write->value)}},
               command != Action::kCycle, now, now + options_.limit);
  Look(now);
}

void SnmpJob::Look(absl::Time now) {
  VerifyLevel& verified = plug_.result().verified;
  if (session_.was_heard()) verified = std::max(verified, VerifyLevel::kReach);
  if (session_.was_let_in()) verified = std::max(verified, VerifyLevel::kLogin);
  const std::optional<SnmpSession::Reply> reply = session_.TakeReply();
  if (!reply.has_value()) return;
  if (asks_family_) return OnFamily(*reply, now);
  Do(OnReply(*reply, now), now);
}

void SnmpJob::OnFamily(const SnmpSession::Reply& reply, absl::Time now) {
  asks_family_ = false;
  if (reply.failure.has_value()) {
    return Do(plug_.Failed(*reply.failure, now), now);
  }
  const SnmpPdu& pdu = *reply.pdu;
  if (pdu.error_status != 0 || pdu.bindings.empty() ||
      pdu.bindings[0].value.type != SnmpType::kOid) {
    return Do(Fail(FailureClass::kUnsupported,
                   "the device does not say what it is", now),
              now);
  }
  const SnmpOid& system = pdu.bindings[0].value.oid;
  family_ = SnmpFamilyOf(system);
  if (family_ != nullptr) return Begin(now);
  Do(Fail(FailureClass::kUnsupported,
          absl::StrCat("no model is known for ", SnmpOidText(system)), now),
     now);
}

PlugAction::Next SnmpJob::OnReply(const SnmpSession::Reply& reply,
                                  absl::Time now) {
  const bool was_set = doing_.step == PlugAction::Step::kSwitch;
  if (reply.failure.has_value()) {
    return was_set && reply.failure->maybe_executed
               ? plug_.Lost(*reply.failure, now)
               : plug_.Failed(*reply.failure, now);
  }
  const SnmpPdu& pdu = *reply.pdu;
  if (!was_set) return OnState(pdu, now);
  if (pdu.error_status == 0) return plug_.Switched(now);
  return Fail(ClassOf(pdu.error_status),
              absl::StrCat(Word(doing_.command), ": ",
                           DescribeSnmpError(pdu.error_status)),
              now);
}

PlugAction::Next SnmpJob::OnState(const SnmpPdu& pdu, absl::Time now) {
  if (IsMissing(pdu)) {
    if (!family_->read_else.empty() && !reads_else_) {
      reads_else_ = true;
      return doing_;
    }
    return NoSuchPlug(now);
  }
  if (pdu.error_status != 0) {
    return Fail(ClassOf(pdu.error_status),
                absl::StrCat("status: ", DescribeSnmpError(pdu.error_status)),
                now);
  }
  if (pdu.bindings.empty()) {
    return Fail(FailureClass::kDevice, "status: an empty answer", now);
  }
  const SnmpValue& value = pdu.bindings[0].value;
  const bool is_number = value.type == SnmpType::kInteger ||
                         value.type == SnmpType::kGauge ||
                         value.type == SnmpType::kCounter;
  return plug_.StateRead(
      is_number ? SnmpStateOf(*family_, value.number) : PlugState::kUnknown,
      now);
}

PlugAction::Next SnmpJob::NoSuchPlug(absl::Time now) {
  return Fail(
      FailureClass::kPlug,
      absl::StrCat("'", plug_name_, "' is no plug of this ", family_->name),
      now);
}

PlugAction::Next SnmpJob::Fail(FailureClass failure_class, std::string text,
                               absl::Time now) {
  return plug_.Failed({.failure_class = failure_class, .text = std::move(text)},
                      now);
}

void SnmpJob::End() {
  ended_ = true;
  plug_.result().attempts = session_.attempts();
}

void SnmpJob::Receive(absl::string_view datagram, absl::Time now) {
  if (ended_) return;
  session_.Receive(datagram, now);
  Look(now);
}

void SnmpJob::Wake(absl::Time now) {
  if (ended_) return;
  if (!asks_family_ && doing_.step == PlugAction::Step::kPause) {
    if (now < pause_until_) return;
    pause_until_ = absl::InfiniteFuture();
    return Do(plug_.PauseOver(now), now);
  }
  session_.Wake(now);
  Look(now);
}

void SnmpJob::Unreachable(absl::string_view what, absl::Time now) {
  if (ended_) return;
  session_.Unreachable(what, now);
  Look(now);
}

void SnmpJob::Abandon(absl::Time) {
  session_.Abandon();
  ended_ = true;
}

std::vector<std::string> SnmpJob::TakeDatagrams() {
  return session_.TakeDatagrams();
}

absl::Time SnmpJob::wake_at() const {
  if (ended_) return absl::InfiniteFuture();
  if (!asks_family_ && doing_.step == PlugAction::Step::kPause) {
    return pause_until_;
  }
  return session_.wake_at();
}

const PlugResult* SnmpJob::result() const {
  return ended_ ? &plug_.result() : nullptr;
}

}  // namespace power
