#include "wire/body.h"

#include <catch2/catch.hpp>

#include "unit/wire/testing.h"

using namespace wire_test;  // NOLINT: it is this test's other half

namespace {

std::string Listed(wire::Kind kind, const google::protobuf::MessageLite& m) {
  std::string text;
  const auto fields = wire::BodyFields(kind, wire::Serialize(m)).value();
  for (const wire::BodyField& f : fields) {
    absl::StrAppend(&text, f.path, "=", f.value, "\n");
  }
  return text;
}

}  // namespace

TEST_CASE("body: a job is listed field by field", "[wire]") {
  pb::Job job = SmallJob();
  job.set_key("k");
  pb::Task* task = job.add_task();
  task->set_name("later");
  task->mutable_options()->set_delay_ms(90'000);
  task->mutable_options()->set_retry_for_ms(INT64_MAX);
  task->mutable_options()->set_not_safe_to_repeat(true);
  pb::Requirement* r = job.add_requirement();
  r->add_task(1);
  r->add_needs(0);
  CHECK(Listed(pb::JOB, job) ==
        "description=say hello\nfailure.0=ops@example.com\nkey=k\n"
        "task.0.name=hello\ntask.0.host=web1\ntask.0.comm=echo\n"
        "task.0.argument.0=hello\n"
        "task.1.name=later\ntask.1.delay=1m30s\n"
        "task.1.retry-for=106751991167d7h12m55s807ms\n"
        "task.1.not-safe-to-repeat=yes\n"
        "requirement.0.tasks=1\nrequirement.0.need=0\n");
}

TEST_CASE("body: results, replies and the rest are listed", "[wire]") {
  pb::Results results;
  pb::Result* result = results.add_result();
  result->set_attempt(std::string(16, '\xab'));
  result->set_verdict(pb::DEFERRED);
  result->set_reason("exit 99");
  result->set_started_ms(1738318504120);
  results.add_started("\x01\x02");
  CHECK(Listed(pb::RESULTS, results) ==
        "result.0.attempt=abababababababababababababababab\n"
        "result.0.task=0\nresult.0.verdict=deferred\n"
        "result.0.reason=exit 99\n"
        "result.0.started=2025-01-31T10:15:04.120Z\nstarted.0=0102\n");

  pb::Reply reply;
  pb::JobView* job = reply.add_job();
  job->set_job(7);
  pb::TaskView* task = job->add_task();
  task->set_state(pb::TASK_HELD);
  task->add_needs("other");
  task->add_attempt()->set_number(2);
  CHECK(Listed(pb::REPLY, reply) ==
        "job.0.job=7\njob.0.state=open\njob.0.task.0.state=held\n"
        "job.0.task.0.needs.0=other\njob.0.task.0.attempt.0.number=2\n"
        "job.0.task.0.attempt.0.verdict=unknown\n");

  pb::Query query;
  query.mutable_status()->add_job(1);
  query.mutable_status()->add_job(2);
  CHECK(Listed(pb::QUERY, query) == "what=status\njob.0=1\njob.1=2\n");
  pb::Dispatch dispatch;
  dispatch.add_attempt()->set_comm("echo");
  CHECK(Listed(pb::DISPATCH, dispatch) ==
        "attempt.0.task=0\nattempt.0.comm=echo\n");
  pb::Announce announce;
  announce.set_host("web1");
  CHECK(Listed(pb::ANNOUNCE, announce) == "host=web1\n");
  pb::Control control;
  control.set_verb(pb::Control::MARK_DONE);
  control.set_job(7);
  control.add_task("a");
  CHECK(Listed(pb::CONTROL, control) == "verb=mark-done\njob=7\ntask.0=a\n");
  control.Clear();
  control.set_verb(pb::Control::DRAIN);
  control.set_host("web1");
  CHECK(Listed(pb::CONTROL, control) == "verb=drain\nhost=web1\n");
  // A newer program may know more of them.
  control.set_verb(static_cast<pb::Control::Verb>(99));
  CHECK(Listed(pb::CONTROL, control) == "verb=unknown\nhost=web1\n");
}

TEST_CASE("body: a manifest is listed entry by entry", "[wire]") {
  pb::Manifest manifest;
  pb::ManifestEntry* file = manifest.add_entry();
  file->set_path("f");
  file->set_type(pb::ManifestEntry::REGULAR);
  file->set_mode(0644);
  file->set_owner("root");
  file->set_size(6);
  file->set_mtime_ns(1738318504120000000);
  file->set_hash("\xab\xcd");
  file->set_chunk_hashes(std::string(96, 'h'));
  pb::ManifestEntry* link = manifest.add_entry();
  link->set_path("l");
  link->set_type(pb::ManifestEntry::LINK);
  link->set_target("f");
  manifest.add_entry()->set_type(static_cast<pb::ManifestEntry::Type>(9));
  CHECK(Listed(pb::MANIFEST, manifest) ==
        "entry.0.path=f\nentry.0.type=file\nentry.0.mode=0644\n"
        "entry.0.owner=root\nentry.0.size=6\n"
        "entry.0.mtime=2025-01-31T10:15:04.120Z\nentry.0.hash=abcd\n"
        "entry.0.chunks=3\n"
        "entry.1.path=l\nentry.1.type=link\nentry.1.target=f\n"
        "entry.2.type=unknown\n");
}

TEST_CASE("body: numbers no enumeration has do no harm", "[wire]") {
  pb::Reply reply;
  pb::JobView* job = reply.add_job();
  job->set_state(static_cast<pb::JobState>(77));
  job->add_task()->set_state(static_cast<pb::TaskState>(-1));
  CHECK(Listed(pb::REPLY, reply) ==
        "job.0.state=unknown\njob.0.task.0.state=unknown\n");
}

TEST_CASE("body: one of another message is refused, an unknown one shown",
          "[wire]") {
  CHECK(
      absl::IsInvalidArgument(wire::BodyFields(pb::JOB, "\xff\xff").status()));
  const auto fields = wire::BodyFields(pb::EVENT, "anything").value();
  REQUIRE(fields.size() == 1);
  CHECK(fields[0].path == "bytes");
  CHECK(fields[0].value == "anything");
}

TEST_CASE("body: a request to switch, and what came of it, are shown",
          "[wire]") {
  pb::PowerRequest request;
  request.set_action("cycle");
  request.add_target("web[1-3]");
  request.add_exclude("web2");
  request.set_asker("ops@admin1");
  CHECK(Listed(pb::REQUEST, request) ==
        "action=cycle\ntarget.0=web[1-3]\nexclude.0=web2\n"
        "asker=ops@admin1\n");
  pb::PowerAnswer answer;
  answer.set_request("\x01\x02");
  answer.add_host()->set_name("web1");
  answer.mutable_result()->set_outcome("done");
  answer.set_exit_code(3);
  CHECK(Listed(pb::POWERED, answer) ==
        "request=0102\nhost.0.name=web1\nresult.outcome=done\nexit-code=3\n");
}
