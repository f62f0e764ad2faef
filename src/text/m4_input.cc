#include "text/m4_input.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace text {
namespace {

// What a byte may be the first of.
enum : uint8_t {
  kWordStart = 1,
  kWordRest = 2,
  kArgument = 4,  // of an argument list: ( , )
  kQuoteStart = 8,
  kQuoteEdge = 16,  // of an opening or closing quote
  kCommentStart = 32,
  kNul = 64,
};

uint8_t Code(char c) { return static_cast<uint8_t>(c); }

bool IsLetter(int c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

}  // namespace

M4Input::M4Input(size_t max_pushed_bytes, bool synclines)
    : stack_(max_pushed_bytes), synclines_(synclines) {
  Classify();
}

void M4Input::Classify() {
  for (int c = 0; c < 256; ++c) {
    uint8_t bits = 0;
    if (IsLetter(c)) bits = kWordStart | kWordRest;
    if (c >= '0' && c <= '9') bits = kWordRest;
    if (c == '(' || c == ',' || c == ')') bits = kArgument;
    if (c == 0) bits = kNul;
    class_[c] = bits;
  }
  const auto mark = [this](const std::string& delimiter, int bits) {
    if (!delimiter.empty()) class_[Code(delimiter[0])] |= bits;
  };
  mark(delimiters_.open_quote, kQuoteStart | kQuoteEdge);
  mark(delimiters_.close_quote, kQuoteEdge);
  mark(delimiters_.open_comment, kCommentStart);
}

void M4Input::set_delimiters(M4Delimiters delimiters) {
  delimiters_ = std::move(delimiters);
  Classify();
}

const std::string* M4Input::Intern(absl::string_view name) {
  return &*file_names_.emplace(name).first;
}

// --- what lies on top of what -----------------------------------------------

void M4Input::PushFile(absl::string_view name, absl::string_view content,
                       std::shared_ptr<const std::string> keep) {
  position();
  Block block = {};
  block.kind = BlockKind::kFile;
  block.at = block.begin = block.counted = content.data();
  block.end = content.data() + content.size();
  block.file = Intern(name);
  block.line = 1;
  blocks_.push_back(block);
  sources_.push_back({std::move(keep), nullptr, ""});
}

void M4Input::PushStream(absl::string_view name,
                         std::function<bool(std::string& text)> more) {
  PushFile(name, "", nullptr);
  blocks_.back().kind = BlockKind::kStream;
  blocks_.back().last_line = 1;
  sources_.back().more = std::move(more);
}

void M4Input::PushStacked(M4Position from) {
  const absl::string_view text = stack_.Unfinished();
  if (text.empty()) return;
  Block block = {};
  block.kind = BlockKind::kText;
  block.at = block.begin = text.data();
  block.end = text.data() + text.size();
  block.file = from.file;
  block.line = from.line;
  blocks_.push_back(block);
}

void M4Input::PushBuiltin(const M4Builtin* builtin) {
  Block block = {};
  block.kind = BlockKind::kBuiltin;
  block.file = position_.file;
  block.line = position_.line;
  block.builtin = builtin;
  blocks_.push_back(block);
}

void M4Input::Wrap(absl::string_view text, M4Position from) {
  wrapped_.push_back({std::string(text), from});
}

bool M4Input::Unwrap() {
  if (wrapped_.empty()) return false;
  for (const Wrapped& wrapped : std::exchange(wrapped_, {})) {
    stack_.Begin();
    stack_.Append(wrapped.text);
    PushStacked(wrapped.from);
  }
  return true;
}

void M4Input::PopUsed() {
  while (!blocks_.empty() && blocks_.back().kind == BlockKind::kText &&
         blocks_.back().at == blocks_.back().end) {
    Pop();
  }
}

void M4Input::Pop() {
  position();
  Block block = blocks_.back();
  blocks_.pop_back();
  if (block.kind == BlockKind::kText) {
    stack_.Release(block.begin);
    return;
  }
  if (block.kind == BlockKind::kBuiltin) return;
  // The end of a file is on the line after its last newline.
  M4Position end = {block.file, LineOf(block)};
  if (block.at != block.begin && block.at[-1] == '\n') ++end.line;
  sources_.pop_back();
  M4Position next;
  if (!blocks_.empty()) {
    Block& below = blocks_.back();
    next.file = below.file;
    next.line =
        below.kind == BlockKind::kFile || below.kind == BlockKind::kStream
            ? LineOf(below)
            : below.line;
  }
  if (on_file_end) on_file_end(end, next);
}

bool M4Input::Refill(size_t index) {
  Block& block = blocks_[index];
  size_t source = 0;
  for (size_t i = 0; i < index; ++i) {
    const BlockKind kind = blocks_[i].kind;
    source += kind == BlockKind::kFile || kind == BlockKind::kStream;
  }
  Source& from = sources_[source];
  if (!from.more) return false;
  std::string piece(block.at, block.end);
  const size_t had = piece.size();
  while (piece.size() == had) {
    if (!from.more(piece)) {
      from.more = nullptr;
      if (piece.size() == had) return false;
    }
  }
  if (block.at != block.begin) {
    block.last_line = LineOf(block);
    block.line = block.last_line + (block.at[-1] == '\n' ? 1 : 0);
  }
  from.piece = std::move(piece);
  block.at = block.begin = block.counted = from.piece.data();
  block.end = block.begin + from.piece.size();
  return true;
}

// --- positions --------------------------------------------------------------

int M4Input::LineOf(Block& block) {
  if (block.at == block.begin) {
    return block.kind == BlockKind::kStream ? block.last_line : block.line;
  }
  const char* last = block.at - 1;
  while (block.counted < last) {
    const void* newline = memchr(block.counted, '\n', last - block.counted);
    if (newline == nullptr) break;
    ++block.line;
    block.counted = static_cast<const char*>(newline) + 1;
  }
  block.counted = last;
  return block.line;
}

M4Position M4Input::position() {
  if (moved_) {
    moved_ = false;
    Block& block = blocks_.back();
    position_.file = block.file;
    position_.line =
        block.kind == BlockKind::kText ? block.line : LineOf(block);
  }
  return position_;
}

// --- bytes ------------------------------------------------------------------

int M4Input::Peek() {
  for (size_t i = blocks_.size(); i-- > 0;) {
    if (blocks_[i].kind == BlockKind::kBuiltin) return kToken;
    if (blocks_[i].at != blocks_[i].end) return Code(*blocks_[i].at);
    if (blocks_[i].kind == BlockKind::kStream && Refill(i)) {
      return Code(*blocks_[i].at);
    }
  }
  return kEnd;
}

int M4Input::Take() {
  while (!blocks_.empty()) {
    Block& block = blocks_.back();
    if (block.at != block.end) {
      moved_ = true;
      return Code(*block.at++);
    }
    if (block.kind == BlockKind::kStream && Refill(blocks_.size() - 1)) {
      continue;
    }
    const bool token = block.kind == BlockKind::kBuiltin;
    Pop();
    if (token) return kToken;
  }
  return kEnd;
}

void M4Input::SkipByte() { Take(); }

bool M4Input::SkipLine() {
  while (!blocks_.empty()) {
    Block& block = blocks_.back();
    if (block.at != block.end) {
      const void* newline = memchr(block.at, '\n', block.end - block.at);
      moved_ = true;
      block.at = newline == nullptr ? block.end
                                    : static_cast<const char*>(newline) + 1;
      if (newline != nullptr) return true;
    }
    if (block.kind == BlockKind::kStream && Refill(blocks_.size() - 1)) {
      continue;
    }
    Pop();
  }
  return false;
}

bool M4Input::Match(absl::string_view delimiter, bool take) {
  Block& top = blocks_.back();
  if (delimiter.size() <= static_cast<size_t>(top.end - top.at)) {
    if (memcmp(top.at, delimiter.data(), delimiter.size()) != 0) return false;
    if (take) {
      top.at += delimiter.size();
      moved_ = true;
    }
    return true;
  }
  size_t same = 0;
  for (size_t i = blocks_.size(); i-- > 0 && same < delimiter.size();) {
    if (blocks_[i].kind == BlockKind::kBuiltin) return false;
    size_t left = blocks_[i].end - blocks_[i].at;
    while (left < delimiter.size() - same &&
           blocks_[i].kind == BlockKind::kStream && Refill(i)) {
      left = blocks_[i].end - blocks_[i].at;
    }
    left = std::min(left, delimiter.size() - same);
    if (left == 0) continue;
    if (memcmp(blocks_[i].at, delimiter.data() + same, left) != 0) return false;
    same += left;
  }
  if (same < delimiter.size()) return false;
  if (take) {
    for (size_t i = 0; i < delimiter.size(); ++i) Take();
  }
  return true;
}

bool M4Input::AtOpen() {
  // Mostly it is in the text at hand.
  if (blocks_.empty()) return false;
  const Block& top = blocks_.back();
  const int next = top.at != top.end ? Code(*top.at) : Peek();
  if (next != '(') return false;
  const uint8_t bits = class_[static_cast<uint8_t>('(')];
  return !((bits & kCommentStart) != 0 &&
           Match(delimiters_.open_comment, false)) &&
         !((bits & kQuoteStart) != 0 && Match(delimiters_.open_quote, false));
}

// --- tokens -----------------------------------------------------------------

M4Token M4Input::Next(bool in_arguments) {
  using Kind = M4Token::Kind;
  const uint8_t stops = kWordStart | kQuoteStart | kCommentStart | kNul |
                        (in_arguments ? kArgument : 0);
  while (true) {
    if (blocks_.empty()) {
      position_ = M4Position();
      moved_ = false;
      return {Kind::kEnd, {}};
    }
    Block& block = blocks_.back();
    if (block.at == block.end) {
      if (block.kind == BlockKind::kBuiltin) {
        const M4Builtin* builtin = block.builtin;
        position_ = {block.file, block.line};
        moved_ = false;
        blocks_.pop_back();
        return {Kind::kBuiltin, {}, builtin};
      }
      if (block.kind == BlockKind::kStream && Refill(blocks_.size() - 1)) {
        continue;
      }
      Pop();
      continue;
    }
    moved_ = true;
    const char* at = block.at;
    const uint8_t bits = class_[Code(*at)];
    if (synclines_) {
      ++block.at;
      token_line_ = position().line;
      --block.at;
      moved_ = true;
    }
    if ((bits & stops) == 0) {
      const char* begin = at;
      if (synclines_) {
        // A line ends its token, for the next may need a mark.
        do {
          if (*at++ == '\n') break;
        } while (at != block.end && (class_[Code(*at)] & stops) == 0);
      } else {
        do ++at;
        while (at != block.end && (class_[Code(*at)] & stops) == 0);
      }
      block.at = at;
      return {Kind::kText, {begin, static_cast<size_t>(at - begin)}};
    }
    if ((bits & kCommentStart) != 0 && Match(delimiters_.open_comment, true)) {
      return Comment();
    }
    if ((bits & kWordStart) != 0) return {Kind::kWord, Word(block)};
    if ((bits & kQuoteStart) != 0 && Match(delimiters_.open_quote, true)) {
      return Quoted();
    }
    // Looking for a delimiter may have moved the bytes of a stream.
    at = block.at++;
    if (*at == '\0') return {Kind::kText, {}};
    Kind kind = Kind::kText;
    if (in_arguments) {
      if (*at == '(') kind = Kind::kOpen;
      if (*at == ',') kind = Kind::kComma;
      if (*at == ')') kind = Kind::kClose;
    }
    return {kind, {at, 1}};
  }
}

absl::string_view M4Input::Word(Block& block) {
  const char* begin = block.at;
  const char* at = begin + 1;
  while (at != block.end && (class_[Code(*at)] & kWordRest) != 0) ++at;
  block.at = at;
  const absl::string_view word(begin, at - begin);
  if (at != block.end) return word;
  // It may go on below. A stream's bytes go when it is asked for more.
  const auto more = [this] {
    const int next = Peek();
    return next >= 0 && next < 256 && (class_[next] & kWordRest) != 0;
  };
  const bool moves = block.kind == BlockKind::kStream;
  if (!moves && !more()) return word;
  scratch_.assign(word.data(), word.size());
  while (more()) scratch_ += static_cast<char>(Take());
  return scratch_;
}

M4Token M4Input::Quoted() {
  using Kind = M4Token::Kind;
  const absl::string_view open = delimiters_.open_quote;
  const absl::string_view close = delimiters_.close_quote;
  // All in one text, nearly always.
  {
    Block& block = blocks_.back();
    const char* at = block.at;
    const bool simple = open.size() == 1 && close.size() == 1;
    for (size_t level = 1;;) {
      while (at != block.end &&
             (class_[Code(*at)] & (kQuoteEdge | kNul)) == 0) {
        ++at;
      }
      if (at == block.end || *at == '\0') break;
      const size_t left = block.end - at;
      if (!simple && left < std::max(open.size(), close.size())) break;
      if (memcmp(at, close.data(), close.size()) == 0) {
        if (--level == 0) {
          const absl::string_view text(block.at, at - block.at);
          block.at = at + close.size();
          return {Kind::kString, text};
        }
        at += close.size();
      } else if (memcmp(at, open.data(), open.size()) == 0) {
        ++level;
        at += open.size();
      } else {
        ++at;
      }
    }
  }
  string_begin_ = position();
  scratch_.clear();
  size_t kept = std::string::npos;  // before the first NUL
  for (size_t level = 1;;) {
    if (blocks_.empty()) return {Kind::kOpenString, {}};
    Block& block = blocks_.back();
    const char* at = block.at;
    while (at != block.end && (class_[Code(*at)] & (kQuoteEdge | kNul)) == 0) {
      ++at;
    }
    scratch_.append(block.at, at - block.at);
    if (at != block.at) moved_ = true;
    block.at = at;
    if (at == block.end) {
      if (block.kind != BlockKind::kStream || !Refill(blocks_.size() - 1)) {
        Pop();
      }
      continue;
    }
    moved_ = true;
    if (*at == '\0') {
      kept = std::min(kept, scratch_.size());
      ++block.at;
    } else if (Match(close, true)) {
      if (--level == 0) break;
      scratch_.append(close.data(), close.size());
    } else if (Match(open, true)) {
      ++level;
      scratch_.append(open.data(), open.size());
    } else {
      scratch_ += static_cast<char>(Take());
    }
  }
  return {Kind::kString, absl::string_view(scratch_).substr(0, kept)};
}

M4Token M4Input::Comment() {
  using Kind = M4Token::Kind;
  const absl::string_view open = delimiters_.open_comment;
  const absl::string_view close = delimiters_.close_comment;
  {
    // The opening, too, may have begun in a text above.
    Block& block = blocks_.back();
    const absl::string_view rest(block.at, block.end - block.at);
    const size_t size = rest.find(close);
    if (size != absl::string_view::npos &&
        static_cast<size_t>(block.at - block.begin) >= open.size() &&
        memcmp(block.at - open.size(), open.data(), open.size()) == 0 &&
        memchr(block.at, '\0', size) == nullptr) {
      const absl::string_view text(block.at - open.size(),
                                   open.size() + size + close.size());
      block.at += size + close.size();
      return {Kind::kString, text};
    }
  }
  string_begin_ = position();
  scratch_.assign(open.data(), open.size());
  size_t kept = std::string::npos;
  while (true) {
    if (blocks_.empty()) return {Kind::kOpenComment, {}};
    Block& block = blocks_.back();
    if (block.at == block.end) {
      if (block.kind != BlockKind::kStream || !Refill(blocks_.size() - 1)) {
        Pop();
      }
      continue;
    }
    const size_t left = block.end - block.at;
    const void* edge = memchr(block.at, close[0], left);
    const size_t size =
        edge == nullptr ? left : static_cast<const char*>(edge) - block.at;
    const void* nul = memchr(block.at, '\0', size);
    if (nul != nullptr) {
      kept = std::min<size_t>(
          kept, scratch_.size() + (static_cast<const char*>(nul) - block.at));
    }
    scratch_.append(block.at, size);
    block.at += size;
    moved_ = true;
    if (edge == nullptr) continue;
    if (Match(close, true)) break;
    scratch_ += static_cast<char>(Take());
  }
  scratch_.append(close.data(), close.size());
  return {Kind::kString, absl::string_view(scratch_).substr(0, kept)};
}

}  // namespace text
