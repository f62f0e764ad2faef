// HP's RIBCL: documents over TLS without HTTP (iLO 1 and 2), or by POST to
// /ribcl (iLO 3 and 4): one host, as the steps of plug_action.h. Pure.
#pragma once

#include <absl/time/time.h>

#include <optional>
#include <string>
#include <vector>

#include "power/markup_scan.h"
#include "power/web_protocol.h"

namespace power {

// What was found out about one card, for the next time.
struct RibclMemory {
  enum class Way : uint8_t { kUnknown, kHttp, kRaw };
  Way way = Way::kUnknown;
  double version = 0;     // of RIBCL
  std::string processor;  // "iLO2"
  double firmware = 0;
};

class RibclProtocol : public WebProtocol {
 public:
  RibclProtocol(WebAccount account, RibclMemory memory)
      : account_(std::move(account)), memory_(std::move(memory)) {}

  WebMove Open(const WebReply* reply, absl::Time now) override;
  WebMove Step(size_t order, const PlugAction::Next& next,
               const WebReply* reply, absl::Time now) override;
  WebMove Leave(const WebReply* reply, absl::Time now) override;
  bool is_in() const override { return is_in_; }

  const RibclMemory& memory() const { return memory_; }

 private:
  WebAsk Document(absl::string_view inside, bool reads) const;
  WebMove Ask(const PlugAction::Next& next) const;
  std::string OffWords() const;
  void Learn(const std::vector<MarkupItem>& items);
  WebMove OnAnswer(const PlugAction::Next& next, const std::string& body);

  const WebAccount account_;
  RibclMemory memory_;
  bool is_in_ = false;
};

}  // namespace power
