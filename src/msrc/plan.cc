#include "msrc/plan.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/status.h"
#include "cli/applet.h"
#include "hosts/operands.h"
#include "msrc/limits.h"
#include "sys/file.h"

namespace msrc {
namespace {

constexpr int kNoInput = 66, kProtocol = 76;  // <sysexits.h>
constexpr const char* kUsualLibrary = "/usr/local/lib/msrc:/usr/local/lib/hxmd";

absl::StatusOr<std::vector<FolderEntry>> ReadFolder() {
  TRY_ASSIGN(const std::vector<std::string> names, sys::ListFolder("."));
  std::vector<FolderEntry> entries;
  for (const std::string& name : names) {
    TRY_ASSIGN(const sys::FileInfo info, sys::Stat(absl::StrCat("./", name)));
    using Kind = FolderEntry::Kind;
    // One that is gone by now was never there.
    if (!info.exists && !info.symlink) continue;
    entries.push_back({name, !info.exists   ? Kind::kDangling
                             : info.folder  ? Kind::kFolder
                             : info.regular ? Kind::kFile
                                            : Kind::kOther});
  }
  return entries;
}

absl::Status Missing(Macro macro, absl::string_view name,
                     absl::string_view why) {
  return cli::FailWith(kNoInput,
                       absl::StrCat(NameOf(macro), ": ", name, ": ", why));
}

absl::StatusOr<PayloadFile> LookAt(Macro macro, const Placed& placed) {
  PayloadFile file{placed.source, placed.target};
  TRY_ASSIGN(sys::FileInfo info, sys::Stat(placed.source));
  if (!info.exists) {
    return Missing(macro, placed.source, "No such file or directory");
  }
  file.folder = info.folder;
  if (info.folder && macro == Macro::kMap) {
    const std::string recipe =
        absl::StrCat(placed.source, "/", hosts::kRecipeName);
    TRY_ASSIGN(info, sys::Stat(recipe));
    if (!info.exists) {
      return Missing(macro, recipe, "No such file or directory");
    }
  }
  if (!info.folder && !info.regular) {
    return Missing(macro, placed.source, "neither a file nor a folder");
  }
  file.mode = static_cast<int>(info.mode & 0777);
  return file;
}

class Planner {
 public:
  explicit Planner(const PlanOrder& order)
      : order_(order), environment_(*order.recipe.environment) {}

  absl::StatusOr<Plan> Make() {
    plan_.recipe = order_.recipe;
    TRY(ReadNames());
    TRY_ASSIGN(plan_.recipe_mode, ReadMode(words_[Macro::kMode]));
    TRY_ASSIGN(plan_.mode, ChooseMode(plan_.recipe_mode, order_.local));
    TRY_ASSIGN(const std::string here, sys::AbsolutePath("."));
    TRY_ASSIGN(plan_.into, ChooseInto(words_[Macro::kInto], CleanFolder(here)));
    TRY(FillPayload());
    TRY(ReadOptions());
    return std::move(plan_);
  }

 private:
  // Our folder as a person calls it: with the links it was reached by, as the
  // shell has it, if that is still so.
  std::string CleanFolder(std::string here) const {
    const auto pwd = environment_.Get("PWD");
    if (pwd && pwd->substr(0, 1) == "/" && IsCurrentFolder(std::string(*pwd))) {
      return std::string(*pwd);
    }
    if (here.size() > 2 && here.substr(here.size() - 2) == "/.") {
      here.resize(here.size() - 2);
    }
    return here;
  }

  absl::Status ReadNames() {
    const std::vector<std::string> names(kMacroNames.begin(),
                                         kMacroNames.end());
    TRY_ASSIGN(auto words, ReadMacros(order_.recipe, names));
    for (size_t i = 0; i < kMacros; i++) {
      words_[static_cast<Macro>(i)] = std::move(words[i]);
    }
    // After make: a prerequisite of the hook may have put files here.
    TRY_ASSIGN(const std::vector<FolderEntry> folder, ReadFolder());
    TRY_ASSIGN(plan_.names, SortNames(words_, folder));
    plan_.notes = plan_.names.notes;
    for (const FolderEntry& e : folder) {
      for (absl::string_view known :
           {"RCS", "CVS", "SCCS", "SVN", ".git", ".hg", ".svn", ".jj"}) {
        if (e.name == known && e.kind == FolderEntry::Kind::kFolder) {
          plan_.payload.revisions.push_back(e.name);
        }
      }
    }
    return absl::OkStatus();
  }

  absl::Status FillPayload() {
    Payload& payload = plan_.payload;
    for (const Placed& placed : plan_.names.send) {
      TRY_ASSIGN(PayloadFile file, LookAt(Macro::kSend, placed));
      payload.send.push_back(std::move(file));
    }
    for (const Placed& placed : plan_.names.map) {
      TRY_ASSIGN(PayloadFile file, LookAt(Macro::kMap, placed));
      payload.map.push_back(std::move(file));
    }
    for (const std::string& name : plan_.names[Macro::kSubdir].words) {
      TRY_ASSIGN(const sys::FileInfo info, sys::Stat(name));
      if (!info.folder) {
        return Missing(Macro::kSubdir, name, "is no folder");
      }
      payload.subdirs.push_back({name, static_cast<int>(info.mode & 0777)});
    }
    payload.ignore = plan_.names[Macro::kIgnore].words;
    return absl::OkStatus();
  }

  absl::Status ReadOptions() {
    if (order_.ignore_options) return absl::OkStatus();
    std::vector<std::string> files;
    for (const std::string& name : plan_.names[Macro::kHxinclude].words) {
      absl::StatusOr<std::string> text = sys::ReadFile(name, kMaxIncludeBytes);
      if (!text.ok()) {
        return cli::FailWith(
            kNoInput, absl::StrCat("HXINCLUDE: ", text.status().message()));
      }
      files.push_back(*std::move(text));
    }
    const MacroState& state = plan_.names[Macro::kHxinclude];
    // The site's are for folders that say nothing; "." says something.
    if (files.empty() && state.how == How::kEmpty) {
      TRY_ASSIGN(files, SiteOptions());
    }
    if (files.empty()) return absl::OkStatus();
    plan_.options = IncludeText(files, [this](absl::string_view name) {
      return environment_.Get(name);
    });
    if (plan_.options->size() > kMaxIncludeBytes) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "HXINCLUDE: more than ", kMaxIncludeBytes, " bytes of options"));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> SiteOptions() const {
    const auto given = environment_.Get("MSRC_LIB");
    const absl::string_view list =
        given && !given->empty() ? *given : absl::string_view(kUsualLibrary);
    for (absl::string_view folder :
         absl::StrSplit(list, ':', absl::SkipEmpty())) {
      const absl::StatusOr<std::string> text = sys::ReadFile(
          absl::StrCat(folder, "/", order_.program, ".hxmd"), kMaxIncludeBytes);
      if (text.ok()) return std::vector<std::string>{*text};
      if (!absl::IsNotFound(text.status())) return text.status();
    }
    return std::vector<std::string>();
  }

  const PlanOrder& order_;
  const sys::Environment& environment_;
  Plan plan_;
  MacroWords words_;
};

}  // namespace

absl::StatusOr<Plan> MakePlan(const PlanOrder& order) {
  return Planner(order).Make();
}

absl::Status CheckInside(const Payload& payload) {
  const auto check = [](absl::string_view source, absl::string_view target) {
    if (IsInside(target)) return absl::OkStatus();
    return cli::FailWith(
        kProtocol,
        absl::StrCat(source, ": '", target,
                     "' is not inside of INTO, as only rdist can have it"));
  };
  for (const auto* files : {&payload.send, &payload.map}) {
    for (const PayloadFile& f : *files) TRY(check(f.source, f.target));
  }
  for (const Payload::Folder& f : payload.subdirs) TRY(check(f.name, f.name));
  return absl::OkStatus();
}

std::string PlanText(const Plan& plan) {
  std::string text;
  for (size_t i = 0; i < kMacros; i++) {
    const auto macro = static_cast<Macro>(i);
    std::vector<std::string> words = plan.names[macro].words;
    How how = plan.names[macro].how;
    if (macro == Macro::kInto) {
      words = {plan.into.path};
      how = plan.into.deduced ? How::kGenerated : How::kMake;
    } else if (macro == Macro::kMode) {
      words = {std::string(NameOf(plan.recipe_mode))};
      if (how == How::kEmpty) how = How::kGenerated;
    }
    absl::StrAppend(&text, NameOf(macro), ": [", NameOf(how), "]\n");
    for (const std::string& word : words) {
      absl::StrAppend(&text, "\t", word, "\n");
    }
  }
  return text;
}

bool IsCurrentFolder(const std::string& path) {
  const absl::StatusOr<sys::FileInfo> here = sys::Stat("."),
                                      there = sys::Stat(path);
  return here.ok() && there.ok() && there->exists &&
         here->device == there->device && here->inode == there->inode;
}

}  // namespace msrc
