// The protocols of peers, as their own documentation has them.
#pragma once

#include <absl/status/statusor.h>

#include <memory>

#include "bench/mcfeely/peers.h"
#include "sys/fd.h"

namespace bench {

absl::StatusOr<sys::Fd> ConnectTcp(int port);
std::unique_ptr<Link> NewBeanstalkdLink(sys::Fd fd);
std::unique_ptr<Link> NewGearmandLink(sys::Fd fd);

}  // namespace bench
