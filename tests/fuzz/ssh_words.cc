// What an ssh program, and through it a device, writes and asks: any bytes, cut
// anywhere, are a failure of some class in text that is safe to print, and no
// password is given twice.
#include "power/ssh_words.h"

#include "base/status.h"
#include "power/busy_hint.h"
#include "power/limits.h"
#include "power/serial_flags.h"
#include "text/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  power::SshWords whole, cut;
  whole.Feed(text);
  for (size_t at = 0; at < size; at += 7) cut.Feed(text.substr(at, 7));
  if (size < power::kMaxSshTextBytes) MUST(whole.Why() == cut.Why());
  MUST(text::Clean(whole.Why().text) == whole.Why().text);

  power::SshQuestions questions;
  int secrets = 0;
  for (int i = 0; i < 3; i++) {
    const auto answer = questions.On(text, false, true);
    if (answer.kind == power::SshQuestions::Answer::Kind::kSecret) secrets++;
  }
  MUST(secrets <= 1);

  const power::SshAlgorithms known = power::ParseSshAlgorithms(text);
  power::SshCall call;
  call.host = std::string(text);
  call.user = std::string(text);
  call.legacy = &known;
  if (!power::CheckSshCall(call).has_value()) {
    MUST(power::SshCommand(call).back() == text);
    MUST(text[0] != '-');
  }
  const auto hint = power::BusyHint(text);
  if (hint.has_value()) MUST(*hint >= absl::ZeroDuration());
  const auto flags = power::ParseSerialFlags(text);
  if (flags.ok()) MUST(flags->baud >= 300);
  return 0;
}
