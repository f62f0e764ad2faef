// What comes back of a request that another host carries out: results made into
// messages, and what its asker may believe of those. Pure.
//
//   waiting ---the hosts---> running ---the last answer---> over
//      |                        |
//      '------- the line breaks, or what is no answer comes ------> over
//
// Every host that was told has exactly one result in the end: a line that
// breaks leaves the others unknown, which is neither success nor failure.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "power/host_result.h"
#include "wire/messages.pb.h"

namespace power {

fleetbox::wire::PowerResult EncodeResult(size_t host, const HostResult& result);
// InvalidArgument. Host and action are the caller's to fill in.
absl::StatusOr<HostResult> ReadResult(
    const fleetbox::wire::PowerResult& message);

// Printable, and one line, whoever wrote it; too much of it is cut.
std::string Harmless(absl::string_view text);
// The same of several lines.
std::string HarmlessLines(absl::string_view text);

class RelayTally {
 public:
  struct Host {
    std::string name, feeds;
  };
  // What an answer says, in this order.
  struct News {
    bool has_hosts = false;  // hosts() are all of them now
    std::string plan = {};
    std::vector<std::string> notes = {};
    std::vector<std::pair<std::string, std::string>> traces = {};
    std::vector<std::pair<size_t, HostResult>> results = {};
    bool is_last = false;
    int exit_code = 0;       // when last
    std::string error = {};  // nothing was done: why
  };

  // `via`: whom we have asked, for people.
  RelayTally(Action action, std::string via)
      : action_(action), via_(std::move(via)) {}

  // InvalidArgument for what cannot be an answer; then the line is as good as
  // broken.
  absl::StatusOr<News> Take(const fleetbox::wire::PowerAnswer& answer);
  // No answer comes any more. The results of those hosts that have none.
  std::vector<std::pair<size_t, HostResult>> Lost(absl::string_view why);

  const std::vector<Host>& hosts() const { return hosts_; }
  bool has_hosts() const { return has_hosts_; }
  bool is_over() const { return is_over_; }

 private:
  absl::Status TakeHosts(const fleetbox::wire::PowerAnswer& answer, News& news);
  absl::Status TakeResult(const fleetbox::wire::PowerResult& message,
                          News& news);

  const Action action_;
  const std::string via_;
  std::vector<Host> hosts_;
  std::vector<bool> has_result_;
  size_t results_ = 0;
  bool has_hosts_ = false, is_over_ = false;
};

}  // namespace power
