// What happens before main, kept short: `make bench` compares it with the start
// of the smallest program there is.
//
// The other half of it is src/start.order, by which the linker puts what runs
// at every start onto a few neighbouring pages.
#include <sys/mman.h>

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

#if defined(__x86_64__)
// The kernel enters here (Makefile: ENTRY). An executable that is placed at
// random writes to all of its constant pointers first. This has their pages
// copied in one go instead of by 25 page faults: 20 us. A kernel before 5.14
// does not know the request, and then they are copied one by one as ever.
static_assert(MADV_POPULATE_WRITE == 23);
__asm__(R"(
    .section .text.fleetbox_start,"ax",@progbits
    .globl fleetbox_start
    .type fleetbox_start,@function
fleetbox_start:
    mov %rdx, %r8
    lea __init_array_start(%rip), %rdi
    and $-4096, %rdi
    lea _edata+4095(%rip), %rsi
    and $-4096, %rsi
    sub %rdi, %rsi
    mov $23, %edx
    mov $28, %eax
    syscall
    mov %r8, %rdx
    jmp _start
    .size fleetbox_start, .-fleetbox_start
    .text
)");
#endif
