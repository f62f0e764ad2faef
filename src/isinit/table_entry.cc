#include "isinit/table_entry.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <iterator>

#include "base/strings.h"
#include "isinit/attribute_values.h"
#include "isinit/limits.h"
#include "text/words.h"

namespace isinit {
namespace {

using View = absl::string_view;

constexpr Mode kModes[] = {
    Mode::kWait,       Mode::kOnce,      Mode::kRespawn,  Mode::kTest,
    Mode::kOff,        Mode::kSysinit,   Mode::kBootwait, Mode::kShutdown,
    Mode::kCtrlAltDel, Mode::kPowerFail, Mode::kRestart,  Mode::kAskFirst,
};
constexpr View kWhatNamesAre =
    "letters, digits and _ . @ + -, at most 64 of them";
static_assert(kMaxNameBytes == 64, "the text above says so");

std::optional<Mode> FindMode(View name) {
  for (const Mode mode : kModes) {
    if (ModeName(mode) == name) return mode;
  }
  return std::nullopt;
}

std::string UnknownMode(View name) {
  std::vector<View> names;
  for (const Mode mode : kModes) names.push_back(ModeName(mode));
  const std::string text = absl::StrCat("unknown mode ", Quoted(name), ": ");
  const std::vector<std::string> near = name.size() <= kMaxNameBytes
                                            ? base::Nearest(name, names)
                                            : std::vector<std::string>();
  if (near.empty()) return absl::StrCat(text, "wait, once, respawn, test, off");
  return absl::StrCat(text, "is '", near[0], "' meant?");
}

// Blanks around the commas are no part of a name. A list of one keeps a comma,
// or its letters would be levels, too.
std::optional<std::string> ReadLevels(View field) {
  if (!absl::StrContains(field, ',')) {
    if (!field.empty() && !IsName(field)) return std::nullopt;
    return std::string(field);
  }
  std::vector<View> names;
  for (View name : absl::StrSplit(field, ',')) {
    name = absl::StripAsciiWhitespace(name);
    if (name.empty()) continue;
    if (!IsName(name)) return std::nullopt;
    names.push_back(name);
  }
  if (names.size() == 1) return absl::StrCat(names[0], ",");
  return absl::StrJoin(names, ",");
}

bool LooksLikeAName(View levels) {
  return !absl::StrContains(levels, ',') &&
         std::count_if(levels.begin(), levels.end(), [](unsigned char c) {
           return absl::ascii_isalpha(c);
         }) >= 2;
}

// The parts between the commas that are not in quotes.
std::vector<View> SplitAtCommas(View field) {
  std::vector<View> parts;
  size_t begin = 0;
  char quote = 0;
  for (size_t i = 0; i < field.size(); i++) {
    const char c = field[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == ',') {
      parts.push_back(field.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  parts.push_back(field.substr(begin));
  return parts;
}

class LineReader {
 public:
  LineReader(int line, Problems& problems) : problems_(problems) {
    out_.line = line;
  }

  EntryLine Read(const std::vector<View>& fields) {
    ReadName("group", fields[0], out_.group);
    ReadName("tag", fields[1], out_.tag);
    ReadMode(absl::StripAsciiWhitespace(fields[3]));
    ReadLevelList(absl::StripAsciiWhitespace(fields[2]));
    out_.command = std::string(fields[4]);
    const bool blank = absl::StripAsciiWhitespace(fields[4]).empty();
    if (blank && out_.mode != Mode::kOff) {
      Wrong("there is no command behind the fourth colon");
    }
    return std::move(out_);
  }

 private:
  void Wrong(std::string text) {
    problems_.Error(out_.line, std::move(text));
    out_.good = false;
  }

  void ReadName(View what, View field, std::string& name) {
    field = absl::StripAsciiWhitespace(field);
    if (IsName(field)) {
      name = std::string(field);
    } else if (field.empty()) {
      Wrong(absl::StrCat("there is no ", what));
    } else {
      Wrong(absl::StrCat(what, ": ", Quoted(field), " is not ", kWhatNamesAre));
    }
  }

  void ReadMode(View field) {
    const std::vector<View> parts = SplitAtCommas(field);
    const View name = absl::StripAsciiWhitespace(parts[0]);
    if (const std::optional<Mode> mode = FindMode(name)) {
      out_.mode = *mode;
    } else {
      Wrong(UnknownMode(name));
    }
    for (size_t i = 1; i < parts.size(); i++) {
      const auto words = text::SplitWords(parts[i]);
      if (!words.ok()) {
        Wrong(absl::StrCat("mode: ", words.status().message()));
      } else if (words->size() != 1) {
        Wrong(
            absl::StrCat("mode: ", Quoted(parts[i]), " is not one attribute"));
      } else {
        out_.words.push_back({out_.line, words->front()});
      }
    }
  }

  void ReadLevelList(View field) {
    std::optional<std::string> levels = ReadLevels(field);
    if (!levels) {
      return Wrong(absl::StrCat(
          "levels: ", Quoted(field),
          " is not names with commas, or one name: ", kWhatNamesAre));
    }
    if (RunsInLevels(out_.mode)) {
      if (levels->empty()) {
        problems_.Warn(
            out_.line,
            absl::StrCat("'", out_.tag, "' has no level: nothing starts it"));
      } else if (LooksLikeAName(*levels)) {
        problems_.Warn(
            out_.line,
            absl::StrCat("levels: '", *levels,
                         "' is a level, and each of its characters is one; '",
                         *levels, ",' is the level alone"));
      }
    }
    out_.levels.text = *std::move(levels);
  }

  Problems& problems_;
  EntryLine out_;
};

}  // namespace

EntryLine ReadEntryLine(int line, const std::vector<View>& fields,
                        Problems& problems) {
  return LineReader(line, problems).Read(fields);
}

bool CheckEntry(const Entry& entry, const Attributes& defaults,
                Problems& problems) {
  const Attributes& a = entry.attributes;
  if (a.lazy && a.listen.empty()) {
    problems.Error(entry.line,
                   absl::StrCat("'", entry.tag,
                                "' is lazy, but listens nowhere: nothing would "
                                "start it"));
    return false;
  }
  const auto warn = [&](View text) {
    problems.Warn(entry.line, absl::StrCat("'", entry.tag, "' is ",
                                           ModeName(entry.mode), ": ", text));
  };
  const bool runs = RunsInLevels(entry.mode);
  if (runs && a.gate > defaults.gate && entry.mode != Mode::kTest) {
    warn("gate is for a test");
  }
  if (runs && a.timeout != defaults.timeout && !Blocks(entry.mode)) {
    warn("timeout is for a wait or a test");
  }
  if (Respawns(entry.mode) && a.ready != defaults.ready &&
      a.ready.kind == Readiness::Kind::kExit) {
    warn("it is started again at each exit, so ready=exit is never for long");
  }
  if (entry.mode == Mode::kWait && a.health != defaults.health &&
      a.health.kind != Health::Kind::kNone) {
    warn("it has ended when its health would be looked at");
  }
  return true;
}

}  // namespace isinit
