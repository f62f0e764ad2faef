// A flat job written down: as a job file, as JSON, for graphviz.
#include <absl/container/btree_map.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/time.h"
#include "mcfeely/jobfile.h"
#include "mcfeely/jobfile_lexer.h"
#include "mcfeely/jobfile_model.h"
#include "text/json.h"
#include "text/utf8.h"

namespace mcfeely {
namespace {

using text::JsonWriter;

std::vector<uint32_t> Sorted(std::vector<uint32_t> side) {
  std::sort(side.begin(), side.end());
  side.erase(std::unique(side.begin(), side.end()), side.end());
  return side;
}

void AppendWords(absl::string_view directive,
                 const std::vector<std::string>& words, std::string& out) {
  if (words.empty()) return;
  absl::StrAppend(&out, directive);
  for (const std::string& word : words) {
    absl::StrAppend(&out, " ", QuoteJobWord(word));
  }
  out += '\n';
}

// JSON's strings are UTF-8; what is not travels in base64.
void WriteBytes(const std::string& bytes, JsonWriter& json) {
  if (text::IsUtf8(bytes))
    json.String(bytes);
  else
    json.BeginObject().Key("base64").String(base::Base64(bytes)).EndObject();
}

void WriteList(absl::string_view key, const std::vector<std::string>& list,
               JsonWriter& json) {
  if (list.empty()) return;
  json.Key(key).BeginArray();
  for (const std::string& item : list) WriteBytes(item, json);
  json.EndArray();
}

// In double quotes, as graphviz reads them.
std::string DotText(absl::string_view text) {
  return absl::StrCat(
      "\"",
      absl::StrReplaceAll(text::Clean(text), {{"\\", "\\\\"}, {"\"", "\\\""}}),
      "\"");
}

}  // namespace

std::string FormatJobFile(const Job& job) {
  std::string out;
  if (!job.description.empty()) {
    AppendWords("description", {job.description}, out);
  }
  AppendWords("success", job.success, out);
  AppendWords("failure", job.failure, out);
  if (!job.key->empty()) AppendWords("key", {*job.key}, out);
  if (job.start != absl::InfinitePast()) {
    AppendWords("start", {base::FormatTime(job.start)}, out);
  }
  if (job.hold) out += "hold\n";
  for (const Task& task : job.tasks) {
    absl::StrAppend(&out, "task ", QuoteJobWord(task.name), " ",
                    QuoteJobWord(task.host), " ", QuoteJobWord(task.comm));
    for (const std::string& argument : task.arguments) {
      absl::StrAppend(&out, " ", QuoteJobWord(argument));
    }
    absl::string_view before = " : ";
    for (absl::string_view name : kTaskOptionNames) {
      const std::string value = TaskOptionText(name, *task.options);
      if (value.empty()) continue;
      absl::StrAppend(&out, before,
                      QuoteJobWord(absl::StrCat(name, "=", value)));
      before = " ";
    }
    for (const std::string& variable : task.options->run.environment) {
      absl::StrAppend(&out, before,
                      QuoteJobWord(absl::StrCat("env=", variable)));
      before = " ";
    }
    out += '\n';
  }
  for (const Requirement& r : job.requirements) {
    const std::vector<uint32_t> tasks = Sorted(r.tasks);
    out += "require";
    for (uint32_t t : tasks) absl::StrAppend(&out, " ", job.tasks[t].name);
    if (tasks.size() > 1) out += " :";
    for (uint32_t n : Sorted(r.needs)) {
      absl::StrAppend(&out, " ", job.tasks[n].name);
    }
    out += '\n';
  }
  return out;
}

std::string FormatJson(const Job& job) {
  JsonWriter json(JsonWriter::Layout::kPretty);
  json.BeginObject();
  if (!job.description.empty()) {
    WriteBytes(job.description, json.Key("description"));
  }
  WriteList("success", job.success, json);
  WriteList("failure", job.failure, json);
  if (!job.key->empty()) WriteBytes(*job.key, json.Key("key"));
  if (job.start != absl::InfinitePast()) {
    json.Key("start").String(base::FormatTime(job.start));
  }
  if (job.hold) json.Key("hold").Bool(true);
  json.Key("tasks").BeginArray();
  for (const Task& task : job.tasks) {
    json.BeginObject();
    json.Key("name").String(task.name);
    json.Key("host").String(task.host);
    json.Key("comm").String(task.comm);
    WriteList("arguments", task.arguments, json);
    if (*task.options != TaskOptions()) {
      json.Key("options").BeginObject();
      for (absl::string_view name : kTaskOptionNames) {
        const std::string value = TaskOptionText(name, *task.options);
        if (value.empty()) continue;
        json.Key(name);
        if (name == "step")
          json.Int(task.options->step);
        else if (name == "priority")
          json.Int(task.options->priority);
        else if (name == "tries")
          json.Int(task.options->tries);
        else if (name == "safe-to-repeat")
          json.Bool(false);
        else if (name == "detach")
          json.Bool(true);
        else
          WriteBytes(value, json);
      }
      WriteList("env", task.options->run.environment, json);
      json.EndObject();
    }
    json.EndObject();
  }
  json.EndArray();
  if (!job.requirements.empty()) {
    json.Key("requirements").BeginArray();
    for (const Requirement& r : job.requirements) {
      json.BeginObject();
      json.Key("tasks").BeginArray();
      for (uint32_t t : Sorted(r.tasks)) json.String(job.tasks[t].name);
      json.EndArray().Key("needs").BeginArray();
      for (uint32_t n : Sorted(r.needs)) json.String(job.tasks[n].name);
      json.EndArray().EndObject();
    }
    json.EndArray();
  }
  json.EndObject();
  return json.Take();
}

// Hosts are boxes, time goes to the right. A product of many and many goes
// through a point, so that n + m arrows are drawn and not n times m.
std::string FormatDot(const Job& job) {
  std::string out = "digraph job {\n  rankdir=LR;\n  node [shape=box];\n";
  if (!job.description.empty()) {
    absl::StrAppend(&out, "  label=", DotText(job.description), ";\n");
  }
  absl::btree_map<absl::string_view, std::vector<const Task*>> hosts;
  for (const Task& task : job.tasks) hosts[task.host].push_back(&task);
  size_t number = 0;
  for (const auto& [host, tasks] : hosts) {
    absl::StrAppend(&out, "  subgraph \"cluster ", number++,
                    "\" {\n    label=", DotText(host), ";\n");
    for (const Task* task : tasks) {
      const std::string name = DotText(task->name), comm = DotText(task->comm);
      absl::StrAppend(&out, "    ", name,
                      " [label=", name.substr(0, name.size() - 1), "\\n",
                      comm.substr(1), "];\n");
    }
    out += "  }\n";
  }
  number = 0;
  for (const Requirement& r : job.requirements) {
    const std::vector<uint32_t> tasks = Sorted(r.tasks),
                                needs = Sorted(r.needs);
    const auto arrow = [&](absl::string_view from, absl::string_view to) {
      absl::StrAppend(&out, "  ", DotText(from), " -> ", DotText(to), ";\n");
    };
    if (tasks.size() > 1 && needs.size() > 1) {
      // No task has a name with a blank.
      const std::string point = absl::StrCat("point ", number++);
      absl::StrAppend(&out, "  ", DotText(point), " [shape=point];\n");
      for (uint32_t n : needs) arrow(job.tasks[n].name, point);
      for (uint32_t t : tasks) arrow(point, job.tasks[t].name);
      continue;
    }
    for (uint32_t n : needs) {
      for (uint32_t t : tasks) arrow(job.tasks[n].name, job.tasks[t].name);
    }
  }
  return out + "}\n";
}

}  // namespace mcfeely
