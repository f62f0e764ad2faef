// Who is at the other end of a unix socket, as the kernel says.
#pragma once

#include <string>

namespace net {

// "local:NAME" (the number where the uid has no name) when the other end has
// the local rights: uid 0, our own uid, or a member of the group fleetbox.
// Empty for everybody else, and for what is no unix socket.
std::string LocalRights(int unix_socket);

}  // namespace net
