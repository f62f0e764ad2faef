// What the server's HTTP side answers: the page for people, the same facts as
// JSON for programs, and metrics. Nothing can be changed through it. Pure: a
// request and what can be seen lead to an answer; page_server.h carries it.
//
//   /                          the page; holds no facts, asks for them
//   /api/v1/status             as `status --json`
//   /api/v1/jobs               jobs in short, latest first
//   /api/v1/jobs/N             as `show --json N`
//   /api/v1/jobs/N/tasks/NAME  the same of one task
//   /api/v1/hosts              the hosts of `status --json`
//   /api/v1/events             server-sent events: what has changed
//   /metrics                   for Prometheus
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "keys/secret.h"
#include "mcfeely/job_summary.h"
#include "mcfeely/metrics.h"
#include "net/http_message.h"

namespace mcfeely {

// Who may ask.
struct PageAccess {
  // Empty: everybody who can reach the address, which then must be a loopback
  // one. Else who sends it as "Authorization: Bearer TOKEN"; not needed for the
  // page itself.
  keys::Secret token;
};
// A token is 16 to 256 visible ASCII characters; what surrounds it in its file
// (blanks, a line end) is cut off. InvalidArgument; the text is not quoted.
absl::StatusOr<keys::Secret> ParseToken(absl::string_view file_content);

// What can be seen.
class PageSource {
 public:
  virtual ~PageSource() = default;
  virtual absl::StatusOr<fleetbox::wire::Reply> Status(
      const fleetbox::wire::Query::Status& query) = 0;
  virtual absl::StatusOr<fleetbox::wire::JobView> Job(base::JobId job) = 0;
  virtual fleetbox::wire::Reply Hosts() = 0;  // only hosts in it
  // Numbers below `before`, latest first, at most `limit`; `ended` too.
  virtual std::vector<base::JobId> Jobs(uint64_t before, bool ended,
                                        size_t limit) = 0;
  virtual absl::StatusOr<JobSummary> Summary(base::JobId job) = 0;
  virtual Metrics Measure() = 0;
};

net::HttpResponse AnswerPage(const net::HttpRequest& request,
                             const PageAccess& access, PageSource& source,
                             absl::Time now);

// An event as it is sent (WHATWG HTML, "Server-sent events").
std::string FormatPageEvent(absl::string_view name, absl::string_view data);

}  // namespace mcfeely
