#include "mcfeely/report.h"

#include <catch2/catch.hpp>

namespace {

namespace wire = fleetbox::wire;

wire::TaskView* AddTask(wire::JobView& job, const std::string& name,
                        wire::TaskState state, uint64_t ended_ms) {
  wire::TaskView* task = job.add_task();
  task->set_index(job.task_size() - 1);
  task->set_name(name);
  task->set_host("h1");
  task->set_comm("hup");
  task->set_state(state);
  task->set_attempts(state == wire::TASK_SKIPPED ? 0 : 3);
  task->set_ended_ms(ended_ms);
  return task;
}

wire::JobView FailedJob() {
  wire::JobView job;
  job.set_job(12);
  job.set_description("new domain");
  job.set_principal("user:ops");
  job.add_success("sales@example.com");
  job.add_failure("ops@example.com");
  job.set_injected_ms(1'700'000'000'000);
  job.set_ended_ms(1'700'000'060'000);
  job.set_state(wire::JOB_FAILED);
  AddTask(job, "tell", wire::TASK_SKIPPED, 1'700'000'060'000)
      ->set_why("web failed");
  wire::TaskView* web =
      AddTask(job, "web", wire::TASK_FAILED, 1'700'000'050'000);
  web->set_why("exit 1");
  std::string output;
  for (int i = 1; i <= 30; i++) output += "line " + std::to_string(i) + "\n";
  web->set_head(output);
  wire::TaskView* zone =
      AddTask(job, "zone", wire::TASK_DONE, 1'700'000'040'000);
  zone->set_head("checked\nzone loaded\n");
  return job;
}

}  // namespace

TEST_CASE("report: tells of each task once, in order of completion",
          "[mcfeely]") {
  const net::Letter letter =
      mcfeely::MakeReport(FailedJob(), {}, "mcfeely@hub", "hub");
  CHECK(letter.to == std::vector<std::string>{"ops@example.com"});
  CHECK(letter.subject == "job 12 failure:  new domain");
  std::string lines;
  for (int i = 11; i <= 30; i++) {
    lines += "    line " + std::to_string(i) + "\n";
  }
  CHECK(letter.body ==
        "job 12 report:\n"
        "task zone (hup) to h1: success: zone loaded (3 attempts, "
        "2023-11-14T22:14:00.000Z)\n"
        "task web (hup) to h1: failure: exit 1 (3 attempts, "
        "2023-11-14T22:14:10.000Z)\n" +
            lines +
            "task tell (hup) to h1: defuncted due to failure of dependent "
            "task: web failed\n"
            "\nDescription:\nnew domain\n\n"
            "Injected: 2023-11-14T22:13:20.000Z by user:ops\n"
            "Ended:    2023-11-14T22:14:20.000Z\n");
}

TEST_CASE("report: the same report is the same letter", "[mcfeely]") {
  wire::PendingReport report;
  report.set_report_id("0123456789abcdef");
  const net::Letter a = mcfeely::MakeReport(FailedJob(), report, "", "hub");
  const net::Letter b = mcfeely::MakeReport(FailedJob(), report, "", "hub");
  CHECK(a.message_id == "mcfeely.30313233343536373839616263646566@hub");
  CHECK(a.message_id == b.message_id);
  CHECK(a.date == b.date);
}

TEST_CASE("report: of a job that is done goes to the success addresses",
          "[mcfeely]") {
  wire::JobView job = FailedJob();
  job.set_state(wire::JOB_DONE);
  const net::Letter letter = mcfeely::MakeReport(job, {}, "", "hub");
  CHECK(letter.to == std::vector<std::string>{"sales@example.com"});
  CHECK(letter.subject == "job 12 success:  new domain");
}

TEST_CASE("report: of a held task tells of that task alone", "[mcfeely]") {
  wire::JobView job = FailedJob();
  job.set_state(wire::JOB_OPEN);
  job.set_ended_ms(0);
  job.mutable_task(1)->set_state(wire::TASK_HELD);
  wire::PendingReport report;
  report.set_about(wire::PendingReport::TASK_HELD);
  report.set_task(1);
  const net::Letter letter = mcfeely::MakeReport(job, report, "", "hub");
  CHECK(letter.to == std::vector<std::string>{"ops@example.com"});
  CHECK(letter.subject == "job 12 held:  new domain");
  CHECK(letter.body.find("task web (hup) to h1: held: exit 1") !=
        std::string::npos);
  CHECK(letter.body.find("zone") == std::string::npos);
}

TEST_CASE("report: the last lines of a text", "[mcfeely]") {
  CHECK(mcfeely::LastLines("", 3) == "");
  CHECK(mcfeely::LastLines("a\nb\nc\n", 2) == "b\nc");
  CHECK(mcfeely::LastLines("a\nb\nc", 2) == "b\nc");
  CHECK(mcfeely::LastLines("a\nb\nc\n", 3) == "a\nb\nc");
  CHECK(mcfeely::LastLines("a\nb\nc\n", 9) == "a\nb\nc");
  CHECK(mcfeely::LastLines("\n\n\n", 2) == "\n");
  CHECK(mcfeely::LastLines("a\n\nb\n", 1) == "b");
}

TEST_CASE("report: exec:NAME is a program, not somebody to be mailed to",
          "[mcfeely]") {
  CHECK(mcfeely::NotifyName("exec:page") == "page");
  CHECK_FALSE(mcfeely::NotifyName("ops@example.com").has_value());
  wire::JobView job = FailedJob();
  job.add_failure("exec:page");
  const net::Letter letter = mcfeely::MakeReport(job, {}, "mcfeely@hub", "hub");
  CHECK(letter.to == std::vector<std::string>{"ops@example.com"});
  const std::string json = mcfeely::ReportJson(job, {}, letter);
  CHECK(json.find("{\"report\": {\"id\":") == 0);
  CHECK(json.find("\"subject\":\"job 12 failure:  new domain\"") !=
        std::string::npos);
  CHECK(json.find("\"exec:page\"") != std::string::npos);
}
