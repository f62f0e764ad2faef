#include "mcfeely/export.h"

#include <catch2/catch.hpp>

#include "mcfeely/jobfile.h"

namespace {

namespace wire = fleetbox::wire;

struct Case {
  mcfeely::Job job;
  wire::JobView view;

  Case() {
    view.set_job(7);
    view.set_principal("user:ops");
    view.set_injected_ms(1'700'000'000'000);
    view.set_parcel(std::string(16, '\1'));
    job.description = "new home";
    job.failure = {"ops@x"};
  }
  void Add(const std::string& name, wire::TaskState state,
           const std::string& why = "") {
    mcfeely::Task task;
    task.name = name;
    task.host = "h1";
    task.comm = "mk";
    job.tasks.push_back(task);
    wire::TaskView* shown = view.add_task();
    shown->set_name(name);
    shown->set_host("h1");
    shown->set_state(state);
    shown->set_why(why);
  }
};

}  // namespace

TEST_CASE("export: what is done stands in comments, the rest is a job",
          "[mcfeely]") {
  Case c;
  c.Add("a", wire::TASK_DONE);
  c.Add("b", wire::TASK_RUNNING);
  c.Add("c", wire::TASK_WAITING, "waiting for b");
  c.Add("d", wire::TASK_FAILED, "exit 1\nno");
  c.Add("e", wire::TASK_DELAYED, "next try in 4 min");
  c.job.tasks[2].options.Edit().step = 10;
  c.job.requirements = {{{1, 2}, {0}}, {{2}, {0, 1}}};
  const auto text = mcfeely::FormatExport(c.job, c.view);
  REQUIRE(text.ok());
  CHECK(*text ==
        "# job 7, injected 2023-11-14T22:13:20.000Z by user:ops\n"
        "# a on h1: done\n"
        "# b on h1: was running; this runs it again\n"
        "# d on h1: failed: exit 1\\nno\n"
        "# e on h1: delayed: next try in 4 min\n"
        "description 'new home'\n"
        "failure ops@x\n"
        "key export/01010101010101010101010101010101\n"
        "task b h1 mk\n"
        "task c h1 mk : step=10\n"
        "task e h1 mk\n"
        "require c b\n");
  CHECK(mcfeely::ParseJob({{"7.job", *text}}, {{}, {}, false}).errors.empty());
}

TEST_CASE("export: what must not be repeated is for a person to say",
          "[mcfeely]") {
  for (const wire::TaskState state :
       {wire::TASK_RUNNING, wire::TASK_DISPATCHED, wire::TASK_HELD}) {
    Case c;
    c.Add("a", state);
    c.job.tasks[0].options.Edit().safe_to_repeat = false;
    CHECK(mcfeely::FormatExport(c.job, c.view).status().code() ==
          absl::StatusCode::kFailedPrecondition);
  }
}

TEST_CASE("export: what a job file cannot say is no job file", "[mcfeely]") {
  Case input;
  input.Add("a", wire::TASK_DONE);
  input.Add("b", wire::TASK_READY);
  input.job.tasks[0].options.Edit().run.input = "zone";
  CHECK(mcfeely::FormatExport(input.job, input.view).ok());  // it is done
  input.job.tasks[1].options.Edit().run.input = "zone";
  const absl::Status status =
      mcfeely::FormatExport(input.job, input.view).status();
  CHECK(status.message() ==
        "task 'b' is given standard input, which a job file only names");

  Case clean;
  clean.Add("a", wire::TASK_FAILED);
  clean.Add("clean", wire::TASK_WAITING);
  clean.job.requirements = {{{1}, {0}}};
  clean.job.tasks[1].options.Edit().run_if = mcfeely::RunIf::kFailure;
  CHECK(mcfeely::FormatExport(clean.job, clean.view).status().message() ==
        "task 'clean' is run for what has failed, which a job file of the rest "
        "cannot say");
  // What it waits for is still to be done.
  clean.view.mutable_task(0)->set_state(wire::TASK_READY);
  CHECK(mcfeely::FormatExport(clean.job, clean.view).ok());
}

TEST_CASE("export: a job that was released is not held again", "[mcfeely]") {
  Case c;
  c.Add("a", wire::TASK_READY);
  c.job.hold = true;
  const auto text = mcfeely::FormatExport(c.job, c.view);
  REQUIRE(text.ok());
  CHECK(text->find("hold") == std::string::npos);
}
