// Reads the block of a PCU: its settings, and its hosts. Pure.
#pragma once

#include <string>
#include <vector>

#include "power/inventory_lines.h"
#include "power/statement_parser.h"

namespace power {

// What stands behind the name, from "{" to "}".
void ReadPcuBlock(TokenStream& in, Pcu& pcu,
                  std::vector<AssignmentLine>& hosts);

}  // namespace power
