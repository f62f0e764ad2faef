#include "isinit/table_plan.h"

#include <absl/container/flat_hash_map.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>
#include <iterator>

namespace isinit {
namespace {

// Without a pipe of ours, a process keeps the files it was started with.
bool SamePlaceOfOutput(const LogTo& a, const LogTo& b) {
  return a.kind == b.kind && a.tag == b.tag;
}
bool HasPipe(const LogTo& log) {
  return log.kind != LogTo::Kind::kInherit && log.kind != LogTo::Kind::kNone;
}
bool SameFiles(const LogTo& a, const LogTo& b) {
  return SamePlaceOfOutput(a, b) || (HasPipe(a) && HasPipe(b));
}

bool SameLook(const Health& a, const Health& b) {
  return a.kind == b.kind && a.port == b.port && a.text == b.text;
}

struct Row {
  absl::string_view name;
  bool at_start;  // a process has it from its start
  bool (*same)(const Attributes&, const Attributes&);
};
#define SAME(member) \
  [](const Attributes& a, const Attributes& b) { return a.member == b.member; }
constexpr Row kAttributes[] = {
    {"stop-signal", false, SAME(stop_signal)},
    {"stop-timeout", false, SAME(stop_timeout)},
    {"stop", false, SAME(stop_command)},
    {"limit", false,
     [](const Attributes& a, const Attributes& b) {
       return a.limit.starts == b.limit.starts &&
              a.limit.within == b.limit.within;
     }},
    {"pause", false, SAME(limit.pause)},
    {"backoff", false, SAME(backoff)},
    {"steady", false, SAME(steady)},
    {"max-restarts", false, SAME(max_restarts)},
    {"on-give-up", false, SAME(give_up)},
    {"ready", false, SAME(ready)},
    {"ready-timeout", false, SAME(ready_timeout)},
    {"after", false, SAME(after)},
    {"needs", false,
     [](const Attributes& a, const Attributes& b) {
       return a.needs == b.needs && a.needs_groups == b.needs_groups;
     }},
    {"gate", false, SAME(gate)},
    {"timeout", false, SAME(timeout)},
    {"forking", false, SAME(forking)},
    {"essential", false, SAME(essential)},
    {"reload", false, SAME(keep_on_reload)},
    {"lazy", false, SAME(lazy)},
    {"listen", true, SAME(listen)},
    {"exit-codes", false, SAME(exit_codes)},
    {"health", false,
     [](const Attributes& a, const Attributes& b) {
       return SameLook(a.health, b.health);
     }},
    {"every", false, SAME(health.every)},
    {"health-timeout", false, SAME(health.timeout)},
    {"fails", false, SAME(health.fails)},
    {"grace", false, SAME(health.grace)},
    {"on-unhealthy", false, SAME(health.unhealthy)},
    {"log", true,
     [](const Attributes& a, const Attributes& b) {
       return SameFiles(a.log, b.log);
     }},
    {"log", false,
     [](const Attributes& a, const Attributes& b) {
       return SamePlaceOfOutput(a.log, b.log) || !SameFiles(a.log, b.log);
     }},
    {"log-size", false, SAME(log.file_bytes)},
    {"log-keep", false, SAME(log.keep)},
    {"log-rate", false, SAME(log.lines_per_second)},
    {"user", true, SAME(surroundings.user)},
    {"group", true, SAME(surroundings.group)},
    {"env", true, SAME(surroundings.environment)},
    {"env-pass", true,
     [](const Attributes& a, const Attributes& b) {
       return a.surroundings.pass == b.surroundings.pass &&
              a.surroundings.pass_all == b.surroundings.pass_all;
     }},
    {"env-file", true, SAME(surroundings.environment_file)},
    {"secret", true, SAME(surroundings.secrets)},
    {"cwd", true, SAME(surroundings.folder)},
    {"umask", true, SAME(surroundings.umask)},
    {"nice", true, SAME(surroundings.nice)},
    {"rlimit", true, SAME(surroundings.limits)},
    {"oom", true, SAME(surroundings.out_of_memory)},
    {"no-new-privs", true, SAME(surroundings.no_new_privileges)},
    {"capabilities", true, SAME(surroundings.capabilities)},
    {"tty", true, SAME(surroundings.terminal)},
    {"memory-max", false, SAME(surroundings.memory_bytes)},
    {"pids-max", false, SAME(surroundings.processes)},
    {"cpu-max", false, SAME(surroundings.processor_percent)},
};
#undef SAME

struct Setting {
  absl::string_view name;
  bool at_start;  // of ours
  bool (*same)(const Table&, const Table&);
};
#define SAME(member) \
  [](const Table& a, const Table& b) { return a.member == b.member; }
constexpr Setting kSettings[] = {
    {"socket", true, SAME(socket)},
    {"initstat", false, SAME(initstat)},
    {"clstat", false, SAME(clstat)},
    {"log", true, SAME(log_folder)},
    {"boot", true, SAME(boot)},
    {"allow", false, SAME(allow)},
    {"parallel", false, SAME(parallel)},
    {"mounts", true, SAME(mounts)},
    {"watchdog", false, SAME(watchdog)},
    {"hook", false, SAME(hook)},
    {"watch", false, SAME(watch)},
    {"halt-timeout", false, SAME(halt_timeout)},
};
#undef SAME

// Both are in their tables, and of one group.
EntryChange CompareOn(const Entry& before, const Entry& after) {
  EntryChange change = {.tag = after.tag};
  bool at_start = false;
  const auto differs = [&](absl::string_view name, bool needs_start) {
    change.what.push_back(name);
    at_start |= needs_start;
  };
  if (before.command != after.command) differs("command", true);
  if (before.levels != after.levels) differs("levels", false);
  if (before.mode != after.mode) differs("mode", false);
  for (const Row& row : kAttributes) {
    if (!row.same(before.attributes, after.attributes)) {
      differs(row.name, row.at_start);
    }
  }
  const bool restarts =
      Respawns(after.mode) && !after.attributes.keep_on_reload;
  change.change = change.what.empty() ? Change::kUnchanged
                  : !at_start         ? Change::kLive
                  : restarts          ? Change::kRestart
                                      : Change::kNextStart;
  return change;
}

EntryChange Compare(const Entry& before, const Entry& after) {
  const bool was_off = before.mode == Mode::kOff;
  const bool is_off = after.mode == Mode::kOff;
  if (is_off) {
    return {.tag = after.tag,
            .change = was_off ? Change::kUnchanged : Change::kTurnedOff};
  }
  if (was_off) return {.tag = after.tag, .change = Change::kAdded};
  if (before.group != after.group) {
    return {.tag = after.tag, .change = Change::kMoved};
  }
  return CompareOn(before, after);
}

absl::string_view Meaning(Change change) {
  switch (change) {
    case Change::kUnchanged:
      return "";
    case Change::kAdded:
      return "new";
    case Change::kGone:
      return "gone: it is stopped";
    case Change::kTurnedOff:
      return "turned off: it is stopped";
    case Change::kMoved:
      return "of another group now: it is stopped";
    case Change::kRestart:
      return "it is started again";
    case Change::kNextStart:
      return "counts from its next start";
    case Change::kLive:
      return "counts at once";
  }
  return "";
}

}  // namespace

bool TablePlan::changes_nothing() const {
  return settings.empty() &&
         std::all_of(entries.begin(), entries.end(), [](const EntryChange& e) {
           return e.change == Change::kUnchanged;
         });
}

TablePlan PlanTable(const Table& before, const Table& after) {
  absl::flat_hash_map<absl::string_view, const Entry*> old;
  for (const Entry& entry : before.entries) old.emplace(entry.tag, &entry);
  TablePlan plan;
  std::vector<EntryChange> kept;
  for (const Entry& entry : after.entries) {
    const auto known = old.find(entry.tag);
    if (known == old.end()) {
      kept.push_back({.tag = entry.tag, .change = Change::kAdded});
    } else {
      kept.push_back(Compare(*known->second, entry));
      old.erase(known);
    }
  }
  for (const Entry& entry : before.entries) {
    if (old.contains(entry.tag)) {
      plan.entries.push_back({.tag = entry.tag, .change = Change::kGone});
    }
  }
  std::move(kept.begin(), kept.end(), std::back_inserter(plan.entries));
  for (const Setting& setting : kSettings) {
    if (!setting.same(before, after)) plan.settings.push_back(setting.name);
  }
  return plan;
}

bool NeedsOurRestart(absl::string_view setting) {
  return std::any_of(
      std::begin(kSettings), std::end(kSettings),
      [&](const Setting& s) { return s.name == setting && s.at_start; });
}

std::vector<std::string> PlanLines(const TablePlan& plan) {
  std::vector<std::string> lines;
  for (const EntryChange& entry : plan.entries) {
    if (entry.change == Change::kUnchanged) continue;
    std::string what = absl::StrJoin(entry.what, ", ");
    if (!what.empty()) absl::StrAppend(&what, ": ");
    lines.push_back(absl::StrCat(entry.tag, ": ", what, Meaning(entry.change)));
  }
  for (const absl::string_view setting : plan.settings) {
    lines.push_back(absl::StrCat(":::", setting, ": ",
                                 NeedsOurRestart(setting)
                                     ? "counts when isinit starts again"
                                     : "counts at once"));
  }
  return lines;
}

}  // namespace isinit
