// What an old caller may give to mcfeely-queue: refused, or a job that keeps
// every promise of mcfeely/job.h. The first two bytes say where the streams
// end.
#include "mcfeely/classic.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const absl::string_view all(reinterpret_cast<const char*>(data) + 2,
                              size - 2);
  const absl::string_view rest =
      all.substr(std::min<size_t>(data[0], size - 2));
  const auto job = mcfeely::ParseClassicJob(
      {.tasks = all.substr(0, data[0]),
       .waiters = rest.substr(0, data[1]),
       .texts = rest.substr(std::min<size_t>(data[1], rest.size()))});
  if (job.ok() && !mcfeely::FromMessage(mcfeely::ToMessage(*job)).ok()) abort();
  return 0;
}
