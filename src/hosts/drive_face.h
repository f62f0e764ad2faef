// How a command that drives hosts speaks: its voice, and the line that shows
// how far it is.
#pragma once

#include <cstddef>

#include "cli/applet.h"
#include "cli/progress.h"
#include "fanout/xapply.h"
#include "hosts/voice.h"

namespace hosts {

class DriveFace {
 public:
  // `call` is borrowed.
  explicit DriveFace(const cli::Call& call) : call_(call) {}
  DriveFace(const DriveFace&) = delete;

  Voice MakeVoice();
  // Shows progress when the line has --progress.
  fanout::XapplyFace MakeFace(size_t hosts);
  void Clear() { line_.Clear(); }

 private:
  const cli::Call& call_;
  cli::Progress line_;
};

}  // namespace hosts
