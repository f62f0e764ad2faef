#include "bench/mcfeely/peer_links.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "base/status.h"
#include "sys/file.h"
#include "sys/socket.h"

namespace bench {
namespace {

constexpr int kLongestMs = 60'000;

// What comes over a socket, in pieces of the reader's choice.
class Stream {
 public:
  explicit Stream(sys::Fd fd) : fd_(std::move(fd)) {}

  absl::Status Send(absl::string_view bytes) {
    return sys::WriteAll(fd_.get(), bytes);
  }
  absl::StatusOr<std::string> Take(size_t bytes) {
    while (waiting_.size() - at_ < bytes) TRY(Fill());
    at_ += bytes;
    return waiting_.substr(at_ - bytes, bytes);
  }
  // Without its end, "\r\n".
  absl::StatusOr<std::string> TakeLine() {
    size_t end;
    while ((end = waiting_.find("\r\n", at_)) == std::string::npos) TRY(Fill());
    const std::string line = waiting_.substr(at_, end - at_);
    at_ = end + 2;
    return line;
  }

 private:
  absl::Status Fill() {
    waiting_.erase(0, std::exchange(at_, 0));
    pollfd p = {fd_.get(), POLLIN, 0};
    if (poll(&p, 1, kLongestMs) <= 0) {
      return absl::DeadlineExceededError("no answer in a minute");
    }
    char some[16 << 10];
    const ssize_t n = read(fd_.get(), some, sizeof some);
    if (n < 0 && errno != EAGAIN) return base::SysError("read");
    if (n == 0) return absl::AbortedError("the peer has closed");
    if (n > 0) waiting_.append(some, static_cast<size_t>(n));
    return absl::OkStatus();
  }

  sys::Fd fd_;
  std::string waiting_;
  size_t at_ = 0;
};

// --- beanstalkd: doc/protocol.txt --------------------------------------------

class BeanstalkdLink : public Link {
 public:
  explicit BeanstalkdLink(sys::Fd fd) : stream_(std::move(fd)) {}

  absl::Status Put(absl::Span<const std::string> commands) override {
    std::string puts;
    for (const std::string& c : commands) {
      absl::StrAppend(&puts, "put 0 0 600 ", c.size(), "\r\n", c, "\r\n");
    }
    TRY(stream_.Send(puts));
    for (size_t i = 0; i < commands.size(); i++) {
      TRY(Expect("INSERTED ").status());
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> Take() override {
    const bool before = !taken_.empty();
    TRY(stream_.Send(before ? absl::StrCat("delete ", taken_, "\r\nreserve\r\n")
                            : "reserve\r\n"));
    if (before) TRY(Expect("DELETED").status());
    TRY_ASSIGN(const std::string reserved, Expect("RESERVED "));
    const std::pair<std::string, std::string> id_and_size =
        absl::StrSplit(reserved, ' ');
    size_t size = 0;
    if (!absl::SimpleAtoi(id_and_size.second, &size)) {
      return absl::InvalidArgumentError(reserved);
    }
    taken_ = id_and_size.first;
    TRY_ASSIGN(std::string command, stream_.Take(size + 2));
    command.resize(size);
    return command;
  }

  absl::Status Enlist() override {
    TRY(Ping());
    return stream_.Send("reserve\r\n");
  }
  absl::Status Ping() override {
    TRY(stream_.Send("watch default\r\n"));
    return Expect("WATCHING ").status();
  }

 private:
  // What follows `begin` in the next line.
  absl::StatusOr<std::string> Expect(absl::string_view begin) {
    TRY_ASSIGN(const std::string line, stream_.TakeLine());
    absl::string_view rest = line;
    if (!absl::ConsumePrefix(&rest, begin)) {
      return absl::InternalError("beanstalkd says " + line);
    }
    return std::string(rest);
  }

  Stream stream_;
  std::string taken_;  // its number
};

// --- gearmand: the PROTOCOL file ---------------------------------------------

class GearmandLink : public Link {
 public:
  explicit GearmandLink(sys::Fd fd) : stream_(std::move(fd)) {}

  absl::Status Put(absl::Span<const std::string> commands) override {
    static std::atomic<uint64_t> unique = 0;
    std::string puts;
    for (const std::string& c : commands) {
      puts += Request(kSubmitJobBackground,
                      {kFunction, absl::StrCat("u", unique++), c});
    }
    TRY(stream_.Send(puts));
    for (size_t i = 0; i < commands.size(); i++) {
      TRY_ASSIGN(const Packet packet, Receive());
      if (packet.type != kJobCreated) return Unexpected(packet);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> Take() override {
    std::string out = taken_.empty() ? Request(kCanDo, {kFunction})
                                     : Request(kWorkComplete, {taken_, ""});
    TRY(stream_.Send(out + Request(kGrabJob, {})));
    bool asleep = false;
    for (;;) {
      TRY_ASSIGN(const Packet packet, Receive());
      if (packet.type == kJobAssign) {
        const std::vector<std::string> parts =
            absl::StrSplit(packet.body, absl::MaxSplits('\0', 2));
        if (parts.size() != 3) return Unexpected(packet);
        taken_ = parts[0];
        return parts[2];
      }
      if (packet.type == kNoJob) {
        TRY(stream_.Send(Request(kPreSleep, {})));
        asleep = true;
      } else if (packet.type == kNoop) {
        if (!std::exchange(asleep, false)) continue;
        TRY(stream_.Send(Request(kGrabJob, {})));
      } else {
        return Unexpected(packet);
      }
    }
  }

  absl::Status Enlist() override {
    TRY(stream_.Send(Request(kCanDo, {kFunction}) + Request(kPreSleep, {})));
    return Ping();
  }
  absl::Status Ping() override {
    TRY(stream_.Send(Request(kEcho, {"here"})));
    TRY_ASSIGN(const Packet packet, Receive());
    return packet.type == kEchoed ? absl::OkStatus() : Unexpected(packet);
  }

 private:
  enum Type : uint32_t {
    kCanDo = 1,
    kPreSleep = 4,
    kNoop = 6,
    kJobCreated = 8,
    kGrabJob = 9,
    kNoJob = 10,
    kJobAssign = 11,
    kWorkComplete = 13,
    kEcho = 16,
    kEchoed = 17,
    kSubmitJobBackground = 18,
  };
  static constexpr char kFunction[] = "run";
  static constexpr size_t kHeaderBytes = 12;
  struct Packet {
    uint32_t type = 0;
    std::string body;
  };

  static std::string Request(Type type, const std::vector<std::string>& parts) {
    const std::string body = absl::StrJoin(parts, absl::string_view("\0", 1));
    std::string packet("\0REQ", 4);
    PutBe32(packet, type);
    PutBe32(packet, static_cast<uint32_t>(body.size()));
    return packet + body;
  }
  static void PutBe32(std::string& out, uint32_t n) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      out.push_back(static_cast<char>(n >> shift));
    }
  }
  static uint32_t GetBe32(absl::string_view bytes) {
    uint32_t n = 0;
    for (int i = 0; i < 4; i++) n = n << 8 | static_cast<uint8_t>(bytes[i]);
    return n;
  }
  absl::StatusOr<Packet> Receive() {
    TRY_ASSIGN(const std::string header, stream_.Take(kHeaderBytes));
    Packet packet;
    packet.type = GetBe32(header.substr(4));
    TRY_ASSIGN(packet.body, stream_.Take(GetBe32(header.substr(8))));
    return packet;
  }
  static absl::Status Unexpected(const Packet& packet) {
    return absl::InternalError(
        absl::StrCat("gearmand says ", packet.type, ": ", packet.body));
  }

  Stream stream_;
  std::string taken_;  // its handle
};

}  // namespace

absl::StatusOr<sys::Fd> ConnectTcp(int port) {
  TRY_ASSIGN(sys::Fd fd, sys::BeginConnectTcp("127.0.0.1", port));
  pollfd p = {fd.get(), POLLOUT, 0};
  poll(&p, 1, kLongestMs);
  TRY(sys::ConnectError(fd.get()));
  return fd;
}

std::unique_ptr<Link> NewBeanstalkdLink(sys::Fd fd) {
  return std::make_unique<BeanstalkdLink>(std::move(fd));
}

std::unique_ptr<Link> NewGearmandLink(sys::Fd fd) {
  return std::make_unique<GearmandLink>(std::move(fd));
}

}  // namespace bench
