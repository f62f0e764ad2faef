// Transcripts of any bytes: read within bounds, written as the same, and
// replayed against a model without harm.
#include "power/transcript.h"

#include <absl/strings/str_cat.h>

#include "base/status.h"
#include "power/device_library.h"
#include "power/limits.h"
#include "power/transcript_session.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const power::DeviceFile models = power::ReadBuiltInDevices().file;
  if (size == 0) return 0;
  const std::string text = absl::StrCat(
      "transcript 1\n",
      absl::string_view(reinterpret_cast<const char*>(data) + 1, size - 1));
  const power::TranscriptReading reading = power::ReadTranscript("t", text);
  const power::TranscriptReading again =
      power::ReadTranscript("t", power::TranscriptText(reading.transcript));
  MUST(again.problems.empty());
  MUST(again.transcript == reading.transcript);
  (void)power::Replay(
      reading.transcript, "t",
      models.specifications[data[0] % models.specifications.size()]);
  return 0;
}
