#include "power/redfish_protocol.h"

#include <absl/algorithm/container.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "keys/secret.h"
#include "power/redfish_words.h"
#include "text/json.h"

namespace power {
namespace {

using text::Json;
using text::JsonWriter;

constexpr int kRetries = 2;  // of what is busy
constexpr absl::Duration kBusyPause = absl::Seconds(1);
constexpr absl::Duration kTaskPoll = absl::Seconds(1);
// A task that takes longer is taken for accepted: its state will show.
constexpr absl::Duration kTaskLimit = absl::Seconds(30);

WebMove NoJson(absl::string_view what) {
  return WebMove::Fail(FailureClass::kDevice,
                       absl::StrCat(what, ": the answer is no JSON object"));
}

// A setting of the resource, not an action of it.
bool IsSetting(Action command) {
  return command == Action::kIdentifyOn || command == Action::kIdentifyOff ||
         SetsBootDevice(command);
}

// "" for what sets none.
absl::string_view BootTarget(Action command) {
  switch (command) {
    case Action::kBootNone:
      return "None";
    case Action::kBootPxe:
      return "Pxe";
    case Action::kBootDisk:
      return "Hdd";
    case Action::kBootCdrom:
      return "Cd";
    case Action::kBootBios:
      return "BiosSetup";
    default:
      return "";
  }
}

// Whether the service shows what was set; nullopt: it shows nothing of the
// kind.
std::optional<bool> BootsSo(const RedfishResource& resource, Action command) {
  if (resource.boot_enabled.empty() && resource.boot_target.empty()) {
    return std::nullopt;
  }
  const bool is_none =
      resource.boot_enabled == "Disabled" || resource.boot_target == "None";
  if (command == Action::kBootNone) return is_none;
  return !is_none && resource.boot_target == BootTarget(command);
}

}  // namespace

RedfishProtocol::RedfishProtocol(std::vector<WebOrder> orders,
                                 WebAccount account, std::string system,
                                 RedfishMemory memory)
    : orders_(std::move(orders)),
      account_(std::move(account)),
      system_(std::move(system)),
      memory_(std::move(memory)),
      runs_(orders_.size()) {}

RedfishProtocol::~RedfishProtocol() { keys::Wipe(token_); }

// What names a system: the inventory's word, or else the plug.
const std::string& RedfishProtocol::Name(size_t order) const {
  return system_.empty() ? orders_[order].plug : system_;
}

std::string RedfishProtocol::PathOf(size_t order) const {
  const std::string& plug = orders_[order].plug;
  if (absl::StartsWith(plug, "/redfish/")) return RedfishPath(plug);
  const auto known = memory_.paths.find(plug);
  return known != memory_.paths.end() ? known->second : "";
}

WebMove RedfishProtocol::Get(Run& run, Stage stage, std::string path) {
  run.stage = stage;
  if (stage == Stage::kResource) run.path = path;
  run.ask = RedfishRead(std::move(path));
  run.retries = 0;
  return AskAgain(run);
}

WebMove RedfishProtocol::AskAgain(Run& run) {
  WebAsk ask = run.ask;
  Authorize(ask);
  return WebMove::Ask(std::move(ask));
}

WebMove RedfishProtocol::Step(size_t order, const PlugAction::Next& next,
                              const WebReply* reply, absl::Time now) {
  Run& run = runs_[order];
  WebMove move;
  if (reply == nullptr) {
    // After a pause the call is asked again; else this is a new step.
    move = run.stage == Stage::kStart ? Begin(order, next, now) : AskAgain(run);
  } else {
    move = OnReply(order, next, *reply, now);
  }
  if (move.kind != WebMove::Kind::kAsk && move.kind != WebMove::Kind::kPause) {
    run.stage = Stage::kStart;
  }
  return move;
}

WebMove RedfishProtocol::Begin(size_t order, const PlugAction::Next& next,
                               absl::Time now) {
  Run& run = runs_[order];
  run.has_tag = false;
  if (next.step == PlugAction::Step::kPrivilege) return Privilege(run);
  if (next.step == PlugAction::Step::kSwitch && run.is_known) {
    return AfterResource(order, next);
  }
  return Find(order, now);
}

WebMove RedfishProtocol::Find(size_t order, absl::Time) {
  Run& run = runs_[order];
  std::string path = PathOf(order);
  if (!path.empty()) return Get(run, Stage::kResource, std::move(path));
  run.to_look.clear();
  run.looked = 0;
  if (!systems_.empty()) return Get(run, Stage::kSystems, systems_);
  if (!equipment_.empty()) return Get(run, Stage::kEquipment, equipment_);
  return WebMove::Fail(FailureClass::kUnsupported,
                       "the service has neither systems nor outlets");
}

WebMove RedfishProtocol::Refused(Run& run, const net::HttpAnswer& answer,
                                 absl::string_view what) const {
  const RedfishRefusal refusal = ParseRedfishRefusal(answer);
  FailureClass failure_class = ClassOfStatus(answer.status);
  if (refusal.wants_password) failure_class = FailureClass::kAuth;
  // Only what is meant is the plug; what else is missing is a matter of the
  // device.
  if (answer.status == 404 && run.stage != Stage::kResource &&
      run.stage != Stage::kSwitch) {
    failure_class = FailureClass::kDevice;
  }
  if (answer.status == 409 && !answer.Header("retry-after").empty()) {
    failure_class = FailureClass::kBusy;
  }
  return WebMove::Fail(failure_class, absl::StrCat(what, ": ", refusal.text));
}

WebMove RedfishProtocol::OnReply(size_t order, const PlugAction::Next& next,
                                 const WebReply& reply, absl::Time now) {
  Run& run = runs_[order];
  const std::string what =
      absl::StrCat(run.ask.call.method, " ", run.ask.call.target);
  if (reply.failure.has_value()) {
    const bool is_lost = run.stage == Stage::kSwitch &&
                         next.step == PlugAction::Step::kSwitch &&
                         reply.failure->maybe_executed;
    Failure failure = *reply.failure;
    failure.maybe_executed = is_lost;
    run.was_lost = is_lost;
    run.is_known = run.is_known && !is_lost;
    return WebMove::Fail(std::move(failure), is_lost ? WebMove::Kind::kLost
                                                     : WebMove::Kind::kFailed);
  }
  const net::HttpAnswer& answer = *reply.answer;
  if (logs_in_for_ == order) {
    logs_in_for_.reset();
    const WebMove login = OnLogin(reply, now);
    if (login.kind != WebMove::Kind::kReady) return login;
    return AskAgain(run);
  }
  if (answer.status == 401) {
    if (token_.empty() || std::exchange(has_logged_in_anew_, true)) {
      return WebMove::Fail(FailureClass::kAuth, "the credentials were refused");
    }
    keys::Wipe(token_);
    token_.clear();
    session_.clear();
    logs_in_for_ = order;
    return WebMove::Ask(LoginAsk());
  }
  if ((answer.status == 503 || answer.status == 409 || answer.status == 429) &&
      run.stage != Stage::kTask && run.retries < kRetries) {
    const auto after = RetryAfter(answer, now);
    if (after.has_value() && *after <= kMaxRetryAfter) {
      ++run.retries;
      return WebMove::Pause(now + std::max(*after, kBusyPause));
    }
  }
  is_in_ = true;
  switch (run.stage) {
    case Stage::kSwitch:
      return OnSwitch(run, next, answer, now);
    case Stage::kTask:
      return OnTask(run, answer, now);
    case Stage::kAccounts:
    case Stage::kAccount:
    case Stage::kRole:
    case Stage::kAllow:
      return OnPrivilege(run, answer);
    default:
      break;
  }
  // What was remembered may have gone: looked for once more.
  if (run.stage == Stage::kResource && answer.status == 404 &&
      memory_.paths.contains(orders_[order].plug) && !systems_.empty() &&
      !std::exchange(run.was_forgotten, true)) {
    memory_.paths.erase(orders_[order].plug);
    return Find(order, now);
  }
  if (!IsSuccess(answer.status)) {
    // One that cannot be looked at is not the one that is looked for.
    if (run.stage == Stage::kSystem) return NextSystem(order);
    if (run.stage == Stage::kOutlet) return NextOutlet(order);
    return Refused(run, answer, what);
  }
  const std::optional<Json> json = RedfishObject(answer);
  if (!json.has_value()) return NoJson(what);
  switch (run.stage) {
    case Stage::kSystems:
      return OnSystems(order, answer);
    case Stage::kSystem:
      if (IsRedfishSystem(*json, Name(order))) {
        return Found(order, run.ask.call.target);
      }
      return NextSystem(order);
    case Stage::kEquipment: {
      const std::string strips = RedfishLink(json->Find("RackPDUs"));
      if (strips.empty()) return NotFound(order);
      return Get(run, Stage::kStrips, strips);
    }
    case Stage::kStrips:
      return OnStrips(order, answer);
    case Stage::kStrip: {
      const std::string outlets = RedfishLink(json->Find("Outlets"));
      if (outlets.empty()) return NotFound(order);
      return Get(run, Stage::kOutlets, outlets);
    }
    case Stage::kOutlets:
      return OnOutlets(order, answer);
    case Stage::kOutlet:
      if (IsRedfishSystem(*json, LastPart(orders_[order].plug))) {
        return Found(order, run.ask.call.target);
      }
      return NextOutlet(order);
    case Stage::kActionInfo:
      run.resource.action_info.clear();
      run.resource.allowed = ParseRedfishActionInfo(
          *json, run.resource.kind == RedfishResource::Kind::kOutlet
                     ? "PowerState"
                     : "ResetType");
      return AfterResource(order, next);
    case Stage::kTag:
      run.resource.etag = ParseRedfishResource(*json, answer).etag;
      return Switch(run, next);
    default:
      return OnResource(order, next, answer, now);
  }
}

WebMove RedfishProtocol::OnResource(size_t order, const PlugAction::Next& next,
                                    const net::HttpAnswer& answer, absl::Time) {
  Run& run = runs_[order];
  RedfishResource resource =
      ParseRedfishResource(*RedfishObject(answer), answer);
  // The allowed values need not be asked for at each reading.
  if (run.is_known && resource.action_info == run.resource.action_info &&
      !resource.allowed.has_value()) {
    resource.allowed = run.resource.allowed;
  }
  const bool knew_info = run.is_known && run.resource.action_info.empty();
  if (knew_info && !resource.allowed.has_value()) {
    resource.allowed = run.resource.allowed;
    resource.action_info.clear();
  }
  run.resource = std::move(resource);
  run.is_known = true;
  return AfterResource(order, next);
}

WebMove RedfishProtocol::AfterResource(size_t order,
                                       const PlugAction::Next& next) {
  Run& run = runs_[order];
  if (next.step == PlugAction::Step::kReadBack) {
    return WebMove::Setting(BootsSo(run.resource, next.command));
  }
  if (next.step != PlugAction::Step::kSwitch) {
    return WebMove::State(run.resource.state);
  }
  const PlugState state = run.resource.state;
  if (std::exchange(run.was_lost, false) &&
      ((next.command == Action::kOn && state == PlugState::kOn) ||
       (next.command == Action::kOff && state == PlugState::kOff))) {
    return WebMove::Of(WebMove::Kind::kSwitched);
  }
  if (!IsSetting(next.command) && !run.resource.allowed.has_value() &&
      !run.resource.action_info.empty()) {
    return Get(run, Stage::kActionInfo, run.resource.action_info);
  }
  return Switch(run, next);
}

WebMove RedfishProtocol::Switch(Run& run, const PlugAction::Next& next) {
  if (SetsBootDevice(next.command)) return SwitchBoot(run, next.command);
  if (IsSetting(next.command)) return SwitchLamp(run, next.command);
  const RedfishResource& resource = run.resource;
  const auto word = RedfishResetType(resource, next.command, resource.state);
  if (resource.target.empty() || !word.has_value()) {
    return WebMove::Fail(
        FailureClass::kUnsupported,
        absl::StrCat("it has no way to do '", Word(next.command), "'"));
  }
  JsonWriter json;
  json.BeginObject();
  json.Key(resource.kind == RedfishResource::Kind::kOutlet ? "PowerState"
                                                           : "ResetType");
  json.String(*word).EndObject();
  return Write(run, "POST", resource.target, json.Take());
}

WebMove RedfishProtocol::SwitchLamp(Run& run, Action command) {
  const std::string& lamp = run.resource.lamp;
  if (lamp.empty()) {
    return WebMove::Fail(FailureClass::kUnsupported, "it has no lamp");
  }
  const bool is_on = command == Action::kIdentifyOn;
  JsonWriter json;
  json.BeginObject().Key(lamp);
  if (lamp == "IndicatorLED") {
    json.String(is_on ? "Lit" : "Off");
  } else {
    json.Bool(is_on);
  }
  json.EndObject();
  return Write(run, "PATCH", run.path, json.Take());
}

WebMove RedfishProtocol::SwitchBoot(Run& run, Action command) {
  const RedfishResource& resource = run.resource;
  const std::string target(BootTarget(command));
  const bool is_known = !resource.boot_targets.has_value() ||
                        command == Action::kBootNone ||
                        absl::c_linear_search(*resource.boot_targets, target);
  if (resource.kind != RedfishResource::Kind::kSystem || !is_known) {
    return WebMove::Fail(
        FailureClass::kUnsupported,
        absl::StrCat("it has no way to do '", Word(command), "'"));
  }
  JsonWriter json;
  json.BeginObject().Key("Boot").BeginObject();
  json.Key("BootSourceOverrideTarget").String(target);
  json.Key("BootSourceOverrideEnabled")
      .String(command == Action::kBootNone ? "Disabled" : "Once");
  json.EndObject().EndObject();
  return Write(run, "PATCH", run.path, json.Take());
}

WebMove RedfishProtocol::Write(Run& run, absl::string_view method,
                               const std::string& path, std::string body) {
  run.stage = Stage::kSwitch;
  run.retries = 0;
  run.ask = RedfishWrite(method, path, std::move(body),
                         run.has_tag ? run.resource.etag : "");
  return AskAgain(run);
}

WebMove RedfishProtocol::OnSwitch(Run& run, const PlugAction::Next& next,
                                  const net::HttpAnswer& answer,
                                  absl::Time now) {
  if (answer.status == 202) {
    std::string task = RedfishPath(answer.Header("location"));
    const std::optional<Json> json = RedfishObject(answer);
    if (task.empty() && json.has_value()) task = RedfishLink(&*json);
    if (task.empty()) return WebMove::Of(WebMove::Kind::kSwitched);
    run.stage = Stage::kTask;
    run.ask = RedfishRead(std::move(task));
    run.task_until = now + kTaskLimit;
    return WebMove::Pause(
        now +
        std::min(RetryAfter(answer, now).value_or(kTaskPoll), kMaxRetryAfter));
  }
  const RedfishRefusal told = ParseRedfishRefusal(answer);
  if (IsSuccess(answer.status)) {
    return WebMove::Of(told.was_so ? WebMove::Kind::kWasSo
                                   : WebMove::Kind::kSwitched);
  }
  if ((answer.status == 412 || answer.status == 428) && !run.has_tag) {
    run.has_tag = true;
    return Get(run, Stage::kTag, run.path);
  }
  WebMove refused =
      Refused(run, answer, absl::StrCat("'", Word(next.command), "'"));
  const bool may_be_so = refused.failure.failure_class == FailureClass::kDevice;
  if (told.was_so && may_be_so) {
    if (next.command == Action::kOn || next.command == Action::kOff) {
      return WebMove::Of(WebMove::Kind::kWasSo);
    }
    refused.kind = WebMove::Kind::kImpossible;
  }
  // What cannot be done to a host that is off.
  if (told.is_state && may_be_so && run.resource.state == PlugState::kOff) {
    refused.kind = WebMove::Kind::kImpossible;
  }
  return refused;
}

WebMove RedfishProtocol::OnTask(Run& run, const net::HttpAnswer& answer,
                                absl::Time now) {
  // A monitor goes when its task has ended; the state is what counts.
  if (!IsSuccess(answer.status)) {
    if (answer.status == 404 || answer.status == 410) {
      return WebMove::Of(WebMove::Kind::kSwitched);
    }
    if (now >= run.task_until || answer.status != 503) {
      return Refused(run, answer, "its task");
    }
  }
  const std::optional<Json> json = RedfishObject(answer);
  const std::string state =
      json.has_value() ? StringIn(*json, "TaskState") : "";
  const std::string status =
      json.has_value() ? StringIn(*json, "TaskStatus") : "";
  for (const absl::string_view bad :
       {"Exception", "Killed", "Cancelled", "Interrupted", "Suspended"}) {
    if (state != bad) continue;
    std::string words;
    const Json* messages = json->Find("Messages");
    if (messages != nullptr && messages->AsArray() != nullptr &&
        !messages->AsArray()->empty()) {
      words = StringIn(messages->AsArray()->front(), "Message");
    }
    return WebMove::Fail(
        FailureClass::kDevice,
        absl::StrCat("its task is ", state, words.empty() ? "" : ": ",
                     base::Escape(words.substr(0, 200))));
  }
  const bool goes_on = answer.status == 202 || answer.status == 503 ||
                       state == "New" || state == "Starting" ||
                       state == "Running" || state == "Pending" ||
                       state == "Stopping" || state == "Service";
  if (!goes_on || now >= run.task_until) {
    if (status == "Critical") {
      return WebMove::Fail(FailureClass::kDevice, "its task failed");
    }
    return WebMove::Of(WebMove::Kind::kSwitched);
  }
  return WebMove::Pause(
      now + std::min(RetryAfter(answer, now).value_or(kTaskPoll), kTaskLimit));
}

}  // namespace power
