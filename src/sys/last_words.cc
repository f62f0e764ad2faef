#include "sys/last_words.h"

#include <unistd.h>

#include <cerrno>

namespace sys {

void TakeLastWords(Loop& loop, Fd* errors, std::string* words) {
  if (!*errors) return;
  char buffer[4096];
  const ssize_t n = read(errors->get(), buffer, sizeof buffer);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    loop.Unwatch(errors->get());
    errors->Reset();
    return;
  }
  words->append(buffer, static_cast<size_t>(n));
  if (words->size() > kLastWordsBytes) {
    words->erase(0, words->size() - kLastWordsBytes);
  }
}

}  // namespace sys
