// The sockets of listen=, held by us from the table that names them to the one
// that does not: a restart of their entry refuses no connection, and a lazy
// entry is started by its first one.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/status.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "isinit/table.h"
#include "sys/fd.h"
#include "sys/loop.h"

namespace isinit {

class ListenSockets {
 public:
  explicit ListenSockets(sys::Loop& loop) : loop_(loop) {}
  ~ListenSockets();

  // Opens what an entry names and is not open yet, and closes what it does not
  // name any more. What can be had is, even if it fails; the first failure is
  // returned. A host is numeric or "localhost": a name would have to be waited
  // for.
  absl::Status Hold(const Entry& entry);
  // Its descriptors, in the order of the table, with the names they have for
  // the process: its tag. They stay ours.
  std::vector<std::pair<int, std::string>> For(const Entry& entry) const;
  // Calls `wanted` once, when somebody has connected. To be called again when
  // the entry has ended.
  void Await(const std::string& tag, std::function<void()> wanted);
  // Its process takes the connections now.
  void StopAwaiting(const std::string& tag);
  void Forget(const std::string& tag);

  // For who takes over in our place.
  struct Held {
    std::string tag, address;
    int fd = -1;
  };
  std::vector<Held> All() const;
  void Adopt(const std::string& tag, const std::string& address, sys::Fd fd);

 private:
  struct Socket {
    std::string address;  // "tcp:HOST:PORT", "unix:PATH"
    sys::Fd fd;
  };
  struct Sockets {
    std::vector<Socket> open;
    bool awaited = false;
  };
  void Close(Socket& socket);

  sys::Loop& loop_;
  absl::flat_hash_map<std::string, Sockets> sockets_;
};

}  // namespace isinit
