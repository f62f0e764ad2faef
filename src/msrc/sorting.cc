#include "msrc/sorting.h"

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <algorithm>

#include "base/status.h"
#include "msrc/limits.h"

namespace msrc {
namespace {

using absl::string_view;

constexpr string_view kMapSuffix = ".host";
constexpr string_view kIncludeSuffix = ".hxmd";

// Where revisions are kept. Those that begin with a dot are newer than msrc.
bool KeepsRevisions(string_view name) {
  for (string_view known :
       {"RCS", "CVS", "SCCS", "SVN", ".git", ".hg", ".svn", ".jj"}) {
    if (name == known) return true;
  }
  return false;
}

bool HasMapSuffix(string_view name) {
  return absl::EndsWith(name, kMapSuffix) && name != kMapSuffix;
}

class Sorter {
 public:
  explicit Sorter(const MacroWords& words) {
    for (size_t i = 0; i < kMacros; i++) TakeWords(words, i);
  }

  absl::StatusOr<Sorted> Sort(absl::Span<const FolderEntry> folder) {
    if (folder.size() > kMaxNames) {
      return absl::ResourceExhaustedError(
          absl::StrCat("more than ", kMaxNames, " names in the folder"));
    }
    std::vector<FolderEntry> entries;
    for (const FolderEntry& e : folder) {
      if (!absl::StrContains(e.name, '\n')) {
        entries.push_back(e);
        continue;
      }
      // Lists of names are lines, of rsync and of people.
      out_.notes.push_back(
          absl::StrCat(absl::StrReplaceAll(e.name, {{"\n", "?"}}),
                       ": a name with a line break in it is ignored"));
    }
    // Differs: the original goes by the order of the folder, which nobody
    // chose.
    std::sort(entries.begin(), entries.end(),
              [](const FolderEntry& a, const FolderEntry& b) {
                return a.name < b.name;
              });
    for (Macro macro : {Macro::kMap, Macro::kSend, Macro::kIgnore}) {
      for (const std::string& word : out_[macro].words) taken_.insert(word);
    }
    // What is mapped by its name comes first: its target is then known, and a
    // plain file of that name is not sent.
    for (const FolderEntry& e : entries) {
      if (IsMappedByName(e)) Add(Macro::kMap, e.name);
    }
    for (const std::string& word : out_[Macro::kMap].words) Hide(word);
    for (const FolderEntry& e : entries) Place(e);
    FinishStates();
    TRY(PlaceFiles());
    return std::move(out_);
  }

 private:
  void TakeWords(const MacroWords& words, size_t index) {
    MacroState& state = out_.states[index];
    bool locked = false, open = false;
    for (const std::string& word : words[static_cast<Macro>(index)]) {
      if (word == ".") {
        locked = true;
      } else if (word == "+++") {
        open = true;
      } else {
        state.words.push_back(word);
      }
    }
    if (static_cast<Macro>(index) == Macro::kMap) {
      for (std::string& word : state.words) {
        while (word.size() > 1 && word.back() == '/') word.pop_back();
      }
    }
    open_[index] = open;
    filled_[index] = open || (!locked && state.words.empty());
    state.how = open                   ? How::kMakeOpen
                : locked               ? How::kMakeLocked
                : !state.words.empty() ? How::kMake
                                       : How::kEmpty;
  }

  bool Fills(Macro macro) const { return filled_[static_cast<size_t>(macro)]; }
  bool IsOpen(Macro macro) const { return open_[static_cast<size_t>(macro)]; }

  void Add(Macro macro, const std::string& name) {
    out_[macro].words.push_back(name);
    taken_.insert(name);
  }

  bool IsMappedByName(const FolderEntry& e) const {
    return (e.kind == FolderEntry::Kind::kFile ||
            e.kind == FolderEntry::Kind::kFolder) &&
           HasMapSuffix(e.name) && Fills(Macro::kMap) &&
           !taken_.contains(e.name) && !IsSubdir(e);
  }
  bool IsSubdir(const FolderEntry& e) const {
    const std::vector<std::string>& words = out_[Macro::kSubdir].words;
    return e.kind == FolderEntry::Kind::kFolder &&
           std::find(words.begin(), words.end(), e.name) != words.end();
  }

  // The target of a mapped name is nobody else's.
  void Hide(const std::string& source) {
    const std::string target = MapTargetOf(source);
    if (!taken_.insert(target).second) return;
    hidden_.push_back(target);
  }

  void Place(const FolderEntry& e) {
    if (e.kind == FolderEntry::Kind::kDangling) {
      out_.notes.push_back(
          absl::StrCat(e.name, ": a link to nothing is ignored"));
    }
    if (taken_.contains(e.name)) return;
    switch (e.kind) {
      case FolderEntry::Kind::kFolder:
        if (KeepsRevisions(e.name) || IsSubdir(e)) return;
        if (Fills(Macro::kSubdir)) {
          Add(Macro::kSubdir, e.name);
        } else if (Fills(Macro::kIgnore)) {
          Add(Macro::kIgnore, e.name);
        }
        return;
      case FolderEntry::Kind::kOther:
      case FolderEntry::Kind::kDangling:
        Add(Macro::kIgnore, e.name);
        return;
      case FolderEntry::Kind::kFile:
        break;
    }
    if (absl::EndsWith(e.name, kIncludeSuffix) && Fills(Macro::kHxinclude)) {
      Add(Macro::kHxinclude, e.name);
      return;
    }
    for (Macro macro : {Macro::kMap, Macro::kSend, Macro::kIgnore}) {
      if (IsOpen(macro)) return Take(macro, e.name);
    }
    for (Macro macro : {Macro::kSend, Macro::kIgnore, Macro::kMap}) {
      if (Fills(macro)) return Take(macro, e.name);
    }
  }
  void Take(Macro macro, const std::string& name) {
    Add(macro, name);
    if (macro == Macro::kMap) Hide(name);
  }

  void FinishStates() {
    for (std::string& name : hidden_) {
      out_[Macro::kIgnore].words.push_back(std::move(name));
    }
    for (MacroState& state : out_.states) {
      if (state.how == How::kEmpty && !state.words.empty()) {
        state.how = How::kGenerated;
      }
    }
  }

  absl::Status PlaceFiles() {
    absl::flat_hash_map<std::string, std::string> source_of;
    for (Macro macro : {Macro::kSend, Macro::kMap}) {
      std::vector<Placed>& files = macro == Macro::kSend ? out_.send : out_.map;
      for (const std::string& source : out_[macro].words) {
        Placed placed = {source, macro == Macro::kSend ? TargetOf(source)
                                                       : MapTargetOf(source)};
        if (placed.target.empty() || absl::EndsWith(placed.target, "/")) {
          return absl::InvalidArgumentError(absl::StrCat(
              NameOf(macro), ": '", source, "' has no name of its own"));
        }
        const auto [other, is_new] = source_of.emplace(placed.target, source);
        if (!is_new) {
          return absl::InvalidArgumentError(
              absl::StrCat("'", other->second, "' and '", source,
                           "' would both become '", placed.target, "'"));
        }
        files.push_back(std::move(placed));
      }
    }
    return absl::OkStatus();
  }

  Sorted out_;
  std::array<bool, kMacros> filled_ = {}, open_ = {};
  absl::flat_hash_set<std::string> taken_;
  std::vector<std::string> hidden_;
};

}  // namespace

string_view NameOf(How how) {
  switch (how) {
    case How::kMake:
      return "make";
    case How::kMakeOpen:
      return "make open";
    case How::kMakeLocked:
      return "make locked";
    case How::kGenerated:
      return "generated";
    case How::kEmpty:
      break;
  }
  return "empty";
}

absl::StatusOr<Sorted> SortNames(const MacroWords& words,
                                 absl::Span<const FolderEntry> folder) {
  return Sorter(words).Sort(folder);
}

std::string TargetOf(string_view source) {
  const size_t marker = source.rfind("/./");
  if (marker != string_view::npos) {
    source.remove_prefix(marker + 3);
    return std::string(source);
  }
  // Differs: where the original joins INTO and an absolute path, there is no
  // need to be told of two slashes.
  for (bool again = true; again;) {
    again = absl::ConsumePrefix(&source, "../") ||
            absl::ConsumePrefix(&source, "./") ||
            absl::ConsumePrefix(&source, "/");
  }
  return std::string(source);
}

std::string MapTargetOf(string_view source) {
  std::string target = TargetOf(source);
  const string_view name = string_view(target).substr(target.rfind('/') + 1);
  if (HasMapSuffix(name)) target.resize(target.size() - kMapSuffix.size());
  return target;
}

bool IsInside(string_view target) {
  if (target.empty() || target[0] == '/') return false;
  for (string_view part : absl::StrSplit(target, '/')) {
    if (part == "..") return false;
  }
  return true;
}

}  // namespace msrc
