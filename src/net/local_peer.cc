#include "net/local_peer.h"

#include <absl/strings/str_cat.h>

#include "sys/process.h"
#include "sys/socket.h"
#include "sys/users.h"

namespace net {

std::string LocalRights(int unix_socket) {
  const absl::StatusOr<sys::PeerCredentials> peer = sys::PeerOf(unix_socket);
  if (!peer.ok()) return "";
  if (peer->uid != 0 && peer->uid != sys::MyUid() &&
      !sys::IsMember(peer->uid, "fleetbox")) {
    return "";
  }
  const absl::StatusOr<sys::Account> account = sys::FindAccount(peer->uid);
  return account.ok() ? absl::StrCat("local:", account->name)
                      : absl::StrCat("local:", peer->uid);
}

}  // namespace net
