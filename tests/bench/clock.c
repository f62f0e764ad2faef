/* Prints the time of its first instruction, in nanoseconds since 1970. No libc:
   what is measured is not its start. */
static long Call(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c)
                   : "rcx", "r11", "memory");
  return result;
}

__attribute__((noreturn)) void _start(void) {
  long now[2]; /* struct timespec */
  char text[24], *at = text + sizeof text;
  unsigned long ns;
  Call(228, 0, (long)now, 0); /* clock_gettime, CLOCK_REALTIME */
  ns = (unsigned long)now[0] * 1000000000UL + (unsigned long)now[1];
  for (; ns > 0; ns /= 10) *--at = (char)('0' + ns % 10);
  Call(1, 1, (long)at, text + sizeof text - at); /* write */
  for (;;) Call(60, 0, 0, 0);                    /* exit */
}
