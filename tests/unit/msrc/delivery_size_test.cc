// How much a delivery sends, and how long it takes where nothing is to be done.
#include "sys/clock.h"
#include "unit/msrc/deliver.h"

using namespace msrc_test;  // NOLINT: it is this test's other half

TEST_CASE_METHOD(World,
                 "delivery: of 100 MB with one percent new, under 3 MB travel",
                 "[msrc]") {
  const std::string before = Noise(100'000'000);
  Put("big", before);
  // At ten places 60 kB are others, and 40 kB are inserted.
  std::string after;
  for (size_t i = 0; i < 10; i++) {
    const absl::string_view part =
        absl::string_view(before).substr(i * 10'000'000, 10'000'000);
    after.append(part.data(), 4'000'000);
    after += Noise(100'000, 100 + i);
    after.append(part.data() + 4'060'000, part.size() - 4'060'000);
  }
  File("big", after);
  const absl::Time start = sys::SteadyNow();
  REQUIRE(Deliver().ok());
  INFO("sent " << stream_bytes << " bytes in "
               << absl::FormatDuration(sys::SteadyNow() - start));
  CHECK(stream_bytes > 1'000'000);
  CHECK(stream_bytes < 3'000'000);
  CHECK((*sys::ReadFile(At("big"), size_t{1} << 30) == after));
}

TEST_CASE_METHOD(World, "delivery: 200 files that are the same are not sent",
                 "[msrc]") {
  for (int i = 0; i < 200; i++) {
    File("d" + std::to_string(i % 10) + "/f" + std::to_string(i),
         Noise(10'000, static_cast<uint64_t>(i)));
  }
  REQUIRE(Deliver().ok());
  CHECK(applied.created_size() == 200);
  REQUIRE(Deliver().ok());
  CHECK(applied.created_size() + applied.changed_size() == 0);
  CHECK(stream_bytes == 0);
}
