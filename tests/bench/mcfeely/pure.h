// What is decided about jobs, alone: no processes, sockets or disk.
#pragma once

#include <cstddef>

namespace bench {

// Transitions a second of jobs that run to their ends.
double TransitionsOfIndependent(size_t tasks, size_t hosts);
double TransitionsOfChain(size_t tasks);
// Each task of ten requires each of the ten before.
double TransitionsOfLayers(size_t tasks);

// Bytes of the scheduler for each open task.
double SchedulerBytes(size_t jobs, size_t tasks);

// Of a queue on a store in memory.
struct QueueFigures {
  double jobs_per_second = 0;  // injected
  double read_back_seconds = 0;
  double bytes_per_task = 0;
};
QueueFigures QueueOf(size_t jobs, size_t tasks);

}  // namespace bench
