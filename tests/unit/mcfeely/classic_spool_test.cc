#include "mcfeely/classic_spool.h"

#include <catch2/catch.hpp>
#include <cstring>

namespace {

using namespace std::string_literals;
using Files = mcfeely::ClassicFiles;

std::string Numbers(std::initializer_list<uint32_t> numbers) {
  std::string bytes;
  for (const uint32_t n : numbers) {
    bytes.append(reinterpret_cast<const char*>(&n), sizeof n);
  }
  return bytes;
}

void Put(Files::Numbered& place, const std::string& folder, uint32_t number,
         std::string content) {
  place[number] = {folder + "/" + std::to_string(number), std::move(content),
                   77};
}

// Job 17 of the tasks 31, 32, 33: 32 and 33 wait for 31, which is done, and 33
// for 32.
Files Valid() {
  Files files;
  Put(files.task, "task", 31, "h1\0mk\0x\0"s);
  Put(files.task, "task", 32, "h2\0hup\0"s);
  Put(files.task, "task", 33, "h1\0tell\0a b\0\0"s);
  Put(files.info, "info", 31, "\1\0"s + Numbers({32, 33}));
  Put(files.info, "info", 32, "\0\1"s + Numbers({33}));
  Put(files.info, "info", 33, "\0\2"s);
  Put(files.jobs, "job", 17, "\0"s + Numbers({31, 32, 33}));
  Put(files.desc, "desc", 17, "new home");
  Put(files.fnot, "fnot", 17, "ops@x root\0"s);
  Put(files.snot, "snot", 17, "");
  return files;
}

// The only error of a queue that has just one.
std::string ErrorOf(const Files& files) {
  const mcfeely::ClassicQueue queue = mcfeely::ReadClassicQueue(files);
  CHECK(queue.jobs.empty());
  REQUIRE(!queue.errors.empty());
  return queue.errors[0];
}

}  // namespace

TEST_CASE("classic spool: what is done is left out, and required no more",
          "[mcfeely]") {
  const mcfeely::ClassicQueue queue = mcfeely::ReadClassicQueue(Valid());
  CHECK(queue.errors.empty());
  REQUIRE(queue.jobs.size() == 1);
  const mcfeely::Job& job = queue.jobs[0].job;
  CHECK(job.description == "new home");
  CHECK(job.failure == std::vector<std::string>{"ops@x", "root"});
  CHECK(job.success.empty());
  CHECK(*job.key == "classic/17/77");
  REQUIRE(job.tasks.size() == 2);
  CHECK(job.tasks[0].name == "32");
  CHECK(job.tasks[1].arguments == std::vector<std::string>{"a b", ""});
  REQUIRE(job.requirements.size() == 1);
  CHECK(job.requirements[0] == mcfeely::Requirement{{1}, {0}});
}

TEST_CASE("classic spool: a job that only lacks its report is an empty one",
          "[mcfeely]") {
  Files files = Valid();
  files.info[32].content[0] = files.info[33].content[0] = 1;
  Put(files.rep, "rep", 17, "task 31 (mk) to h1: failure: no\n");
  const mcfeely::ClassicQueue queue = mcfeely::ReadClassicQueue(files);
  REQUIRE(queue.jobs.size() == 1);
  CHECK(queue.jobs[0].job.tasks.empty());
  CHECK(queue.notes ==
        std::vector<std::string>{
            "rep/17: task 31 (mk) to h1: failure: no",
            "rep/17: what failed is tried again, as the original did at its "
            "start",
            "job/17: every task is done; only its report is made"});
}

TEST_CASE("classic spool: what cannot be taken over is named by its file",
          "[mcfeely]") {
  Files files = Valid();
  files.info.erase(32);
  CHECK(ErrorOf(files) == "job/17: info/32 is missing, which it needs");
  files = Valid();
  files.task.erase(33);
  CHECK(ErrorOf(files) == "job/17: task/33 is missing, which it needs");
  files = Valid();
  files.snot.erase(17);
  CHECK(ErrorOf(files) == "job/17: snot/17 is missing, which it needs");
  files = Valid();
  files.info[32].content[1] = 2;
  CHECK(ErrorOf(files) ==
        "job/17: task 32 requires 2 tasks, but 1 name it as waiting");
  files = Valid();
  files.info[32].content = "\0\1"s + Numbers({99});
  CHECK(ErrorOf(files) == "info/32: task 99 waits, but is not in job/17");
  files = Valid();
  files.task[32].content = "h2\0../hup\0"s;
  CHECK(ErrorOf(files).substr(0, 8) == "task/32:");
  files = Valid();
  files.info[32].content[0] = '0';
  CHECK(ErrorOf(files) == "info/32: neither done nor not done");
  files = Valid();
  files.fnot[17].content = "-oX/x";
  CHECK(ErrorOf(files).substr(0, 8) == "fnot/17:");
  files = Valid();
  files.jobs[17].content = "\0"s + Numbers({31, 32, 33, 31});
  CHECK(ErrorOf(files) == "job/17: names task 31 twice");
  files = Valid();
  files.jobs[17].content = "\0"s;
  CHECK(ErrorOf(files) == "job/17: has no tasks");

  files = Valid();
  Put(files.task, "task", 40, "h1\0mk\0"s);
  Put(files.desc, "desc", 18, "");
  files.strange.push_back("pid/4711");
  const mcfeely::ClassicQueue queue = mcfeely::ReadClassicQueue(files);
  CHECK(queue.jobs.size() == 1);
  CHECK(queue.errors == std::vector<std::string>{"task/40: belongs to no job",
                                                 "desc/18: belongs to no job",
                                                 "pid/4711: is not of a job"});
}

TEST_CASE("classic spool: a file cut at any byte is never another job",
          "[mcfeely]") {
  for (Files::Numbered Files::*place :
       {&Files::task, &Files::info, &Files::jobs}) {
    const Files valid = Valid();
    for (const auto& [number, file] : valid.*place) {
      for (size_t n = 0; n < file.content.size(); n++) {
        Files files = valid;
        (files.*place)[number].content.resize(n);
        const mcfeely::ClassicQueue queue = mcfeely::ReadClassicQueue(files);
        INFO(file.path << " cut to " << n);
        // Only the end of an argument list cannot be told from its middle.
        if (place == &Files::task && queue.errors.empty()) {
          CHECK(file.content[n - 1] == '\0');
        } else {
          CHECK_FALSE(queue.errors.empty());
        }
      }
    }
  }
}
