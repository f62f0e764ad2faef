// The stack of wrappers in the environment, and the place of their sockets.
//
// A wrapper of the kind PREFIX ("xcl" for xclate, "ptbw", "gtfw" for counters)
// is announced to its descendants by
//
//   PREFIX_link   how many there are: PREFIX_1 is the outermost one's socket,
//                 PREFIX_<link> the innermost's; or "d": use PREFIX_d
//   PREFIX_0      set by hand: one below the stack
//   PREFIX_d      the innermost detached one, which is not in the stack
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sys/environment.h"
#include "sys/fd.h"

namespace fanout {

struct Stack {
  std::string prefix;
  int depth = 0;                     // 0: no wrapper around us
  std::vector<std::string> sockets;  // depth + 1 of them; "" for one not set
  std::string detached;              // PREFIX_d; "" for none
  bool use_detached = false;         // PREFIX_link is "d"

  // The socket clients use: of `up` levels further out than the innermost.
  // InvalidArgument "requested depth of -7 is too large for current stack of
  // 2"; NotFound "no enclosing diversion" when there is none at all, with a
  // hint at `detached`.
  absl::StatusOr<std::string> Target(int up = 0) const;
};
// InvalidArgument when PREFIX_link is no number (nor "d"), or too large.
absl::StatusOr<Stack> ReadStack(absl::string_view prefix,
                                const sys::Environment& environment);

// For people: a line for each level from the innermost out, with its socket,
// and
// "[target]" on the one that is used `up` levels further out.
std::string StackText(const Stack& stack, int up, absl::string_view program);

// A listening socket in a private folder (mode 0700) under $TMPDIR or /tmp.
// Whoever made the folder removes it; everyone removes their own socket, and no
// other that has come to be there meanwhile. ResourceExhausted (71) when there
// can be none: no folder, too long a path, a name in use.
class Place {
 public:
  // For a manager of stack.prefix around its utility: "xclXXXXXX/<level>" for
  // xcl (the folder of the level above is used again; "<level>_0" when
  // detached), "ptbdXXXXXX/sta<n>" for ptbw (the outermost one inside an xclate
  // uses that one's folder, found in `environment`). With `name` the socket is
  // called that in there.
  static absl::StatusOr<Place> Make(const Stack& stack, bool detached,
                                    const sys::Environment& environment,
                                    absl::string_view name = "");
  // At a path of the user's choice, unless a living manager has it. A dead
  // one's socket is replaced.
  static absl::StatusOr<Place> At(const std::string& path);
  Place(Place&&) noexcept;
  ~Place();

  const std::string& path() const { return path_; }
  int listener() const { return listener_.get(); }

 private:
  Place() = default;
  absl::Status Own(const std::string& path);  // what we have just bound
  std::string path_, folder_;                 // folder_ only if we made it
  uint64_t inode_ = 0, device_ = 0;           // of the socket
  sys::Fd listener_;
};

// Announces a manager at `path` to what runs with `environment`: one level more
// or, detached, PREFIX_d. The options variable (XCLATE, PTBW) becomes the value
// of XCLATE_<level>, or goes.
void Announce(const Stack& stack, const std::string& path, bool detached,
              absl::string_view options_variable,
              sys::Environment* environment);

// Connects to a manager: a socket nobody listens on is tried again for 3 s in
// all, what is no socket is not. A path of which a folder is a socket ends in a
// cookie, which is sent first.
// BLOCKS. The descriptor is blocking, too.
absl::StatusOr<sys::Fd> ConnectManager(const std::string& path);

}  // namespace fanout
