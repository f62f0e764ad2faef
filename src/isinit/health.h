// Whether entries that are up are also well: health= every so often.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <functional>
#include <memory>
#include <string>

#include "isinit/probe.h"
#include "isinit/supervision.h"
#include "isinit/table.h"
#include "sys/loop.h"
#include "sys/reaper.h"

namespace isinit {

class HealthWatch {
 public:
  struct Told {
    // `fails` looks in a row did not go well; once, until one goes well again.
    std::function<void(Run run, const std::string& why)> failed;
    std::function<void(Run run)> passed;  // after `failed`
  };
  HealthWatch(sys::Loop& loop, sys::Reaper& reaper, Told told);
  ~HealthWatch();

  // The entry is ready: the first look comes when its grace is over (that of a
  // test, which has passed: `every` from now), the next
  // ones `every` after the one before began, but never two at once. `start` is
  // for health=cmd:.
  void Up(Run run, std::shared_ptr<const Entry> entry, Probe::Start start);
  // It is being stopped, or has ended: nothing more is told of this run.
  void Ended(const std::string& tag);
  // The run that is looked at; 0: none.
  Run RunOf(const std::string& tag) const;
  // What the last look said; "" when it went well, or there was none.
  std::string TroubleOf(const std::string& tag) const;

 private:
  struct Patient;
  void Look(Patient& patient);
  void Seen(Patient& patient, const absl::Status& status);

  sys::Loop& loop_;
  sys::Reaper& reaper_;
  const Told told_;
  absl::flat_hash_map<std::string, std::unique_ptr<Patient>> patients_;
};

}  // namespace isinit
