#include "isinit/status_view.h"

#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/time.h"
#include "isinit/status_file.h"
#include "sys/signals.h"
#include "text/columns.h"
#include "text/json.h"

namespace isinit {

namespace wire_pb = fleetbox::wire;

absl::string_view EntryStateWord(EntryState state) {
  switch (state) {
    case EntryState::kIdle:
      return "idle";
    case EntryState::kStarting:
      return "starting";
    case EntryState::kUp:
      return "up";
    case EntryState::kPaused:
      return "paused";
    case EntryState::kFinished:
      return "finished";
    case EntryState::kGivenUp:
      return "given-up";
    case EntryState::kStopping:
      return "stopping";
  }
  return "";
}

wire_pb::IsinitEntryView MakeEntryView(const EntryView& entry, absl::Time now) {
  wire_pb::IsinitEntryView v;
  v.set_tag(entry.entry->tag);
  v.set_mode(std::string(ModeName(entry.entry->mode)));
  v.set_state(std::string(EntryStateWord(entry.state)));
  v.set_pid(entry.pid);
  v.set_since_ms(
      std::max<int64_t>(0, absl::ToInt64Milliseconds(now - entry.since)));
  if (entry.next != absl::InfiniteFuture()) {
    v.set_next_ms(
        std::max<int64_t>(0, absl::ToInt64Milliseconds(entry.next - now)));
  }
  v.set_starts(entry.starts);
  if (entry.last_end.has_value()) {
    if (entry.last_end->signal != 0) {
      v.set_exit_signal(entry.last_end->signal);
    } else {
      v.set_exit_code(entry.last_end->code);
    }
  }
  v.set_why(entry.why);
  v.set_unhealthy(entry.unhealthy);
  v.set_by_hand(entry.by_hand);
  return v;
}

wire_pb::IsinitGroupView MakeGroupView(const GroupView& group, absl::Time now) {
  wire_pb::IsinitGroupView v;
  v.set_name(group.name);
  v.set_level(group.level);
  v.set_state(std::string(InitstatWord(group)));
  v.set_degraded(group.degraded);
  for (const EntryView& entry : group.entries) {
    *v.add_entry() = MakeEntryView(entry, now);
  }
  return v;
}

namespace {

// "exit 3", "SIGKILL", or "".
std::string LastEnd(const wire_pb::IsinitEntryView& e) {
  if (e.has_exit_signal()) return sys::SignalName(e.exit_signal());
  if (e.has_exit_code()) return absl::StrCat("exit ", e.exit_code());
  return "";
}

std::string Words(uint64_t ms) {
  return base::DurationWords(absl::Milliseconds(ms));
}

// What is worth saying of an entry in a few words.
std::string Remark(const wire_pb::IsinitEntryView& e) {
  std::string text;
  const auto add = [&text](absl::string_view part) {
    if (part.empty()) return;
    absl::StrAppend(&text, text.empty() ? "" : ", ", part);
  };
  if (e.state() == "paused" && e.has_next_ms()) {
    add(absl::StrCat("starts again in ", Words(e.next_ms())));
  }
  if (e.state() == "stopping" && e.has_next_ms()) {
    add(absl::StrCat("is killed in ", Words(e.next_ms())));
  }
  add(e.why());
  if (e.unhealthy()) add("unhealthy");
  if (e.by_hand()) add("by hand");
  if (e.state() != "up") add(LastEnd(e));
  if (e.starts() > 1) add(absl::StrCat("started ", e.starts(), " times"));
  add(e.text());
  return text;
}

absl::string_view StyleOf(const wire_pb::IsinitEntryView& e,
                          const StatusStyle& style) {
  if (e.state() == "given-up" || e.unhealthy()) return style.bad;
  if (e.state() == "paused" || e.state() == "stopping") return style.warn;
  if (e.state() == "up") return style.good;
  return "";
}

absl::string_view StyleOf(const wire_pb::IsinitGroupView& g,
                          const StatusStyle& style) {
  if (g.state() == "fail") return style.bad;
  if (g.state() == "run") return g.degraded() ? style.warn : style.good;
  return "";
}

}  // namespace

std::string StatusText(const wire_pb::IsinitStatus& status,
                       const StatusStyle& style) {
  text::Columns table({{"GROUP", style.bold},
                       {"LEVEL", style.bold},
                       {"ENTRY", style.bold},
                       {"MODE", style.bold},
                       {"STATE", style.bold},
                       {"PID", style.bold},
                       {"SINCE", style.bold},
                       {"", ""}});
  table.AlignColumn(1, text::Columns::Align::kLeft);
  for (const wire_pb::IsinitGroupView& g : status.group()) {
    table.Add({{g.name(), style.bold},
               g.level().empty() ? "-" : g.level(),
               "",
               "",
               {absl::StrCat(g.state(), g.degraded() ? " (degraded)" : ""),
                StyleOf(g, style)}});
    for (const wire_pb::IsinitEntryView& e : g.entry()) {
      table.Add({"",
                 "",
                 e.tag(),
                 e.mode(),
                 {e.state(), StyleOf(e, style)},
                 e.pid() == 0 ? "" : absl::StrCat(e.pid()),
                 e.state() == "idle" ? "" : Words(e.since_ms()),
                 Remark(e)});
    }
  }
  std::string out =
      table.Text(style.columns == 0 ? text::Columns::kNoLimit : style.columns);
  for (const std::string& problem : status.problem()) {
    absl::StrAppend(&out, "table: error: ", problem, "\n");
  }
  for (const std::string& trouble : status.trouble()) {
    absl::StrAppend(&out, "trouble: ", trouble, "\n");
  }
  if (!style.logs) return out;
  for (const wire_pb::IsinitGroupView& g : status.group()) {
    for (const wire_pb::IsinitEntryView& e : g.entry()) {
      if (e.log().empty()) continue;
      absl::StrAppend(&out, "\n==> ", e.tag(), " <==\n");
      for (const std::string& line : e.log()) {
        absl::StrAppend(&out, line, "\n");
      }
    }
  }
  return out;
}

namespace {

void WriteEntry(const wire_pb::IsinitEntryView& e, text::JsonWriter& out) {
  out.BeginObject();
  out.Key("tag").String(e.tag());
  out.Key("mode").String(e.mode());
  out.Key("state").String(e.state());
  if (e.pid() != 0) out.Key("pid").Int(e.pid());
  out.Key("since_ms").Int(e.since_ms());
  if (e.has_next_ms()) out.Key("next_ms").Int(e.next_ms());
  out.Key("starts").Int(e.starts());
  if (e.has_exit_code()) out.Key("exit_code").Int(e.exit_code());
  if (e.has_exit_signal()) out.Key("exit_signal").Int(e.exit_signal());
  if (!e.why().empty()) out.Key("why").String(e.why());
  out.Key("unhealthy").Bool(e.unhealthy());
  out.Key("by_hand").Bool(e.by_hand());
  if (!e.text().empty()) out.Key("text").String(e.text());
  out.Key("processes").BeginArray();
  for (uint32_t pid : e.process()) out.Int(pid);
  out.EndArray();
  out.Key("log").BeginArray();
  for (const std::string& line : e.log()) out.String(line);
  out.EndArray();
  out.Key("dropped_lines").Int(e.dropped_lines());
  out.EndObject();
}

}  // namespace

std::string StatusJson(const wire_pb::IsinitStatus& status) {
  text::JsonWriter out(text::JsonWriter::Layout::kPretty);
  out.BeginObject();
  if (!status.host().empty()) out.Key("host").String(status.host());
  out.Key("pid").Int(status.pid());
  out.Key("up_ms").Int(status.up_ms());
  out.Key("software").String(status.software());
  out.Key("table").String(status.table());
  out.Key("table_hash").String(absl::BytesToHexString(status.table_hash()));
  out.Key("generation").Int(status.generation());
  out.Key("tracking").String(status.tracking());
  out.Key("problems").BeginArray();
  for (const std::string& problem : status.problem()) out.String(problem);
  out.EndArray();
  out.Key("troubles").BeginArray();
  for (const std::string& trouble : status.trouble()) out.String(trouble);
  out.EndArray();
  out.Key("groups").BeginArray();
  for (const wire_pb::IsinitGroupView& g : status.group()) {
    out.BeginObject();
    out.Key("name").String(g.name());
    out.Key("level");
    if (g.level().empty()) {
      out.Null();
    } else {
      out.String(g.level());
    }
    out.Key("state").String(g.state());
    out.Key("degraded").Bool(g.degraded());
    out.Key("entries").BeginArray();
    for (const wire_pb::IsinitEntryView& e : g.entry()) WriteEntry(e, out);
    out.EndArray();
    out.EndObject();
  }
  out.EndArray();
  out.EndObject();
  return out.Take();
}

std::string GroupLines(const wire_pb::IsinitStatus& status) {
  std::string out;
  for (const wire_pb::IsinitGroupView& g : status.group()) {
    if (g.level().empty()) continue;
    absl::StrAppend(&out, g.name(), " ", g.level(), " ", g.state(), "\n");
  }
  return out;
}

bool Select(wire_pb::IsinitStatus& status,
            const std::vector<std::string>& names, std::string* unknown) {
  if (names.empty()) return true;
  std::vector<bool> found(names.size());
  const auto named = [&](absl::string_view name) {
    const auto at = std::find(names.begin(), names.end(), name);
    if (at == names.end()) return false;
    found[at - names.begin()] = true;
    return true;
  };
  wire_pb::IsinitStatus kept = status;
  kept.clear_group();
  for (const wire_pb::IsinitGroupView& g : status.group()) {
    wire_pb::IsinitGroupView some = g;
    const bool whole = named(g.name());
    some.clear_entry();
    for (const wire_pb::IsinitEntryView& e : g.entry()) {
      if (named(e.tag()) || whole) *some.add_entry() = e;
    }
    if (whole || some.entry_size() > 0) *kept.add_group() = std::move(some);
  }
  status = std::move(kept);
  for (size_t i = 0; i < names.size(); i++) {
    if (found[i]) continue;
    *unknown = names[i];
    return false;
  }
  return true;
}

}  // namespace isinit
