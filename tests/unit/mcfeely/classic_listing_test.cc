#include "mcfeely/classic_listing.h"

#include <catch2/catch.hpp>

namespace {

namespace wire = fleetbox::wire;

wire::JobView TwoTasks() {
  wire::JobView job;
  job.set_job(31);
  job.set_description("a\nb");
  job.add_failure("ops@x");
  job.add_failure("root");
  job.add_success("sales@x");
  job.set_injected_ms(1'700'000'000'000);
  wire::TaskView* a = job.add_task();
  a->set_name("a");
  a->set_host("h1");
  a->set_comm("mk");
  a->add_argument("x");
  a->add_argument("y z");
  a->set_state(wire::TASK_DONE);
  wire::TaskView* b = job.add_task();
  b->set_name("b");
  b->set_host("h2");
  b->set_comm("hup");
  b->add_needs("a");
  b->set_state(wire::TASK_RUNNING);
  return job;
}

}  // namespace

TEST_CASE("classic listing: a job is laid out as the original did it",
          "[mcfeely]") {
  wire::JobView job = TwoTasks();
  CHECK(mcfeely::FormatClassic(job, absl::UTCTimeZone()) ==
        "#31 Tue Nov 14 22:13:20 2023\n"
        "        a\\nb  ops@x root  sales@x\n"
        " task a (d0): h1 mk x y z\n"
        "          waiters: b\n"
        " task b (a1): h2 hup\n"
        "          waiters:\n");
  job.mutable_task(1)->set_state(wire::TASK_FAILED);
  CHECK(mcfeely::FormatClassic(job, absl::FixedTimeZone(3600)).substr(0, 38) ==
        "#31 (failed) Tue Nov 14 23:13:20 2023\n");
}
