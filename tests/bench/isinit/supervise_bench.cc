// isinit beside runit, s6, supervisord and busybox, all with the same services,
// and beside the least that a supervisor must do.
//
//   run BENCH OUT    makes the small programs and starts this (see there)
#include <absl/strings/match.h>
#include <absl/strings/str_format.h>
#include <sched.h>

#include "bench/environment.h"
#include "bench/isinit/course.h"
#include "bench/isinit/offspring.h"
#include "sys/process.h"

namespace {

// What we start inherits it.
void EnterRealTimeClass() {
  const sched_param priority = {.sched_priority = 1};
  const bool wanted = bench::Variable("BENCH_REALTIME", "yes") == "yes";
  if (wanted && sched_setscheduler(0, SCHED_RR, &priority) == 0) return;
  absl::PrintF("Not in the real-time class: other load counts.\n");
}

int Measure(const std::string& out) {
  EnterRealTimeClass();
  bench::Course course;
  course.services = bench::Number("BENCH_SERVICES", "500");
  course.at_once = std::min(course.at_once, course.services);
  course.kills = bench::Number("BENCH_KILLS", "50");
  course.idle_seconds = bench::Number("BENCH_IDLE", "10");
  const auto contender = [&](const bench::Supervisor& supervisor) {
    return bench::Contender{
        supervisor.name, [=] { return bench::RunCourse(supervisor, course); },
        supervisor.is_peer};
  };
  bench::Scenario scenario = {"supervise", bench::CourseFigures(course),
                              contender(bench::Isinit())};
  const std::string peers = bench::Variable("BENCH_PEERS", "");
  for (const bench::Supervisor& peer :
       {bench::Floor(), bench::CgroupFloor(), bench::Runit(), bench::S6(),
        bench::Supervisord(), bench::BusyboxInit()}) {
    if (peers.empty() || absl::StrContains(peers, peer.word)) {
      scenario.others.push_back(contender(peer));
    }
  }
  bench::Report report(bench::Number("BENCH_ROUNDS", "5"));
  report.Add(scenario);
  absl::PrintF(
      "\nMemory and wake-ups are those of the supervising processes alone. s6, "
      "busybox and\nsupervisord start again only after a second, whatever "
      "ended; runit's and s6's\nservices have no script around them, and "
      "nobody but isinit has logs.\n");
  return report.Finish(out);
}

}  // namespace

int main(int argc, char** argv) {
  sys::RaiseDescriptorLimit();
  return bench::WithOffspring([&] { return Measure(argc > 1 ? argv[1] : ""); });
}
