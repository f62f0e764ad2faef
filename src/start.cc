// What happens before main, kept short: `make bench` compares it with the start
// of the smallest program there is.
//
// The other half of it is src/start.order, by which the linker puts what runs
// at every start onto a few neighbouring pages.
#include <elf.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <initializer_list>
#include <new>

// Abseil's and protobuf's archives make std::cout and its locale before main.
// Nobody here uses them: these take the place of std::ios_base::Init's
// constructor and destructor (Itanium C++ ABI names), and the start is 20 us
// shorter.
extern "C" {
void MakeNoStreams() __asm__("_ZNSt8ios_base4InitC1Ev");
void MakeNoStreams() {}
void EndNoStreams() __asm__("_ZNSt8ios_base4InitD1Ev");
void EndNoStreams() {}
}

// Nothing of ours throws: what nobody catches is a library's, and tells of no
// memory as a rule. In place of libstdc++'s handler, which brings the
// demangler of C++ names along (45 kB).
namespace __gnu_cxx {
void __verbose_terminate_handler() {
  const char* what = "an exception";
  try {
    if (std::current_exception() != nullptr) throw;
  } catch (const std::bad_alloc&) {
    what = "no memory is left";
  } catch (const std::exception& e) {
    what = e.what();
  } catch (...) {
  }
  for (const char* part : {"fleetbox: ", what, "\n"}) {
    [[maybe_unused]] const ssize_t n = write(2, part, strlen(part));
  }
  abort();
}
}  // namespace __gnu_cxx

#if defined(__x86_64__)
extern "C" {
extern Elf64_Dyn _DYNAMIC[] __attribute__((visibility("hidden")));
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
__attribute__((visibility("hidden"), optimize("O2"))) void fleetbox_relocate();
}

// An executable that is placed at random adds where it is to all of its
// constant pointers first. There are ten thousand, listed as addresses and
// bitmaps of what follows them (DT_RELR of the ELF specification): glibc looks
// at each bit, which is two thirds of all that a start runs. This looks at
// those that are set, and leaves glibc an empty list: 25 us. Nothing is
// relocated yet: no constant pointer may be used here.
void fleetbox_relocate() {
  const uint64_t here = reinterpret_cast<uint64_t>(__ehdr_start);
  uint64_t list = 0;
  Elf64_Dyn* bytes = nullptr;
  for (Elf64_Dyn* d = _DYNAMIC; d->d_tag != DT_NULL; d++) {
    if (d->d_tag == DT_RELR) list = d->d_un.d_ptr;
    if (d->d_tag == DT_RELRSZ) bytes = d;
  }
  if (list == 0 || bytes == nullptr) return;
  const auto* at = reinterpret_cast<const uint64_t*>(here + list);
  const auto* end = at + bytes->d_un.d_val / sizeof *at;
  uint64_t* next = nullptr;
  for (; at != end; at++) {
    if ((*at & 1) == 0) {
      next = reinterpret_cast<uint64_t*>(here + *at);
      *next++ += here;
      continue;
    }
    for (uint64_t set = *at >> 1; set != 0; set &= set - 1) {
      next[__builtin_ctzll(set)] += here;
    }
    next += 63;
  }
  bytes->d_un.d_val = 0;
}

// The kernel enters here (Makefile: ENTRY).
__asm__(R"(
    .section .text.fleetbox_start,"ax",@progbits
    .globl fleetbox_start
    .type fleetbox_start,@function
fleetbox_start:
    mov %rdx, %rbx
    call fleetbox_relocate
    mov %rbx, %rdx
    jmp _start
    .size fleetbox_start, .-fleetbox_start
    .text
)");
#endif
