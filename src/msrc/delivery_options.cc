#include "msrc/delivery_options.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <unistd.h>

#include <cstring>

#include "base/bytes.h"
#include "base/status.h"
#include "base/time.h"
#include "sys/terminal.h"
#include "text/words.h"

namespace msrc {
namespace {

constexpr absl::Duration kLockWait = absl::Minutes(1);
constexpr int64_t kMaxPrune = 25, kMostPrune = 1'000'000;

absl::Status ReadTime(const cli::Call& call, absl::string_view word,
                      absl::Duration* to) {
  if (!call.Has(word)) return absl::OkStatus();
  const auto time = base::ParseDuration(call.Get(word));
  if (!time.ok()) {
    return cli::UsageError(
        absl::StrCat("--", word, ": ", time.status().message()));
  }
  *to = *time;
  return absl::OkStatus();
}

absl::Status ReadWaves(const cli::Call& call, WavePlan::Options* to) {
  if (call.Has("canary")) {
    TRY_ASSIGN(to->canaries, call.Int("canary", 0, 1'000'000));
  }
  for (const auto& [word, share] :
       {std::pair("batch", &to->batch), std::pair("max-fail", &to->max_fail)}) {
    if (!call.Has(word)) continue;
    const absl::StatusOr<Share> read = ParseShare(call.Get(word));
    if (!read.ok()) {
      return cli::UsageError(
          absl::StrCat("--", word, ": ", read.status().message()));
    }
    *share = *read;
  }
  return absl::OkStatus();
}

absl::Status ReadOwner(const cli::Call& call,
                       fleetbox::wire::DeliveryPolicy* policy) {
  if (!call.Has("owner")) return absl::OkStatus();
  const std::string who = call.Get("owner");
  policy->set_owners(true);
  if (who == "source") return absl::OkStatus();
  const std::pair<std::string, std::string> names =
      absl::StrSplit(who, absl::MaxSplits(':', 1));
  policy->set_owner(names.first);
  policy->set_group(names.second);
  if (!names.first.empty() || !names.second.empty()) return absl::OkStatus();
  return cli::UsageError(
      absl::StrCat("--owner: '", who, "' is not source or NAME:GROUP"));
}

absl::Status ReadPrune(const cli::Call& call,
                       fleetbox::wire::DeliveryPolicy* policy) {
  if (call.Has("prune")) {
    const std::string what = call.Get("prune");
    policy->set_prune(true);
    policy->set_prune_all(what == "all");
    if (what != "all" && what != "sent") {
      return cli::UsageError(absl::StrCat("--prune: '", what, "' is not all"));
    }
  }
  policy->set_max_prune(kMaxPrune);
  if (call.Has("max-prune")) {
    TRY_ASSIGN(const int64_t n, call.Int("max-prune", 0, kMostPrune));
    policy->set_max_prune(static_cast<uint32_t>(n));
  }
  return absl::OkStatus();
}

absl::Status ReadRelays(const cli::Call& call, RelayOptions* to) {
  if (call.Has("relay")) {
    to->hosts = absl::StrSplit(call.Get("relay"), ',');
    for (const std::string& name : to->hosts) {
      const size_t host = name.rfind('@') + 1;  // 0 where there is none
      if (name.empty() || name[0] == '-' || host == name.size() ||
          name[host] == '-') {
        return cli::UsageError(
            absl::StrCat("--relay: '", base::Escape(name), "' is no host"));
      }
    }
  }
  if (!call.Has("relay-ssh")) return absl::OkStatus();
  const auto words = text::SplitWords(call.Get("relay-ssh"));
  if (!words.ok() || words->empty()) {
    return cli::UsageError("--relay-ssh: is no command");
  }
  to->ssh = *words;
  return absl::OkStatus();
}

absl::Status ReadTerminal(const cli::Call& call, bool* tty) {
  *tty = call.Has("tty");
  if (!*tty) return absl::OkStatus();
  // What it prints is for a screen, and what is typed its only input.
  for (const char* other : {"attach", "bootstrap", "bundle", "check", "detach",
                            "fold", "i", "report", "tag"}) {
    if (!call.Has(other)) continue;
    return cli::UsageError(absl::StrCat(strlen(other) == 1 ? "-" : "--", other,
                                        " does not go with --tty"));
  }
  if (sys::IsTerminal(STDIN_FILENO)) return absl::OkStatus();
  return cli::UsageError("--tty: standard input is no terminal");
}

// How the built-in transport goes about it, or what bounds it, may stand in
// MSRC for all runs; what concerns earlier runs is for every transport.
bool IsForAnyTransport(absl::string_view word) {
  for (const char* name :
       {"connect-timeout", "history", "identity", "lock-wait", "max-prune",
        "relay-ssh", "mux", "no-cache", "no-sync", "resume", "retry-failed",
        "valid"}) {
    if (word == name) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<DeliveryOptions> ReadDeliveryOptions(const cli::Call& call) {
  DeliveryOptions o;
  fleetbox::wire::DeliveryPolicy& policy = o.policy;
  policy.set_check(call.Has("check"));
  policy.set_diff(call.Has("diff"));
  policy.set_set_id(call.Has("setid"));
  policy.set_all_times(call.Has("times"));
  policy.set_force(call.Has("force"));
  policy.set_no_sync(call.Has("no-sync"));
  policy.set_at_once(call.Has("swap"));
  absl::Duration lock_wait = kLockWait;
  TRY(ReadTime(call, "lock-wait", &lock_wait));
  policy.set_lock_wait_ms(absl::ToInt64Milliseconds(lock_wait));
  TRY(ReadPrune(call, &policy));
  TRY(ReadOwner(call, &policy));
  TRY(ReadWaves(call, &o.waves));
  TRY(ReadTime(call, "connect-timeout", &o.limits.connect));
  if (call.Has("links")) {
    const std::string links = call.Get("links");
    if (links != "keep" && links != "follow") {
      return cli::UsageError(
          absl::StrCat("--links: '", links, "' is not keep or follow"));
    }
    o.links = links == "keep" ? SourceOptions::Links::kKeep
                              : SourceOptions::Links::kFollow;
  }
  if (call.Has("retries")) {
    TRY_ASSIGN(const int64_t n, call.Int("retries", 0, 1'000'000));
    o.retry.retries = static_cast<int>(n);
  }
  if (call.Has("retry-delay")) {
    const auto delay = fanout::ParseRetryDelay(call.Get("retry-delay"));
    if (!delay.ok()) {
      return cli::UsageError(
          absl::StrCat("--retry-delay: ", delay.status().message()));
    }
    o.retry.delay = *delay;
  }
  TRY(ReadRelays(call, &o.relays));
  o.identity = call.Get("identity");
  o.strict = call.Has("strict");
  o.no_cache = call.Has("no-cache");
  o.bootstrap_only = call.Has("bootstrap");
  o.mux = call.Has("mux");
  o.detach = call.Has("detach");
  o.attach = call.Has("attach");
  TRY(ReadTerminal(call, &o.tty));
  o.bundle = call.Get("bundle");
  TRY(ReadTime(call, "valid", &o.bundle_time));
  if (call.Has("report")) {
    if (call.Get("report") != "json") {
      return cli::UsageError(
          absl::StrCat("--report: '", call.Get("report"), "' is not json"));
    }
    o.report_json = true;
  }
  return o;
}

std::string DeliveryOptionOf(const cli::Call& call) {
  for (const cli::Option& option : kDeliveryOptions) {
    if (call.Has(option.word) && !IsForAnyTransport(option.word)) {
      return absl::StrCat("--", option.word);
    }
  }
  return "";
}

}  // namespace msrc
