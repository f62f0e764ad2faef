// Whatever a client or a pool of tokens sends: no crash, the same requests and
// answers in whatever pieces the bytes come, and nothing kept beyond a bound.
#include "fanout/pool_protocol.h"

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace {

using fanout::PoolReply;
using fanout::PoolReplyReader;
using fanout::PoolRequest;
using fanout::PoolRequestReader;
using fanout::Tokens;

// All that comes of `bytes`, fed `step` at a time, and whether they make sense.
std::string Requests(absl::string_view bytes, size_t step) {
  Tokens tokens(fanout::IntegerTokens(3));
  PoolRequestReader reader;
  std::string all;
  for (size_t at = 0; at < bytes.size(); at += step) {
    reader.Feed(bytes.substr(at, step));
    while (true) {
      const auto next = reader.Next();
      if (!next.ok()) return all + "refused";
      if (!*next) break;
      const PoolRequest& request = **next;
      MUST(request.number >= 0 && request.number <= fanout::kMostPoolNumber);
      MUST(request.announced.host.size() <= fanout::kMaxAnnouncementBytes);
      absl::StrAppend(&all, static_cast<int>(request.kind), " ", request.number,
                      " ", request.announced.pid, "@", request.announced.host,
                      "\n");
      switch (request.kind) {
        case PoolRequest::Kind::kAnnounce:
        case PoolRequest::Kind::kGet:
        case PoolRequest::Kind::kGetFree:
        case PoolRequest::Kind::kGetOne:
        case PoolRequest::Kind::kGiveBack:
        case PoolRequest::Kind::kGiveBackAll:
        case PoolRequest::Kind::kFinish:
        case PoolRequest::Kind::kGoodbye:
          break;
        default:
          MUST(!fanout::PoolAnswer(request, tokens, {}).empty());
      }
    }
    MUST(reader.rest_bytes() <= fanout::kMaxAnnouncementBytes);
  }
  return all;
}

std::string Replies(absl::string_view bytes, size_t step) {
  PoolReplyReader reader;
  reader.Expect(PoolReply::Kind::kNumbers, 2);
  reader.Expect(PoolReply::Kind::kTexts, 3);
  reader.Expect(PoolReply::Kind::kSource);
  for (int i = 0; i < 4; i++) reader.Expect(PoolReply::Kind::kNumbers, 3);
  for (int i = 0; i < 4; i++) reader.Expect(PoolReply::Kind::kText);
  std::string all;
  for (size_t at = 0; at < bytes.size(); at += step) {
    reader.Feed(bytes.substr(at, step));
    while (true) {
      const auto next = reader.Next();
      if (!next.ok()) return all + "refused";
      if (!*next) break;
      const PoolReply& reply = **next;
      MUST(reply.numbers.size() <= 3);
      MUST(reply.kind != PoolReply::Kind::kTexts || reply.texts.size() == 3);
      for (int64_t number : reply.numbers) absl::StrAppend(&all, number, ",");
      for (const std::string& text : reply.texts) {
        absl::StrAppend(&all, text, ";");
      }
      absl::StrAppend(&all, reply.text, reply.known, reply.file, "\n");
    }
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const absl::string_view bytes(reinterpret_cast<const char*>(data) + 2,
                                size - 2);
  const size_t a = data[0] + 1, b = data[1] + 1;
  MUST(Requests(bytes, a) == Requests(bytes, b));
  MUST(Replies(bytes, a) == Replies(bytes, b));
  return 0;
}
