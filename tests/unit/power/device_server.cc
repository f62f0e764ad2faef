#include "unit/power/device_server.h"

#include <absl/strings/str_cat.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "power/device_library.h"
#include "power/telnet.h"
#include "sys/clock.h"
#include "sys/socket.h"
#include "unit/power/programs.h"

namespace power_test {

struct DeviceServer::OneLine {
  sys::Fd fd;
  FakeDevice* device = nullptr;
  power::TelnetFilter telnet = {};  // as a server of telnet has it
  std::string unsent;
  size_t flood = 0;
  bool closes = false;
};

DeviceServer::DeviceServer(sys::Loop& loop, Make make, ServerOptions options)
    : loop_(loop), make_(std::move(make)), options_(std::move(options)) {
  listener_ = sys::ListenTcp("127.0.0.1", 0).value();
  port_ = sys::LocalPort(listener_.get()).value();
  REQUIRE(loop.Watch(listener_.get(), EPOLLIN, [this](uint32_t) { OnCaller(); })
              .ok());
}

DeviceServer::~DeviceServer() {
  loop_.Unwatch(listener_.get());
  for (const auto& [fd, line] : lines_) loop_.Unwatch(fd);
}

void DeviceServer::OnCaller() {
  auto fd = sys::Accept(listener_.get(), nullptr);
  if (!fd.ok() || !*fd) return;
  connections++;
  const int number = fd->get();
  auto line = std::make_unique<OneLine>();
  line->fd = *std::move(fd);
  line->device = make_();
  line->flood = static_cast<size_t>(options_.flood_mib) << 20;
  lines_[number] = std::move(line);
  REQUIRE(loop_
              .Watch(number, EPOLLIN | EPOLLOUT,
                     [this, number](uint32_t e) { OnReady(number, e); })
              .ok());
  OneLine& made = *lines_[number];
  made.device->closes = false;
  Print(made, made.device->Connect({}));
}

void DeviceServer::Print(OneLine& line, const std::string& text) {
  for (const char c : text) {
    if (options_.one_byte) line.unsent += options_.noise;
    line.unsent += c;
  }
  line.closes = line.device->closes;
}

void DeviceServer::OnReady(int fd, uint32_t events) {
  OneLine& line = *lines_.at(fd);
  if ((events & ~EPOLLOUT) != 0) {
    char bytes[4096];
    const ssize_t n = read(fd, bytes, sizeof bytes);
    if (n <= 0) {
      loop_.Unwatch(fd);
      lines_.erase(fd);
      return;
    }
    std::string reply;  // to what we answered: nothing is asked for
    const std::string text =
        line.telnet.Receive({bytes, static_cast<size_t>(n)}, &reply);
    received_ += text;
    Print(line, line.device->Receive(text));
  }
  if (line.flood > 0) {
    const std::string block(std::min<size_t>(line.flood, 1 << 16), 'x');
    const ssize_t n = send(fd, block.data(), block.size(), MSG_NOSIGNAL);
    if (n > 0) line.flood -= static_cast<size_t>(n);
  } else if (!line.unsent.empty()) {
    const size_t size = options_.one_byte ? 1 : line.unsent.size();
    const ssize_t n = send(fd, line.unsent.data(), size, MSG_NOSIGNAL);
    if (n > 0) line.unsent.erase(0, static_cast<size_t>(n));
  }
  if (line.flood > 0 || !line.unsent.empty()) {
    return loop_.Rewatch(fd, EPOLLIN | EPOLLOUT);
  }
  if (line.closes) {
    loop_.Unwatch(fd);
    lines_.erase(fd);
    return;
  }
  loop_.Rewatch(fd, EPOLLIN);
  // What is printed while it was being sent.
  if ((events & ~EPOLLOUT) != 0) loop_.Rewatch(fd, EPOLLIN | EPOLLOUT);
}

Bench::Bench(power::DialogueController::Options options) {
  pcu.name = "strip";
  pcu.host = "strip.example";
  credentials.user = kUser;
  credentials.secret =
      std::make_shared<const keys::Secret>(absl::string_view(kSecret));
  plugs = {"1", "2", "3", "4"};
  action.off_time = absl::Milliseconds(100);
  action.state_timeout = absl::Seconds(5);
  controller = std::make_unique<power::DialogueController>(loop, options);
}

void Bench::Model(const std::string& text) {
  const power::DeviceReading reading = power::ReadDeviceFile("test.dev", text);
  for (const auto& problem : reading.problems) UNSCOPED_INFO(problem.text);
  REQUIRE(reading.file.specifications.size() == 1);
  specification = reading.file.specifications[0];
}

void Bench::BuiltIn(const std::string& name) {
  const power::DeviceFile file = power::ReadBuiltInModel(name);
  REQUIRE(file.Find(name) != nullptr);
  specification = *file.Find(name);
}

void Bench::At(const std::string& transport, int port) {
  way = {transport, port};
}

power::Batch Bench::MakeBatch(std::vector<power::PlugOrder> orders) {
  power::Batch batch;
  batch.pcu = &pcu;
  batch.specification = &specification;
  batch.plugs = plugs;
  batch.way = way;
  batch.address = address;
  batch.credentials = credentials;
  batch.orders = std::move(orders);
  batch.connect_timeout = connect_timeout;
  batch.limit = limit;
  batch.trace = [this](absl::string_view line) {
    absl::StrAppend(&trace, line, "\n");
  };
  if (records) {
    batch.record = [this](absl::string_view text) {
      transcript = std::string(text);
    };
  }
  return batch;
}

std::vector<power::PlugResult> Bench::Await(power::Batch batch) {
  std::vector<power::PlugResult> results(batch.orders.size());
  size_t ended = 0;
  controller->Start(std::move(batch),
                    [&](size_t order, const power::PlugResult& result) {
                      results[order] = result;
                      ended++;
                    });
  power_test::Await(loop, [&] {
    return ended == results.size() &&
           (pcu.keep || controller->connections() == 0);
  });
  return results;
}

std::vector<power::PlugResult> Bench::Run(
    std::vector<power::PlugOrder> orders) {
  return Await(MakeBatch(std::move(orders)));
}

power::PlugResult Bench::One(power::Action what, const std::string& plug,
                             bool with_confirmation) {
  return Run({{what, plug, action, with_confirmation}})[0];
}

std::string Show(const power::PlugResult& result) {
  if (result.failure.has_value()) {
    return absl::StrCat("failed ", power::Word(result.failure->failure_class),
                        ": ", result.failure->text);
  }
  if (!result.outcome.has_value()) return "nothing was sent";
  return absl::StrCat(power::Word(*result.outcome), " ",
                      power::Word(result.before), "->",
                      power::Word(result.after),
                      result.remark.empty() ? "" : ", ", result.remark);
}

}  // namespace power_test
