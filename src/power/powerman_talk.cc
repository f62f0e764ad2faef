#include "power/powerman_talk.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "power/host_list.h"
#include "power/limits.h"
#include "power/powerman_protocol.h"
#include "text/utf8.h"

namespace power {
namespace {

constexpr size_t kNumberBytes = 4;  // "103 "

// Answers that only say that all is well: query complete, telemetry on or off,
// exprange on or off.
bool IsSilent(int code) { return code == 103 || code == 104 || code == 105; }

// A word of a command line may be several, with blanks between them.
absl::Status AddHosts(absl::string_view words,
                      std::vector<std::string>* hosts) {
  for (const absl::string_view word :
       absl::StrSplit(words, absl::ByAnyChar(" \t\n"), absl::SkipEmpty())) {
    const auto some = ParseHostList(word, kMaxPowermanHosts);
    if (!some.ok()) return base::Context(some.status(), "hostlist error");
    if (some->empty() || hosts->size() + some->size() > kMaxPowermanHosts) {
      return absl::InvalidArgumentError("hostlist error");
    }
    hosts->insert(hosts->end(), some->begin(), some->end());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> PowermanCommands(
    std::vector<PowermanWish> wishes, const std::vector<std::string>& more) {
  // Each of the first ones stands before those that were given earlier.
  std::vector<PowermanWish> sorted;
  for (PowermanWish& wish : wishes) {
    sorted.insert(wish.first ? sorted.begin() : sorted.end(), std::move(wish));
  }
  std::vector<std::string> lines;
  for (const PowermanWish& wish : sorted) {
    const bool takes_more = !more.empty() && &wish == &sorted.back();
    std::vector<std::string> hosts;
    if (wish.targets) TRY(AddHosts(*wish.targets, &hosts));
    for (const std::string& words :
         takes_more ? more : std::vector<std::string>()) {
      TRY(AddHosts(words, &hosts));
    }
    if (takes_more && (wish.first || wish.command == "nodes")) {
      return absl::InvalidArgumentError("option takes no arguments");
    }
    std::string line = wish.command;
    if (wish.targets || takes_more) {
      absl::StrAppend(&line, " ", FoldInOrder(hosts));
    }
    if (line.size() >= kMaxPowermanLineBytes) {
      return absl::InvalidArgumentError("hostlist error: too long");
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

PowermanTalk::PowermanTalk(std::vector<std::string> commands, bool goes_on)
    : commands_(std::move(commands)), goes_on_(goes_on) {}

PowermanTalk::Effects PowermanTalk::Received(absl::string_view bytes) {
  if (state_ == State::kOver) return {};
  absl::StrAppend(&received_, bytes);
  while (state_ != State::kOver && Step()) {
  }
  if (state_ != State::kOver &&
      received_.size() > kMaxPowermanAnswerLineBytes) {
    End(absl::InvalidArgumentError("a line of the server's is too long"));
  }
  return std::exchange(out_, {});
}

PowermanTalk::Effects PowermanTalk::Closed() {
  // One that closes right behind its last answer has answered.
  if (state_ != State::kOver) {
    End(absl::UnavailableError("lost connection with server"));
  }
  return std::exchange(out_, {});
}

bool PowermanTalk::Step() {
  if (state_ == State::kPrompt) {
    const absl::string_view prompt = kPowermanPrompt;
    const size_t known = std::min(prompt.size(), received_.size());
    if (!absl::StartsWith(received_, prompt.substr(0, known))) {
      End(absl::InvalidArgumentError("unexpected response from server"));
      return false;
    }
    if (known < prompt.size()) return false;
    received_.erase(0, prompt.size());
    Next();
    return true;
  }
  const std::optional<std::string> line = TakeLine();
  if (!line) return false;
  state_ == State::kGreeting ? Greeting(*line) : Answer(*line);
  return true;
}

std::optional<std::string> PowermanTalk::TakeLine() {
  const size_t end = received_.find('\n', looked_at_);
  looked_at_ = received_.size();
  if (end == std::string::npos) return std::nullopt;
  std::string line = received_.substr(0, end);
  received_.erase(0, end + 1);
  looked_at_ = 0;
  if (absl::EndsWith(line, "\r")) line.pop_back();
  return line;
}

void PowermanTalk::Greeting(absl::string_view line) {
  if (!absl::StartsWith(line, "001 ") || line.size() <= kNumberBytes) {
    return End(absl::InvalidArgumentError("unexpected response from server"));
  }
  state_ = State::kPrompt;
}

void PowermanTalk::Answer(absl::string_view line) {
  int code = 0;
  if (line.size() <= kNumberBytes ||
      !absl::SimpleAtoi(line.substr(0, kNumberBytes), &code) || code < 100 ||
      code > 399) {
    return End(absl::InvalidArgumentError("unexpected response from server"));
  }
  if (state_ == State::kGoodbye) {
    return code == 101 ? End(code_)
                       : End(absl::InvalidArgumentError(
                             "unexpected response from server"));
  }
  if (!IsSilent(code)) {
    absl::StrAppend(&out_.print, text::Clean(line.substr(kNumberBytes)), "\n");
  }
  if (code >= 300) return;
  code_ = code >= 200 && !goes_on_ ? code : 0;
  state_ = State::kPrompt;
}

void PowermanTalk::Next() {
  if (next_ == commands_.size() || code_ != 0) {
    state_ = State::kGoodbye;
    out_.send += "quit\r\n";
    return;
  }
  state_ = State::kAnswer;
  absl::StrAppend(&out_.send, commands_[next_++], "\r\n");
}

void PowermanTalk::End(absl::StatusOr<int> how) {
  state_ = State::kOver;
  out_.end = std::move(how);
}

}  // namespace power
