#include "fanout/pool_protocol.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <algorithm>
#include <utility>

#include "base/status.h"

namespace fanout {
namespace {

using Kind = PoolRequest::Kind;

constexpr size_t kMaxPidDigits = 10;
constexpr absl::string_view kNo = "-No\n";
// What a pool may answer.
constexpr size_t kMaxSourceBytes = 64 << 10;
constexpr size_t kMaxTextBytes = 1 << 20;
constexpr size_t kMaxTextsBytes = 256 << 20;
constexpr size_t kMaxNumberBytes = 12;

Kind KindOf(char letter) {
  switch (letter) {
    case 'S':
      return Kind::kSpace;
    case 'V':
      return Kind::kVersion;
    case 'U':
      return Kind::kSource;
    case 'T':
      return Kind::kTokens;
    case 'R':
      return Kind::kGroup;
    case 'J':
      return Kind::kLongest;
    case 'C':
      return Kind::kComments;
    case 'M':
      return Kind::kUtility;
    case 'G':
      return Kind::kGet;
    case 'W':
      return Kind::kGetFree;
    case 'P':
      return Kind::kGetOne;
    case 'N':
      return Kind::kText;
    case 'O':
      return Kind::kHolder;
    case 'D':
      return Kind::kGiveBack;
    case 'F':
      return Kind::kGiveBackAll;
    case 'Q':
      return Kind::kFinish;
    case '.':
      return Kind::kGoodbye;
    default:
      return Kind::kUnknown;
  }
}

bool AllDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(c);
  });
}

absl::StatusOr<Announced> ParseAnnounced(absl::string_view line) {
  const size_t at = std::min(line.find('@'), line.size());
  const absl::string_view digits = line.substr(0, at);
  Announced announced;
  if (!AllDigits(digits) || digits.size() > kMaxPidDigits ||
      !absl::SimpleAtoi(digits, &announced.pid)) {
    return absl::InvalidArgumentError("not a process id");
  }
  if (at < line.size()) announced.host = std::string(line.substr(at + 1));
  return announced;
}

}  // namespace

// --- the pool's side ---------------------------------------------------------

absl::StatusOr<std::optional<PoolRequest>> PoolRequestReader::Announcement() {
  const size_t end = rest_.find('\n');
  if (std::min(end, rest_.size()) > kMaxAnnouncementBytes) {
    return absl::InvalidArgumentError("too long a process id");
  }
  if (end == std::string::npos) return std::nullopt;
  PoolRequest request;
  request.kind = Kind::kAnnounce;
  TRY_ASSIGN(request.announced,
             ParseAnnounced(absl::string_view(rest_).substr(0, end)));
  rest_.erase(0, end + 1);
  announced_ = true;
  return request;
}

absl::StatusOr<std::optional<PoolRequest>> PoolRequestReader::Next() {
  if (!announced_) return Announcement();
  while (at_ < rest_.size()) {
    const char c = rest_[at_++];
    if (absl::ascii_isdigit(c)) {
      // Not beyond what any pool has; int has room for one digit more than
      // that.
      const int64_t number = int64_t{number_} * 10 + (c - '0');
      number_ = static_cast<int>(std::min(number, int64_t{kMostPoolNumber}));
      continue;
    }
    const int number = std::exchange(number_, 0);
    if (c == '\n') continue;
    PoolRequest request;
    request.kind = KindOf(c);
    request.number = number;
    return request;
  }
  rest_.clear();
  at_ = 0;
  return std::nullopt;
}

std::string GrantAnswer(const std::vector<int>& tokens) {
  return absl::StrJoin(tokens, ",") + "\n";
}

std::string NumberAnswer(int number) { return absl::StrCat(number, "\n"); }

std::string YesAnswer(bool yes) { return yes ? "+Yes\n" : std::string(kNo); }

std::string PoolAnswer(const PoolRequest& request, const Tokens& tokens,
                       const PoolFacts& facts) {
  const auto text = [&](size_t index) {
    return tokens.is_token(static_cast<int>(index))
               ? absl::string_view(tokens.text(static_cast<int>(index)))
               : absl::string_view();
  };
  switch (request.kind) {
    case Kind::kSpace: {
      // As many as T answers.
      size_t space = 0;
      for (size_t i = 0; i < tokens.indexes(); i++) space += text(i).size() + 1;
      return absl::StrCat(tokens.indexes(), ",", space, "\n");
    }
    case Kind::kVersion:
      return "0.4\n";
    case Kind::kSource:
      return (tokens.source().empty() ? std::string("=iota")
                                      : "+" + tokens.source()) +
             '\0';
    case Kind::kTokens: {
      std::string all;
      for (size_t i = 0; i < tokens.indexes(); i++) {
        absl::StrAppend(&all, text(i));
        all.push_back('\0');
      }
      return all;
    }
    case Kind::kGroup:
      return NumberAnswer(facts.group);
    case Kind::kLongest: {
      size_t longest = 0;
      for (size_t i = 0; i < tokens.indexes(); i++) {
        longest = std::max(longest, text(i).size());
      }
      return NumberAnswer(static_cast<int>(longest));
    }
    case Kind::kComments:
      return absl::StrCat(tokens.comments().size(), "\n", tokens.comments());
    case Kind::kUtility:
      return NumberAnswer(facts.utility_pid);
    case Kind::kText:
      if (!tokens.is_token(request.number)) return std::string(kNo);
      return absl::StrCat("+", text(request.number), "\n");
    case Kind::kHolder:
      if (!tokens.is_token(request.number)) return NumberAnswer(-1);
      return NumberAnswer(tokens.holder(request.number) ? facts.holder_pid : 0);
    case Kind::kUnknown:
      return std::string(kNo);
    case Kind::kAnnounce:
    case Kind::kGet:
    case Kind::kGetFree:
    case Kind::kGetOne:
    case Kind::kGiveBack:
    case Kind::kGiveBackAll:
    case Kind::kFinish:
    case Kind::kGoodbye:
      break;
  }
  MUST(!"a question");
  return "";
}

// --- the client's side -------------------------------------------------------

void PoolReplyReader::Expect(PoolReply::Kind kind, size_t count) {
  expected_.push_back({kind, count});
}

absl::StatusOr<std::optional<PoolReply>> PoolReplyReader::Next() {
  if (expected_.empty()) {
    if (rest_.empty()) return std::nullopt;
    return absl::InvalidArgumentError("an answer to nothing");
  }
  const Expected expected = expected_.front();
  const PoolReply::Kind kind = expected.kind;
  size_t ends = 1, most_bytes = 0;
  char end = '\n';
  switch (kind) {
    case PoolReply::Kind::kNumbers:
      most_bytes = (expected.count + 1) * kMaxNumberBytes;
      break;
    case PoolReply::Kind::kSource:
      most_bytes = kMaxSourceBytes;
      end = '\0';
      break;
    case PoolReply::Kind::kTexts:
      most_bytes = kMaxTextsBytes;
      end = '\0';
      ends = expected.count;
      break;
    case PoolReply::Kind::kText:
      most_bytes = kMaxTextBytes;
      break;
  }
  while (ends_ < ends) {
    const size_t found = rest_.find(end, searched_);
    searched_ = std::min(found, rest_.size());
    if (searched_ > most_bytes) {
      return absl::InvalidArgumentError("too long an answer");
    }
    if (found == std::string::npos) return std::nullopt;
    searched_++;
    ends_++;
  }
  const std::string bytes = rest_.substr(0, searched_);
  rest_.erase(0, searched_);
  searched_ = 0;
  ends_ = 0;
  expected_.pop_front();
  // Without what it ends with.
  const absl::string_view text =
      absl::string_view(bytes).substr(0, bytes.empty() ? 0 : bytes.size() - 1);
  PoolReply reply{.kind = kind, .numbers = {}, .text = "", .texts = {}};
  switch (kind) {
    case PoolReply::Kind::kNumbers:
      reply.known = bytes != kNo;
      if (!reply.known) break;
      for (const absl::string_view digits :
           absl::StrSplit(text, ',', absl::SkipEmpty())) {
        int64_t number;
        if (!AllDigits(absl::StripPrefix(digits, "-")) ||
            digits.size() > kMaxNumberBytes ||
            !absl::SimpleAtoi(digits, &number)) {
          return absl::InvalidArgumentError("not a number");
        }
        reply.numbers.push_back(number);
      }
      if (reply.numbers.size() > expected.count) {
        return absl::InvalidArgumentError("more numbers than asked for");
      }
      break;
    case PoolReply::Kind::kSource:
      reply.file = absl::StartsWith(text, "+");
      reply.known = reply.file || absl::StartsWith(text, "=");
      reply.text = std::string(text.substr(std::min<size_t>(1, text.size())));
      break;
    case PoolReply::Kind::kTexts:
      if (expected.count > 0) reply.texts = absl::StrSplit(text, '\0');
      break;
    case PoolReply::Kind::kText:
      reply.known = absl::StartsWith(text, "+");
      if (reply.known) reply.text = std::string(text.substr(1));
      break;
  }
  return reply;
}

}  // namespace fanout
