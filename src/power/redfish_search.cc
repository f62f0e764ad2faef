// Which of the resources of a service is meant.
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "keys/secret.h"
#include "power/redfish_protocol.h"
#include "power/redfish_words.h"
#include "text/utf8.h"

namespace power {

using text::Json;

WebMove RedfishProtocol::Found(size_t order, std::string path) {
  if (memory_.paths.size() < kMaxRedfishMembers) {
    memory_.paths[orders_[order].plug] = path;
  }
  // What was looked at for its names is read again: the answer is the newest.
  return Get(runs_[order], Stage::kResource, std::move(path));
}

WebMove RedfishProtocol::NotFound(size_t order) {
  return WebMove::Fail(
      FailureClass::kPlug,
      absl::StrCat("the service has no '", base::Escape(Name(order)), "'"));
}

WebMove RedfishProtocol::OnSystems(size_t order,
                                   const net::HttpAnswer& answer) {
  Run& run = runs_[order];
  const Json json = *RedfishObject(answer);
  for (std::string& path : RedfishMembers(json)) {
    if (run.to_look.size() == kMaxRedfishMembers) break;
    run.to_look.push_back(std::move(path));
  }
  const std::string next =
      RedfishPath(StringIn(json, "Members@odata.nextLink"));
  if (!next.empty() && ++run.looked < kMaxRedfishMembers &&
      run.to_look.size() < kMaxRedfishMembers) {
    return Get(run, Stage::kSystems, next);
  }
  run.looked = 0;
  if (run.to_look.empty()) {
    if (!equipment_.empty()) return Get(run, Stage::kEquipment, equipment_);
    return WebMove::Fail(FailureClass::kPlug, "the service has no system");
  }
  if (run.to_look.size() == 1 && system_.empty()) {
    return Found(order, run.to_look.front());
  }
  // The name is often the last part of its path.
  for (const std::string& path : run.to_look) {
    if (absl::EqualsIgnoreCase(LastPart(path), Name(order))) {
      return Found(order, path);
    }
  }
  return NextSystem(order);
}

WebMove RedfishProtocol::NextSystem(size_t order) {
  Run& run = runs_[order];
  if (run.to_look.empty()) return NotFound(order);
  const std::string path = run.to_look.front();
  run.to_look.pop_front();
  return Get(run, Stage::kSystem, path);
}

// A plug of strips is "OUTLET" where there is one strip, else "STRIP/OUTLET".
WebMove RedfishProtocol::OnStrips(size_t order, const net::HttpAnswer& answer) {
  Run& run = runs_[order];
  const std::vector<std::string> strips =
      RedfishMembers(*RedfishObject(answer));
  const std::string& plug = orders_[order].plug;
  const size_t slash = plug.find('/');
  if (slash == std::string::npos) {
    if (strips.size() == 1) return Get(run, Stage::kStrip, strips[0]);
    return WebMove::Fail(
        FailureClass::kPlug,
        absl::StrCat("there are ", strips.size(), " strips: say STRIP/OUTLET"));
  }
  for (const std::string& strip : strips) {
    if (absl::EqualsIgnoreCase(LastPart(strip), plug.substr(0, slash))) {
      return Get(run, Stage::kStrip, strip);
    }
  }
  return NotFound(order);
}

WebMove RedfishProtocol::OnOutlets(size_t order,
                                   const net::HttpAnswer& answer) {
  Run& run = runs_[order];
  run.to_look.clear();
  for (std::string& path : RedfishMembers(*RedfishObject(answer))) {
    if (absl::EqualsIgnoreCase(LastPart(path), LastPart(orders_[order].plug))) {
      return Found(order, path);
    }
    run.to_look.push_back(std::move(path));
  }
  return NextOutlet(order);
}

WebMove RedfishProtocol::NextOutlet(size_t order) {
  Run& run = runs_[order];
  if (run.to_look.empty()) return NotFound(order);
  const std::string path = run.to_look.front();
  run.to_look.pop_front();
  return Get(run, Stage::kOutlet, path);
}

}  // namespace power
