// What language 2 lets a specification say besides its scripts: ways in,
// defaults, states, and the blocks of models that need no dialogue. Pure.
#pragma once

#include "power/specification.h"
#include "power/statement_parser.h"

namespace power {

// False, with nothing taken, if no setting of this kind stands here.
bool ReadSpecSetting(TokenStream& in, Specification& spec);

// Whether there is such a way in: ssh, telnet, tcp, ...
bool IsTransport(absl::string_view word);

}  // namespace power
