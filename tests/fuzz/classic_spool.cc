// The files of an original's queue: jobs that keep every promise of
// mcfeely/job.h, and errors for the rest. A byte for the kind of a file, one
// for its number, one for its length, then its content.
#include "mcfeely/classic_spool.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mcfeely::ClassicFiles files;
  mcfeely::ClassicFiles::Numbered* const places[] = {
      &files.task, &files.info, &files.desc, &files.fnot,
      &files.snot, &files.jobs, &files.rep};
  while (size >= 3) {
    const size_t length = std::min<size_t>(data[2], size - 3);
    (*places[data[0] % 7])[data[1]] = {
        "file", std::string(reinterpret_cast<const char*>(data) + 3, length)};
    data += 3 + length;
    size -= 3 + length;
  }
  const mcfeely::ClassicQueue queue = mcfeely::ReadClassicQueue(files);
  for (const mcfeely::ClassicJob& job : queue.jobs) {
    if (!mcfeely::FromMessage(mcfeely::ToMessage(job.job)).ok()) abort();
  }
  return 0;
}
