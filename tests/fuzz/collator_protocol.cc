// Whatever a client or a manager sends: no crash, the same requests and answers
// in whatever pieces the bytes come, and nothing kept beyond a bound.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/status.h"
#include "fanout/collate_protocol.h"
#include "fanout/section.h"

namespace {

using fanout::Answer;
using fanout::Request;

bool Same(const Request& a, const Request& b) {
  return a.kind == b.kind && a.text == b.text && a.number == b.number &&
         a.ready == b.ready && a.quick == b.quick;
}
bool Same(const Answer& a, const Answer& b) {
  return a.kind == b.kind && a.text == b.text && a.number == b.number &&
         a.flag == b.flag;
}

// All that comes of `bytes`, fed `step` at a time; false in `*good` once they
// make no sense.
std::vector<Request> Requests(absl::string_view bytes, size_t step,
                              bool* good) {
  std::vector<Request> all;
  fanout::RequestReader reader;
  for (size_t at = 0; at < bytes.size(); at += step) {
    reader.Feed(bytes.substr(at, step));
    while (true) {
      const auto next = reader.Next();
      *good = next.ok();
      if (!*good) return all;
      if (!*next) break;
      MUST((*next)->number >= 0);
      MUST((*next)->text.size() <= fanout::kMaxSectionNameBytes);
      all.push_back(**next);
    }
    MUST(reader.rest_bytes() <= fanout::kMaxSectionNameBytes);
  }
  return all;
}

std::vector<Answer> Answers(absl::string_view bytes, size_t step, bool* good) {
  std::vector<Answer> all;
  fanout::AnswerReader reader;
  for (const auto kind :
       {Answer::Kind::kGreeting, Answer::Kind::kSection, Answer::Kind::kText,
        Answer::Kind::kText, Answer::Kind::kNumber, Answer::Kind::kFlag}) {
    reader.Expect(kind);
  }
  for (size_t at = 0; at < bytes.size(); at += step) {
    reader.Feed(bytes.substr(at, step));
    while (true) {
      const auto next = reader.Next();
      *good = next.ok();
      if (!*good) return all;
      if (!*next) break;
      all.push_back(**next);
    }
  }
  return all;
}

template <typename T>
void MustBeSame(const std::vector<T>& a, const std::vector<T>& b) {
  MUST(a.size() == b.size());
  MUST(std::equal(a.begin(), a.end(), b.begin(),
                  [](const T& x, const T& y) { return Same(x, y); }));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  bool whole = true, pieces = true;
  MustBeSame(Requests(bytes, std::max<size_t>(size, 1), &whole),
             Requests(bytes, 1, &pieces));
  MUST(whole == pieces);
  whole = pieces = true;
  MustBeSame(Answers(bytes, std::max<size_t>(size, 1), &whole),
             Answers(bytes, 1, &pieces));
  MUST(whole == pieces);

  const std::string value = fanout::EnterSection(bytes, "m", 7);
  MUST(fanout::FindSection(value, "m") == 7);
  return 0;
}
