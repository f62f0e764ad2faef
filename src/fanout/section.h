// Which sections we are in: the variable xcl_section.
//
// Whatever runs inside a section of a collated stream finds there, a line each,
// innermost first, "<path of the manager>:<number of the section>". A client
// that wants a section of one of these managers is inside its section already:
// to wait for the stream would be to wait for itself.
#pragma once

#include <absl/strings/string_view.h>

#include <cstdint>
#include <optional>
#include <string>

namespace fanout {

inline constexpr absl::string_view kSectionVariable = "xcl_section";

// `value` with one more section in front. At most 32 are kept.
std::string EnterSection(absl::string_view value, absl::string_view manager,
                         int64_t number);
// The innermost section of this manager. Lines that make no sense are not
// there.
std::optional<int64_t> FindSection(absl::string_view value,
                                   absl::string_view manager);

}  // namespace fanout
