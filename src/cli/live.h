// Several lines at the bottom of a terminal that are drawn again as things
// change; nothing anywhere else.
#pragma once

#include <absl/strings/string_view.h>

namespace cli {

class Live {
 public:
  explicit Live(int fd = 2);
  ~Live() { Clear(); }
  Live(const Live&) = delete;

  // Whether there is a terminal to draw on: if not, Show does nothing, and the
  // caller prints lines instead.
  bool on() const { return on_; }
  // Lines that are free for Show; at least 5.
  int lines() const;
  int columns() const;
  // Replaces what is there. `lines` are whole lines, already cut to the width.
  void Show(absl::string_view lines);
  // Takes it away.
  void Clear();
  // Leaves what is there standing, for good.
  void Keep() { drawn_ = 0; }

 private:
  int fd_;
  bool on_;
  int drawn_ = 0;  // lines on the screen that are ours
};

}  // namespace cli
