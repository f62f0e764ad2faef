// The queue's folder of the original McFeely: from its files to jobs. Pure:
// classic_folder.h reads the files.
//
//   task/N   a task (classic.h)
//   info/N   a byte: whether it is done; a byte: how many tasks it requires;
//            the numbers of the tasks that wait for it
//   desc/J, fnot/J, snot/J   description, addresses for failure and success
//   newj/J, then job/J       a byte, always 0; the numbers of the job's tasks
//   rep/J    the lines of the report, as tasks ended
//   pid/P    an injection under way
#pragma once

#include <absl/container/btree_map.h>

#include <cstdint>
#include <string>
#include <vector>

#include "mcfeely/job.h"

namespace mcfeely {

struct ClassicFile {
  std::string path;  // "task/31"
  std::string content;
  int64_t changed_ns = 0;
};
struct ClassicFiles {
  using Numbered = absl::btree_map<uint32_t, ClassicFile>;
  Numbered task, info, desc, fnot, snot, jobs, rep;
  std::vector<std::string> strange;  // paths of files that have no such place
};

struct ClassicJob {
  std::string path;  // "job/17"
  // What is not done yet; nothing at all when only the report was missing. Its
  // key is the same whenever the same queue is read.
  Job job;
};
struct ClassicQueue {
  std::vector<ClassicJob> jobs;
  // What is worth knowing, and what could not be taken over, each with the name
  // of its file: "info/31: is cut off".
  std::vector<std::string> notes, errors;
};
ClassicQueue ReadClassicQueue(const ClassicFiles& files);

}  // namespace mcfeely
