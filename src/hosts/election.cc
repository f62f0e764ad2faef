#include "hosts/election.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <utility>

#include "base/status.h"

namespace hosts {
namespace {

constexpr int kFailed = 70, kNobody = 65;

// What a test's sides come to is taken from a macro that no text can call: its
// name is a digit. $* has the commas of a value that has some.
constexpr absl::string_view kSide = "0";
constexpr absl::string_view kTaker = "TEST_";
constexpr absl::string_view kTakerBody = "define(0,`$*')";

class Election {
 public:
  Election(const Streams& streams, const std::vector<bool>& admitted)
      : streams_(streams),
        options_(streams.options()),
        table_(streams.fleet().table),
        admitted_(admitted),
        stream_(streams.New("selection", Streams::Messages::kKeep)),
        no_number_(options_.comparisons.size()) {
    taker_ = options_.Macro(kTaker);
    default_guard_ = absl::StrCat(table_.key(), "\n");
  }

  absl::StatusOr<std::vector<size_t>> Run() {
    text::M4& m4 = stream_->m4();
    for (const std::string& top : options_.tops) {
      m4.Expand("-Y", absl::StrCat(top, "\n"));
      PassOnMessages();
    }
    if (!options_.comparisons.empty()) m4.Define(taker_, kTakerBody);
    for (size_t host = 0; host < table_.size() && !m4.ended(); host++) {
      if (!admitted_[host]) continue;
      stream_->PushHost(host);
      if (AllHold(host)) Guards();
      stream_->PopHost(host);
    }
    const int status = stream_->Finish();
    PassOnMessages();
    Summarise();
    if (status != 0) return Failure(status);
    std::vector<size_t> elected = Words();
    const bool chosen =
        !options_.comparisons.empty() || !options_.guards.empty();
    if (elected.empty() && chosen && options_.strict) {
      return cli::FailWith(kNobody, "no host is elected by -E and -G");
    }
    return elected;
  }

 private:
  void PassOnMessages() {
    std::string& messages = stream_->messages();
    if (messages.empty()) return;
    said_something_ = true;
    streams_.voice().raw(messages);
    messages.clear();
  }

  std::string Side(absl::string_view text) {
    stream_->m4().Define(kSide, "");
    stream_->m4().Expand("-E", absl::StrCat(taker_, "(", text, ")"));
    const auto value = stream_->m4().Value(kSide);
    return value ? std::string(*value) : "";
  }

  bool HoldsAsText(const Comparison& test) {
    const std::string left = Side(test.left), right = Side(test.right);
    PassOnMessages();
    return (left == right) == (test.op == "=");
  }

  // What is no number makes m4 complain, of each host anew. One line says it
  // for all of them.
  bool HoldsAsNumber(size_t which, size_t host) {
    const Comparison& test = options_.comparisons[which];
    text::M4& m4 = stream_->m4();
    m4.Define(kSide, "");
    m4.Expand("-E", absl::StrCat("define(0,eval(", test.left, " ", test.op,
                                 " (", test.right, ")))"));
    const auto value = m4.Value(kSide);
    if (value && !value->empty()) {
      PassOnMessages();
      return *value == "1";
    }
    NoNumber& none = no_number_[which];
    if (none.count++ == 0) none.first = host;
    if (options_.Debugs('G')) {
      PassOnMessages();
    } else {
      stream_->messages().clear();
    }
    return false;
  }

  bool AllHold(size_t host) {
    for (size_t i = 0; i < options_.comparisons.size(); i++) {
      const Comparison& test = options_.comparisons[i];
      const bool holds =
          test.is_numeric() ? HoldsAsNumber(i, host) : HoldsAsText(test);
      if (stream_->m4().ended()) return false;
      if (holds != test.negated) continue;
      if (options_.Debugs('G')) {
        streams_.voice().Debug('G', absl::StrCat(table_.HostName(host), ": -E ",
                                                 test.text, " is false"));
      }
      return false;
    }
    return true;
  }

  void Guards() {
    if (options_.guards.empty()) {
      stream_->m4().Expand("-G", default_guard_);
    }
    for (const std::string& guard : options_.guards) {
      stream_->m4().Expand("-G", absl::StrCat(guard, "\n"));
    }
    PassOnMessages();
  }

  void Summarise() const {
    for (size_t i = 0; i < no_number_.size(); i++) {
      const NoNumber& none = no_number_[i];
      if (none.count == 0) continue;
      std::string line = absl::StrCat(
          "-E ", options_.comparisons[i].text, ": no number for ",
          none.count == 1 ? "" : absl::StrCat(none.count, " hosts, such as "),
          table_.HostName(none.first));
      streams_.voice().Warn(line);
    }
  }

  absl::Status Failure(int status) const {
    // m4 ends with 1 after an error as well as by m4exit(1); only an error has
    // a message.
    const bool by_exit = status != 1 || !said_something_;
    const std::string why = streams_.WhyInterrupted();
    if (!why.empty()) return absl::AbortedError(why);
    return cli::FailWith(by_exit ? status : kFailed,
                         absl::StrCat("guard m4: failed with code ", status));
  }

  std::vector<size_t> Words() const {
    std::vector<size_t> elected;
    std::vector<bool> is_elected(table_.size());
    for (absl::string_view word :
         absl::StrSplit(stream_->output(), absl::ByAnyChar(" \t\n\v\f\r"),
                        absl::SkipEmpty())) {
      if (options_.Debugs('L')) streams_.voice().Debug('L', word);
      const std::optional<size_t> host = table_.Find(word);
      if (host && admitted_[*host]) {
        if (!is_elected[*host]) elected.push_back(*host);
        is_elected[*host] = true;
      } else if (options_.Debugs('G')) {
        streams_.voice().Debug(
            'G',
            absl::StrCat("'", word, "' ",
                         host ? "was left out by -B or --on" : "is no host"));
      }
    }
    return elected;
  }

  const Streams& streams_;
  const HostOptions& options_;
  const Table& table_;
  const std::vector<bool>& admitted_;
  std::unique_ptr<Stream> stream_;
  std::string taker_, default_guard_;
  bool said_something_ = false;
  struct NoNumber {
    size_t count = 0, first = 0;
  };
  std::vector<NoNumber> no_number_;  // by comparison
};

}  // namespace

absl::StatusOr<std::vector<size_t>> Elect(const Streams& streams,
                                          const std::vector<bool>& admitted) {
  return Election(streams, admitted).Run();
}

}  // namespace hosts
