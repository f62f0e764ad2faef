#include "msrc/admission.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/time.h"
#include "msrc/receiver_limits.h"
#include "msrc/utility_words.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/users.h"
#include "wire/content_hash.h"
#include "wire/message.h"

namespace msrc {
namespace {

namespace pb = fleetbox::wire;

constexpr char kSystemTrust[] = "/etc/fleetbox/allowed_signers";

absl::Status Bad(absl::string_view why) {
  return absl::InvalidArgumentError(why);
}

absl::string_view View(const wire::Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

std::string LimitsFile(const std::string& trust) {
  const size_t slash = trust.rfind('/');
  return slash == std::string::npos
             ? "msrc-limits"
             : absl::StrCat(trust.substr(0, slash), "/msrc-limits");
}

// Beside the trust file. A file that cannot be read, or is wrong, lets nobody
// in.
absl::StatusOr<SenderLimits> ReadLimits(const std::string& path) {
  const absl::StatusOr<std::string> text =
      sys::ReadFile(path, kMaxLimitsFileBytes);
  if (absl::IsNotFound(text.status())) return SenderLimits();
  TRY(text);
  return SenderLimits::Parse(*text);
}

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

Admission::Admission(const AdmissionConfig& config) : trust_(config.trust) {
  // The system's counts even where a variable names another: whoever can set
  // variables is not to get rid of it.
  strict_ = config.require_signed || !config.trust.empty() ||
            MayExist(trust_.path()) || MayExist(kSystemTrust);
  if (strict_) {
    principal_ = config.principal.empty()
                     ? absl::StrCat("host:", sys::HostName())
                     : config.principal;
  } else {
    principal_ = config.principal;
    local_ = absl::StrCat("ssh:", AccountName());
  }
  limits_file_ = LimitsFile(trust_.path());
  limits_ = ReadLimits(limits_file_);
}

wire::Receiver Admission::Who() const {
  wire::Receiver receiver;
  if (!principal_.empty()) receiver.principals = {principal_};
  receiver.any_audience = principal_.empty();
  // In the delegated mode every key counts as the account that ssh let in.
  if (strict_) {
    receiver.trust = &trust_;
  } else {
    receiver.local_peer = local_;
  }
  return receiver;
}

absl::StatusOr<Admission::Admitted> Admission::Admit(absl::string_view parcel,
                                                     wire::Kind kind,
                                                     absl::Time now) {
  trust_.Refresh();
  Admitted admitted;
  TRY_ASSIGN(admitted.opened, wire::Open(parcel, Who(), now));
  const wire::Header& header = admitted.opened.header;
  const std::string sender = wire::Fingerprint(header.sender);
  if (header.kind != kind) {
    return Bad(absl::StrCat("step 1 (header): a parcel of kind ",
                            wire::RulesOf(header.kind)->name, ", not ",
                            wire::RulesOf(kind)->name));
  }
  // For anybody is for nobody in particular: what one host was told to do is
  // nothing for another.
  if (strict_ && header.audience == wire::AudienceOf("")) {
    return absl::PermissionDeniedError(
        absl::StrCat("step 2 (audience): ", sender, ": it names no host"));
  }
  const bool bundle = kind == pb::BUNDLE;
  absl::Status status;
  if (kind == pb::UTILITY) {
    status = wire::ParseInto(admitted.opened.body, base::kMaxBodyBytes,
                             admitted.utility);
    if (status.ok()) status = CheckUtility(admitted.utility);
  } else {
    status = wire::ParseInto(admitted.opened.body, base::kMaxManifestBytes,
                             admitted.delivery);
    if (status.ok()) status = CheckDelivery(admitted.delivery, bundle);
  }
  if (!status.ok()) {
    return base::Context(status, absl::StrCat("step 8 (content): ", sender));
  }
  if (bundle) {
    const absl::Time until = base::FromMillis(
        static_cast<int64_t>(admitted.delivery.valid_until_ms()));
    if (now > until) {
      return absl::FailedPreconditionError(
          absl::StrCat("step 3 (clock): ", sender, ": it was good until ",
                       base::FormatTime(until)));
    }
    return admitted;
  }
  TRY(seen_.Check(header, now));
  return admitted;
}

absl::StatusOr<wire::Opened> Admission::AdmitShared(absl::string_view parcel,
                                                    const Admitted& delivery) {
  if (delivery.delivery.shared_hash() != View(wire::HashOf(parcel))) {
    return absl::PermissionDeniedError(
        "the shared manifest is not the one that the delivery names");
  }
  TRY_ASSIGN(const wire::Header header, wire::ParseHeader(parcel));
  if (header.kind != pb::MANIFEST ||
      delivery.delivery.shared() != header.id.view()) {
    return Bad("the shared manifest is none");
  }
  wire::Receiver who = Who();
  return wire::Open(parcel, who,
                    std::min(delivery.opened.header.signed_at,
                             header.signed_at + base::kMaxClockBehind));
}

absl::Status Admission::CheckLimits(const SenderWish& wish) const {
  if (!limits_.ok()) {
    return base::Context(
        absl::PermissionDeniedError(limits_.status().message()), limits_file_);
  }
  return base::Context(limits_->Check(wish), limits_file_);
}

absl::Status CheckDelivery(const pb::Delivery& delivery, bool bundle) {
  if (delivery.run().size() != sizeof(base::ParcelId)) {
    return Bad("a run without a name");
  }
  if (delivery.host().size() > base::kMaxHostNameBytes) {
    return Bad("a host's name that is too long");
  }
  for (char c : delivery.host()) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return Bad("a host's name that does not print");
    }
  }
  const pb::DeliveryPolicy& policy = delivery.policy();
  if (policy.ignore_size() > static_cast<int>(kMaxIgnoreWords)) {
    return Bad(absl::StrCat("more than ", kMaxIgnoreWords, " words to ignore"));
  }
  for (const std::string& word : policy.ignore()) {
    if (word.size() > base::kMaxPathBytes)
      return Bad("a word that is too long");
  }
  if (policy.recipe().size() > base::kMaxPathBytes ||
      policy.owner().size() > base::kMaxAccountNameBytes ||
      policy.group().size() > base::kMaxAccountNameBytes) {
    return Bad("a name that is too long");
  }
  if (policy.folder_mode() > 07777) {
    return Bad("a mode that is more than permissions");
  }
  if (delivery.has_utility()) {
    TRY(CheckUtility(delivery.utility()));
    if (delivery.utility_follows()) return Bad("two utilities");
  }
  if (!bundle) return absl::OkStatus();
  if (!delivery.nonce().empty() || !delivery.shared().empty() ||
      delivery.utility_follows() || delivery.attach()) {
    return Bad("a bundle that needs a channel");
  }
  if (delivery.valid_until_ms() > uint64_t{INT64_MAX}) {
    return Bad("a time that is none");
  }
  return absl::OkStatus();
}

}  // namespace msrc
