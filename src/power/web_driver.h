// Carries out jobs at web servers beside the loop: one connection each.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "power/controller.h"
#include "power/web_job.h"
#include "sys/loop.h"

namespace power {

struct WebSettings {
  // Whom to trust to vouch for a server, read when it is first needed.
  std::vector<std::string> authority_files = {
      "/etc/ssl/certs/ca-certificates.crt",  // Debian, Alpine
      "/etc/pki/tls/certs/ca-bundle.crt",    // Fedora
      "/etc/ssl/ca-bundle.pem",              // SUSE
  };
};

// TLS as the inventory wants it for one PCU.
class WebTrust {
 public:
  explicit WebTrust(WebSettings settings) : settings_(std::move(settings)) {}
  net::TlsOptions OptionsFor(const Pcu& pcu, const std::string& address);

 private:
  const WebSettings settings_;
  bool has_read_ = false;
  // Shared with the connections that use it.
  std::shared_ptr<const net::TlsAuthorities> authorities_;
};

class WebDriver {
 public:
  using Ticket = Controller::Ticket;
  struct Plan {
    bool is_tls = true;
    bool begins_basic = false;
    std::optional<absl::Duration> connect_again = {};
    std::function<std::unique_ptr<WebProtocol>(std::vector<WebOrder> orders,
                                               WebAccount account)>
        make = {};
    // What the job found out, after its end.
    std::function<void(const WebProtocol& protocol)> learn = {};
  };

  // The loop outlives it. What has not ended when it goes is not told.
  WebDriver(sys::Loop& loop, WebSettings settings);
  ~WebDriver();
  WebDriver(const WebDriver&) = delete;

  Ticket Start(Batch batch, Plan plan, Controller::Done done);
  void Cancel(Ticket ticket);
  size_t under_way() const { return jobs_.size(); }

 private:
  struct Job;
  void Carry(Job& job, absl::Time now);
  void Tell(Job& job);
  void Connect(Job& job);
  void End(Job& job);

  sys::Loop& loop_;
  WebTrust trust_;
  std::map<Ticket, std::unique_ptr<Job>> jobs_;
  Ticket next_ticket_ = 1;
  // Posted results look whether we still are.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// How a PCU is called in a URL and in its certificate.
std::string WebHostOf(const Pcu& pcu, const std::string& address);

}  // namespace power
