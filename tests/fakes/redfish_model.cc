#include "fakes/redfish_model.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <algorithm>

#include "text/json.h"

namespace fakes {
namespace {

using absl::StrCat;

constexpr char kRoot[] = "/redfish/v1/";
constexpr char kSystems[] = "/redfish/v1/Systems";
constexpr char kSessions[] = "/redfish/v1/SessionService/Sessions";
constexpr char kAccounts[] = "/redfish/v1/AccountService/Accounts";
constexpr char kStrip[] = "/redfish/v1/PowerEquipment/RackPDUs/A";

WebSaid Json(std::string body) {
  return {.headers = {{"Content-Type", "application/json"}},
          .body = std::move(body)};
}

std::string Value(const text::Json& json, const char* key) {
  return json.StringAt(key).value_or("");
}

std::string Quoted(const std::vector<std::string>& words) {
  return StrCat("[\"", absl::StrJoin(words, "\",\""), "\"]");
}

}  // namespace

WebSaid RedfishError(int status, const std::string& id,
                     const std::string& message) {
  WebSaid said = Json(StrCat(
      R"({"error":{"code":"Base.1.0.GeneralError","message":"see extended",)",
      R"("@Message.ExtendedInfo":[{"MessageId":"Base.1.8.)", id,
      R"(","Message":")", message, R"("}]}})"));
  said.status = status;
  return said;
}

RedfishModel::RedfishModel(RedfishOptions o)
    : systems(static_cast<size_t>(o.systems)),
      outlets(static_cast<size_t>(o.outlets)),
      options(std::move(o)) {}

std::string RedfishModel::StateOf(Machine& m, absl::Time now) {
  if (m.is_on != m.goes_on) {
    if (now < m.at) return m.goes_on ? "PoweringOn" : "PoweringOff";
    m.is_on = m.goes_on;
  }
  return m.is_on ? "On" : "Off";
}

bool RedfishModel::MayCome(const WebHeard& heard) {
  const std::string token = heard.Header("x-auth-token");
  if (!token.empty()) {
    return std::any_of(sessions.begin(), sessions.end(),
                       [&](const std::string& s) { return token == "t" + s; });
  }
  const std::string pair = BasicPair(heard);
  if (pair == StrCat(options.user, ":", options.password)) return true;
  if (!pair.empty()) ++refused;
  return false;
}

WebSaid RedfishModel::Answer(const WebHeard& heard, absl::Time now) {
  calls.push_back(StrCat(heard.method, " ", heard.target));
  if (before) {
    if (auto said = before(heard)) return *said;
  }
  return Route(heard, now);
}

WebSaid RedfishModel::Collection(const std::string& target, size_t count) {
  size_t from = 0;
  const size_t skip = target.find("?$skip=");
  if (skip != std::string::npos) {
    (void)absl::SimpleAtoi(target.substr(skip + 7), &from);
  }
  const std::string base = target.substr(0, skip);
  std::vector<std::string> members;
  for (size_t i = from; i < std::min(count, from + options.page); ++i) {
    members.push_back(StrCat(R"({"@odata.id":")", base, "/", i + 1, R"("})"));
  }
  std::string more;
  if (from + options.page < count) {
    more = StrCat(R"(,"Members@odata.nextLink":")", base,
                  "?$skip=", from + options.page, "\"");
  }
  return Json(StrCat(R"({"Members@odata.count":)", count, R"(,"Members":[)",
                     absl::StrJoin(members, ","), "]", more, "}"));
}

WebSaid RedfishModel::Route(const WebHeard& heard, absl::Time now) {
  const std::string& path = heard.target;
  if (path == kRoot) {
    return Json(StrCat(
        R"({"@odata.id":"/redfish/v1/","RedfishVersion":"1.6.0")",
        systems.empty() ? ""
                        : R"(,"Systems":{"@odata.id":"/redfish/v1/Systems"})",
        outlets.empty()
            ? ""
            : R"(,"PowerEquipment":{"@odata.id":"/redfish/v1/PowerEquipment"})",
        options.has_accounts
            ? R"(,"AccountService":{"@odata.id":"/redfish/v1/AccountService"})"
            : "",
        R"(,"Links":{"Sessions":{"@odata.id":")", kSessions, R"("}}})"));
  }
  if (path == kSessions && heard.method == "POST") {
    if (!options.has_sessions) return RedfishError(404, "ResourceMissing", "-");
    const auto json = text::Json::Parse(heard.body);
    if (!json.ok() || Value(*json, "UserName") != options.user ||
        Value(*json, "Password") != options.password) {
      ++refused;
      return RedfishError(401, "NoValidSession", "no such user or password");
    }
    const std::string id = StrCat(++sessions_made);
    sessions.insert(id);
    most_sessions = std::max(most_sessions, static_cast<int>(sessions.size()));
    WebSaid said = Json(StrCat(R"({"@odata.id":")", kSessions, "/", id, "\"}"));
    said.status = 201;
    said.headers.emplace("X-Auth-Token", "t" + id);
    said.headers.emplace("Location", StrCat(kSessions, "/", id));
    return said;
  }
  if (!MayCome(heard)) return RedfishError(401, "NoValidSession", "who is it?");
  if (absl::StartsWith(path, StrCat(kSessions, "/")) &&
      heard.method == "DELETE") {
    sessions.erase(path.substr(sizeof kSessions));
    return {.status = 204};
  }
  if (path == kAccounts) return Collection(path, 2);
  if (path == StrCat(kAccounts, "/1")) {
    return Json(R"({"UserName":"somebody","RoleId":"ReadOnly"})");
  }
  if (path == StrCat(kAccounts, "/2")) {
    return Json(
        StrCat(R"({"UserName":")", options.user,
               R"(","Links":{"Role":{"@odata.id":"/redfish/v1/Role"}}})"));
  }
  if (path == "/redfish/v1/Role") {
    return Json(
        options.role == "ReadOnly"
            ? R"({"AssignedPrivileges":["Login","ConfigureSelf"]})"
            : R"({"AssignedPrivileges":["Login","ConfigureComponents"]})");
  }
  const auto task = tasks_.find(path);
  if (task != tasks_.end()) {
    WebSaid said = Json(StrCat(
        R"({"TaskState":")", now < task->second ? "Running" : options.task_ends,
        R"(","Messages":[{"Message":"the power supply is gone"}]})"));
    said.status = now < task->second ? 202 : 200;
    return said;
  }
  if (path == kSystems || absl::StartsWith(path, StrCat(kSystems, "?"))) {
    return Collection(path, systems.size());
  }
  if (path == "/redfish/v1/PowerEquipment") {
    return Json(
        R"({"RackPDUs":{"@odata.id":"/redfish/v1/PowerEquipment/RackPDUs"}})");
  }
  if (path == "/redfish/v1/PowerEquipment/RackPDUs") {
    return Json(StrCat(R"({"Members":[{"@odata.id":")", kStrip, R"("}]})"));
  }
  if (path == kStrip) {
    return Json(
        StrCat(R"({"Outlets":{"@odata.id":")", kStrip, R"(/Outlets"}})"));
  }
  const std::string outlet = StrCat(kStrip, "/Outlets");
  if (path == outlet) return Collection(path, outlets.size());
  absl::string_view rest = path;
  size_t number = 0;
  if (absl::ConsumePrefix(&rest, outlet + "/")) {
    const bool is_action =
        absl::ConsumeSuffix(&rest, "/Actions/Outlet.PowerControl");
    if (absl::SimpleAtoi(rest, &number) && number - 1 < outlets.size()) {
      Machine& m = outlets[number - 1];
      if (is_action) return Reset(m, StrCat("outlet ", number), heard, now);
      return Json(StrCat(R"({"Id":")", number, R"(","PowerState":")",
                         StateOf(m, now),
                         R"(","Actions":{"#Outlet.PowerControl":{"target":")",
                         path, R"(/Actions/Outlet.PowerControl"}}})"));
    }
  }
  rest = path;
  if (absl::ConsumePrefix(&rest, StrCat(kSystems, "/"))) {
    const size_t end = rest.find('/');
    if (absl::SimpleAtoi(rest.substr(0, end), &number) &&
        number - 1 < systems.size()) {
      return System(number - 1, heard, now);
    }
  }
  return RedfishError(404, "ResourceMissingAtURI", "nothing is at " + path);
}

WebSaid RedfishModel::System(size_t index, const WebHeard& heard,
                             absl::Time now) {
  Machine& m = systems[index];
  const std::string self = StrCat(kSystems, "/", index + 1);
  const std::string tag = StrCat("\"", index, "-", asked.size(), "\"");
  const std::string target = self + "/Actions/ComputerSystem.Reset";
  if (heard.target == self + "/ResetActionInfo") {
    return Json(
        StrCat(R"({"Parameters":[{"Name":"ResetType","AllowableValues":)",
               Quoted(options.reset_types), "}]}"));
  }
  if (heard.method != "GET" && options.wants_tags &&
      heard.Header("if-match") != tag) {
    return RedfishError(412, "PreconditionFailed", "the tag is old");
  }
  if (heard.target == target && heard.method == "POST") {
    return Reset(m, StrCat(index + 1), heard, now);
  }
  if (heard.target == target) {
    WebSaid said = RedfishError(405, "NotAllowed", "no GET");
    said.headers.emplace("Allow",
                         options.role == "ReadOnly" ? "GET" : "POST, HEAD");
    return said;
  }
  if (heard.target != self) return RedfishError(404, "ResourceMissing", "-");
  if (heard.method == "PATCH") {
    const auto json = text::Json::Parse(heard.body);
    if (!json.ok()) return RedfishError(400, "MalformedJSON", "what?");
    if (const text::Json* lit = json->Find("LocationIndicatorActive")) {
      m.is_lit = *lit->AsBool();
    }
    if (const text::Json* boot = json->Find("Boot");
        boot != nullptr && !options.forgets_boot) {
      m.boots = StrCat(Value(*boot, "BootSourceOverrideTarget"), " ",
                       Value(*boot, "BootSourceOverrideEnabled"));
    }
    return {.status = 204};
  }
  const std::string values =
      options.action_info
          ? StrCat(R"("@Redfish.ActionInfo":")", self, R"(/ResetActionInfo")")
          : StrCat(R"("ResetType@Redfish.AllowableValues":)",
                   Quoted(options.reset_types));
  const std::pair<std::string, std::string> boots =
      absl::StrSplit(m.boots, ' ');
  const std::string boot =
      !options.shows_boot
          ? ""
          : StrCat(R"(,"BootSourceOverrideTarget":")", boots.first,
                   R"(","BootSourceOverrideEnabled":")", boots.second, "\"");
  WebSaid said = Json(
      StrCat(R"({"Id":")", index + 1, R"(","Name":"System","UUID":"UUID-)",
             absl::StrFormat("%04d", index + 1), R"(","HostName":"web)",
             index + 1, R"(.example.org","PowerState":")", StateOf(m, now),
             R"(","LocationIndicatorActive":)", m.is_lit ? "true" : "false",
             R"(,"Boot":{"BootSourceOverrideTarget@Redfish.AllowableValues":)",
             R"(["None","Pxe","Hdd"])", boot,
             R"(},"Actions":{"#ComputerSystem.Reset":{"target":")",
             options.absolute_targets ? "http://bmc.example.org" : "", target,
             "\",", values, "}}}"));
  said.headers.emplace("ETag", tag);
  return said;
}

WebSaid RedfishModel::Reset(Machine& m, const std::string& name,
                            const WebHeard& heard, absl::Time now) {
  if (options.role == "ReadOnly") {
    return RedfishError(403, "InsufficientPrivilege", "you may not");
  }
  const auto json = text::Json::Parse(heard.body);
  if (!json.ok()) return RedfishError(400, "MalformedJSON", "what?");
  std::string type = Value(*json, "ResetType");
  if (type.empty()) type = Value(*json, "PowerState");
  asked.push_back(StrCat(name, " ", type));
  const bool is_on = StateOf(m, now) == "On";
  const bool wants_on =
      type != "ForceOff" && type != "Off" && type != "GracefulShutdown";
  if ((type == "On" && is_on) || (!wants_on && !is_on)) {
    return RedfishError(400, "NoOperation", "it is so");
  }
  if (type == "Nmi" || options.is_frozen) return {.status = 204};
  m.goes_on = type == "PushPowerButton" ? !is_on : wants_on;
  m.is_on = !m.goes_on;  // a restart is off for a while, too
  m.at = now + options.follows;
  if (!options.makes_tasks) return {.status = 204};
  const std::string task =
      StrCat("/redfish/v1/TaskService/TaskMonitors/", tasks_.size() + 1);
  tasks_[task] = now + absl::Seconds(3);
  return {.status = 202, .headers = {{"Location", task}}};
}

}  // namespace fakes
