// What the machine can do, with nothing of ours around it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace bench {

// vfork, exec and wait of a program by two threads.
double SpawnsPerSecond(const std::string& program, int count);
// So many times, one after the other: 300 bytes to stable storage, `writes`
// times, and the program from its vfork to its end.
double ChainSeconds(const std::string& program, int count, int writes);
// Milliseconds from before 300 bytes go to stable storage, twice, until a copy
// of tests/bench/clock.c, which was then executed, runs; so many times.
std::vector<double> StartLatencies(const std::string& clock, int count);
// A bare SQLite puts so many bytes on stable storage, in one commit.
double CommitSeconds(size_t bytes);
// A bare SQLite puts so many records of 300 bytes, 100 in a commit.
double RecordsPerSecond(int count);
// A bare SQLite reads every record of a store that nobody has open.
double ReadSeconds(const std::string& store);
// TCP connections on this host, and the X25519 and Ed25519 of both ends of each
// on two threads.
double HandshakesSeconds(int count);

}  // namespace bench
