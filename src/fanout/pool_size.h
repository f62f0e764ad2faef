// How large a pool of tokens is to be. Pure.
#pragma once

#include "fanout/tokens.h"

namespace fanout {

struct PoolSize {
  int tasks = 0;  // groups that may be held at once (-J); 0: not said
  int each = 0;   // tokens of a group (-R); 0: not said

  int group() const { return each > 0 ? each : 1; }
  // What -J and -R speak of; 0 when they say nothing.
  int Suggested() const;
  // Of a pool of integers: as suggested, or what keeps the processors busy.
  int Integers(int processors) const;
  // Of a pool that borrows from one that has `count`: the suggestion, reduced
  // by whole groups until it can be had. 0: not even one group.
  int Borrowed(int count, int processors) const;
};

// The largest -J and -R, and the most tokens of a pool.
constexpr int kMaxTokens = 1 << 20;

// Each token is in the table `times` times: all of them, and all again, so that
// the rotation comes to different ones first.
void Repeat(int times, TokenTable* table);

}  // namespace fanout
