// The built-in co-processes as ways of dialogues: a device line whose program
// is ipmipower, snmppower or redfishpower is answered by a Helper instead,
// which has its calls carried out by our own engines, and one of httppower by a
// WebPrompt. No program is started.
#pragma once

#include <memory>

#include "power/transport.h"
#include "power/web_driver.h"

namespace power {

// For DialogueController::Options::more_transports. Null for programs that are
// not built in, and for a PCU whose program is to be run all the same.
// Whom web servers are believed to be, `trust` says, whatever the program did.
TransportMaker HelperTransports(std::shared_ptr<WebTrust> trust);

}  // namespace power
