// Limits of senders, and what a receiver keeps for itself: refused, or what was
// read is written such that it is read again.
#include <cstdint>

#include "base/status.h"
#include "msrc/hash_cache.h"
#include "msrc/sender_limits.h"
#include "msrc/sent_list.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto limits = msrc::SenderLimits::Parse(text);
  if (limits.ok()) {
    for (const msrc::SenderRule& rule : limits->rules()) {
      MUST(!rule.who.empty() && !rule.into.empty());
      const auto again = msrc::SenderLimits::Parse(msrc::FormatRule(rule));
      MUST(again.ok() && again->rules().size() == 1);
      // Days are written one by one.
      MUST(again->rules()[0].who == rule.who);
      MUST(again->rules()[0].into == rule.into);
      MUST(again->rules()[0].run == rule.run);
      MUST(again->rules()[0].any_utility == rule.any_utility);
    }
    (void)limits->Check({.principals = {"a"}, .into = "/", .now = {}});
  }
  const auto hashes = msrc::HashCache::Decode(text);
  if (hashes.ok()) {
    MUST(msrc::HashCache::Decode(hashes->Encode())->size() == hashes->size());
  }
  const auto sent = msrc::ParseSent(text, "");
  if (sent.ok()) {
    for (const std::string& path : *sent) MUST(!path.empty());
  }
  return 0;
}
