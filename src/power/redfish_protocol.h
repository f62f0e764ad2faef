// Redfish: a system, a chassis or an outlet behind a service root, as the steps
// of plug_action.h. Pure.
//
//   open    the root; a session when more than one or two calls follow
//   order   find the resource (once; remembered), then read, switch, look at
//           the task that it became
//   leave   the session is deleted, always: controllers have few
#pragma once

#include <absl/time/time.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "power/redfish_resource.h"
#include "power/web_protocol.h"

namespace power {

// What was found out about one service, for the next time.
struct RedfishMemory {
  std::string sessions = {};                      // the path of its sessions
  std::map<std::string, std::string> paths = {};  // of each plug
};

class RedfishProtocol : public WebProtocol {
 public:
  // `system`: which of several, "" when the plug says so. The account is right
  // (CheckWebAccount).
  RedfishProtocol(std::vector<WebOrder> orders, WebAccount account,
                  std::string system, RedfishMemory memory);
  ~RedfishProtocol() override;

  WebMove Open(const WebReply* reply, absl::Time now) override;
  WebMove Step(size_t order, const PlugAction::Next& next,
               const WebReply* reply, absl::Time now) override;
  WebMove Leave(const WebReply* reply, absl::Time now) override;
  bool is_in() const override { return is_in_; }

  const RedfishMemory& memory() const { return memory_; }

 private:
  enum class Stage : uint8_t {
    kStart,
    kSystems,    // the collection
    kSystem,     // one of several, looked at for its names
    kEquipment,  // the strips' folder
    kStrips,     // their collection
    kStrip,      // one of them
    kOutlets,    // its outlets
    kOutlet,     // one of them, looked at for its names
    kResource,   // the one that is meant
    kActionInfo,
    kSwitch,
    kTask,
    kTag,       // the resource again, for its ETag
    kAccounts,  // for what the account may do
    kAccount,
    kRole,
    kAllow,
  };
  // Where one order stands.
  struct Run {
    Stage stage = Stage::kStart;
    std::deque<std::string> to_look = {};  // members not looked at yet
    size_t looked = 0;
    std::string page = {};  // of the collection that follows
    std::string path = {};  // of the resource
    RedfishResource resource = {};
    bool was_lost = false;  // an answer: whether it is so already is looked at
    bool is_known = false;  // the resource was read
    bool has_tag = false;   // the ETag was fetched anew
    bool was_forgotten = false;
    WebAsk ask = {};  // the last
    int retries = 0;
    std::string task = {};
    absl::Time task_until = absl::InfiniteFuture();
  };

  WebMove Get(Run& run, Stage stage, std::string path);
  WebMove AskAgain(Run& run);
  void Authorize(WebAsk& ask) const;
  WebAsk LoginAsk() const;
  WebMove OnRoot(const WebReply& reply, absl::Time now);
  WebMove OnLogin(const WebReply& reply, absl::Time now);
  bool NeedsSession() const;

  WebMove Begin(size_t order, const PlugAction::Next& next, absl::Time now);
  WebMove OnReply(size_t order, const PlugAction::Next& next,
                  const WebReply& reply, absl::Time now);
  WebMove Find(size_t order, absl::Time now);
  WebMove OnSystems(size_t order, const net::HttpAnswer& answer);
  WebMove NextSystem(size_t order);
  WebMove OnStrips(size_t order, const net::HttpAnswer& answer);
  WebMove OnOutlets(size_t order, const net::HttpAnswer& answer);
  WebMove NextOutlet(size_t order);
  WebMove Found(size_t order, std::string path);
  WebMove NotFound(size_t order);
  WebMove OnResource(size_t order, const PlugAction::Next& next,
                     const net::HttpAnswer& answer, absl::Time now);
  WebMove AfterResource(size_t order, const PlugAction::Next& next);
  WebMove Switch(Run& run, const PlugAction::Next& next);
  WebMove SwitchLamp(Run& run, Action command);
  WebMove SwitchBoot(Run& run, Action command);
  WebMove Write(Run& run, absl::string_view method, const std::string& path,
                std::string body);
  WebMove OnSwitch(Run& run, const PlugAction::Next& next,
                   const net::HttpAnswer& answer, absl::Time now);
  WebMove OnTask(Run& run, const net::HttpAnswer& answer, absl::Time now);
  WebMove Privilege(Run& run);
  WebMove OnPrivilege(Run& run, const net::HttpAnswer& answer);
  WebMove NextAccount(Run& run);
  WebMove Refused(Run& run, const net::HttpAnswer& answer,
                  absl::string_view what) const;
  const std::string& Name(size_t order) const;
  std::string PathOf(size_t order) const;

  const std::vector<WebOrder> orders_;
  const WebAccount account_;
  const std::string system_;
  RedfishMemory memory_;
  std::vector<Run> runs_;

  enum class Opening : uint8_t { kStart, kRoot, kLogin };
  Opening opening_ = Opening::kStart;
  WebAsk opening_ask_;
  int opening_retries_ = 0;
  std::string systems_, equipment_, accounts_;
  std::string token_, session_;
  bool is_in_ = false, is_basic_ = false;
  bool has_left_ = false;
  // A 401 to a token that worked: once logged in anew.
  std::optional<size_t> logs_in_for_;
  bool has_logged_in_anew_ = false;
};

}  // namespace power
