#include "power/import_records.h"

#include <absl/algorithm/container.h>
#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <map>
#include <optional>

#include "base/status.h"
#include "power/limits.h"
#include "power/model_choice.h"
#include "power/pcu_values.h"
#include "power/ways.h"
#include "text/json.h"
#include "text/utf8.h"

namespace power {
namespace {

using text::Json;

// A string as device(5) has it.
std::string Quoted(absl::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      absl::StrAppend(&out, "\\", absl::string_view(&c, 1));
    } else if (absl::ascii_iscntrl(c)) {
      absl::StrAppendFormat(&out, "\\%03o", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// A record as the original has it, with the names of its hosts.
struct Record {
  size_t number = 0;
  std::string id, site, hostname, ip, username, model;
  keys::Secret password;
  std::string name;                                        // of the PCU
  std::vector<std::pair<std::string, std::string>> hosts;  // and their plugs
};

struct Feed {
  size_t record;  // in records_
  std::string plug;
};

class Importer {
 public:
  absl::Status Read(Json& json);
  Import Write();

 private:
  void ReadRecord(const Json& json, size_t number);
  // A text or a number; empty if it is missing or null. False, and a problem
  // told, for anything else.
  bool Text(const Json& json, absl::string_view key, Record& record,
            std::string* out);
  bool Password(const Json& json, Record& record);
  bool Texts(const Json& json, absl::string_view key, Record& record,
             std::vector<std::string>* out);
  bool HostNames(const Json& json, Record& record,
                 std::map<std::string, std::string>* names);
  void NameIt(Record& record);
  bool ModelOf(Record& record);
  void Hosts(const Json& json, Record& record);
  void OneHost(Record& record, const std::string& host, std::string plug);
  void Note(const Record& record, absl::string_view rule, std::string text,
            bool left_out = false);
  void LeaveOut(const Record& record, absl::string_view rule,
                std::string text) {
    Note(record, rule, std::move(text), true);
  }
  void WritePcu(const Record& record);

  Import import_;
  ModelChoice models_ = ModelChoice({});
  std::vector<Record> records_;
  absl::flat_hash_set<std::string> names_;
  absl::flat_hash_set<std::pair<std::string, std::string>> used_plugs_;
  // Hosts in the order in which they came.
  std::vector<std::string> hosts_;
  absl::flat_hash_map<std::string, std::vector<Feed>> feeds_;
};

void Importer::Note(const Record& record, absl::string_view rule,
                    std::string text, bool left_out) {
  if (import_.problems.size() >= kMaxDeviceProblems) return;
  std::string name = record.name;
  if (name.empty())
    name = record.hostname.empty() ? record.ip : record.hostname;
  import_.problems.push_back({record.number, name.substr(0, kMaxNameBytes),
                              std::string(rule), std::move(text), left_out});
}

bool Importer::Text(const Json& json, absl::string_view key, Record& record,
                    std::string* out) {
  const Json* value = json.Find(key);
  if (value == nullptr || value->IsNull()) return true;
  if (value->AsString() != nullptr) {
    *out = *value->AsString();
  } else if (value->AsInt() != nullptr) {
    *out = absl::StrCat(*value->AsInt());
  } else {
    LeaveOut(record, "config", absl::StrCat(key, " is no text"));
    return false;
  }
  const std::string problem = TextProblem(*out);
  if (problem.empty()) return true;
  LeaveOut(record, "config", absl::StrCat(key, " ", problem));
  return false;
}

bool Importer::Password(const Json& json, Record& record) {
  const Json* value = json.Find("password");
  if (value == nullptr || value->IsNull()) return true;
  if (value->AsString() == nullptr) {
    LeaveOut(record, "config", "password is no text");
    return false;
  }
  if (value->AsString()->size() > kMaxSecretBytes) {
    LeaveOut(
        record, "config",
        absl::StrCat("password is longer than ", kMaxSecretBytes, " bytes"));
    return false;
  }
  record.password = keys::Secret(*value->AsString());
  return true;
}

bool Importer::Texts(const Json& json, absl::string_view key, Record& record,
                     std::vector<std::string>* out) {
  const Json* value = json.Find(key);
  if (value == nullptr || value->IsNull()) return true;
  if (value->AsArray() == nullptr) {
    LeaveOut(record, "config", absl::StrCat(key, " is no list"));
    return false;
  }
  for (const Json& one : *value->AsArray()) {
    if (one.AsInt() != nullptr) {
      out->push_back(absl::StrCat(*one.AsInt()));
    } else if (one.AsString() != nullptr &&
               TextProblem(*one.AsString()).empty()) {
      out->push_back(*one.AsString());
    } else {
      LeaveOut(record, "config",
               absl::StrCat(key, " holds what is neither number nor text"));
      return false;
    }
  }
  return true;
}

bool Importer::HostNames(const Json& json, Record& record,
                         std::map<std::string, std::string>* names) {
  const Json* nodes = json.Find("nodes");
  if (nodes == nullptr || nodes->IsNull()) return true;
  if (nodes->AsArray() == nullptr) {
    LeaveOut(record, "config", "nodes is no list");
    return false;
  }
  for (const Json& node : *nodes->AsArray()) {
    std::string id, hostname;
    if (!Text(node, "node_id", record, &id) ||
        !Text(node, "hostname", record, &hostname)) {
      return false;
    }
    if (!id.empty()) names->emplace(std::move(id), std::move(hostname));
  }
  return true;
}

void Importer::ReadRecord(const Json& json, size_t number) {
  Record record;
  record.number = number;
  if (json.AsObject() == nullptr) {
    return LeaveOut(record, "config", "is no object");
  }
  if (!Text(json, "pcu_id", record, &record.id) ||
      !Text(json, "hostname", record, &record.hostname) ||
      !Text(json, "ip", record, &record.ip) ||
      !Text(json, "site_id", record, &record.site) ||
      !Text(json, "username", record, &record.username) ||
      !Text(json, "model", record, &record.model) || !Password(json, record)) {
    return;
  }
  if (!ModelOf(record)) return;
  NameIt(record);
  Hosts(json, record);
  records_.push_back(std::move(record));
}

bool Importer::ModelOf(Record& record) {
  if (record.model.empty()) {
    LeaveOut(record, "config", "model is missing");
    return false;
  }
  const std::string name = models_.Add(record.model);
  if (name.empty()) {
    LeaveOut(record, "model",
             absl::StrCat("there is no model '", text::Clean(record.model), "'",
                          ModelChoice::Perhaps(record.model)));
    return false;
  }
  const Specification& spec = *models_.Find(name);
  if (record.hostname.empty() && record.ip.empty() && !spec.manual()) {
    LeaveOut(record, "config", "hostname and ip are missing");
    return false;
  }
  Pcu pcu;
  if (record.password.size() == 0 && NeedsSecret(pcu, spec)) {
    Note(record, "config",
         absl::StrCat("password is missing, and model ", name, " needs one"));
  }
  record.model = name;
  return true;
}

// Its host name, its address, or its number; another record may have the same.
void Importer::NameIt(Record& record) {
  record.name = !record.hostname.empty() ? record.hostname
                : !record.ip.empty()     ? record.ip
                                         : absl::StrCat("pcu-", record.id);
  if (!NameProblem(record.name).empty()) {
    record.name = absl::StrCat("pcu-", record.id);
  }
  if (!NameProblem(record.name).empty()) {
    record.name = absl::StrCat("pcu-record-", record.number);
  }
  if (names_.contains(record.name)) {
    const std::string other = absl::StrCat(record.name, "-", record.number);
    Note(record, "duplicate-pcu",
         absl::StrCat("another record has the same name; called ", other));
    record.name = other;
    // Somebody may be called like that, too.
    while (names_.contains(record.name) || !NameProblem(record.name).empty()) {
      record.name =
          absl::StrCat("pcu-record-", record.number, "-", names_.size());
    }
  }
  names_.insert(record.name);
}

void Importer::Hosts(const Json& json, Record& record) {
  std::vector<std::string> ids, ports;
  std::map<std::string, std::string> names;
  // The PCU itself is fine without them.
  if (!Texts(json, "node_ids", record, &ids) ||
      !Texts(json, "ports", record, &ports) ||
      !HostNames(json, record, &names)) {
    import_.problems.back().left_out = false;
    return;
  }
  if (ids.empty()) Note(record, "unused", "no host hangs on it");
  for (size_t i = 0; i < ids.size(); i++) {
    const auto name = names.find(ids[i]);
    if (name == names.end() || name->second.empty()) {
      Note(record, "host",
           absl::StrCat("No such Node ID: ", text::Clean(ids[i])));
    } else if (i >= ports.size()) {
      Note(record, "port",
           absl::StrCat("there is no port for ", text::Clean(name->second)));
    } else {
      OneHost(record, name->second, ports[i]);
    }
  }
}

void Importer::OneHost(Record& record, const std::string& host,
                       std::string plug) {
  if (const std::string problem = NameProblem(host); !problem.empty()) {
    return Note(
        record, "name",
        absl::StrCat("the name '", text::Clean(host), "' of a host ", problem));
  }
  const Specification& spec = *models_.Find(record.model);
  // A controller inside of its host has one, whatever the record says.
  if (spec.plugs.size() == 1) plug = spec.plugs[0];
  if (plug.empty() || plug.find_first_of("[],") != std::string::npos ||
      (!spec.plugs.empty() && !absl::c_linear_search(spec.plugs, plug))) {
    return Note(record, "plug",
                absl::StrCat("model ", record.model, " has no plug '",
                             text::Clean(plug), "' for ", host));
  }
  if (!used_plugs_.emplace(record.name, plug).second) {
    return Note(
        record, "duplicate-plug",
        absl::StrCat("plug ", plug, " has a host already, and not ", host));
  }
  std::vector<Feed>& feeds = feeds_[host];
  if (feeds.size() >= kMaxFeeds || hosts_.size() >= kMaxHosts) {
    return Note(record, "size",
                absl::StrCat("too many feeds or hosts: ", host));
  }
  if (feeds.empty()) hosts_.push_back(host);
  feeds.push_back({records_.size(), plug});
  record.hosts.emplace_back(host, std::move(plug));
}

absl::Status Importer::Read(Json& json) {
  if (json.AsArray() == nullptr) {
    return absl::InvalidArgumentError("is no list of records");
  }
  size_t number = 0;
  for (const Json& record : *json.AsArray()) {
    if (records_.size() >= kMaxPcus) {
      return absl::ResourceExhaustedError(
          absl::StrCat("more than ", kMaxPcus, " records"));
    }
    ReadRecord(record, ++number);
  }
  return absl::OkStatus();
}

void Importer::WritePcu(const Record& record) {
  std::string& out = import_.text;
  absl::StrAppend(&out, "\npcu ", Quoted(record.name), " {\n    model ",
                  Quoted(record.model), "\n");
  const auto setting = [&](absl::string_view name, absl::string_view value) {
    if (!value.empty()) {
      absl::StrAppend(&out, "    ", name, " ", Quoted(value), "\n");
    }
  };
  setting("host", record.hostname);
  setting("ip", record.ip);
  setting("user", record.username);
  if (record.password.size() > 0) {
    // An address with colons could begin as the name of another source.
    const bool plain = record.name.find(':') == std::string::npos;
    setting("secret", absl::StrCat(plain ? "" : "store:", record.name));
  }
  setting("site", record.site);
  for (const auto& [host, plug] : record.hosts) {
    if (feeds_[host].size() > 1) continue;
    absl::StrAppend(&out, "    node ", Quoted(host), " ", Quoted(plug), "\n");
  }
  absl::StrAppend(&out, "}\n");
}

Import Importer::Write() {
  import_.text = "# Made of a list of records.\n";
  for (const ImportProblem& problem : import_.problems) {
    absl::StrAppend(&import_.text, "# ", text::Clean(ProblemText(problem)),
                    problem.left_out ? "; left out" : "", "\n");
  }
  for (Record& record : records_) {
    WritePcu(record);
    if (record.password.size() == 0) continue;
    import_.secrets.push_back({record.name, std::move(record.password)});
  }
  if (absl::c_any_of(hosts_, [&](const std::string& host) {
        return feeds_[host].size() > 1;
      })) {
    import_.text += "\n";
  }
  for (const std::string& host : hosts_) {
    const std::vector<Feed>& feeds = feeds_[host];
    if (feeds.size() < 2) continue;
    absl::StrAppend(&import_.text, "node ", Quoted(host), " feeds");
    for (const Feed& feed : feeds) {
      absl::StrAppend(
          &import_.text, " ",
          Quoted(absl::StrCat(records_[feed.record].name, "/", feed.plug)));
    }
    absl::StrAppend(&import_.text, "\n");
  }
  import_.pcus = records_.size();
  import_.hosts = hosts_.size();
  return std::move(import_);
}

// What the parser made of the text holds the passwords once more. It is ours
// alone, and about to go.
void WipePasswords(Json& json) {
  if (json.AsArray() == nullptr) return;
  for (const Json& record : *json.AsArray()) {
    const Json* password = record.Find("password");
    if (password == nullptr || password->AsString() == nullptr) continue;
    keys::Wipe(const_cast<std::string&>(*password->AsString()));
  }
}

}  // namespace

std::string ProblemText(const ImportProblem& problem) {
  return absl::StrCat(
      "record ", problem.record,
      problem.pcu.empty() ? "" : absl::StrCat(" (", problem.pcu, ")"), ": ",
      problem.text, " [", problem.rule, "]");
}

absl::StatusOr<Import> ImportRecords(std::string json) {
  absl::StatusOr<Json> parsed = Json::Parse(json, kMaxRecordsBytes);
  keys::Wipe(json);
  TRY(parsed);
  Importer importer;
  const absl::Status status = importer.Read(*parsed);
  WipePasswords(*parsed);
  TRY(status);
  return importer.Write();
}

}  // namespace power
