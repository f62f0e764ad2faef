#include "mcfeely/fit_reply.h"

#include <absl/status/status.h>

#include <catch2/catch.hpp>
#include <string>

namespace {

namespace pb = fleetbox::wire;

pb::Reply Large() {
  pb::Reply reply;
  reply.set_query("the query's id");
  pb::JobView* job = reply.add_job();
  for (int i = 0; i < 100; i++) {
    pb::TaskView* task = job->add_task();
    task->set_name("a");
    task->set_state(pb::TASK_DONE);
    task->add_argument(std::string(1000, 'x'));
    task->set_head(std::string(1000, 'x'));
    task->set_tail(std::string(1000, 'x'));
  }
  return reply;
}

}  // namespace

TEST_CASE("fit_reply: what fits is left alone", "[mcfeely]") {
  pb::Reply reply = Large();
  const std::string before = reply.SerializeAsString();
  mcfeely::FitReply(before.size(), &reply);
  CHECK(reply.SerializeAsString() == before);
}

TEST_CASE("fit_reply: of what is too long the states remain", "[mcfeely]") {
  pb::Reply reply = Large();
  mcfeely::FitReply(reply.ByteSizeLong() - 1, &reply);
  REQUIRE(reply.job_size() == 1);
  REQUIRE(reply.job(0).task_size() == 100);
  for (const pb::TaskView& task : reply.job(0).task()) {
    CHECK(task.name() == "a");
    CHECK(task.state() == pb::TASK_DONE);
    CHECK(task.argument_size() == 0);
    CHECK(task.head().empty());
    CHECK(task.tail().empty());
  }
  CHECK(reply.query() == "the query's id");
  CHECK(reply.error().empty());
}

TEST_CASE("fit_reply: what is too long even so is an error", "[mcfeely]") {
  pb::Reply reply = Large();
  mcfeely::FitReply(100, &reply);
  CHECK(reply.job_size() == 0);
  CHECK(reply.query() == "the query's id");
  CHECK(reply.code() == static_cast<uint32_t>(absl::StatusCode::kOutOfRange));
  CHECK(reply.ByteSizeLong() <= 100);
}
