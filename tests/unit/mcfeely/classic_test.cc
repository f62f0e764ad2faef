#include "mcfeely/classic.h"

#include <catch2/catch.hpp>
#include <cstring>

#include "mcfeely/graph.h"

namespace {

using namespace std::string_literals;

std::string Number(uint32_t n) {
  std::string bytes(sizeof n, '\0');
  memcpy(bytes.data(), &n, sizeof n);
  return bytes;
}
std::string TaskBytes(const std::string& body) {
  return Number(static_cast<uint32_t>(body.size())) + body;
}

struct Streams {
  std::string tasks, waiters, texts;
  absl::StatusOr<mcfeely::Job> Parse() const {
    return mcfeely::ParseClassicJob({tasks, waiters, texts});
  }
};

// Task 1 and 2 wait for 0; 2 waits for 1, too.
Streams Valid() {
  return {TaskBytes("h1\0mk\0x\0y z\0\0"s) + TaskBytes("h2\0hup\0"s) +
              TaskBytes("h1\0tell\0"s),
          "\0\2\1\2\1\1\2\2\0"s, "new domain\0ops@x root\0sales@x\0"s};
}

}  // namespace

TEST_CASE("mcfeely 22: an old caller's job is the same job here", "[mcfeely]") {
  const auto job = Valid().Parse();
  REQUIRE(job.ok());
  REQUIRE(job->tasks.size() == 3);
  CHECK(job->tasks[0].name == "0");
  CHECK(job->tasks[0].host == "h1");
  CHECK(job->tasks[0].comm == "mk");
  CHECK(job->tasks[0].arguments == std::vector<std::string>{"x", "y z", ""});
  CHECK(job->tasks[1].arguments.empty());
  CHECK(job->description == "new domain");
  CHECK(job->failure == std::vector<std::string>{"ops@x", "root"});
  CHECK(job->success == std::vector<std::string>{"sales@x"});
  const auto graph = mcfeely::Graph::Make(3, job->requirements);
  REQUIRE(graph.ok());
  CHECK(graph->Needs(0).empty());
  CHECK(graph->Needs(1) == absl::MakeConstSpan({uint32_t{0}}));
  CHECK(graph->Needs(2) == absl::MakeConstSpan({uint32_t{0}, uint32_t{1}}));
}

TEST_CASE("mcfeely 22: a stream cut at any byte is no job", "[mcfeely]") {
  const Streams whole = Valid();
  for (std::string Streams::*stream :
       {&Streams::tasks, &Streams::waiters, &Streams::texts}) {
    for (size_t n = 0; n < (whole.*stream).size(); n++) {
      Streams cut = whole;
      (cut.*stream).resize(n);
      INFO(n);
      CHECK(cut.Parse().status().code() == absl::StatusCode::kInvalidArgument);
    }
    Streams longer = whole;
    (longer.*stream) += '\0';
    CHECK_FALSE(longer.Parse().ok());
  }
}

TEST_CASE("mcfeely 22: 200 waiters and 200 requirements are unsigned bytes",
          "[mcfeely]") {
  Streams streams;
  streams.texts = "\0\0\0"s;
  for (int i = 0; i < 202; i++) streams.tasks += TaskBytes("h1\0mk\0"s);
  streams.waiters = "\0\310"s;  // task 0: 200 wait for it
  for (int i = 1; i <= 200; i++) streams.waiters += static_cast<char>(i);
  for (int i = 1; i <= 200; i++) streams.waiters += "\1\1\311"s;
  streams.waiters += "\310\0"s;  // task 201 requires 200
  const auto job = streams.Parse();
  REQUIRE(job.ok());
  const auto graph = mcfeely::Graph::Make(job->tasks.size(), job->requirements);
  REQUIRE(graph.ok());
  CHECK(graph->edges() == 400);
  CHECK(graph->Dependents(0).size() == 200);
  CHECK(graph->Needs(201).size() == 200);
}

TEST_CASE("mcfeely 22: what would wait for ever is refused", "[mcfeely]") {
  Streams streams = Valid();
  streams.waiters = "\0\2\1\3\1\1\2\2\0"s;  // there is no task 3
  CHECK_FALSE(streams.Parse().ok());
  streams.waiters = "\0\2\1\2\1\1\2\3\0"s;  // 2 requires one nobody knows
  CHECK_FALSE(streams.Parse().ok());
  streams.waiters = "\1\2\1\2\1\1\2\2\1\0"s;  // 0 requires 2
  CHECK_FALSE(streams.Parse().ok());
  streams = Streams{"", "", "\0\0\0"s};
  CHECK_FALSE(streams.Parse().ok());
  // Repeated edges were counted twice, and are.
  streams = {TaskBytes("h1\0mk\0"s) + TaskBytes("h1\0mk\0"s), "\0\2\1\1\2\0"s,
             "\0\0\0"s};
  CHECK(streams.Parse().ok());
}

TEST_CASE("classic queue: a length beyond the stream is refused at once",
          "[mcfeely]") {
  Streams streams = Valid();
  streams.tasks = Number(0xffffffff) + "h1\0mk\0"s;
  CHECK_FALSE(streams.Parse().ok());
  streams.tasks = TaskBytes("h1\0../mk\0"s);
  CHECK_FALSE(streams.Parse().ok());
  streams = Valid();
  streams.texts = "\0-oX/x\0\0"s;
  CHECK_FALSE(streams.Parse().ok());
}
