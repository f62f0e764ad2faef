// The built-in co-processes as ways of dialogues: a device line whose program
// is ipmipower or snmppower is answered by a Helper instead, which has its
// calls carried out by our own engine. No program is started.
#pragma once

#include "power/transport.h"

namespace power {

// For DialogueController::Options::more_transports. Null for programs that are
// not built in, and for a PCU whose program is to be run all the same.
TransportMaker HelperTransports();

}  // namespace power
