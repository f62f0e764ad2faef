// A fake device behind a real port of loopback, and what a test needs to have a
// DialogueController talk to it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "power/device_parser.h"
#include "power/dialogue_controller.h"
#include "sys/loop.h"
#include "unit/power/fake_device.h"

namespace power_test {

struct ServerOptions {
  bool one_byte = false;   // in a packet of its own, each
  std::string noise = {};  // in front of each byte then
  int flood_mib = 0;       // printed when somebody connects, instead
};

class DeviceServer {
 public:
  using Make = std::function<FakeDevice*()>;  // the test's; for a connection
  DeviceServer(sys::Loop& loop, Make make, ServerOptions options = {});
  ~DeviceServer();
  int port() const { return port_; }
  int connections = 0;
  int open() const { return static_cast<int>(lines_.size()); }
  const std::string& received() const { return received_; }

 private:
  struct OneLine;
  void OnCaller();
  void OnReady(int fd, uint32_t events);
  void Print(OneLine& line, const std::string& text);

  sys::Loop& loop_;
  Make make_;
  ServerOptions options_;
  sys::Fd listener_;
  int port_ = 0;
  std::string received_;
  std::map<int, std::unique_ptr<OneLine>> lines_;
};

// A PCU and its model, and one batch at a time.
class Bench {
 public:
  explicit Bench(power::DialogueController::Options options = {});
  // Of a device file with one specification.
  void Model(const std::string& text);
  void BuiltIn(const std::string& name);
  void At(const std::string& transport, int port);

  power::Batch MakeBatch(std::vector<power::PlugOrder> orders);
  // Carries it out, until no connection is left.
  std::vector<power::PlugResult> Run(std::vector<power::PlugOrder> orders);
  power::PlugResult One(power::Action action, const std::string& plug,
                        bool with_confirmation = false);
  std::vector<power::PlugResult> Await(power::Batch batch);

  sys::Loop loop;
  power::Pcu pcu;
  power::Specification specification;
  std::vector<std::string> plugs;
  power::Credentials credentials;
  power::Way way;
  std::string address = "127.0.0.1";
  absl::Duration connect_timeout = absl::Seconds(5);
  absl::Duration limit = absl::Seconds(60);
  power::ActionOptions action;
  std::string trace;       // its lines
  std::string transcript;  // when `records`
  bool records = false;
  std::unique_ptr<power::DialogueController> controller;
};

// "done off->on", "failed auth: text"
std::string Show(const power::PlugResult& result);

}  // namespace power_test
