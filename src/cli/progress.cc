#include "cli/progress.h"

#include <absl/strings/str_cat.h>

#include "cli/paint.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/terminal.h"
#include "text/utf8.h"

namespace cli {
namespace {

constexpr absl::Duration kBetweenDraws = absl::Milliseconds(100);

// Progress is a courtesy: a terminal that went away is no reason to stop.
void Write(int fd, absl::string_view text) {
  sys::WriteAll(fd, text).IgnoreError();
}

}  // namespace

// The cursor is never hidden and stays behind the text, so that even a process
// that is killed leaves nothing behind but that text.
Progress::Progress(int fd) : fd_(fd), on_(IsCapableTerminal(fd)) {}

void Progress::Show(absl::string_view line) {
  if (!on_) return;
  line_ = text::Clean(line);
  const absl::Time now = sys::SteadyNow();
  if (now < next_draw_) return;
  next_draw_ = now + kBetweenDraws;
  Draw();
}

void Progress::Draw() {
  // One column stays free: text in the last one makes some terminals go on to
  // the next line, which "\r" does not come back from.
  const int columns = sys::TerminalColumns(fd_);
  Write(fd_, absl::StrCat("\r", text::Cut(line_, columns > 1 ? columns - 1 : 0),
                          "\x1b[K"));
  drawn_ = true;
}

void Progress::Clear() {
  if (drawn_) Write(fd_, "\r\x1b[K");
  drawn_ = false;
  next_draw_ = absl::InfinitePast();
}

void Progress::Above(absl::string_view lines) {
  const bool again = drawn_;
  Clear();
  Write(fd_, lines);
  if (again) Draw();
}

}  // namespace cli
