// What each supervisor is put through.
#pragma once

#include <absl/status/statusor.h>

#include <vector>

#include "bench/isinit/supervisors.h"
#include "bench/mcfeely/figures.h"

namespace bench {

struct Course {
  int services = 500;
  int kills = 50;  // one after the other
  int at_once = 100;
  int idle_seconds = 10;
};

// In the order of the values that RunCourse gives.
std::vector<Figure> CourseFigures(const Course& course);

// Starts it with its services, watches it do nothing, kills services and ends
// it. Nothing of it is left, however that went. NotFound: it is not here.
absl::StatusOr<Values> RunCourse(const Supervisor& supervisor,
                                 const Course& course);

}  // namespace bench
