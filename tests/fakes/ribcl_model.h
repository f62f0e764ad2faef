// A model of HP's iLO: RIBCL without HTTP, or by POST to /ribcl; several
// documents in one answer.
#pragma once

#include <string>
#include <vector>

#include "fakes/web_model.h"

namespace fakes {

class RibclModel : public WebModel {
 public:
  WebSaid Answer(const WebHeard& heard, absl::Time now) override;
  bool TakesRaw() const override { return !is_http; }
  std::optional<WebSaid> AnswerRaw(std::string& heard) override;

  bool is_http = false;
  bool answers_http = true;  // an old card may say 404, or hang up
  std::string user = "Administrator", password = "ABCDEFGH";  // as in the XML
  std::string version = "2.22", processor = "iLO2", firmware = "2.33";
  bool is_on = true, may_switch = true;
  size_t half_after = static_cast<size_t>(-1);  // bytes of the answer proper
  bool forgets_to_close = false;
  std::vector<std::string> asked;  // names of elements
  int logins = 0;

 private:
  std::string Documents(const std::string& body);
  bool is_greeted_ = false;
};

}  // namespace fakes
