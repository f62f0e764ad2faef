// The joined table for programs and for people: JSON, CSV, columns. Pure.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/types/span.h>

#include <string>
#include <vector>

#include "hosts/table.h"

namespace hosts {

// The attributes to show: the key, and those that `words` names (blanks and
// commas separate them), or with "" all that an elected host has, in the order
// of the table.
std::vector<uint32_t> ListedNames(const Table& table,
                                  absl::Span<const size_t> elected,
                                  absl::string_view words);

// An array of an object for each host, with the attributes it has.
std::string JsonListing(const Table& table, absl::Span<const size_t> elected,
                        absl::Span<const uint32_t> names);
// RFC 4180, but for the newline alone at the end of a line; with a head line.
// What is not set is nothing, what is empty is "".
std::string CsvListing(const Table& table, absl::Span<const size_t> elected,
                       absl::Span<const uint32_t> names);
// Columns with a head line; what is not set is a dot.
std::string TableListing(const Table& table, absl::Span<const size_t> elected,
                         absl::Span<const uint32_t> names);

}  // namespace hosts
