// Two more ways for dialogues: bytes in TLS ("tls"), and the prompt of a web
// client ("http", "https").
#pragma once

#include <memory>

#include "power/transport.h"
#include "power/web_driver.h"

namespace power {

// For DialogueController::Options::more_transports. What is made does not
// outlive `trust`.
TransportMaker WebTransports(std::shared_ptr<WebTrust> trust);

}  // namespace power
