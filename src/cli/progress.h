// One line that says how far the work is. It moves on a terminal, and is not
// there anywhere else.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <string>

namespace cli {

class Progress {
 public:
  // On standard error as a rule: the answer on standard output stays clean.
  explicit Progress(int fd = 2);
  ~Progress() { Clear(); }
  Progress(const Progress&) = delete;

  // Replaces the line. Drawn at most ten times a second, so it costs nothing to
  // call for each thing done; cut to the terminal's width.
  void Show(absl::string_view line);
  // Takes the line away, at once. Before anybody else prints.
  void Clear();
  // Prints whole lines where the progress line was, and draws it again below.
  // On anything but a terminal, just prints them.
  void Above(absl::string_view lines);

 private:
  void Draw();

  int fd_;
  bool on_;
  std::string line_;
  bool drawn_ = false;
  absl::Time next_draw_ = absl::InfinitePast();
};

}  // namespace cli
