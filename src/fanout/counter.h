// A counter for many processes: "gtfw 0.1". Each number is given out once, and
// never comes back.
//
// The client sends its version, "0.1" and NUL, which is answered with a newline
// (or, if it cannot be spoken to, with a line of what is wrong). Then
//
//   u   gives the next number: "17\n"
//   U   where they come from, and NUL
//
// and "-No\n" is the answer to anything else.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "fanout/acceptor.h"
#include "sys/environment.h"
#include "sys/fd.h"
#include "sys/loop.h"

namespace fanout {

class Counter {
 public:
  // `source`: what clients are told of where the numbers come from.
  Counter(sys::Loop& loop, std::string source, int64_t first = 0);
  ~Counter();
  Counter(const Counter&) = delete;

  // Serves clients. `listener` is borrowed.
  absl::Status Listen(int listener);
  int64_t next() const { return next_; }
  bool idle() const { return clients_.empty(); }  // no client is connected

 private:
  struct Client;
  void Admit(sys::Fd fd);
  void Serve(Client& client, uint32_t events);
  void Carry(Client& client, char c);
  void Greet(Client& client, char c);
  void Send(Client& client);
  void Drop(Client& client);

  sys::Loop& loop_;
  std::string source_;
  int64_t next_;
  Acceptor acceptor_;
  std::map<int, std::unique_ptr<Client>> clients_;  // by descriptor
};

// A client of the counter around us.
class CounterClient {
 public:
  // The one that gtfw_link and gtfw_N speak of. NotFound "no enclosing gtfw
  // instance"; Aborted when it does not speak as it should. BLOCKS.
  static absl::StatusOr<CounterClient> Connect(
      const sys::Environment& environment);
  // `connection`: of ConnectManager (fanout/stack.h). BLOCKS.
  static absl::StatusOr<CounterClient> Start(sys::Fd connection);

  // Decimal digits. Aborted when the counter is gone, or makes no sense.
  // BLOCKS, for a moment.
  absl::StatusOr<std::string> Next();
  const std::string& Source() const { return source_; }

 private:
  explicit CounterClient(sys::Fd connection) : fd_(std::move(connection)) {}
  absl::StatusOr<std::string> Ask(absl::string_view request, char end);
  sys::Fd fd_;
  std::string source_;
};

}  // namespace fanout
