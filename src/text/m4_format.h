// format: the conversions of C's printf, with arguments that are texts.
#pragma once

#include "text/m4_engine.h"

namespace text {

// `args` are the format and what it is applied to.
void FormatM4(M4Engine& m4, const M4Args& args, M4Stack& out);

}  // namespace text
