// A model of a web server on a socket of its own, and TLS in front of it.
#pragma once

#include <absl/time/time.h>

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "fakes/web_model.h"
#include "sys/fd.h"
#include "sys/loop.h"

namespace fakes {

class WebServer {
 public:
  // Listens on a port of 127.0.0.1 that the system picks. Each answer comes
  // `delay` after what the model says.
  WebServer(sys::Loop& loop, WebModel& model, absl::Duration delay = {});
  ~WebServer();

  int port() const { return port_; }
  int connections() const { return connections_; }  // in all

 private:
  struct Connection {
    sys::Fd fd;
    std::string heard;
  };
  void Accept();
  void Read(int number);
  void Hear(int number);
  void Say(int number, const WebSaid& said);

  sys::Loop& loop_;
  WebModel& model_;
  const absl::Duration delay_;
  sys::Fd listener_;
  int port_ = 0, connections_ = 0;
  std::map<int, std::unique_ptr<Connection>> open_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace fakes
