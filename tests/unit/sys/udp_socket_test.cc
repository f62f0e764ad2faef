#include "sys/udp_socket.h"

#include <poll.h>

#include <catch2/catch.hpp>

namespace {

bool Await(const sys::UdpSocket& socket, short events) {
  pollfd p = {.fd = socket.fd(), .events = events, .revents = 0};
  return poll(&p, 1, 5000) == 1;
}

sys::UdpAddress At(const std::string& numeric, int port) {
  return sys::UdpAddress::Parse(numeric, port).value();
}

}  // namespace

TEST_CASE("udp: what is sent arrives and says where from", "[sys]") {
  sys::UdpSocket server = sys::UdpSocket::Bind(At("127.0.0.1", 0)).value();
  const sys::UdpAddress address = server.LocalAddress().value();
  sys::UdpSocket client = sys::UdpSocket::Open(false, 1 << 20).value();
  std::string buffer(100, '\0');
  CHECK_FALSE(server.Receive(buffer).has_value());
  REQUIRE(client.Send(address, "hello").ok());
  REQUIRE(Await(server, POLLIN));
  const auto arrived = server.Receive(buffer);
  REQUIRE(arrived.has_value());
  CHECK(arrived->datagram == "hello");
  REQUIRE(server.Send(arrived->from, "world").ok());
  REQUIRE(Await(client, POLLIN));
  const auto answer = client.Receive(buffer);
  REQUIRE(answer.has_value());
  CHECK(answer->from == address);
  CHECK(answer->datagram == "world");
}

TEST_CASE("udp: a datagram larger than the buffer is dropped whole", "[sys]") {
  sys::UdpSocket server = sys::UdpSocket::Bind(At("127.0.0.1", 0)).value();
  const sys::UdpAddress address = server.LocalAddress().value();
  sys::UdpSocket client = sys::UdpSocket::Open(false, 1 << 20).value();
  REQUIRE(client.Send(address, std::string(101, 'x')).ok());
  REQUIRE(client.Send(address, std::string(100, 'y')).ok());
  REQUIRE(Await(server, POLLIN));
  std::string buffer(100, '\0');
  const auto arrived = server.Receive(buffer);
  REQUIRE(arrived.has_value());
  CHECK(arrived->datagram == std::string(100, 'y'));
}

TEST_CASE("udp: a port where nobody listens says so, others go on", "[sys]") {
  sys::UdpAddress nobody;
  {
    sys::UdpSocket gone = sys::UdpSocket::Bind(At("127.0.0.1", 0)).value();
    nobody = gone.LocalAddress().value();
  }
  sys::UdpSocket server = sys::UdpSocket::Bind(At("127.0.0.1", 0)).value();
  sys::UdpSocket client = sys::UdpSocket::Open(false, 1 << 20).value();
  REQUIRE(client.Send(nobody, "hello").ok());
  REQUIRE(Await(client, 0));  // POLLERR comes unasked
  REQUIRE(client.Send(server.LocalAddress().value(), "hello").ok());
  const auto refused = client.TakeError();
  REQUIRE(refused.has_value());
  CHECK(refused->to == nobody);
  CHECK(refused->why == "Connection refused");
  CHECK_FALSE(client.TakeError().has_value());
  CHECK(Await(server, POLLIN));
}

TEST_CASE("udp: addresses are numbers", "[sys]") {
  CHECK(At("10.1.2.3", 623).Text() == "10.1.2.3:623");
  CHECK(At("::1", 161).Text() == "[::1]:161");
  CHECK(At("::1", 161).is_ipv6());
  CHECK_FALSE(At("10.1.2.3", 623) == At("10.1.2.3", 624));
  CHECK_FALSE(sys::UdpAddress::Parse("localhost", 1).ok());
  CHECK_FALSE(sys::UdpAddress::Parse("10.1.2.3", 65536).ok());
}
