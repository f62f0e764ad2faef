// Where a stream's text goes: to its sink, aside into a diversion, or nowhere.
#pragma once

#include <absl/strings/string_view.h>

#include <cstddef>
#include <functional>
#include <map>
#include <string>

#include "text/m4_input.h"

namespace text {

class M4Output {
 public:
  M4Output(std::function<void(absl::string_view)> sink, size_t max_bytes,
           bool synclines)
      : sink_(std::move(sink)), max_bytes_(max_bytes), synclines_(synclines) {}

  // A token; `at` is where it was read, for synclines: an empty one, too,
  // begins a line.
  void Put(absl::string_view text, M4Position at) {
    if (to_ == nullptr) return;
    if (synclines_) {
      PutWithLines(text, at);
    } else {
      Add(text);
    }
  }
  // Text that came from nowhere: a file as it is.
  void Insert(absl::string_view text) {
    if (to_ != nullptr) Add(text);
  }

  int diversion() const { return diversion_; }
  void Divert(int diversion);
  // Moves a diversion's text here; none of the current one, nor of 0.
  void Undivert(int diversion);
  void UndivertAll();
  void DropDiversions() { diverted_.clear(); }

  // What comes now does not follow what came last: it needs a new mark.
  void NewPlace() { line_ = -1; }
  void Flush();
  // More was put than the limit allows; that is not kept.
  bool exceeded() const { return exceeded_; }

 private:
  void PutWithLines(absl::string_view text, M4Position at);
  void Add(absl::string_view text) {
    if (text.size() > max_bytes_ - bytes_ && max_bytes_ != 0) {
      exceeded_ = true;
      return;
    }
    bytes_ += text.size();
    to_->append(text.data(), text.size());
    if (to_ == &pending_ && pending_.size() >= (size_t{64} << 10)) Flush();
  }

  std::function<void(absl::string_view)> sink_;
  size_t max_bytes_;
  size_t bytes_ = 0;
  bool exceeded_ = false;
  std::string pending_;          // of diversion 0
  std::string* to_ = &pending_;  // null: nowhere
  int diversion_ = 0;
  std::map<int, std::string> diverted_;

  bool synclines_;
  bool line_begins_ = true;
  int line_ = 0;  // what a compiler takes the line to be; below 0: not known
};

}  // namespace text
