// The operators of a World: they do what they like, whenever they like.

#include "world_state.h"

namespace mcfeely {

namespace pb = fleetbox::wire;
using pb::Control;

void World::State::Operate(JobId job, Verb verb,
                           const std::vector<TaskIndex>& tasks) {
  const auto found = by_number.find(job.value);
  if (queue == nullptr || found == by_number.end()) return;
  Queue::Operation o{
      0, base::ParcelId::From(dice.Bytes(16)), "user:ops@example.com", {}};
  o.control.set_verb(verb);
  o.control.set_job(job.value);
  for (const TaskIndex t : tasks) {
    o.control.add_task(jobs[found->second].load.job.tasks[t.value].name);
  }
  queue->Operate(o, disk, ServerNow());
  PumpServer();
}

}  // namespace mcfeely
