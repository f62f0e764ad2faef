#include "mcfeely/classic_client.h"

#include "base/status.h"
#include "mcfeely/classic_listing.h"

namespace mcfeely {

namespace wire = fleetbox::wire;

absl::Status ListClassic(Client& client, const wire::Query::Status& status,
                         absl::FunctionRef<void(absl::string_view)> print) {
  wire::Query which;
  *which.mutable_status() = status;
  TRY_ASSIGN(const wire::Reply jobs, client.Ask(which));
  for (const wire::JobView& job : jobs.job()) {
    // The answer for all of them may have left out arguments and needs.
    wire::Query one;
    one.mutable_status()->add_job(job.job());
    TRY_ASSIGN(const wire::Reply reply, client.Ask(one));
    for (const wire::JobView& view : reply.job()) {
      print(FormatClassic(view, absl::LocalTimeZone()));
    }
  }
  return absl::OkStatus();
}

}  // namespace mcfeely
