#include "hosts/drive_face.h"

#include <absl/strings/str_cat.h>
#include <unistd.h>

#include "cli/report.h"
#include "sys/file.h"

namespace hosts {

Voice DriveFace::MakeVoice() {
  Voice voice;
  voice.warn = [this](const absl::Status& status) {
    line_.Clear();
    cli::Warn(call_, status);
  };
  voice.raw = [this](absl::string_view text) {
    line_.Clear();
    sys::WriteAll(STDERR_FILENO, text).IgnoreError();
  };
  return voice;
}

fanout::XapplyFace DriveFace::MakeFace(size_t hosts) {
  fanout::XapplyFace face;
  face.shows_progress = call_.Has("progress");
  face.progress = [this, hosts](const fanout::Runner::Counts& c, bool asked) {
    const std::string text =
        absl::StrCat(c.done, "/", hosts, " done, ", c.failed, " failed, ",
                     c.running, " running");
    if (asked) {
      line_.Clear();
      sys::WriteAll(STDERR_FILENO,
                    absl::StrCat(call_.program, ": ", text, "\n"))
          .IgnoreError();
    } else {
      line_.Show(text);
    }
  };
  return face;
}

}  // namespace hosts
