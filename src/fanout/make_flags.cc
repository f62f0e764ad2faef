#include "fanout/make_flags.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <utility>
#include <vector>

#include "fanout/numbers.h"

namespace fanout {
namespace {

constexpr int64_t kMostFd = 1 << 20;

// The words as they stand, with their backslashes.
std::vector<std::string> Words(absl::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (size_t i = 0; i < text.size(); i++) {
    if (text[i] == ' ' || text[i] == '\t') {
      if (!word.empty()) words.push_back(std::exchange(word, ""));
      continue;
    }
    word += text[i];
    if (text[i] == '\\' && i + 1 < text.size()) word += text[++i];
  }
  if (!word.empty()) words.push_back(word);
  return words;
}

bool TakeAuth(absl::string_view* word) {
  return absl::ConsumePrefix(word, "--jobserver-auth=") ||
         absl::ConsumePrefix(word, "--jobserver-fds=");
}

bool IsDigits(absl::string_view text) {
  return text.find_first_not_of("0123456789") == absl::string_view::npos;
}

// Whether a word is about the number of jobs: "-j", "-j4", "--jobs=4".
bool AboutJobs(absl::string_view word) {
  absl::string_view rest = word;
  if (TakeAuth(&rest) || absl::StartsWith(word, "--jobs")) return true;
  return absl::ConsumePrefix(&rest, "-j") && IsDigits(rest);
}

}  // namespace

absl::StatusOr<JobServerAddress> FindJobServer(absl::string_view makeflags) {
  std::string auth;
  for (const std::string& word : Words(makeflags)) {
    if (word == "--") break;
    absl::string_view value = word;
    if (TakeAuth(&value)) auth = std::string(value);
  }
  if (auth.empty()) {
    return absl::NotFoundError("MAKEFLAGS announces no job server");
  }
  JobServerAddress address;
  absl::string_view value = auth;
  if (absl::ConsumePrefix(&value, "fifo:") && !value.empty()) {
    for (size_t i = 0; i < value.size(); i++) {
      if (value[i] == '\\' && i + 1 < value.size()) i++;
      address.fifo += value[i];
    }
    return address;
  }
  const std::pair<absl::string_view, absl::string_view> ends =
      absl::StrSplit(auth, absl::MaxSplits(',', 1));
  if (absl::StartsWith(ends.first, "-") && absl::StartsWith(ends.second, "-")) {
    return absl::FailedPreconditionError(
        "the job server of MAKEFLAGS is not for us (does the recipe lack a "
        "'+'?)");
  }
  const std::optional<int64_t> read = WholeNumber(ends.first);
  const std::optional<int64_t> write = WholeNumber(ends.second);
  if (!read.has_value() || !write.has_value() || *read > kMostFd ||
      *write > kMostFd) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", auth, "' in MAKEFLAGS is no job server"));
  }
  address.read_fd = static_cast<int>(*read);
  address.write_fd = static_cast<int>(*write);
  return address;
}

std::string AnnounceJobServer(absl::string_view makeflags, int slots,
                              const JobServerAddress& address) {
  const std::string auth =
      address.fifo.empty()
          ? absl::StrCat(address.read_fd, ",", address.write_fd)
          : absl::StrCat("fifo:", address.fifo);
  // The blank in front keeps "-j" from being taken for letters without a dash.
  const std::string ours =
      absl::StrCat(" -j", slots, " --jobserver-auth=", auth);
  std::string out;
  bool announced = false;
  for (const std::string& word : Words(makeflags)) {
    if (word == "--" && !announced) {
      absl::StrAppend(&out, ours);
      announced = true;
    }
    if (!announced && AboutJobs(word)) continue;
    absl::StrAppend(&out, out.empty() ? "" : " ", word);
  }
  if (!announced) absl::StrAppend(&out, ours);
  return out;
}

bool MakeKnowsFifo(absl::string_view version) {
  if (!absl::ConsumePrefix(&version, "GNU Make ")) return false;
  const std::vector<absl::string_view> parts =
      absl::StrSplit(version.substr(0, version.find_first_of(" \n")), '.');
  const std::optional<int64_t> major = WholeNumber(parts[0]);
  const std::optional<int64_t> minor =
      parts.size() < 2 ? 0 : WholeNumber(parts[1]);
  // "4.3.90" was a 4.4 to be; it is not worth a rule.
  return major > 4 || (major == 4 && minor >= 4);
}

}  // namespace fanout
