// How the receiver is started on a host, and put there when there is none, over
// one connection: a line for a POSIX shell, and what it answers. Pure.
//
// The line looks for a receiver of ours: $MSRC_RECV, then recv-HASH in its
// folders, then the fleetbox on the PATH. One that is found is executed, behind
// a line MSRC-FOUND, and says hello as a channel does (net/channel.h). Else
// there is a talk, of lines:
//
//   line        MSRC-NEED SYSTEM PROCESSOR PACKING FOLDER
//   controller  BYTES PACKING, and so many bytes, which are the executable
//   line        MSRC-GOT
//   controller  MSRC-END
//
// and then it is executed. Whoever hears MSRC-END knows that nothing was cut
// off, without a tool that counts; and as nothing is sent unasked, no tool over
// there can read more than its part. What goes wrong is told as
//
//   line        MSRC-ERROR STATUS WHY
//
// Folders, the first that serves: ${XDG_CACHE_HOME:-~/.cache}/fleetbox,
// ${TMPDIR:-/tmp}/fleetbox-USER and, where folders cannot be made, the home. It
// must be ours, is then closed to others, and what is in it must be
// executable: a file system may be mounted such that nothing is. An executable
// is written under a name of its own and renamed when it is whole. Who finds
// somebody else at it waits for them. What nobody has used for 90 days goes.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace msrc {

// A fleetbox for one kind of host.
struct RemoteExecutable {
  std::string platform;  // as "uname -sm" prints it
  std::string hash;      // hexadecimal: its name over there
};

struct RemoteStartOptions {
  // One for each platform; the first is taken where there is no uname.
  std::vector<RemoteExecutable> executables;
  std::vector<std::string> arguments;  // of the receiver
  // What is there already is not looked for: it did not work.
  bool fresh = false;
  // One that is put there is not kept: the receiver removes itself.
  bool no_cache = false;
};

// The words for ssh to run over there.
std::vector<std::string> RemoteStartWords(const RemoteStartOptions& options);

// What came back.
struct RemoteNeed {
  std::string platform;
  bool zstd = false;   // it can unpack that
  std::string folder;  // where it will be
};
struct RemoteGot {};
struct RemoteError {
  int status = 0;
  std::string why;  // escaped
};
// The receiver speaks: `bytes` are the first of its channel.
struct RemoteHello {
  std::string bytes;
};

// What the controller answers to a RemoteNeed, in front of the executable, and
// to RemoteGot.
std::string RemoteContentLine(size_t bytes, bool zstd);
inline constexpr absl::string_view kRemoteEnd = "MSRC-END\n";

// Reads what comes before the channel. Banners and whatever else login shells
// print are passed over, up to kMaxRemoteNoiseBytes.
class RemoteStartReader {
 public:
  using Answer = std::variant<std::monostate, RemoteNeed, RemoteGot,
                              RemoteError, RemoteHello>;
  void Feed(absl::string_view bytes) {
    bytes_.append(bytes.data(), bytes.size());
  }
  // The next answer; monostate: more bytes are needed. Nothing comes after
  // RemoteHello. InvalidArgument: too much noise, or an answer that is none.
  absl::StatusOr<Answer> Next();
  // Whether a receiver that is there is executed: it may still be no good.
  bool found() const { return found_; }
  // What was passed over, to be shown to whoever looks for the reason.
  const std::string& noise() const { return noise_; }

 private:
  absl::StatusOr<Answer> Line(absl::string_view line);
  size_t LineEnd(size_t* hello) const;

  std::string bytes_, noise_;
  bool found_ = false;
};

}  // namespace msrc
