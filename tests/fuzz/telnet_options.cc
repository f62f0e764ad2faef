// Telnet's options, colours and secrets in any bytes: where the network cuts
// them is no matter, what is answered is no longer than what asked, and a
// secret is never shown.
#include <algorithm>

#include "base/status.h"
#include "power/limits.h"
#include "power/redactor.h"
#include "power/telnet.h"
#include "power/terminal_filter.h"

namespace {

template <typename Take>
std::string InPieces(absl::string_view bytes, size_t piece, Take take) {
  std::string out;
  while (!bytes.empty()) {
    const size_t size = std::min(piece, bytes.size());
    out += take(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const size_t piece = data[0] % 8 + 1;
  const size_t secret_size = data[1] % 8;
  absl::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const keys::Secret secret(bytes.substr(0, secret_size));
  bytes.remove_prefix(std::min(secret_size, bytes.size()));

  power::TelnetFilter whole, cut;
  std::string whole_reply, cut_reply;
  const std::string text = whole.Receive(bytes, &whole_reply);
  MUST(InPieces(bytes, piece, [&](absl::string_view part) {
         return cut.Receive(part, &cut_reply);
       }) == text);
  MUST(whole_reply == cut_reply);
  MUST(whole_reply.size() + text.size() <= bytes.size());
  std::string nothing;
  MUST(power::TelnetFilter().Receive(power::TelnetFilter::Send(bytes),
                                     &nothing) == bytes);
  MUST(nothing.empty());

  power::TerminalFilter all, parts;
  const std::string plain = all.Take(bytes);
  MUST(plain.find('\0') == std::string::npos);
  MUST(plain.find('\033') == std::string::npos);
  MUST(InPieces(bytes, piece, [&](absl::string_view part) {
         return parts.Take(part);
       }) == plain);

  power::Redactor redactor(&secret);
  std::string shown = InPieces(bytes, piece, [&](absl::string_view part) {
    return redactor.Feed(part);
  });
  shown += redactor.Flush();
  MUST(shown == power::Redacted(bytes, &secret));
  power::RecentText recent(&secret);
  recent.Append(bytes);
  const std::string last = recent.Text();
  MUST(last.size() <= power::kRecentBytes);
  MUST(std::all_of(last.begin(), last.end(),
                   [](char c) { return c >= ' ' && c <= '~'; }));
  return 0;
}
