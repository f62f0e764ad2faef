// A table as text: what ReadTable reads as the same table again.
#pragma once

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>
#include <sys/resource.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "isinit/table.h"
#include "text/words.h"

namespace isinit {

// The words that make `attributes` of fresh ones.
class AttributeTexts {
 public:
  std::vector<std::string> Write(const Attributes& attributes) {
    WriteStopping(attributes);
    WriteStarting(attributes);
    WriteOrder(attributes);
    WriteHealth(attributes.health);
    WriteLog(attributes.log);
    WriteSurroundings(attributes.surroundings);
    WriteLimits(attributes.surroundings);
    return std::move(words_);
  }

 private:
  void Add(absl::string_view key, absl::string_view value) {
    words_.push_back(absl::StrCat(key, "=", value));
  }
  void AddIf(bool wanted, absl::string_view key, absl::string_view value) {
    if (wanted) Add(key, value);
  }
  void Add(absl::string_view key, absl::Duration span) { Add(key, Span(span)); }
  static std::string Span(absl::Duration span) {
    return span == absl::ZeroDuration()
               ? "0"
               : absl::StrCat(absl::ToInt64Milliseconds(span), "ms");
  }
  static std::string Text(const Consequence& c, absl::string_view none) {
    using Kind = Consequence::Kind;
    switch (c.kind) {
      case Kind::kNone:
        return std::string(none);
      case Kind::kRestart:
        return "restart";
      case Kind::kStopGroup:
        return "stop-group";
      case Kind::kLevel:
        return absl::StrCat("level:", c.level);
      case Kind::kExit:
        return "exit";
      case Kind::kReboot:
        return "reboot";
    }
    return "";
  }

  void WriteStopping(const Attributes& a) {
    Add("stop-signal", absl::StrCat(a.stop_signal));
    Add("stop-timeout", a.stop_timeout);
    AddIf(!a.stop_command.empty(), "stop", a.stop_command);
    AddIf(a.keep_on_reload, "reload", "keep");
    if (a.timeout != absl::InfiniteDuration()) Add("timeout", a.timeout);
    const auto code = [](std::string* out, const std::pair<int, int>& c) {
      absl::StrAppend(out, c.first, ":", c.second);
    };
    AddIf(!a.exit_codes.empty(), "exit-codes",
          absl::StrJoin(a.exit_codes, ",", code));
  }

  void WriteStarting(const Attributes& a) {
    Add("limit", absl::StrCat(a.limit.starts, "/", Span(a.limit.within)));
    Add("pause", a.limit.pause);
    if (a.backoff) {
      Add("backoff",
          absl::StrFormat("%s..%s*%.17g~%d%%", Span(a.backoff->first),
                          Span(a.backoff->longest), a.backoff->factor,
                          a.backoff->jitter_percent));
    }
    Add("steady", a.steady);
    if (a.max_restarts) Add("max-restarts", absl::StrCat(*a.max_restarts));
    Add("on-give-up", Text(a.give_up, "none"));
    Add("ready", Text(a.ready));
    Add("ready-timeout", a.ready_timeout);
  }
  static std::string Text(const Readiness& r) {
    using Kind = Readiness::Kind;
    switch (r.kind) {
      case Kind::kExec:
        return "exec";
      case Kind::kExit:
        return "exit";
      case Kind::kDescriptor:
        return absl::StrCat("fd:", r.number);
      case Kind::kNotify:
        return "notify";
      case Kind::kTcp:
        return absl::StrCat("tcp:", r.number);
      case Kind::kUnix:
        return absl::StrCat("unix:", r.text);
      case Kind::kFile:
        return absl::StrCat("file:", r.text);
      case Kind::kCommand:
        return absl::StrCat("cmd:", r.text);
    }
    return "";
  }

  void WriteOrder(const Attributes& a) {
    for (const std::string& tag : a.after) Add("after", tag);
    for (const std::string& tag : a.needs) Add("needs", tag);
    for (const auto& [group, level] : a.needs_groups) {
      Add("needs", absl::StrCat("group:", group, "@", level));
    }
    AddIf(a.gate, "gate", "yes");
    AddIf(a.forking, "forking", "yes");
    AddIf(a.essential, "essential", "yes");
    AddIf(a.lazy, "lazy", "yes");
    for (const ListenAt& at : a.listen) {
      const bool brackets =
          absl::StrContains(at.host, ':') || absl::StrContains(at.host, '%');
      Add("listen", at.is_unix ? absl::StrCat("unix:", at.path)
                    : brackets ? absl::StrCat("tcp:[", at.host, "]:", at.port)
                               : absl::StrCat("tcp:", at.host, ":", at.port));
    }
  }

  // A test's "every" alone would say "health", too.
  void WriteHealth(const Health& h) {
    Add("every", h.every);
    Add("health", Text(h));
    Add("health-timeout", h.timeout);
    Add("fails", absl::StrCat(h.fails));
    Add("grace", h.grace);
    Add("on-unhealthy", Text(h.unhealthy, "notify"));
  }
  static std::string Text(const Health& h) {
    using Kind = Health::Kind;
    switch (h.kind) {
      case Kind::kNone:
        return "none";
      case Kind::kCommand:
        return absl::StrCat("cmd:", h.text);
      case Kind::kTcp:
        return absl::StrCat("tcp:", h.port);
      case Kind::kHttp:
        return absl::StrCat("http:", h.port, h.text);
      case Kind::kUnix:
        return absl::StrCat("unix:", h.text);
    }
    return "";
  }

  void WriteLog(const LogTo& log) {
    constexpr absl::string_view kWords[] = {
        "file", "none", "kernel", "console", "syslog", "", "inherit"};
    Add("log", log.kind == LogTo::Kind::kEntry
                   ? absl::StrCat("|", log.tag)
                   : kWords[static_cast<size_t>(log.kind)]);
    Add("log-size", absl::StrCat(log.file_bytes));
    Add("log-keep", absl::StrCat(log.keep));
    AddIf(log.lines_per_second != 0, "log-rate",
          absl::StrCat(log.lines_per_second));
  }

  void WriteSurroundings(const Surroundings& s) {
    AddIf(!s.user.empty(), "user", s.user);
    AddIf(!s.group.empty(), "group", s.group);
    for (const std::string& variable : s.environment) Add("env", variable);
    AddIf(s.pass_all, "env-pass", "*");
    AddIf(!s.pass.empty(), "env-pass", absl::StrJoin(s.pass, ","));
    AddIf(!s.environment_file.empty(), "env-file", s.environment_file);
    for (const auto& [name, path] : s.secrets) {
      Add("secret", absl::StrCat(name, "=", path));
    }
    Add("cwd", s.folder);
    Add("umask", absl::StrFormat("%o", s.umask));
    Add("nice", absl::StrCat(s.nice));
    if (s.out_of_memory) Add("oom", absl::StrCat(*s.out_of_memory));
    AddIf(s.no_new_privileges, "no-new-privs", "yes");
    if (s.capabilities) {
      Add("capabilities", s.capabilities->empty()
                              ? "none"
                              : absl::StrJoin(*s.capabilities, ","));
    }
    AddIf(!s.terminal.empty(), "tty", s.terminal);
    AddIf(s.memory_bytes != 0, "memory-max", absl::StrCat(s.memory_bytes));
    AddIf(s.processes != 0, "pids-max", absl::StrCat(s.processes));
    AddIf(s.processor_percent != 0, "cpu-max",
          absl::StrCat(s.processor_percent, "%"));
  }

  void WriteLimits(const Surroundings& s) {
    constexpr std::pair<int, absl::string_view> kNames[] = {
        {RLIMIT_AS, "as"},
        {RLIMIT_CORE, "core"},
        {RLIMIT_CPU, "cpu"},
        {RLIMIT_DATA, "data"},
        {RLIMIT_FSIZE, "fsize"},
        {RLIMIT_LOCKS, "locks"},
        {RLIMIT_MEMLOCK, "memlock"},
        {RLIMIT_MSGQUEUE, "msgqueue"},
        {RLIMIT_NICE, "nice"},
        {RLIMIT_NOFILE, "nofile"},
        {RLIMIT_NPROC, "nproc"},
        {RLIMIT_RSS, "rss"},
        {RLIMIT_RTPRIO, "rtprio"},
        {RLIMIT_RTTIME, "rttime"},
        {RLIMIT_SIGPENDING, "sigpending"},
        {RLIMIT_STACK, "stack"},
    };
    const auto value = [](int resource, uint64_t number) {
      if (number == std::numeric_limits<uint64_t>::max()) {
        return std::string("unlimited");
      }
      if (resource == RLIMIT_RTTIME) return absl::StrCat(number / 1000, "ms");
      return absl::StrCat(number, resource == RLIMIT_CPU ? "s" : "");
    };
    for (const NamedLimit& limit : s.limits) {
      for (const auto& [resource, name] : kNames) {
        if (resource != limit.resource) continue;
        Add(absl::StrCat("rlimit-", name),
            absl::StrCat(value(resource, limit.soft), ":",
                         value(resource, limit.hard)));
      }
    }
  }

  std::vector<std::string> words_;
};

inline std::string TableText(const Table& table) {
  // A command may end in a backslash.
  std::string text = ":::compat:yes\n";
  for (const Entry& entry : table.entries) {
    absl::StrAppend(&text, entry.group, ":", entry.tag, ":", entry.levels.text,
                    ":", ModeName(entry.mode), ":", entry.command);
    // One is taken for a part of the line's end.
    if (absl::EndsWith(entry.command, "\r")) text += '\r';
    absl::StrAppend(&text, "\n:::opt:", entry.tag, " ",
                    text::JoinWords(AttributeTexts().Write(entry.attributes)),
                    "\n");
  }
  const auto line = [&](absl::string_view name, absl::string_view value) {
    if (!value.empty()) absl::StrAppend(&text, ":::", name, ":", value, "\n");
  };
  line("socket", table.socket);
  line("initstat", table.initstat);
  line("clstat", table.clstat);
  line("log", table.log_folder);
  for (const auto& [group, level] : table.boot) {
    line("boot", absl::StrCat(group, " ", level));
  }
  for (const Allow& allow : table.allow) {
    line("allow",
         absl::StrCat(allow.everyone   ? "*"
                      : allow.of_group ? absl::StrCat("gid=", allow.number)
                                       : absl::StrCat("uid=", allow.number),
                      allow.tell ? " tell " : " status ", allow.group));
  }
  line("parallel", absl::StrCat(table.parallel));
  line("mounts", table.mounts);
  line("watchdog", table.watchdog);
  line("hook", table.hook);
  line("watch", table.watch ? "yes" : "no");
  line("halt-timeout",
       absl::StrCat(absl::ToInt64Milliseconds(table.halt_timeout), "ms"));
  return text;
}

// But for the numbers of the lines.
inline bool SameTables(const Table& a, const Table& b) {
  const auto same_entry = [](Entry x, const Entry& y) {
    x.line = y.line;
    return x == y;
  };
  return std::equal(a.entries.begin(), a.entries.end(), b.entries.begin(),
                    b.entries.end(), same_entry) &&
         a.socket == b.socket && a.initstat == b.initstat &&
         a.clstat == b.clstat && a.log_folder == b.log_folder &&
         a.boot == b.boot && a.allow == b.allow && a.parallel == b.parallel &&
         a.mounts == b.mounts && a.watchdog == b.watchdog && a.hook == b.hook &&
         a.watch == b.watch && a.halt_timeout == b.halt_timeout;
}

}  // namespace isinit
