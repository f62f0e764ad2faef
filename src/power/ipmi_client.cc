#include "power/ipmi_client.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "sys/process.h"

namespace power {
namespace {

PlugResult FailedWith(Failure failure) {
  PlugResult result;
  result.failure = std::move(failure);
  return result;
}

}  // namespace

IpmiClient::IpmiClient(sys::Loop& loop, size_t at_once)
    : loop_(loop),
      driver_(loop, IpmiSessionOf,
              {.at_once = std::min(at_once, kMaxDatagramJobs),
               .max_datagram_bytes = kMaxIpmiDatagramBytes,
               .first_slot = base::Le32(sys::RandomBytes(4).data())}) {}

IpmiClient::Ticket IpmiClient::Start(IpmiTask task, Done done) {
  const auto fail = [this, done](Failure failure) -> Ticket {
    loop_.Post(
        [done, result = FailedWith(std::move(failure))] { done(result); });
    return 0;
  };
  if (auto failure = CheckIpmiAccount(task.account)) return fail(*failure);
  const absl::StatusOr<sys::UdpAddress> address =
      sys::UdpAddress::Parse(task.address, task.port);
  if (!address.ok()) {
    return fail({.failure_class = FailureClass::kConfig,
                 .text = std::string(address.status().message())});
  }
  std::vector<int>& suites = task.account.suites;
  const int first = suites.front();
  const auto known = suites_.find(*address);
  if (known != suites_.end()) {
    const auto at = std::find(suites.begin(), suites.end(), known->second);
    if (at != suites.end()) std::rotate(suites.begin(), at, at + 1);
  }
  return driver_.Start(
      *address,
      [task = std::move(task)](uint32_t slot) {
        return std::make_unique<IpmiJob>(task.action, task.options,
                                         task.account, slot, sys::RandomBytes);
      },
      [this, done, first, address = *address](Conversation& conversation) {
        Remember(address, static_cast<IpmiJob&>(conversation).suite(), first);
        if (conversation.result() != nullptr) done(*conversation.result());
      },
      [done](const absl::Status& status) {
        done(FailedWith({.failure_class = FailureClass::kInternal,
                         .text = std::string(status.message())}));
      });
}

void IpmiClient::Remember(const sys::UdpAddress& address, int suite,
                          int first) {
  if (suite == 0) return;
  if (suite == first) {
    suites_.erase(address);
  } else if (suites_.size() < kMaxRememberedControllers) {
    suites_[address] = suite;
  }
}

}  // namespace power
