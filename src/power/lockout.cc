#include "power/lockout.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/status.h"
#include "base/time.h"
#include "power/limits.h"
#include "text/json.h"

namespace power {
namespace {

// One of the future is from before a clock was set back; it must not lock
// anybody for days.
bool IsOver(absl::Time at, absl::Time now) {
  return now >= at + kLockoutSpan || at > now + kLockoutSpan;
}

}  // namespace

std::optional<absl::Time> Lockout::LockedUntil(absl::string_view pcu,
                                               absl::string_view user,
                                               absl::string_view version,
                                               absl::Time now) const {
  const auto found =
      refusals_.find(std::make_pair(std::string(pcu), std::string(user)));
  if (found == refusals_.end()) return std::nullopt;
  const Refusal& refusal = found->second;
  if (IsOver(refusal.at, now)) return std::nullopt;
  const bool changed = !version.empty() && !refusal.version.empty() &&
                       version != refusal.version;
  if (changed) return std::nullopt;
  return refusal.at + kLockoutSpan;
}

void Lockout::Refused(absl::string_view pcu, absl::string_view user,
                      absl::string_view version, absl::Time now) {
  for (auto it = refusals_.begin(); it != refusals_.end();) {
    it = IsOver(it->second.at, now) ? refusals_.erase(it) : std::next(it);
  }
  refusals_[{std::string(pcu), std::string(user)}] = {std::string(version),
                                                      now};
  if (refusals_.size() <= kMaxRefusals) return;
  const auto oldest = std::min_element(
      refusals_.begin(), refusals_.end(),
      [](const auto& a, const auto& b) { return a.second.at < b.second.at; });
  refusals_.erase(oldest);
}

void Lockout::Accepted(absl::string_view pcu, absl::string_view user) {
  refusals_.erase({std::string(pcu), std::string(user)});
}

std::string Lockout::Text() const {
  text::JsonWriter out(text::JsonWriter::Layout::kPretty);
  out.BeginArray();
  for (const auto& [who, refusal] : refusals_) {
    out.BeginObject();
    out.Key("pcu").String(who.first).Key("user").String(who.second);
    out.Key("secret").String(refusal.version);
    out.Key("at").Int(base::ToMillis(refusal.at));
    out.EndObject();
  }
  out.EndArray();
  return out.Take();
}

absl::StatusOr<Lockout> Lockout::Parse(absl::string_view text) {
  TRY_ASSIGN(const text::Json json, text::Json::Parse(text, kMaxLockoutBytes));
  if (json.AsArray() == nullptr) {
    return absl::InvalidArgumentError("is no list of refusals");
  }
  Lockout lockout;
  for (const text::Json& one : *json.AsArray()) {
    TRY_ASSIGN(std::string pcu, one.StringAt("pcu"));
    TRY_ASSIGN(std::string user, one.StringAt("user"));
    TRY_ASSIGN(std::string version, one.StringAt("secret"));
    TRY_ASSIGN(const int64_t at, one.IntAt("at"));
    if (lockout.refusals_.size() >= kMaxRefusals) break;
    lockout.refusals_[{std::move(pcu), std::move(user)}] = {
        std::move(version), base::FromMillis(at)};
  }
  return lockout;
}

std::string LockedText(absl::Time until) {
  return absl::StrCat("not tried until ", base::FormatTime(until),
                      ": the password was refused");
}

}  // namespace power
