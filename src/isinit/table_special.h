// The lines ":::NAME:VALUE", which are about the whole table. Pure.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include "isinit/table.h"

namespace isinit {

// Whether a table's fourth field, with nothing in front of it, is one of these
// names; "opt" is, too, though SetSpecial does not know what to do with it.
bool IsSpecial(absl::string_view name);
// "unknown line ':::sokcet:': is 'socket' meant?"
std::string UnknownSpecial(absl::string_view name);

// Sets what the line says. InvalidArgument for a value it cannot have.
absl::Status SetSpecial(Table& table, absl::string_view name,
                        absl::string_view value);
// Whether a second line of the name takes the place of the first.
bool IsGivenOnce(absl::string_view name);

}  // namespace isinit
