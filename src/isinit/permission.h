// Who may ask for what. Pure.
#pragma once

#include <absl/strings/string_view.h>

#include <cstdint>

#include "isinit/table.h"
#include "wire/messages.pb.h"

namespace isinit {

// Whether a process of this uid and gid, which is neither root nor the server's
// own, may ask for that: TELL of a group by an ":::allow:... tell" line for it,
// STATUS, WAIT and TABLE by a line for `status` or `tell`. Everything else is
// for root.
bool MayAsk(const Table& table, uint32_t uid, uint32_t gid,
            const fleetbox::wire::IsinitRequest& request);

}  // namespace isinit
