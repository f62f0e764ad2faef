// Bodies of Redfish, WS-Man and RIBCL out of any bytes, at every place of a
// job: it always comes to an end.
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "power/amt_protocol.h"
#include "power/limits.h"
#include "power/markup_scan.h"
#include "power/redfish_protocol.h"
#include "power/ribcl_protocol.h"

namespace {

using power::WebMove;

// Answers each call with the next part of the bytes, up to a zero byte.
class Answers {
 public:
  explicit Answers(absl::string_view bytes) : rest_(bytes) {}
  power::WebReply Next(const power::WebAsk& ask) {
    MUST(net::IsHttpTarget(ask.call.target));
    for (const auto& [name, value] : ask.call.headers) {
      MUST(net::IsHttpHeaderValue(value));
    }
    net::HttpAnswer answer;
    answer.status = 200;
    if (!rest_.empty()) {
      constexpr int kStatuses[] = {200, 200, 200, 201, 202, 204,
                                   400, 401, 404, 409, 412, 503};
      answer.status = kStatuses[static_cast<unsigned char>(rest_[0]) % 12];
      rest_.remove_prefix(1);
    }
    const size_t end = std::min(rest_.find('\0'), rest_.size());
    answer.body = std::string(rest_.substr(0, end));
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (net::IsHttpHeaderValue(answer.body)) {
      answer.headers = {{"location", answer.body},
                        {"x-auth-token", answer.body},
                        {"etag", answer.body}};
    }
    return {.answer = std::move(answer)};
  }

 private:
  absl::string_view rest_;
};

void Run(power::WebProtocol& protocol, absl::string_view bytes,
         power::Action command) {
  Answers answers(bytes);
  absl::Time now = absl::UnixEpoch();
  const auto finish = [&](WebMove move, auto&& go) {
    // Each answer leads on, or ends it; lists of links are bounded.
    for (size_t i = 0; i < 100'000; ++i) {
      if (move.kind == WebMove::Kind::kAsk) {
        const power::WebReply reply = answers.Next(move.ask);
        move = go(&reply);
      } else if (move.kind == WebMove::Kind::kPause) {
        now = std::max(now, move.until);
        move = go(nullptr);
      } else {
        return move.kind;
      }
    }
    MUST(false);
    return move.kind;
  };
  const auto open = [&](const power::WebReply* r) {
    return protocol.Open(r, now);
  };
  if (finish(open(nullptr), open) == WebMove::Kind::kReady) {
    for (const auto& next : std::vector<power::PlugAction::Next>{
             {.step = power::PlugAction::Step::kRead},
             {.step = power::PlugAction::Step::kSwitch, .command = command},
             {.step = power::PlugAction::Step::kReadBack, .command = command},
             {.step = power::PlugAction::Step::kPrivilege}}) {
      const auto step = [&](const power::WebReply* r) {
        return protocol.Step(0, next, r, now);
      };
      finish(step(nullptr), step);
    }
  }
  const auto leave = [&](const power::WebReply* r) {
    return protocol.Leave(r, now);
  };
  finish(leave(nullptr), leave);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const absl::string_view bytes(reinterpret_cast<const char*>(data) + 1,
                                size - 1);
  MUST(power::ScanMarkup(bytes).size() <= power::kMaxMarkupItems);
  constexpr power::Action kCommands[] = {
      power::Action::kOn,  power::Action::kOff,        power::Action::kReset,
      power::Action::kNmi, power::Action::kIdentifyOn, power::Action::kBootPxe};
  const power::Action command = kCommands[data[0] % 6];
  power::RedfishProtocol redfish({{.action = command, .plug = "web1"}},
                                 {.user = "u"}, data[0] % 3 == 0 ? "web1" : "",
                                 {});
  Run(redfish, bytes, command);
  power::AmtProtocol amt(data[0] % 2 == 0);
  Run(amt, bytes, command);
  power::RibclProtocol ribcl({.user = "u"}, {});
  Run(ribcl, bytes, command);
  return 0;
}
