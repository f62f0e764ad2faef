#include "text/m4_output.h"

#include <absl/strings/str_cat.h>

#include <utility>

namespace text {

void M4Output::Divert(int diversion) {
  if (diversion == diversion_) return;
  // One that nothing was put into leaves nothing behind.
  if (diversion_ > 0 && to_->empty()) diverted_.erase(diversion_);
  diversion_ = diversion;
  to_ = diversion < 0    ? nullptr
        : diversion == 0 ? &pending_
                         : &diverted_[diversion];
  NewPlace();
}

void M4Output::Undivert(int diversion) {
  if (diversion <= 0 || diversion == diversion_) return;
  const auto found = diverted_.find(diversion);
  if (found == diverted_.end()) return;
  const std::string text = std::move(found->second);
  diverted_.erase(found);
  if (to_ == nullptr) return;
  // It was counted when it was diverted.
  bytes_ -= text.size();
  Add(text);
  NewPlace();
}

void M4Output::UndivertAll() {
  for (auto next = diverted_.begin(); next != diverted_.end();) {
    const int diversion = next->first;
    ++next;
    Undivert(diversion);
  }
}

void M4Output::PutWithLines(absl::string_view text, M4Position at) {
  if (line_begins_) {
    line_begins_ = false;
    ++line_;
    if (line_ != at.line) {
      std::string mark = absl::StrCat("#line ", at.line);
      if (line_ < 1 && at.file != nullptr && !at.file->empty()) {
        absl::StrAppend(&mark, " \"", *at.file, "\"");
      }
      mark += '\n';
      Add(mark);
      line_ = at.line;
    }
  }
  while (!text.empty()) {
    if (line_begins_) {
      line_begins_ = false;
      ++line_;
    }
    const size_t newline = text.find('\n');
    const size_t size =
        newline == absl::string_view::npos ? text.size() : newline + 1;
    Add(text.substr(0, size));
    text.remove_prefix(size);
    if (newline != absl::string_view::npos) line_begins_ = true;
  }
}

void M4Output::Flush() {
  if (pending_.empty()) return;
  if (sink_) sink_(pending_);
  pending_.clear();
}

}  // namespace text
