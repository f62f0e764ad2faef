#include "power/snmp_client.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "sys/process.h"

namespace power {
namespace {

std::optional<uint32_t> NumberIn(absl::string_view datagram) {
  const auto number = SnmpNumberOf(datagram);
  if (!number.has_value()) return std::nullopt;
  return number->second;
}

PlugResult FailedWith(Failure failure) {
  PlugResult result;
  result.failure = std::move(failure);
  return result;
}

}  // namespace

SnmpClient::SnmpClient(sys::Loop& loop, size_t at_once)
    : loop_(loop),
      driver_(loop, NumberIn,
              {.at_once = std::min(at_once, kMaxDatagramJobs),
               .max_datagram_bytes = kMaxSnmpDatagramBytes,
               .first_slot = base::Le32(sys::RandomBytes(4).data())}) {}

SnmpClient::Ticket SnmpClient::Start(SnmpTask task, Done done) {
  const auto fail = [this, done](Failure failure) -> Ticket {
    loop_.Post(
        [done, result = FailedWith(std::move(failure))] { done(result); });
    return 0;
  };
  if (auto failure = CheckSnmpAccount(task.account)) return fail(*failure);
  if (!task.family.empty() && FindSnmpFamily(task.family) == nullptr) {
    return fail(
        {.failure_class = FailureClass::kConfig,
         .text = absl::StrCat("'", task.family, "' is no model of SNMP")});
  }
  const absl::StatusOr<sys::UdpAddress> address =
      sys::UdpAddress::Parse(task.address, task.port);
  if (!address.ok()) {
    return fail({.failure_class = FailureClass::kConfig,
                 .text = std::string(address.status().message())});
  }
  // The last callback keeps the table for as long as the job is there.
  return driver_.Start(
      *address,
      [this, address = *address, task](uint32_t slot) {
        return Make(address, task, slot);
      },
      [this, done, address = *address,
       table = task.table](Conversation& conversation) {
        Remember(address, static_cast<SnmpJob&>(conversation),
                 table != nullptr);
        done(*conversation.result());
      },
      [done](const absl::Status& status) {
        done(FailedWith({.failure_class = FailureClass::kInternal,
                         .text = std::string(status.message())}));
      });
}

std::unique_ptr<Conversation> SnmpClient::Make(const sys::UdpAddress& address,
                                               const SnmpTask& task,
                                               uint32_t slot) {
  const auto found = known_.find(address);
  const Known known = found == known_.end() ? Known() : found->second;
  const SnmpFamily* family = task.table != nullptr ? &task.table->family
                             : task.family.empty()
                                 ? known.family
                                 : FindSnmpFamily(task.family);
  return std::make_unique<SnmpJob>(
      task.action, family, task.plug, task.options, task.account, slot,
      sys::RandomBytes, keys_,
      task.account.version == 3 ? known.engine : SnmpEngine());
}

void SnmpClient::Remember(const sys::UdpAddress& address, const SnmpJob& job,
                          bool has_table) {
  // A device that was replaced is asked anew after its first failure.
  if (job.result()->failure.has_value()) {
    known_.erase(address);
    return;
  }
  if (known_.size() >= kMaxRememberedControllers) known_.clear();
  Known& known = known_[address];
  known.family = has_table ? nullptr : job.family();
  if (!job.engine().id.empty()) known.engine = job.engine();
}

}  // namespace power
