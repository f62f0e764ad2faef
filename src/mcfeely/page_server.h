// The HTTP side of a server: its address, who follows what changes, and the
// queue as the page's source (page.h).
#pragma once

#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <string>

#include "mcfeely/page_options.h"
#include "mcfeely/queue.h"
#include "sys/loop.h"

namespace mcfeely {

// What the server answers to those who come over a channel.
struct PageAsks {
  std::function<absl::StatusOr<fleetbox::wire::Reply>(
      const fleetbox::wire::Query::Status&)>
      status;
  std::function<void(fleetbox::wire::Reply*)> hosts;  // adds them
};

class PageServer {
 public:
  // FailedPrecondition for an address others can reach without a token, and for
  // a token file others can read. The loop, queue and engine outlive it.
  static absl::StatusOr<std::unique_ptr<PageServer>> Open(
      sys::Loop& loop, const PageOptions& options, const Queue& queue,
      store::Engine& engine, PageAsks ask);
  ~PageServer();

  std::string url() const;  // "http://127.0.0.1:8080/"
  // A job has changed, an event has been logged. Cheap.
  void Changed(JobId job);
  void Happened(const std::string& event);
  void Stop();

 private:
  PageServer();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mcfeely
