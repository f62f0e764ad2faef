#include "isinit/permission.h"

#include <algorithm>

namespace isinit {

using Request = fleetbox::wire::IsinitRequest;

bool MayAsk(const Table& table, uint32_t uid, uint32_t gid,
            const Request& request) {
  const auto allows = [&](const Allow& a) {
    if (!a.everyone && a.number != (a.of_group ? gid : uid)) return false;
    const bool group = a.group == "*" || a.group == request.group();
    switch (request.verb()) {
      case Request::TELL:
        return a.tell && group;
      case Request::WAIT:
        return group;
      case Request::STATUS:
      case Request::TABLE:
        return true;
      default:
        return false;
    }
  };
  return std::any_of(table.allow.begin(), table.allow.end(), allows);
}

}  // namespace isinit
