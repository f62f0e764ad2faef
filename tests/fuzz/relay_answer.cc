// Whatever comes back from a host that was asked to switch: no crash, nothing
// that could move a cursor, and one result for each host in the end. The input
// is answers, each behind two bytes of length.
#include "power/relay_answer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "wire/message.h"

namespace {

bool IsPlain(absl::string_view text) {
  for (const unsigned char c : text) {
    if (c < ' ' || c == 0x7f) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  power::RelayTally tally(power::Action::kCycle, "hub");
  std::vector<int> results;
  const auto count = [&](const auto& these) {
    results.resize(tally.hosts().size());
    for (const auto& [host, result] : these) {
      MUST(++results.at(host) == 1);
      MUST(IsPlain(power::ResultLine(result)));
    }
  };
  while (bytes.size() >= 2) {
    const size_t length =
        static_cast<uint8_t>(bytes[0]) * 256u + static_cast<uint8_t>(bytes[1]);
    bytes.remove_prefix(2);
    const auto answer =
        wire::Parse<fleetbox::wire::PowerAnswer>(bytes.substr(0, length));
    bytes.remove_prefix(std::min(length, bytes.size()));
    if (!answer.ok()) break;
    const auto news = tally.Take(*answer);
    if (!news.ok()) break;
    count(news->results);
    if (news->is_last) break;
  }
  const bool is_complete = tally.has_hosts();
  count(tally.Lost("the line broke"));
  for (const int n : results) MUST(n == (is_complete ? 1 : 0));
  return 0;
}
