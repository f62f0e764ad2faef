// The JSON form of a job (jobfile(5), "JSON").
#include <absl/functional/function_ref.h>
#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "mcfeely/jobfile_model.h"
#include "text/json.h"

namespace mcfeely {
namespace {

using text::Json;

constexpr absl::string_view kJobKeys[] = {
    "barriers", "description",  "failure", "groups",  "hold", "implications",
    "key",      "requirements", "start",   "success", "tasks"};
constexpr absl::string_view kTaskKeys[] = {"arguments", "comm", "host", "name",
                                           "options"};
constexpr absl::string_view kGroupKeys[] = {"members", "name"};
constexpr absl::string_view kRequirementKeys[] = {"needs", "tasks"};
constexpr absl::string_view kImplicationKeys[] = {"if", "then"};

class JsonReader {
 public:
  JsonReader(uint32_t source, Draft& draft, JobErrors& errors)
      : source_(source), draft_(draft), errors_(errors) {}

  void Read(absl::string_view bytes) {
    absl::StatusOr<Json> root = Json::Parse(bytes, base::kMaxJobFileBytes);
    if (!root.ok()) {
      errors_.Add(place_, root.status());
      draft_.names_missing = true;
      return;
    }
    CheckKeys(*root, kJobKeys);
    ReadOnce(*root, "description", draft_.description, CheckDescription);
    ReadOnce(*root, "key", draft_.key, CheckKey);
    std::string start;
    ReadOnce(*root, "start", start, [this](absl::string_view text) {
      const auto time = ParseStart(text, draft_.clock);
      if (time.ok()) draft_.start = *time;
      return base::Context(time.status(), "start");
    });
    if (const Json* hold = root->Find("hold"); hold != nullptr) {
      if (hold->AsBool() == nullptr)
        Wrong("hold: is not true or false");
      else
        draft_.hold |= *hold->AsBool();
    }
    AddAddresses(place_, "success", Strings(*root, "success", false),
                 draft_.success, errors_);
    AddAddresses(place_, "failure", Strings(*root, "failure", false),
                 draft_.failure, errors_);
    ForEach(*root, "tasks", [&](const Json& item) { ReadTask(item); });
    ForEach(*root, "groups", [&](const Json& item) {
      CheckKeys(item, kGroupKeys);
      draft_.groups.push_back(
          {place_, {Name(item)}, Strings(item, "members", true)});
    });
    ForEach(*root, "barriers", [&](const Json& item) {
      const std::string name = Bytes("a name", item);
      CheckNamed(CheckTaskName(name));
      draft_.barriers.push_back({place_, {name}, {}});
    });
    ForEach(*root, "requirements", [&](const Json& item) {
      CheckKeys(item, kRequirementKeys);
      Pair({place_, Strings(item, "tasks", true), Strings(item, "needs", true)},
           draft_.requirements);
    });
    ForEach(*root, "implications", [&](const Json& item) {
      CheckKeys(item, kImplicationKeys);
      const Json* first = item.Find("if");
      if (first == nullptr)
        Wrong("if: is missing");
      else
        Pair({place_, {Bytes("if", *first)}, Strings(item, "then", true)},
             draft_.implications);
    });
  }

 private:
  void Wrong(const absl::AlphaNum& message) {
    errors_.Add(place_, message.Piece());
  }
  void CheckNamed(const absl::Status& status) {
    if (!status.ok()) errors_.Add(place_, status);
  }

  void CheckKeys(const Json& object,
                 absl::Span<const absl::string_view> known) {
    if (object.AsObject() == nullptr) {
      Wrong("is not an object");
      return;
    }
    for (const Json::Member& member : *object.AsObject()) {
      if (std::find(known.begin(), known.end(), member.key) == known.end()) {
        Wrong(absl::StrCat("unknown key ", Quoted(member.key),
                           errors_.DidYouMean(member.key, known)));
      }
    }
  }

  // A string, or {"base64": "..."} for bytes that are no UTF-8.
  std::string Bytes(absl::string_view what, const Json& value) {
    if (const std::string* s = value.AsString()) return *s;
    const Json* encoded = value.Find("base64");
    if (encoded == nullptr || value.AsObject()->size() != 1 ||
        encoded->AsString() == nullptr) {
      Wrong(absl::StrCat(what, ": is not a string or {\"base64\": \"...\"}"));
      return "";
    }
    absl::StatusOr<std::string> bytes = base::FromBase64(*encoded->AsString());
    if (bytes.ok()) return *std::move(bytes);
    errors_.Add(place_, base::Context(bytes.status(), what));
    return "";
  }

  std::vector<std::string> Strings(const Json& object, absl::string_view key,
                                   bool needed) {
    std::vector<std::string> out;
    const Json* list = object.Find(key);
    if (list == nullptr) {
      if (needed && object.AsObject() != nullptr) {
        Wrong(absl::StrCat(key, ": is missing"));
      }
    } else if (list->AsArray() == nullptr) {
      Wrong(absl::StrCat(key, ": is not an array"));
    } else {
      for (const Json& item : *list->AsArray()) out.push_back(Bytes(key, item));
    }
    return out;
  }

  std::string Needed(const Json& object, absl::string_view key) {
    const Json* value = object.Find(key);
    if (value != nullptr) return Bytes(key, *value);
    Wrong(absl::StrCat(key, ": is missing"));
    return "";
  }
  std::string Name(const Json& object) {
    std::string name = Needed(object, "name");
    CheckNamed(CheckTaskName(name));
    return name;
  }

  template <typename Read>
  void ForEach(const Json& root, const char* key, Read read) {
    const Json* list = root.Find(key);
    if (list == nullptr) return;
    if (list->AsArray() == nullptr) {
      Wrong(absl::StrCat(key, ": is not an array"));
      return;
    }
    const Place whole = place_;
    for (uint32_t i = 0; i < list->AsArray()->size(); i++) {
      place_ = {source_, i, key};
      read((*list->AsArray())[i]);
    }
    place_ = whole;
  }

  void ReadOnce(const Json& root, absl::string_view key, std::string& to,
                absl::FunctionRef<absl::Status(absl::string_view)> check) {
    const Json* value = root.Find(key);
    if (value == nullptr) return;
    if (!to.empty()) Wrong(absl::StrCat(key, ": is given twice"));
    to = Bytes(key, *value);
    CheckNamed(check(to));
  }

  void ReadTask(const Json& item) {
    CheckKeys(item, kTaskKeys);
    if (item.AsObject() == nullptr) {
      draft_.names_missing = true;
      return;
    }
    Task task{Needed(item, "name"),
              Needed(item, "host"),
              Needed(item, "comm"),
              Strings(item, "arguments", false),
              {}};
    CheckDraftTask(place_, task, errors_);
    if (const Json* options = item.Find("options")) {
      CheckKeys(*options, kTaskOptionNames);
      ReadOptions(*options, task.options.Edit());
    }
    draft_.tasks.push_back(std::move(task));
    draft_.task_places.push_back(place_);
  }

  void ReadOptions(const Json& object, TaskOptions& options) {
    for (absl::string_view name : kTaskOptionNames) {
      const Json* value = object.Find(name);
      if (value == nullptr) continue;
      if (name == "env") {
        for (const std::string& variable : Strings(object, name, false)) {
          CheckNamed(SetTaskOption(name, variable, draft_.clock, options));
        }
        continue;
      }
      std::string written;
      if (value->AsString() != nullptr)
        written = *value->AsString();
      else if (value->AsInt() != nullptr)
        written = absl::StrCat(*value->AsInt());
      else if (value->AsBool() != nullptr)
        written = *value->AsBool() ? "yes" : "no";
      else {
        Wrong(
            absl::StrCat(name, ": is not a string, a whole number or a bool"));
        continue;
      }
      CheckNamed(SetTaskOption(name, written, draft_.clock, options));
    }
  }

  void Pair(DraftLine line, std::vector<DraftLine>& to) {
    if (line.left.empty() || line.right.empty())
      Wrong("has an empty side");
    else
      to.push_back(std::move(line));
  }

  const uint32_t source_;
  Draft& draft_;
  JobErrors& errors_;
  Place place_{source_, 0, ""};
};

}  // namespace

bool IsJsonSource(const Source& source) {
  return absl::StartsWith(absl::StripLeadingAsciiWhitespace(source.text), "{");
}

void ReadJsonSource(const Source& source, uint32_t number, Draft& draft,
                    JobErrors& errors) {
  JsonReader(number, draft, errors).Read(source.text);
}

}  // namespace mcfeely
