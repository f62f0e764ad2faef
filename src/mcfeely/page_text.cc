#include "mcfeely/page_text.h"

// The file itself, so that it can be read and edited as what it is. The
// Makefile says that this depends on it.
asm(R"(
  .pushsection .rodata.mcfeely_page, "a"
  .globl mcfeely_page_begin
  .globl mcfeely_page_end
mcfeely_page_begin:
  .incbin "src/mcfeely/page.html"
mcfeely_page_end:
  .byte 0
  .popsection
)");

extern "C" {
extern const char mcfeely_page_begin[] __attribute__((visibility("hidden")));
extern const char mcfeely_page_end[] __attribute__((visibility("hidden")));
}

namespace mcfeely {

absl::string_view PageText() {
  return {mcfeely_page_begin,
          static_cast<size_t>(mcfeely_page_end - mcfeely_page_begin)};
}

}  // namespace mcfeely
