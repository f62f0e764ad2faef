#include "power/helper.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <utility>

#include "power/limits.h"

namespace power {
namespace {

// Lines that wait for the one that is carried out. A script waits for its
// prompt; who sends a thousand ahead has lost count.
constexpr size_t kMaxWaitingLines = 64;

}  // namespace

Helper::Effects Helper::Begin() {
  Print(absl::StrCat(name_, "> "));
  return Take();
}

Helper::Effects Helper::Received(absl::string_view bytes, absl::Time now) {
  now_ = now;
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const absl::string_view piece = bytes.substr(0, end);
    if (received_.size() + piece.size() > kMaxHelperLineBytes) {
      too_long_ = true;
      keys::Wipe(received_);
      received_.clear();
    }
    if (!too_long_) absl::StrAppend(&received_, piece);
    if (end == absl::string_view::npos) break;
    bytes.remove_prefix(end + 1);
    if (lines_.size() < kMaxWaitingLines) {
      lines_.push_back(too_long_ ? "" : received_);
    }
    keys::Wipe(received_);
    received_.clear();
    too_long_ = false;
  }
  Pump();
  return Take();
}

void Helper::Pump() {
  while (!lines_.empty() && !is_busy() && !out_.quit) {
    std::string line = std::move(lines_.front());
    lines_.pop_front();
    std::vector<std::string> words =
        absl::StrSplit(line, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
    if (!words.empty()) Run(words);
    // Some hold a password.
    keys::Wipe(line);
    for (std::string& word : words) keys::Wipe(word);
    if (!is_busy() && !out_.quit) Print(absl::StrCat(name_, "> "));
  }
}

Helper::Effects Helper::Answered(uint64_t id, const HelperAnswer& answer,
                                 absl::Time now) {
  now_ = now;
  const auto found = open_.find(id);
  if (found == open_.end()) return Take();
  const HelperCall call = std::move(found->second);
  open_.erase(found);
  Heard(call, answer);
  if (!is_busy()) Print(absl::StrCat(name_, "> "));
  Pump();
  return Take();
}

Helper::Effects Helper::Wake(absl::Time now) {
  now_ = now;
  while (!delayed_.empty() && delayed_.begin()->first <= now) {
    HelperCall call = std::move(delayed_.begin()->second);
    delayed_.erase(delayed_.begin());
    Call(std::move(call.host), std::move(call.what));
  }
  return Take();
}

absl::Time Helper::wake_at() const {
  return delayed_.empty() ? absl::InfiniteFuture() : delayed_.begin()->first;
}

void Helper::Call(std::string host,
                  std::variant<IpmiCall, SnmpCall, PageCall> what,
                  absl::Time at) {
  HelperCall call = {next_id_++, std::move(host), std::move(what)};
  if (at > now_) {
    delayed_.emplace(at, std::move(call));
    return;
  }
  open_.emplace(call.id, call);
  out_.start.push_back(std::move(call));
}

void Helper::Say(absl::string_view line) { Print(absl::StrCat(line, "\n")); }

Helper::Effects Helper::Take() { return std::exchange(out_, {}); }

std::unique_ptr<Helper> MakeHelper(const HelperCommand& command) {
  switch (command.kind) {
    case HelperKind::kIpmi:
      return MakeIpmiHelper(command);
    case HelperKind::kSnmp:
      return MakeSnmpHelper(command);
    case HelperKind::kRedfish:
      return MakeRedfishHelper(command);
    case HelperKind::kHttp:
      break;
  }
  return nullptr;
}

}  // namespace power
