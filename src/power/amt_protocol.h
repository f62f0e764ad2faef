// Intel AMT by WS-Management, and by the SOAP service of old firmware where
// there is no WS-Management: one host, as the steps of plug_action.h. Pure.
#pragma once

#include <absl/time/time.h>

#include <string>
#include <vector>

#include "power/markup_scan.h"
#include "power/web_protocol.h"

namespace power {

class AmtProtocol : public WebProtocol {
 public:
  // `is_old`: it is known to have nothing but the SOAP service.
  explicit AmtProtocol(bool is_old) : is_old_(is_old) {}

  WebMove Open(const WebReply* reply, absl::Time now) override;
  WebMove Step(size_t order, const PlugAction::Next& next,
               const WebReply* reply, absl::Time now) override;
  WebMove Leave(const WebReply* reply, absl::Time now) override;
  bool is_in() const override { return is_in_; }

  bool is_old() const { return is_old_; }

 private:
  WebMove Ask(const PlugAction::Next& next);
  WebMove OnAnswer(const PlugAction::Next& next, const net::HttpAnswer& answer);
  WebMove OnOldAnswer(const PlugAction::Next& next,
                      const std::vector<MarkupItem>& items);

  bool is_old_;
  bool is_in_ = false;
  uint64_t messages_ = 0;
};

}  // namespace power
