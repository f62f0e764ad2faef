// Two more ways for dialogues: bytes in TLS ("tls"), and the prompt of a web
// client ("http", "https").
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "power/transport.h"
#include "power/web_driver.h"
#include "power/web_prompt.h"

namespace power {

// For DialogueController::Options::more_transports. What is made does not
// outlive `trust`.
TransportMaker WebTransports(std::shared_ptr<WebTrust> trust);

// Tells, later, a numeric address of a host; "" when it has none.
using HostFinder =
    std::function<void(const std::string& host,
                       std::function<void(const std::string& address)> then)>;
// That prompt where it may go to any server: its URL says which.
std::unique_ptr<Transport> NewPromptTransport(sys::Loop& loop,
                                              const TransportPlan& plan,
                                              WebPromptOptions options,
                                              HostFinder find);
// One call, over a connection of its own to plan's address and port, and no
// dialogue above it. `done` comes once, from the loop, within `limit`; what is
// returned may go only at the end of that turn.
std::unique_ptr<Transport> NewWebCall(
    sys::Loop& loop, const TransportPlan& plan, WebServer server,
    WebAccount account, WebAsk ask, absl::Duration limit,
    std::function<void(const WebReply& reply)> done);

}  // namespace power
