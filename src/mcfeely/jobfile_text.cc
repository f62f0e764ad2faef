// The directives of a job file. Twice over the lines: parameters first, so that
// they may be declared after their use, then everything else.
#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>

#include "base/limits.h"
#include "base/status.h"
#include "base/strings.h"
#include "mcfeely/jobfile_lexer.h"
#include "mcfeely/jobfile_model.h"

namespace mcfeely {
namespace {

constexpr absl::string_view kDirectives[] = {
    "barrier", "default", "description", "failure", "group",   "hold", "imply",
    "key",     "param",   "require",     "start",   "success", "task"};

bool IsOneOf(absl::string_view word,
             absl::Span<const absl::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// A word with its parameters filled in.
struct Filled {
  std::string text;
  bool colon = false;  // the bare word ":"
  bool known = true;   // no parameter in it was missing
};

class Parameters {
 public:
  Parameters(const absl::btree_map<std::string, std::string>& values,
             JobErrors& errors)
      : values_(values), errors_(errors) {}

  // Takes the `param` lines, in order.
  void Declare(const std::vector<std::vector<Line>>& sources) {
    std::vector<const Line*> lines;
    for (const std::vector<Line>& source : sources) {
      for (const Line& line : source) {
        if (IsParam(line)) lines.push_back(&line);
      }
    }
    for (const Line* line : lines) {
      if (line->words.size() > 1) later_.insert(line->words[1].text);
    }
    for (const Line* line : lines) DeclareOne(*line);
    later_.clear();
    std::vector<absl::string_view> names;
    for (const auto& [name, parameter] : declared_) names.push_back(name);
    std::sort(names.begin(), names.end());
    for (const auto& [name, value] : values_) {
      if (declared_.contains(name)) continue;
      errors_.AddOption("-D",
                        absl::StrCat("there is no parameter ", Quoted(name),
                                     errors_.DidYouMean(name, names)));
    }
  }

  static bool IsParam(const Line& line) {
    return line.words[0].bare && line.words[0].text == "param";
  }

  Filled Fill(const Line& line, const Word& word) {
    Filled filled;
    filled.colon = word.bare && word.text == ":";
    if (word.holes.empty()) {
      filled.text = word.text;
      return filled;
    }
    size_t from = 0;
    for (const Hole& hole : word.holes) {
      filled.text.append(word.text, from, hole.at - from);
      from = hole.at;
      const std::string* value = Find(line, hole.name);
      filled.known &= value != nullptr && Afford(line, value->size());
      if (filled.known) filled.text += *value;
    }
    filled.text.append(word.text, from);
    return filled;
  }

 private:
  struct Parameter {
    Place place;
    bool known = false;
    std::string value;
  };

  void DeclareOne(const Line& line) {
    if (line.words.size() < 2) {
      if (!line.broken) errors_.Add(line.place, "param: a name is missing");
      return;
    }
    const std::string& name = line.words[1].text;
    const auto [at, is_new] = declared_.try_emplace(name);
    Parameter& p = at->second;
    if (!is_new) {
      errors_.Add(line.place, absl::StrCat("the parameter ", Quoted(name),
                                           " is declared twice, first at ",
                                           errors_.Where(p.place)));
      return;
    }
    p.place = line.place;
    if (line.words.size() > 3) {
      errors_.Add(line.place, absl::StrCat("param ", Quoted(name),
                                           ": more than one default; quote it "
                                           "if it has blanks"));
    }
    if (!line.words[1].holes.empty() ||
        !base::IsName(name, base::kMaxNameBytes)) {
      if (!line.broken) {
        errors_.Add(
            line.place,
            absl::StrCat("param: ", CheckTaskName(name).ok()
                                        ? "the name is not written out"
                                        : CheckTaskName(name).message()));
      }
      return;
    }
    const auto set = values_.find(name);
    Filled by_default;
    if (line.words.size() > 2) by_default = Fill(line, line.words[2]);
    later_.erase(name);
    if (set != values_.end()) {
      p.value = set->second;
      p.known = p.value.find('\0') == std::string::npos;
      if (!p.known) {
        errors_.AddOption("-D", absl::StrCat(name, " holds a NUL byte"));
      }
    } else if (line.words.size() > 2) {
      p.value = std::move(by_default.text);
      p.known = by_default.known && !line.broken;
    } else if (!line.broken) {
      errors_.Add(line.place, absl::StrCat("the parameter ", Quoted(name),
                                           " has no value; set it with -D ",
                                           name, "=VALUE"));
    }
  }

  // Null when it has none; an error was told, here or where it is declared.
  const std::string* Find(const Line& line, const std::string& name) {
    const auto at = declared_.find(name);
    if (later_.contains(name)) {
      errors_.Add(line.place,
                  absl::StrCat("the default of a parameter may use those "
                               "declared before it; ",
                               Quoted(name), " is not"));
      return nullptr;
    }
    if (at == declared_.end()) {
      std::vector<absl::string_view> names;
      for (const auto& [known, parameter] : declared_) names.push_back(known);
      std::sort(names.begin(), names.end());
      errors_.Add(line.place,
                  absl::StrCat("there is no parameter ", Quoted(name),
                               errors_.DidYouMean(name, names)));
      return nullptr;
    }
    return at->second.known ? &at->second.value : nullptr;
  }

  // A few parameters of parameters would otherwise fill the memory.
  bool Afford(const Line& line, size_t bytes) {
    if (bytes > left_) {
      if (!told_) {
        errors_.Add(line.place,
                    absl::StrCat("parameters grow the job by more than ",
                                 base::kMaxJobFileBytes, " bytes"));
      }
      told_ = true;
      return false;
    }
    left_ -= bytes;
    return true;
  }

  const absl::btree_map<std::string, std::string>& values_;
  JobErrors& errors_;
  absl::flat_hash_map<std::string, Parameter> declared_;
  absl::flat_hash_set<std::string> later_;  // while defaults are read
  size_t left_ = base::kMaxJobFileBytes;
  bool told_ = false;
};

class TextReader {
 public:
  TextReader(Parameters& parameters, Draft& draft, JobErrors& errors)
      : parameters_(parameters), draft_(draft), errors_(errors) {}

  void Read(const Line& line) {
    if (Parameters::IsParam(line)) return;
    const Word& first = line.words[0];
    directive_ = first.text;
    if (!first.bare) {
      Wrong(line, "a directive must be written out, without quotes");
      return;
    }
    if (!IsOneOf(directive_, kDirectives)) {
      Wrong(line, absl::StrCat("unknown directive ", Quoted(directive_),
                               errors_.DidYouMean(directive_, kDirectives),
                               " (there are ", absl::StrJoin(kDirectives, ", "),
                               ")"));
      if (line.words.size() > 1) draft_.forgiven.push_back(line.words[1].text);
      return;
    }
    words_.clear();
    bool whole = !line.broken;
    for (size_t i = 1; i < line.words.size(); i++) {
      words_.push_back(parameters_.Fill(line, line.words[i]));
      whole &= words_.back().known;
    }
    if (whole)
      ReadDirective(line.place);
    else
      KeepName(line.place);
  }

 private:
  using Words = absl::Span<const Filled>;

  void Wrong(const Line& line, const std::string& message) {
    errors_.Add(line.place, message);
  }
  void Wrong(const Place& place, absl::string_view message) {
    errors_.Add(place, absl::StrCat(directive_, ": ", message));
  }

  // A line with an error still gives its name, so that those who use the name
  // are not told that it does not exist.
  void KeepName(const Place& place) {
    if (!IsOneOf(directive_, {"task", "group", "barrier"})) return;
    if (words_.empty() || !words_[0].known ||
        !CheckTaskName(words_[0].text).ok()) {
      draft_.names_missing = true;
    } else if (directive_ == "task") {
      AddTask(place, {words_[0].text, "", "", {}, {}});
    } else if (directive_ == "group") {
      draft_.forgiven.push_back(words_[0].text);
    } else {
      draft_.barriers.push_back({place, {words_[0].text}, {}});
    }
  }

  void ReadDirective(const Place& place) {
    const Words words = words_;
    if (directive_ == "task")
      ReadTask(place, words);
    else if (directive_ == "default")
      ReadOptions(place, words, defaults_);
    else if (directive_ == "require")
      ReadRequire(place, words);
    else if (directive_ == "group")
      ReadGroup(place, words);
    else if (directive_ == "imply")
      ReadImply(place, words);
    else if (directive_ == "barrier")
      ReadBarrier(place, words);
    else if (directive_ == "start")
      ReadStart(place, words);
    else if (directive_ == "hold")
      ReadHold(place, words);
    else if (directive_ == "success" || directive_ == "failure")
      ReadAddresses(place, words);
    else
      ReadText(place, words);
  }

  std::vector<std::string> Texts(Words words) {
    std::vector<std::string> texts;
    for (const Filled& word : words) texts.push_back(word.text);
    return texts;
  }
  static Words From(Words words, size_t from) {
    return words.subspan(std::min(from, words.size()));
  }

  void AddTask(const Place& place, Task task) {
    draft_.tasks.push_back(std::move(task));
    draft_.task_places.push_back(place);
  }

  void ReadTask(const Place& place, Words words) {
    const auto colon = std::find_if(words.begin(), words.end(),
                                    [](const Filled& w) { return w.colon; });
    const Words work = words.subspan(0, colon - words.begin());
    if (work.size() < 3) {
      Wrong(place, "must be: task NAME HOST COMM [ARG...] [: OPTION=VALUE...]");
      KeepName(place);
      return;
    }
    Task task{work[0].text, work[1].text, work[2].text, Texts(From(work, 3)),
              defaults_};
    CheckDraftTask(place, task, errors_);
    if (colon != words.end()) {
      ReadOptions(place, From(words, work.size() + 1), task.options.Edit());
    }
    AddTask(place, std::move(task));
  }

  // What may be given once: an option, and of env each variable.
  static absl::string_view KeyOf(absl::string_view option) {
    const size_t equals = option.find('=');
    const bool variable = option.substr(0, equals) == "env";
    return option.substr(0, variable ? option.find('=', equals + 1) : equals);
  }

  void ReadOptions(const Place& place, Words words, TaskOptions& options) {
    if (words.empty()) Wrong(place, "OPTION=VALUE is missing");
    std::vector<absl::string_view> seen;
    for (const Filled& word : words) {
      const absl::string_view text = word.text;
      const size_t equals = text.find('=');
      const absl::string_view name = text.substr(0, equals);
      if (!IsOneOf(name, kTaskOptionNames)) {
        Wrong(place, absl::StrCat("unknown option ", Quoted(name),
                                  errors_.DidYouMean(name, kTaskOptionNames),
                                  " (there are ",
                                  absl::StrJoin(kTaskOptionNames, ", "), ")"));
      } else if (equals == absl::string_view::npos) {
        Wrong(place, absl::StrCat("the option ", name, " has no =VALUE"));
      } else if (IsOneOf(KeyOf(text), seen)) {
        Wrong(place,
              absl::StrCat("the option ", KeyOf(text), " is given twice"));
      } else {
        seen.push_back(KeyOf(text));
        const absl::Status status =
            SetTaskOption(name, text.substr(equals + 1), draft_.clock, options);
        if (!status.ok()) Wrong(place, status.message());
      }
    }
  }

  void ReadRequire(const Place& place, Words words) {
    const auto colon = std::find_if(words.begin(), words.end(),
                                    [](const Filled& w) { return w.colon; });
    size_t left = 1, right = 1;
    if (colon != words.end()) {
      left = colon - words.begin();
      right = left + 1;
    }
    if (words.size() <= right || left == 0) {
      Wrong(place, "must be: require X Y..., or require X... : Y...");
      return;
    }
    draft_.requirements.push_back(
        {place, Texts(words.subspan(0, left)), Texts(words.subspan(right))});
  }

  void ReadGroup(const Place& place, Words words) {
    if (words.empty()) {
      Wrong(place, "must be: group NAME MEMBER...");
      return;
    }
    CheckName(place, words[0].text);
    draft_.groups.push_back({place, {words[0].text}, Texts(From(words, 1))});
  }

  void ReadBarrier(const Place& place, Words words) {
    if (words.size() != 1) {
      Wrong(place, "must be: barrier NAME");
      if (!words.empty()) KeepName(place);
      return;
    }
    CheckName(place, words[0].text);
    draft_.barriers.push_back({place, {words[0].text}, {}});
  }

  void CheckName(const Place& place, absl::string_view name) {
    const absl::Status status = CheckTaskName(name);
    if (!status.ok()) Wrong(place, status.message());
  }

  void ReadImply(const Place& place, Words words) {
    if (words.size() < 2) {
      Wrong(place, "must be: imply X Y...");
      return;
    }
    draft_.implications.push_back(
        {place, {words[0].text}, Texts(From(words, 1))});
  }

  void ReadAddresses(const Place& place, Words words) {
    if (words.empty()) Wrong(place, "an address is missing");
    AddAddresses(place, directive_, Texts(words),
                 directive_ == "success" ? draft_.success : draft_.failure,
                 errors_);
  }

  void ReadStart(const Place& place, Words words) {
    if (words.size() != 1) {
      Wrong(place, "must be: start TIME, or start +DURATION");
      return;
    }
    const absl::StatusOr<absl::Time> start =
        ParseStart(words[0].text, draft_.clock);
    if (!start.ok())
      Wrong(place, start.status().message());
    else
      draft_.start = *start;
  }

  void ReadHold(const Place& place, Words words) {
    if (!words.empty()) Wrong(place, "takes no words");
    draft_.hold = true;
  }

  void ReadText(const Place& place, Words words) {
    const bool is_key = directive_ == "key";
    Once& once = is_key ? key_ : description_;
    if (words.size() != 1) {
      Wrong(place, "takes one word; quote it if it has blanks");
      return;
    }
    if (once.given) {
      Wrong(place, absl::StrCat("is given twice, first at ",
                                errors_.Where(once.place)));
    }
    once = {true, place};
    const absl::Status status =
        is_key ? CheckKey(words[0].text) : CheckDescription(words[0].text);
    if (!status.ok()) errors_.Add(place, status);
    (is_key ? draft_.key : draft_.description) = words[0].text;
  }

  struct Once {
    bool given = false;
    Place place;
  };

  Parameters& parameters_;
  Draft& draft_;
  JobErrors& errors_;
  absl::string_view directive_;
  std::vector<Filled> words_;
  TaskOptions defaults_;
  Once key_, description_;
};

}  // namespace

void ReadSources(const std::vector<Source>& sources,
                 const absl::btree_map<std::string, std::string>& values,
                 Draft& draft, JobErrors& errors) {
  std::vector<std::vector<Line>> lines(sources.size());
  for (uint32_t i = 0; i < sources.size(); i++) {
    if (IsJsonSource(sources[i])) continue;
    lines[i] = LexJobFile(i, sources[i].text, errors);
  }
  Parameters parameters(values, errors);
  parameters.Declare(lines);
  TextReader reader(parameters, draft, errors);
  for (uint32_t i = 0; i < sources.size(); i++) {
    if (IsJsonSource(sources[i])) ReadJsonSource(sources[i], i, draft, errors);
    for (const Line& line : lines[i]) reader.Read(line);
  }
}

}  // namespace mcfeely
