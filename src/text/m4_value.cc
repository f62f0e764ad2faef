#include "text/m4_value.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace text {

// A text that is being made moves to a new chunk when it does not fit: it
// must be in one piece, and nobody has seen it yet.
bool M4Stack::MakeRoom(size_t n) {
  if (n > room()) {
    exceeded_ = true;
    return false;
  }
  const size_t held = top_ - begin_;
  const size_t need = held + n;
  Chunk next;
  if (spare_.size >= need) {
    next = std::move(spare_);
    spare_ = Chunk();
  } else {
    next.size = std::max(size_t{64} << 10, need + need / 2);
    next.bytes = std::unique_ptr<char[]>(new char[next.size]);
  }
  if (held > 0) memcpy(next.bytes.get(), begin_, held);
  if (!chunks_.empty()) {
    if (held == static_cast<size_t>(top_ - bottom_)) {
      chunks_.pop_back();  // nothing else is in it
    } else {
      chunks_.back().used = begin_ - bottom_;
      used_before_ += chunks_.back().used;
    }
  }
  chunks_.push_back(std::move(next));
  Enter(chunks_.back());
  begin_ = bottom_;
  top_ = bottom_ + held;
  return true;
}

void M4Stack::Enter(const Chunk& chunk) {
  bottom_ = chunk.bytes.get();
  end_ = bottom_ + chunk.size;
}

void M4Stack::Append(size_t n, char c) {
  if (n > static_cast<size_t>(end_ - top_) && !MakeRoom(n)) return;
  if (n == 0) return;
  memset(top_, c, n);
  top_ += n;
}

void M4Stack::Release(const char* begin) {
  while (begin < bottom_ || begin >= end_) {
    Chunk& last = chunks_.back();
    if (last.size > spare_.size) spare_ = std::move(last);
    chunks_.pop_back();
    used_before_ -= chunks_.back().used;
    Enter(chunks_.back());
  }
  top_ = bottom_ + (begin - bottom_);
  begin_ = top_;
}

M4Value::M4Value(const M4Builtin* builtin) {
  rep_ = new (malloc(sizeof(Rep))) Rep{{1}, builtin, 0};
}

M4Value::M4Value(absl::string_view text) {
  rep_ = new (malloc(sizeof(Rep) + text.size())) Rep{{1}, nullptr, text.size()};
  if (!text.empty()) {
    memcpy(static_cast<void*>(rep_ + 1), text.data(), text.size());
  }
}

void M4Value::Free() { free(rep_); }

}  // namespace text
