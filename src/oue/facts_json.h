// What is known of an element, as a JSON object on one line.
#pragma once

#include <string>

#include "oue/markup.h"

namespace oue {

struct JsonParts {
  char terminator = '\n';
  bool prev = false, accumulator = false;  // whether there is one
};

// Bytes that are not UTF-8 become {"b64": "..."}.
std::string FactsJson(const Facts& facts, const JsonParts& parts);

}  // namespace oue
