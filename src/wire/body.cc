#include "wire/body.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_join.h>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/time.h"
#include "wire/content_hash.h"
#include "wire/message.h"

namespace wire {
namespace {

namespace pb = fleetbox::wire;

// The lite runtime knows no names of fields, so they are written out here.
class Lister {
 public:
  void Text(absl::string_view name, absl::string_view value) {
    if (!value.empty()) Put(name, std::string(value));
  }
  void Hex(absl::string_view name, absl::string_view value) {
    if (!value.empty()) Put(name, base::Hex(value));
  }
  void Number(absl::string_view name, uint64_t value) {
    if (value != 0) Put(name, absl::StrCat(value));
  }
  void Switch(absl::string_view name, bool value) {
    if (value) Put(name, "yes");
  }
  void Time(absl::string_view name, uint64_t ms) {
    if (ms != 0) Put(name, base::FormatTime(base::FromMillis(Clamp(ms))));
  }
  void Span(absl::string_view name, uint64_t ms) {
    if (ms != 0) {
      Put(name, base::FormatDuration(absl::Milliseconds(Clamp(ms))));
    }
  }
  void Put(absl::string_view name, std::string value) {
    fields_.push_back({absl::StrCat(prefix_, name), std::move(value)});
  }
  template <typename List>
  void Texts(absl::string_view name, const List& list) {
    for (int i = 0; i < list.size(); i++) {
      Put(absl::StrCat(name, ".", i), std::string(list[i]));
    }
  }
  // Lists each message with the path of its own in front.
  template <typename List, typename Function>
  void Each(absl::string_view name, const List& list, Function function) {
    for (int i = 0; i < list.size(); i++) {
      Within(absl::StrCat(name, ".", i), [&] { function(list[i]); });
    }
  }
  template <typename Function>
  void Within(absl::string_view name, Function function) {
    const size_t before = prefix_.size();
    absl::StrAppend(&prefix_, name, ".");
    function();
    prefix_.resize(before);
  }
  std::vector<BodyField> Take() { return std::move(fields_); }

 private:
  static int64_t Clamp(uint64_t ms) {
    return static_cast<int64_t>(std::min(ms, uint64_t{INT64_MAX}));
  }
  std::string prefix_;
  std::vector<BodyField> fields_;
};

void List(Lister& l, const pb::Job& job) {
  l.Text("description", job.description());
  l.Texts("success", job.success());
  l.Texts("failure", job.failure());
  l.Text("key", job.key());
  l.Each("task", job.task(), [&](const pb::Task& task) {
    l.Text("name", task.name());
    l.Text("host", task.host());
    l.Text("comm", task.comm());
    l.Texts("argument", task.argument());
    const pb::TaskOptions& options = task.options();
    l.Span("delay", options.delay_ms());
    l.Span("timeout", options.timeout_ms());
    l.Number("step", options.step());
    l.Span("retry-max", options.retry_max_ms());
    l.Span("retry-for", options.retry_for_ms());
    l.Switch("not-safe-to-repeat", options.not_safe_to_repeat());
    l.Switch("timeout-fails", options.timeout_fails());
    l.Text("user", options.user());
    l.Texts("environment", options.environment());
    l.Text("input", options.input());
    if (options.has_output_bytes()) {
      l.Put("output-bytes", absl::StrCat(options.output_bytes()));
    }
    l.Switch("detach", options.detach());
  });
  l.Each("input", job.input(), [&](const pb::Input& input) {
    l.Text("name", input.name());
    l.Text("content", input.content());
  });
  l.Each("requirement", job.requirement(), [&](const pb::Requirement& r) {
    l.Put("tasks", absl::StrJoin(r.task(), " "));
    l.Put("need", absl::StrJoin(r.needs(), " "));
  });
}

void List(Lister& l, const pb::Dispatch& dispatch) {
  l.Each("attempt", dispatch.attempt(), [&](const pb::Attempt& attempt) {
    l.Hex("id", attempt.id());
    l.Number("job", attempt.job());
    l.Put("task", absl::StrCat(attempt.task()));
    l.Number("number", attempt.number());
    l.Text("task-name", attempt.task_name());
    l.Text("comm", attempt.comm());
    l.Texts("argument", attempt.argument());
    l.Text("description", attempt.description());
    l.Span("timeout", attempt.timeout_ms());
    l.Text("principal", attempt.principal());
    l.Switch("timeout-fails", attempt.timeout_fails());
    l.Text("user", attempt.user());
    l.Texts("environment", attempt.environment());
    l.Text("stdin", attempt.stdin());
    if (attempt.has_output_bytes()) {
      l.Put("output-bytes", absl::StrCat(attempt.output_bytes()));
    }
    l.Switch("detach", attempt.detach());
  });
  for (int i = 0; i < dispatch.cancel_size(); i++) {
    l.Hex(absl::StrCat("cancel.", i), dispatch.cancel(i));
  }
}

absl::string_view Word(pb::Verdict verdict) {
  switch (verdict) {
    case pb::DONE:
      return "done";
    case pb::DEFERRED:
      return "deferred";
    case pb::FAILED:
      return "failed";
    case pb::INTERRUPTED:
      return "interrupted";
    case pb::CANCELLED:
      return "cancelled";
    default:
      return "unknown";
  }
}

absl::string_view Word(pb::TaskState state) {
  constexpr absl::string_view kWords[] = {
      "waiting", "ready",  "delayed", "dispatched", "running",
      "done",    "failed", "skipped", "held",       "cancelled"};
  const size_t at = static_cast<size_t>(state);
  return at < std::size(kWords) ? kWords[at] : "unknown";
}

absl::string_view Word(pb::JobState state) {
  switch (state) {
    case pb::JOB_OPEN:
      return "open";
    case pb::JOB_DONE:
      return "done";
    case pb::JOB_FAILED:
      return "failed";
    case pb::JOB_CANCELLED:
      return "cancelled";
    case pb::JOB_HELD:
      return "held";
    default:
      return "unknown";
  }
}

void List(Lister& l, const pb::Results& results) {
  l.Each("result", results.result(), [&](const pb::Result& result) {
    l.Hex("attempt", result.attempt());
    l.Number("job", result.job());
    l.Put("task", absl::StrCat(result.task()));
    l.Text("verdict", Word(result.verdict()));
    l.Text("reason", result.reason());
    l.Time("started", result.started_ms());
    l.Time("ended", result.ended_ms());
    l.Text("head", result.head());
    l.Text("tail", result.tail());
    l.Number("output-bytes", result.output_bytes());
    l.Span("retry-after", result.retry_after_ms());
  });
  for (int i = 0; i < results.started_size(); i++) {
    l.Hex(absl::StrCat("started.", i), results.started(i));
  }
}

void List(Lister& l, const pb::Announce& announce) {
  l.Text("host", announce.host());
  for (int i = 0; i < announce.attempt_size(); i++) {
    l.Hex(absl::StrCat("attempt.", i), announce.attempt(i));
  }
}

void List(Lister& l, const pb::Query& query) {
  switch (query.what_case()) {
    case pb::Query::kStatus:
      l.Text("what", "status");
      l.Span("older", query.status().older_ms());
      l.Switch("failed", query.status().failed());
      l.Switch("ended", query.status().ended());
      for (int i = 0; i < query.status().job_size(); i++) {
        l.Number(absl::StrCat("job.", i), query.status().job(i));
      }
      break;
    case pb::Query::kShow:
      l.Text("what", "show");
      l.Number("job", query.show().job());
      l.Text("task", query.show().task());
      break;
    case pb::Query::kFollow:
      l.Text("what", "follow");
      l.Number("job", query.follow().job());
      break;
    case pb::Query::kRelease:
      l.Text("what", "release");
      l.Number("job", query.release().job());
      l.Text("task", query.release().task());
      break;
    case pb::Query::WHAT_NOT_SET:
      l.Text("what", "unknown");
      break;
  }
}

absl::string_view Word(pb::Control::Verb verb) {
  constexpr absl::string_view kWords[] = {
      "none",  "hold",      "release",     "cancel", "now",
      "retry", "mark-done", "mark-failed", "drain",  "resume"};
  const size_t at = static_cast<size_t>(verb);
  return at < std::size(kWords) ? kWords[at] : "unknown";
}

void List(Lister& l, const pb::Control& control) {
  l.Text("verb", Word(control.verb()));
  l.Number("job", control.job());
  l.Texts("task", control.task());
  l.Text("host", control.host());
}

absl::string_view Word(pb::IsinitRequest::Verb verb) {
  constexpr absl::string_view kWords[] = {
      "none", "tell", "status",  "reread", "start", "stop", "restart", "signal",
      "log",  "wait", "upgrade", "halt",   "power", "push", "table"};
  const size_t at = static_cast<size_t>(verb);
  return at < std::size(kWords) ? kWords[at] : "unknown";
}

void List(Lister& l, const pb::IsinitRequest& request) {
  l.Text("verb", Word(request.verb()));
  l.Text("group", request.group());
  l.Text("level", request.level());
  l.Text("tag", request.tag());
  l.Number("signal", request.signal());
  l.Text("state", request.state());
  l.Number("generation", request.generation());
  l.Number("token", request.token());
  l.Text("table", request.table());
}

void List(Lister& l, const pb::IsinitAnswer& answer) {
  l.Hex("query", answer.query());
  l.Number("exit-code", answer.exit_code());
  l.Text("text", answer.text());
  l.Each("group", answer.status().group(), [&](const pb::IsinitGroupView& g) {
    l.Text("name", g.name());
    l.Text("level", g.level());
    l.Text("state", g.state());
  });
  l.Text("log", answer.log());
}

void List(Lister& l, const pb::PowerRequest& request) {
  l.Text("action", request.action());
  l.Texts("target", request.target());
  l.Texts("exclude", request.exclude());
  l.Text("asker", request.asker());
  l.Hex("stop", request.stop());
}

void List(Lister& l, const pb::PowerAnswer& answer) {
  l.Hex("request", answer.request());
  l.Each("host", answer.host(), [&](const pb::PowerHost& host) {
    l.Text("name", host.name());
    l.Text("feeds", host.feeds());
  });
  const pb::PowerResult& result = answer.result();
  l.Number("result.host", result.host());
  l.Text("result.outcome", result.outcome());
  l.Text("result.class", result.failure_class());
  l.Text("result.detail", result.detail());
  l.Text("note", answer.note());
  l.Number("exit-code", answer.exit_code());
  l.Text("error", answer.error());
}

void List(Lister& l, const pb::TaskView& task) {
  l.Text("name", task.name());
  l.Text("host", task.host());
  l.Text("comm", task.comm());
  l.Texts("argument", task.argument());
  l.Text("state", Word(task.state()));
  l.Number("attempts", task.attempts());
  l.Time("eligible", task.eligible_ms());
  l.Time("started", task.started_ms());
  l.Time("ended", task.ended_ms());
  l.Time("due", task.due_ms());
  l.Text("why", task.why());
  l.Texts("needs", task.needs());
  l.Each("attempt", task.attempt(), [&](const pb::AttemptView& attempt) {
    l.Number("number", attempt.number());
    l.Hex("id", attempt.id());
    l.Time("started", attempt.started_ms());
    l.Time("ended", attempt.ended_ms());
    l.Text("verdict", Word(attempt.verdict()));
    l.Text("reason", attempt.reason());
  });
  l.Text("head", task.head());
  l.Text("tail", task.tail());
  l.Number("output-bytes", task.output_bytes());
}

void List(Lister& l, const pb::Reply& reply) {
  l.Hex("query", reply.query());
  l.Each("job", reply.job(), [&](const pb::JobView& job) {
    l.Number("job", job.job());
    l.Text("description", job.description());
    l.Text("state", Word(job.state()));
    l.Time("injected", job.injected_ms());
    l.Time("ended", job.ended_ms());
    l.Text("principal", job.principal());
    l.Texts("success", job.success());
    l.Texts("failure", job.failure());
    l.Hex("parcel", job.parcel());
    l.Each("task", job.task(),
           [&](const pb::TaskView& task) { List(l, task); });
    l.Each("note", job.note(), [&](const pb::JobNote& note) {
      l.Time("at", note.at_ms());
      l.Text("principal", note.principal());
      l.Text("verb", Word(note.verb()));
      l.Text("tasks", note.tasks());
    });
  });
  l.Each("host", reply.host(), [&](const pb::HostView& host) {
    l.Text("name", host.name());
    l.Switch("connected", host.connected());
    l.Number("running", host.running());
    l.Number("queued", host.queued());
    l.Text("drained-by", host.drained_by());
    l.Time("drained", host.drained_ms());
    l.Text("away", host.away());
    l.Time("again", host.again_ms());
  });
  l.Switch("more", reply.more());
  l.Text("error", reply.error());
  l.Number("code", reply.code());
}

absl::string_view Word(pb::ManifestEntry::Type type) {
  switch (type) {
    case pb::ManifestEntry::REGULAR:
      return "file";
    case pb::ManifestEntry::FOLDER:
      return "folder";
    case pb::ManifestEntry::LINK:
      return "link";
    default:
      return "unknown";
  }
}

void List(Lister& l, const pb::Manifest& manifest) {
  l.Each("entry", manifest.entry(), [&](const pb::ManifestEntry& entry) {
    l.Text("path", entry.path());
    l.Text("type", Word(entry.type()));
    if (entry.mode() != 0) l.Put("mode", absl::StrFormat("%04o", entry.mode()));
    l.Text("owner", entry.owner());
    l.Text("group", entry.group());
    l.Number("size", entry.size());
    if (entry.has_mtime_ns()) {
      l.Put("mtime", base::FormatTime(absl::FromUnixNanos(entry.mtime_ns())));
    }
    l.Text("target", entry.target());
    l.Hex("hash", entry.hash());
    l.Number("chunks", entry.chunk_hashes().size() / sizeof(Hash));
  });
}

void List(Lister& l, const pb::Utility& utility) {
  l.Hex("delivery", utility.delivery());
  l.Texts("word", utility.word());
  l.Switch("argv", utility.argv());
  l.Text("shell", utility.shell());
  l.Text("defs", utility.defs());
  l.Texts("environment", utility.environment());
  l.Switch("input", utility.input());
  l.Span("timeout", utility.timeout_ms());
  l.Switch("detach", utility.detach());
}

void List(Lister& l, const pb::DeliveryPolicy& policy) {
  l.Switch("check", policy.check());
  l.Switch("diff", policy.diff());
  l.Switch("set-id", policy.set_id());
  l.Switch("all-times", policy.all_times());
  l.Switch("force", policy.force());
  l.Switch("no-sync", policy.no_sync());
  l.Switch("at-once", policy.at_once());
  l.Switch("prune", policy.prune());
  l.Switch("prune-all", policy.prune_all());
  l.Number("max-prune", policy.max_prune());
  l.Texts("ignore", policy.ignore());
  l.Span("lock-wait", policy.lock_wait_ms());
  l.Text("recipe", policy.recipe());
  l.Switch("owners", policy.owners());
  l.Text("owner", policy.owner());
  l.Text("group", policy.group());
  if (policy.folder_mode() != 0) {
    l.Put("folder-mode", absl::StrFormat("%04o", policy.folder_mode()));
  }
}

void List(Lister& l, const pb::Delivery& delivery) {
  l.Hex("run", delivery.run());
  l.Hex("nonce", delivery.nonce());
  l.Text("host", delivery.host());
  l.Text("into", delivery.into());
  l.Hex("shared", delivery.shared());
  l.Hex("shared-hash", delivery.shared_hash());
  l.Time("valid-until", delivery.valid_until_ms());
  l.Within("own", [&] { List(l, delivery.own()); });
  l.Within("policy", [&] { List(l, delivery.policy()); });
  l.Within("utility", [&] { List(l, delivery.utility()); });
  l.Switch("utility-follows", delivery.utility_follows());
  l.Switch("attach", delivery.attach());
}

template <typename T>
absl::StatusOr<std::vector<BodyField>> Listed(
    absl::string_view body, size_t max_bytes = base::kMaxBodyBytes) {
  TRY_ASSIGN(const T message, Parse<T>(body, max_bytes));
  Lister lister;
  List(lister, message);
  return lister.Take();
}

}  // namespace

absl::StatusOr<std::vector<BodyField>> BodyFields(Kind kind,
                                                  absl::string_view body) {
  switch (kind) {
    case pb::JOB:
      return Listed<pb::Job>(body);
    case pb::DISPATCH:
      return Listed<pb::Dispatch>(body);
    case pb::RESULTS:
      return Listed<pb::Results>(body);
    case pb::MANIFEST:
      return Listed<pb::Manifest>(body, base::kMaxManifestBytes);
    case pb::REPLY:
      return Listed<pb::Reply>(body);
    case pb::QUERY:
      return Listed<pb::Query>(body);
    case pb::ANNOUNCE:
      return Listed<pb::Announce>(body);
    case pb::CONTROL:
      return Listed<pb::Control>(body);
    case pb::TELL:
      return Listed<pb::IsinitRequest>(body);
    case pb::TOLD:
      return Listed<pb::IsinitAnswer>(body);
    case pb::REQUEST:
      return Listed<pb::PowerRequest>(body);
    case pb::POWERED:
      return Listed<pb::PowerAnswer>(body);
    case pb::DELIVERY:
    case pb::BUNDLE:
      return Listed<pb::Delivery>(body, base::kMaxManifestBytes);
    case pb::UTILITY:
      return Listed<pb::Utility>(body);
    default:
      return std::vector<BodyField>{{"bytes", std::string(body)}};
  }
}

}  // namespace wire
