#include "power/device_parser.h"

#include <absl/algorithm/container.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include <set>

#include "base/bytes.h"
#include "power/limits.h"
#include "power/spec_settings.h"
#include "power/statement_parser.h"
#include "power/written_secrets.h"

namespace power {
namespace {

class FileReader {
 public:
  FileReader(TokenStream& in, const OtherItems& others)
      : in_(in), others_(others) {}
  DeviceFile Read();

 private:
  void Item();
  bool BeginsItem(const DeviceToken& token) const;
  void SpecificationItem();
  void SpecBody(Specification& spec);
  void ReadScript(Specification& spec);
  void Plugs(Specification& spec);
  void Device(const Where& where);
  void Host(const Where& where);
  void Alias(const Where& where);
  void TcpWrappers();
  bool TakePlugName();

  TokenStream& in_;
  const OtherItems& others_;
  DeviceFile file_;
  size_t statements_ = 0;
};

size_t CountStatements(const std::vector<Statement>& body) {
  size_t count = body.size();
  for (const Statement& statement : body) {
    count += CountStatements(statement.body);
    for (const Branch& branch : statement.branches) {
      count += 1 + CountStatements(branch.body);
    }
  }
  return count;
}

constexpr absl::string_view kItems[] = {
    "specification", "device",      "node",          "alias",
    "listen",        "tcpwrappers", "plug_log_level"};

DeviceFile FileReader::Read() {
  while (!in_.AtEnd()) Item();
  return std::move(file_);
}

bool FileReader::BeginsItem(const DeviceToken& token) const {
  return token.kind == DeviceToken::Kind::kWord &&
         (absl::c_linear_search(kItems, token.text) ||
          absl::c_linear_search(others_.words, token.text));
}

void FileReader::Item() {
  const DeviceToken word = in_.Take();
  if (word.kind == DeviceToken::Kind::kWord &&
      absl::c_linear_search(others_.words, word.text)) {
    return others_.read(word, in_);
  }
  if (word.Is("specification")) return SpecificationItem();
  if (word.Is("device")) return Device(word.where);
  if (word.Is("node")) return Host(word.where);
  if (word.Is("alias")) return Alias(word.where);
  if (word.Is("tcpwrappers")) return TcpWrappers();
  if (word.Is("listen")) {
    if (const auto text = in_.String("listen")) file_.listens.push_back(*text);
    return;
  }
  if (word.Is("plug_log_level")) {
    file_.plug_log_level = in_.String("plug_log_level").value_or("");
    return;
  }
  in_.problems().Error(word.where, "syntax",
                       absl::StrCat("'", base::Escape(word.text.substr(0, 80)),
                                    "' begins nothing that a device file has"));
  while (!in_.AtEnd() && !BeginsItem(in_.token())) {
    if (in_.token().IsMark("{")) {
      in_.SkipBlock();
    } else {
      in_.Take();
    }
  }
}

void FileReader::Device(const Where& where) {
  const auto name = in_.String("device");
  const auto specification = in_.String("the name of the device");
  const auto address = in_.String("the specification");
  if (!name || !specification || !address) return;
  DeviceLine line{*name, *specification, *address, "", where};
  if (in_.token().kind == DeviceToken::Kind::kString) {
    line.flags = in_.Take().text;
  }
  if (absl::c_any_of(file_.devices, [&](const DeviceLine& other) {
        return other.name == line.name;
      })) {
    in_.problems().Error(where, "duplicate-device",
                         absl::StrCat("device ", *name, " given twice"));
    return;
  }
  file_.devices.push_back(std::move(line));
}

void FileReader::Host(const Where& where) {
  const auto names = in_.String("node");
  const auto device = in_.String("the names");
  if (!names || !device) return;
  HostLine line{*names, *device, std::nullopt, where};
  if (in_.token().kind == DeviceToken::Kind::kString) {
    line.plugs = in_.Take().text;
  }
  file_.hosts.push_back(std::move(line));
}

void FileReader::Alias(const Where& where) {
  const auto name = in_.String("alias");
  const auto hosts = in_.String("the name");
  if (name && hosts) file_.aliases.push_back({*name, *hosts, where});
}

void FileReader::TcpWrappers() {
  file_.tcp_wrappers = true;
  if (in_.TakeWord("yes")) return;
  if (in_.TakeWord("no")) {
    file_.tcp_wrappers = false;
    return;
  }
  in_.problems().Warn(in_.token().where, "tcpwrappers",
                      "tcpwrappers says neither yes nor no");
}

void FileReader::SpecificationItem() {
  Specification spec;
  spec.where = in_.token().where;
  in_.TakeLanguage();
  const auto name = in_.String("specification");
  spec.name = name.value_or("");
  if (!in_.Expect("{", "specification")) {
    if (in_.token().IsMark("{")) in_.SkipBlock();
    return;
  }
  while (!in_.AtEnd() && !in_.token().IsMark("}")) SpecBody(spec);
  in_.Expect("}", "specification");
  spec.language = in_.TakeLanguage();
  if (!name) return;
  if (file_.Find(spec.name) != nullptr) {
    in_.problems().Error(
        spec.where, "duplicate-specification",
        absl::StrCat("specification ", spec.name, " given twice"));
    return;
  }
  if (file_.specifications.size() >= kMaxSpecifications) {
    in_.problems().Error(
        spec.where, "size",
        absl::StrCat("more than ", kMaxSpecifications, " specifications"));
    return;
  }
  spec.secrets = WrittenSecrets(spec);
  file_.specifications.push_back(std::move(spec));
}

// "plug name" is one word with blanks in it.
bool FileReader::TakePlugName() {
  if (!in_.TakeWord("plug")) return false;
  if (!in_.TakeWord("name")) in_.Missing("name", "plug");
  return true;
}

void FileReader::SpecBody(Specification& spec) {
  if (in_.TakeWord("timeout")) {
    spec.timeout = in_.Seconds("timeout").value_or(spec.timeout);
  } else if (in_.TakeWord("pingperiod")) {
    spec.ping_period = in_.Seconds("pingperiod").value_or(spec.ping_period);
  } else if (TakePlugName()) {
    Plugs(spec);
  } else if (in_.TakeWord("script")) {
    ReadScript(spec);
  } else if (!ReadSpecSetting(in_, spec)) {
    in_.Error("syntax",
              absl::StrCat("'", base::Escape(in_.token().text.substr(0, 80)),
                           "' is nothing that a specification has"));
    if (in_.token().IsMark("{")) {
      in_.SkipBlock();
    } else {
      in_.Take();
    }
  }
}

void FileReader::Plugs(Specification& spec) {
  const Where where = in_.token().where;
  if (!in_.Expect("{", "plug name")) return;
  std::set<std::string> seen;
  std::vector<std::string> plugs;
  while (in_.token().kind == DeviceToken::Kind::kString) {
    const DeviceToken plug = in_.Take();
    if (!seen.insert(plug.text).second) {
      in_.problems().Error(
          plug.where, "duplicate-plug",
          absl::StrCat("plug '", base::Escape(plug.text), "' given twice"));
    } else if (plugs.size() < kMaxPlugs) {
      plugs.push_back(plug.text);
    } else if (plugs.size() == kMaxPlugs) {
      in_.problems().Error(plug.where, "size",
                           absl::StrCat("more than ", kMaxPlugs, " plugs"));
    }
  }
  if (plugs.empty()) in_.Missing("a string", "plug name {");
  in_.Expect("}", "plug name");
  if (!spec.plugs.empty()) {
    in_.problems().Error(where, "duplicate-plugs",
                         "a second list of plugs in one specification");
    return;
  }
  spec.plugs = std::move(plugs);
}

void FileReader::ReadScript(Specification& spec) {
  const DeviceToken name = in_.Take();
  Script script;
  script.where = name.where;
  const auto id = name.kind == DeviceToken::Kind::kWord
                      ? ParseScriptName(name.text, name.language)
                      : std::nullopt;
  if (id) {
    script.verb = id->verb;
    script.form = id->form;
  } else {
    in_.problems().Error(
        name.where, "script",
        absl::StrCat("there is no script called '",
                     base::Escape(name.text.substr(0, 80)), "'"));
  }
  script.body = ReadBlock(in_, "script", script);
  statements_ += CountStatements(script.body);
  if (!id) return;
  if (spec.Find(script.verb, script.form) != nullptr) {
    in_.problems().Error(name.where, "duplicate-script",
                         absl::StrCat("script ", name.text, " given twice"));
    return;
  }
  if (statements_ > kMaxStatements) {
    in_.problems().Error(
        name.where, "size",
        absl::StrCat("more than ", kMaxStatements, " statements"));
    return;
  }
  spec.scripts.push_back(std::move(script));
}

}  // namespace

const Specification* DeviceFile::Find(absl::string_view name) const {
  for (const Specification& spec : specifications) {
    if (spec.name == name) return &spec;
  }
  return nullptr;
}

bool DeviceReading::ok() const {
  return absl::c_none_of(problems,
                         [](const DeviceProblem& p) { return p.error; });
}

DeviceReading ReadDeviceFile(absl::string_view name, absl::string_view text,
                             IncludeFile include, const OtherItems& others) {
  DeviceProblems problems;
  DeviceLexer lexer(std::string(name), std::string(text), std::move(include),
                    problems);
  TokenStream in(lexer, problems);
  DeviceReading reading;
  reading.file = FileReader(in, others).Read();
  reading.problems = problems.Take();
  return reading;
}

}  // namespace power
