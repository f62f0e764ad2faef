// Asks a pool of tokens for its table, over its socket (fanout/pool_client.h
// has the other uses of the protocol).
#pragma once

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "fanout/pool_text.h"
#include "sys/fd.h"

namespace fanout {

// `connection`: of ConnectManager (fanout/stack.h). `finish`: asks a persistent
// pool to end, too. BLOCKS, for `longest` in all. DeadlineExceeded; Aborted
// "protocol error: ..." when the pool hangs up or makes no sense.
absl::StatusOr<PoolTable> ReadPoolTable(
    sys::Fd connection, bool finish = false,
    absl::Duration longest = absl::Seconds(10));

// Fills in what the holders are running, of those that /proc shows us.
void FindCommands(PoolTable* table);

}  // namespace fanout
