#include "fanout/pool_size.h"

#include <algorithm>
#include <cstdint>

namespace fanout {

int PoolSize::Suggested() const {
  const int64_t product = int64_t{std::max(tasks, 1)} * group();
  if (tasks == 0 && each == 0) return 0;
  return static_cast<int>(std::min<int64_t>(product, kMaxTokens));
}

int PoolSize::Integers(int processors) const {
  const int suggested = Suggested();
  return suggested > 0 ? suggested : 1 + 7 * processors / 4;
}

int PoolSize::Borrowed(int count, int processors) const {
  int size = Integers(processors);
  if (size > count) size -= (size - count + group() - 1) / group() * group();
  return std::max(size, 0);
}

void Repeat(int times, TokenTable* table) {
  const size_t count = table->tokens.size();
  table->tokens.reserve(count * times);
  for (size_t i = count; i < count * times; i++) {
    table->tokens.push_back(table->tokens[i - count]);
  }
}

}  // namespace fanout
