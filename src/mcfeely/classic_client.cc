#include "mcfeely/classic_client.h"

#include "base/status.h"
#include "mcfeely/classic_listing.h"
#include "mcfeely/client_options.h"

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

absl::Status ListClassic(const cli::Call& call,
                         absl::FunctionRef<void(absl::string_view)> print) {
  TRY(call.NoOperands());
  TRY_ASSIGN(const absl::Duration older, call.Duration("older"));
  wire::Query::Status which;
  which.set_older_ms(static_cast<uint64_t>(absl::ToInt64Milliseconds(older)));
  TRY_ASSIGN(const auto client, MakeClient(call));
  return ListClassic(*client, which, print);
}

}  // namespace mcfeely
