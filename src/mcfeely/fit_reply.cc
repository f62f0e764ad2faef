#include "mcfeely/fit_reply.h"

#include <absl/status/status.h>

#include <string>

namespace mcfeely {

namespace pb = fleetbox::wire;

void FitReply(size_t max_bytes, pb::Reply* reply) {
  if (reply->ByteSizeLong() <= max_bytes) return;
  for (pb::JobView& job : *reply->mutable_job()) {
    for (pb::TaskView& task : *job.mutable_task()) {
      task.clear_argument();
      task.clear_needs();
      task.clear_head();
      task.clear_tail();
    }
  }
  if (reply->ByteSizeLong() <= max_bytes) return;
  const std::string query = reply->query();
  reply->Clear();
  reply->set_query(query);
  reply->set_error("the answer would be too long; name fewer jobs");
  reply->set_code(static_cast<uint32_t>(absl::StatusCode::kOutOfRange));
}

}  // namespace mcfeely
