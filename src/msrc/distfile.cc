#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include "msrc/script.h"
#include "msrc/script_parts.h"

namespace msrc {
namespace {

using absl::string_view;

std::string Escape(string_view name, string_view plain) {
  std::string out;
  for (char c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) &&
        plain.find(c) == string_view::npos) {
      out += '\\';
    }
    out += c;
  }
  return out;
}

// As rdist's lexer takes it for one name, in which nothing is a pattern.
std::string RdistName(string_view name) { return Escape(name, "/._-+%@,"); }
// The same as a regular expression.
std::string RdistPattern(string_view name) { return Escape(name, "/_-%@,"); }

class Distribution {
 public:
  explicit Distribution(const ScriptOrder& order)
      : order_(order), into_(RdistName(order.into)) {}

  std::string Write() {
    text_.Call("dnl distfile of rdist for a host\n");
    Stanza("myself: ( . )", absl::StrCat("install -onodescend ", into_));
    std::vector<std::string> folders;
    for (const Payload::Folder& f : order_.payload.subdirs) {
      folders.push_back(RdistName(f.name));
    }
    if (folders.empty()) folders.push_back(".");
    Stanza(absl::StrCat("dirs: ( ", absl::StrJoin(folders, " "), " )"),
           absl::StrCat("install -owhole,nodescend ", into_));
    AddPlain();
    AddOthers();
    return text_.Dnl().Take();
  }

 private:
  void Stanza(string_view names, string_view install, string_view except = "") {
    text_.Text(absl::StrCat(names, " -> ( "))
        .Call(CredentialCall(order_.names))
        .Text(absl::StrCat(" )\n", except, "\t", install, " ;\n"));
  }

  // The label stands at the first of the stanzas it is for.
  string_view Label() {
    const bool first = !labelled_;
    labelled_ = true;
    return first ? "files: " : "";
  }

  void AddPlain() {
    std::vector<std::string> names;
    for (const PayloadFile& f : order_.payload.send) {
      if (f.source == f.target) names.push_back(RdistName(f.source));
    }
    if (names.empty()) return;
    std::string except;
    std::vector<std::string> patterns;
    for (const auto* list :
         {&order_.payload.revisions, &order_.payload.ignore}) {
      for (const std::string& name : *list) {
        patterns.push_back(absl::StrCat("/", RdistPattern(name)));
      }
    }
    if (!patterns.empty()) {
      except = absl::StrCat("\texcept_pat ( ", absl::StrJoin(patterns, " "),
                            " ) ;\n");
    }
    Stanza(absl::StrCat(Label(), "( ", absl::StrJoin(names, " "), " )"),
           absl::StrCat("install -owhole ", into_), except);
  }

  void AddOthers() {
    for (const PayloadFile& f : order_.payload.send) {
      if (f.source == f.target) continue;
      Stanza(absl::StrCat(Label(), "( ", RdistName(f.source), " )"),
             absl::StrCat("install ", into_, "/", RdistName(f.target)));
    }
    for (size_t i = 0; i < order_.payload.map.size(); i++) {
      text_.Text(absl::StrCat(Label(), "( "))
          .Call(OperandCall(order_.names, i + 1))
          .Text(" ) -> ( ")
          .Call(CredentialCall(order_.names))
          // -b: by content, since it is always new.
          .Text(absl::StrCat(" )\n\tinstall -b ", into_, "/",
                             RdistName(order_.payload.map[i].target), " ;\n"));
    }
  }

  const ScriptOrder& order_;
  const std::string into_;
  M4Text text_;
  bool labelled_ = false;
};

}  // namespace

std::string Distfile(const ScriptOrder& order) {
  return Distribution(order).Write();
}

}  // namespace msrc
