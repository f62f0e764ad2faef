// The processes that the benchmark has started, and what these have.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

namespace bench {

// Runs `work` in a child, and returns its exit code when all that it started is
// gone: also when it is killed, or we are told to end.
int WithOffspring(const std::function<int()>& work);

// Kills and reaps our children, then those they leave to us, and so on. Only
// in `work`, whose children come back to it however they part.
void EndOffspring();

// A process and all that descend from it, zombies left out.
std::vector<pid_t> Tree(pid_t root);

// The processes of a tree by what they are called within its namespace.
std::map<int64_t, pid_t> Outside(const std::vector<pid_t>& tree);

struct Memory {
  double resident = 0, own = 0;  // bytes; own: that nobody shares
};
Memory MemoryOf(const std::vector<pid_t>& processes);

// How often they, all threads, have gone to sleep.
double SleepsOf(const std::vector<pid_t>& processes);

}  // namespace bench
