#include "oue/cutter.h"

#include <cstring>
#include <utility>

namespace oue {
namespace {

constexpr size_t kBufferBytes = 256 << 10;

}  // namespace

Cutter::Cutter(size_t lines, char terminator, std::string pad)
    : lines_(lines),
      terminator_(terminator),
      pad_(std::move(pad)),
      buffer_(kBufferBytes) {}

void Cutter::Begin() {
  begin_ = searched_ = end_ = found_ = 0;
  line_number_ = 1;
}

absl::Span<char> Cutter::Room() {
  if (begin_ > 0) {
    memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    searched_ -= begin_;
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) buffer_.resize(buffer_.size() * 2);
  return absl::MakeSpan(buffer_).subspan(end_);
}

void Cutter::Filled(size_t bytes) { end_ += bytes; }

bool Cutter::Cut(size_t most, std::vector<Element>* elements) {
  elements->clear();
  const char* data = buffer_.data();
  while (elements->size() < most && searched_ < end_) {
    const void* at = memchr(data + searched_, terminator_, end_ - searched_);
    if (at == nullptr) {
      searched_ = end_;
      break;
    }
    const size_t end = static_cast<const char*>(at) - data;
    searched_ = end + 1;
    if (++found_ < lines_) continue;
    elements->push_back(
        {absl::string_view(data + begin_, end - begin_), line_number_});
    line_number_ += static_cast<int64_t>(lines_);
    begin_ = searched_;
    found_ = 0;
  }
  return !elements->empty();
}

bool Cutter::CutLast(Element* element) {
  if (begin_ == end_) return false;
  absl::string_view rest(buffer_.data() + begin_, end_ - begin_);
  size_t lines = found_;
  if (rest.back() == terminator_) {
    rest.remove_suffix(1);
  } else {
    lines++;
  }
  begin_ = searched_ = end_;
  last_.assign(rest.data(), rest.size());
  for (; lines < lines_; lines++) {
    last_ += terminator_;
    last_ += pad_;
  }
  *element = {last_, line_number_};
  return true;
}

}  // namespace oue
