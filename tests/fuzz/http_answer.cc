// Answers of HTTP out of any bytes: within their limits, the same in whatever
// pieces they come; and challenges.
#include "net/http_answer.h"

#include <string>
#include <vector>

#include "base/status.h"
#include "net/http_auth.h"

namespace {

constexpr net::HttpAnswerLimits kLimits = {.head_bytes = 1000,
                                           .body_bytes = 1000};

std::vector<net::HttpAnswer> ReadAll(absl::string_view bytes, size_t piece) {
  net::HttpAnswerReader reader(kLimits);
  std::vector<net::HttpAnswer> answers;
  while (!bytes.empty()) {
    absl::string_view part = bytes.substr(0, piece);
    bytes.remove_prefix(part.size());
    while (!part.empty()) {
      const auto state = reader.Feed(&part);
      if (state == net::HttpAnswerReader::State::kRefused) return answers;
      if (state != net::HttpAnswerReader::State::kDone) continue;
      answers.push_back(reader.Take());
      MUST(answers.back().body.size() <= kLimits.body_bytes);
    }
  }
  if (reader.Finish() == net::HttpAnswerReader::State::kDone) {
    answers.push_back(reader.Take());
  }
  return answers;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = ReadAll(bytes, size + 1);
  const auto pieces = ReadAll(bytes, 3);
  // What is refused in the midst of a piece may be refused a byte later.
  const size_t both = std::min(whole.size(), pieces.size());
  for (size_t i = 0; i < both; ++i) {
    MUST(whole[i].status == pieces[i].status);
    MUST(whole[i].body == pieces[i].body);
  }
  net::HttpAuth auth("user", nullptr,
                     [](size_t n) { return std::string(n, 'r'); });
  net::HttpAnswer refusal;
  refusal.status = 401;
  refusal.headers.emplace_back("www-authenticate", std::string(bytes));
  if (auth.OnRefusal(refusal)) {
    MUST(net::IsHttpHeaderValue(auth.Header("GET", "/")));
  }
  return 0;
}
