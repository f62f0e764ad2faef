// A model of a controller on a socket of its own.
#pragma once

#include <absl/time/time.h>

#include <memory>
#include <random>
#include <string>

#include "fakes/bmc_model.h"
#include "sys/loop.h"
#include "sys/udp_socket.h"

namespace fakes {

struct BmcNetwork {
  absl::Duration delay = absl::ZeroDuration();  // of each answer
  double loss = 0;                              // of questions, and of answers
  bool is_dead = false;                         // hears, and says nothing
};

class BmcServer {
 public:
  // Port 0 picks one.
  static absl::StatusOr<std::unique_ptr<BmcServer>> Make(
      sys::Loop& loop, const std::string& address, int port, BmcOptions options,
      BmcNetwork network, uint64_t seed);
  ~BmcServer();

  const sys::UdpAddress& address() const { return address_; }
  BmcModel& model() { return model_; }
  BmcNetwork& network() { return network_; }
  int received() const { return received_; }

 private:
  BmcServer(sys::Loop& loop, sys::UdpSocket socket, sys::UdpAddress address,
            BmcOptions options, BmcNetwork network, uint64_t seed);
  void OnReadable();
  bool IsLost();

  sys::Loop& loop_;
  sys::UdpSocket socket_;
  const sys::UdpAddress address_;
  BmcModel model_;
  BmcNetwork network_;
  std::mt19937_64 random_;
  int received_ = 0;
  // Answers on their way may come after the server has gone.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace fakes
