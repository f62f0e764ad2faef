#include "fanout/collate_protocol.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/strip.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/status.h"

namespace fanout {
namespace {

constexpr size_t kMaxGreetingBytes = 32;
constexpr size_t kMaxNumberBytes = 20;
constexpr size_t kMaxTextBytes = 1 << 20;
constexpr size_t kMaxMessageBytes = 256;
constexpr int kMaxInsideDigits = 18;

struct Plain {
  absl::string_view three;
  Request::Kind kind;
  Ready ready = Ready::kNot;
  bool quick = false;
};
constexpr Plain kPlain[] = {
    {"?T ", Request::Kind::kTitle},
    {"?H ", Request::Kind::kRule},
    {"?L ", Request::Kind::kCap},
    {"?s ", Request::Kind::kSqueeze},
    {"?q ", Request::Kind::kQuick},
    {"?d ", Request::Kind::kPublished},
    {"?: ", Request::Kind::kPersistent},
    {"o1 ", Request::Kind::kStream},
    {"o0 ", Request::Kind::kInput},
    {"o2 ", Request::Kind::kError},
    {"ow ", Request::Kind::kWidow},
    {"od ", Request::Kind::kFolder},
    {"ex ", Request::Kind::kReport, Ready::kWillRun},
    {"hd ", Request::Kind::kReport, Ready::kHasData},
    {"bx ", Request::Kind::kReport, Ready::kFull},
    {"rf ", Request::Kind::kReport, Ready::kFinished},
    {"qm ", Request::Kind::kReport, Ready::kFinished, true},
    {"Q! ", Request::Kind::kFinish},
    {"cq ", Request::Kind::kGoodbye},
    {"-V ", Request::Kind::kVersion},
};

bool IsDigit(char c) { return absl::ascii_isdigit(c); }

// The number at the front of `bytes`, up to and with `end`; -1 in `*used` when
// it has not come whole.
absl::StatusOr<int64_t> TakeNumber(absl::string_view bytes, char end,
                                   size_t* used) {
  const size_t at = bytes.find(end);
  const size_t digits = std::min(at, bytes.size());
  if (digits > kMaxNumberBytes ||
      !std::all_of(bytes.begin(), bytes.begin() + digits, IsDigit)) {
    return absl::InvalidArgumentError("not a number");
  }
  *used = at == absl::string_view::npos ? 0 : at + 1;
  if (*used == 0) return 0;
  int64_t number;
  if (!absl::SimpleAtoi(bytes.substr(0, at), &number)) {
    return absl::InvalidArgumentError("not a number");
  }
  return number;
}

// One answer off the front of `bytes`; `*used` stays 0 when it is not whole.
absl::StatusOr<Answer> Take(Answer::Kind kind, absl::string_view bytes,
                            size_t* used) {
  Answer answer;
  answer.kind = kind;
  switch (kind) {
    case Answer::Kind::kGreeting: {
      const size_t end = bytes.find('\0');
      if (std::min(end, bytes.size()) > kMaxGreetingBytes) {
        return absl::InvalidArgumentError("too long a greeting");
      }
      if (end != absl::string_view::npos) *used = end + 1;
      return answer;
    }
    case Answer::Kind::kSection: {
      TRY_ASSIGN(answer.number, TakeNumber(bytes, '\n', used));
      return answer;
    }
    case Answer::Kind::kNumber:
      if (bytes[0] == '.') {
        *used = 1;
      } else {
        TRY_ASSIGN(answer.number, TakeNumber(bytes, '\n', used));
      }
      return answer;
    case Answer::Kind::kText: {
      if (bytes[0] == '.') {
        *used = 1;
        return answer;
      }
      size_t head = 0;
      TRY_ASSIGN(const int64_t length, TakeNumber(bytes, ':', &head));
      if (head == 0) return answer;
      if (length < 1 || length > int64_t{kMaxTextBytes}) {
        return absl::InvalidArgumentError("too long a text");
      }
      const size_t size = static_cast<size_t>(length);
      if (bytes.size() < head + size) return answer;
      *used = head + size;
      answer.text = std::string(bytes.substr(head, size - 1));
      return answer;
    }
    case Answer::Kind::kFlag:
      if (bytes.size() < 2) return answer;
      *used = 2;
      answer.flag = bytes[0];
      return answer;
    case Answer::Kind::kMessage:
      break;
  }
  return absl::InternalError("not an answer");
}

}  // namespace

absl::StatusOr<std::optional<Request>> RequestReader::Next() {
  if (!named_) {
    const size_t end =
        bytes_.find_first_of(absl::string_view("\0\n\r", 3).data(), 0, 3);
    if (std::min(end, bytes_.size()) > kMaxSectionNameBytes) {
      return absl::InvalidArgumentError("too long a name");
    }
    if (end == std::string::npos) return std::optional<Request>();
    Request request;
    request.kind = Request::Kind::kName;
    request.text = bytes_.substr(0, end);
    bytes_.erase(0, end + 1);
    named_ = true;
    return request;
  }
  if (bytes_.size() < 4) return std::optional<Request>();
  TRY_ASSIGN(const Request request,
             Read(absl::string_view(bytes_).substr(0, 4)));
  bytes_.erase(0, 4);
  return request;
}

absl::StatusOr<Request> RequestReader::Read(absl::string_view four) {
  Request request;
  const absl::string_view three = four.substr(0, 3);
  if (four[3] != '\0') {
    return absl::InvalidArgumentError(
        absl::StrCat("not a request: ", base::Escape(four)));
  }
  for (const Plain& plain : kPlain) {
    if (plain.three != three) continue;
    request.kind = plain.kind;
    request.ready = plain.ready;
    request.quick = plain.quick;
    return request;
  }
  if (three == "on ") {
    if (inside_digits_ == 0) {
      return absl::InvalidArgumentError("a section without a number");
    }
    request.kind = Request::Kind::kInside;
    request.number = std::exchange(inside_, 0);
    inside_digits_ = 0;
    return request;
  }
  const bool two_digits = IsDigit(three[1]) && IsDigit(three[2]);
  const int number = two_digits ? (three[1] - '0') * 10 + three[2] - '0' : 0;
  if (two_digits && IsDigit(three[0])) {
    request.kind = Request::Kind::kStatus;
    request.number = (three[0] - '0') * 100 + number;
  } else if (two_digits && three[0] == 'w') {
    request.kind = Request::Kind::kWriteFailed;
    request.number = number;
  } else if (two_digits && three[0] == 'n') {
    if ((inside_digits_ += 2) > kMaxInsideDigits) {
      return absl::InvalidArgumentError("too large a section's number");
    }
    inside_ = inside_ * 100 + number;
  } else if (three[2] != ' ') {
    return absl::InvalidArgumentError(
        absl::StrCat("not a request: ", base::Escape(four)));
  }
  return request;
}

absl::StatusOr<std::optional<Answer>> AnswerReader::Next() {
  if (bytes_.empty()) {
    message_ends_ = false;
    return std::optional<Answer>();
  }
  if (!expected_.empty()) {
    size_t used = 0;
    TRY_ASSIGN(Answer answer, Take(expected_.front(), bytes_, &used));
    if (used == 0) return std::optional<Answer>();
    bytes_.erase(0, used);
    expected_.pop_front();
    return std::optional<Answer>(std::move(answer));
  }
  size_t end = bytes_.find('\n');
  if (std::min(end, bytes_.size()) > kMaxMessageBytes) {
    return absl::InvalidArgumentError("too long a message");
  }
  if (end == std::string::npos) {
    if (!message_ends_) return std::optional<Answer>();
    message_ends_ = false;
    end = bytes_.size();
  }
  Answer answer;
  answer.text = bytes_.substr(0, end);
  bytes_.erase(0, end + 1);
  return std::optional<Answer>(std::move(answer));
}

std::string PlainRequest(absl::string_view three) {
  MUST(three.size() == 3);
  return std::string(three) + '\0';
}

std::string ReportRequest(Ready ready, bool quick) {
  for (const Plain& plain : kPlain) {
    if (plain.kind == Request::Kind::kReport && plain.ready == ready &&
        plain.quick == quick) {
      return PlainRequest(plain.three);
    }
  }
  return "";
}

std::string StatusRequest(int status) {
  return PlainRequest(absl::StrFormat("%03d", std::clamp(status, 0, 999)));
}

std::string InsideRequest(int64_t section) {
  std::string digits = absl::StrCat(section);
  if (digits.size() % 2 != 0) digits.insert(0, "0");
  std::string out;
  for (size_t at = 0; at < digits.size(); at += 2) {
    out += PlainRequest(absl::StrCat("n", digits.substr(at, 2)));
  }
  return out + PlainRequest("on ");
}

std::string WriteFailedRequest(int error_number) {
  return PlainRequest(
      absl::StrFormat("w%02d", std::clamp(error_number, 1, 99)));
}

std::string TextAnswer(const std::optional<std::string>& text) {
  if (!text) return ".";
  return absl::StrCat(text->size() + 1, ":", *text) + '\0';
}

}  // namespace fanout
