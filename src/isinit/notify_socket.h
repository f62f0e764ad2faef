// A datagram socket on which processes speak to us, with the kernel's word on
// who they are.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sys/fd.h"
#include "sys/loop.h"
#include "sys/socket.h"

namespace isinit {

class NotifySocket {
 public:
  struct Message {
    sys::PeerCredentials sender;
    std::string text;
    std::vector<sys::Fd> descriptors;
  };
  using Told = std::function<void(Message message)>;

  // At `path`, which only `uid` and root may write to; what is there is
  // replaced. Where no file can be made, at an abstract name that the kernel
  // chooses. Messages without a sender, or longer than kMaxNotifyBytes, are
  // passed over.
  static absl::StatusOr<std::unique_ptr<NotifySocket>> Make(
      sys::Loop& loop, const std::string& path, uint32_t uid, Told told);
  ~NotifySocket();
  NotifySocket(const NotifySocket&) = delete;

  // For NOTIFY_SOCKET: a path, or '@' and an abstract name.
  const std::string& name() const { return name_; }

 private:
  NotifySocket(sys::Loop& loop, Told told);
  absl::Status Bind(const std::string& path, uint32_t uid);
  void Receive();

  sys::Loop& loop_;
  Told told_;
  sys::Fd fd_;
  std::string name_, path_;
  std::shared_ptr<bool> alive_;
};

}  // namespace isinit
