// A model of Intel AMT: WS-Management or the older SOAP service, behind Digest.
#pragma once

#include <string>
#include <vector>

#include "fakes/digest_gate.h"
#include "fakes/web_model.h"

namespace fakes {

class AmtModel : public WebModel {
 public:
  WebSaid Answer(const WebHeard& heard, absl::Time now) override;

  DigestGate gate;
  bool is_old = false;        // no WS-Management
  int state = 2;              // as WS-Management says it
  int returns = -1;           // of each change; -1: what fits
  bool goes_off = false;      // before a change comes
  int status = 0;             // of the SOAP service
  std::string raw_body = {};  // instead of an answer
  std::vector<int> asked;     // PowerState or Command

 private:
  WebSaid WsMan(const std::string& body);
  WebSaid Soap(const std::string& operation, const std::string& body);
};

}  // namespace fakes
