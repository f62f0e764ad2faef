#include "msrc/digest_file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/status.h"

namespace msrc {
namespace {

constexpr size_t kReadBytes = 256 << 10;
constexpr size_t kStartBytes = 8;

}  // namespace

absl::StatusOr<wire::ContentDigest> DigestOfFd(int fd, wire::Cut cut,
                                               std::string& buffer,
                                               const std::atomic<bool>* stop,
                                               std::string* start) {
  buffer.resize(kReadBytes);
  wire::ContentDigester digester(cut);
  size_t have = 0;  // in the buffer, and not fed yet
  bool fed = false;
  for (;;) {
    if (stop != nullptr && *stop) return absl::CancelledError("given up");
    const ssize_t n = read(fd, buffer.data() + have, buffer.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return base::SysError("read");
    have += static_cast<size_t>(n);
    if (n > 0 && have < buffer.size()) continue;
    const absl::string_view bytes(buffer.data(), have);
    if (start != nullptr && !fed) {
      *start = std::string(bytes.substr(0, kStartBytes));
    }
    // Most files are small, and are hashed once.
    if (n == 0 && !fed) return wire::DigestOf(bytes, cut);
    digester.Feed(bytes);
    fed = true;
    have = 0;
    if (n == 0) return digester.Finish();
  }
}

}  // namespace msrc
