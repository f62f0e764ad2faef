#include "hosts/report.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include "base/status.h"
#include "hosts/cache.h"
#include "hosts/expander.h"

namespace hosts {
namespace {

constexpr int kUnset = 65, kFailed = 1;

// A file that is there for our stream alone: what a cache has made. No letter
// of m4's is in its name, so no quotes are needed around it, whatever they are
// by now.
constexpr absl::string_view kMade = "\x01";
constexpr absl::string_view kPutMade = "undivert(\x01)";

class Report {
 public:
  Report(const Streams& streams, WorkFolder& work, const ReportOrder& order)
      : streams_(streams), work_(work), order_(order) {
    watch_unset_ = streams.options().strict || streams.options().Debugs('M');
    stream_ =
        streams.New("0", Streams::Messages::kPassOn, StreamSystem::Mode::kReal,
                    [this](absl::string_view text) {
                      order_.print(text);
                      if (watch_unset_)
                        of_host_.append(text.data(), text.size());
                    });
  }

  absl::StatusOr<int> Run() {
    text::M4& m4 = stream_->m4();
    for (const std::string& header : order_.headers) {
      m4.Expand("-T", absl::StrCat(header, "\n"));
    }
    if (watch_unset_) m4.Flush();
    of_host_.clear();
    for (size_t i = 0; i < order_.elected.size() && !m4.ended(); i++) {
      TRY(OneHost(order_.elected[i], i));
    }
    const int status = stream_->Finish();
    const std::string interrupted = streams_.WhyInterrupted();
    if (!interrupted.empty()) return absl::AbortedError(interrupted);
    if (status != 0) return status;
    if (failed_) return kFailed;
    return unset_ && streams_.options().strict ? kUnset : 0;
  }

 private:
  absl::Status OneHost(size_t host, size_t position) {
    text::M4& m4 = stream_->m4();
    const HostOptions& options = streams_.options();
    m4.Push(options.Macro("U"), absl::StrCat(position));
    stream_->PushHost(host);
    for (size_t i = 0; i < order_.operands.size(); i++) {
      const Operand& operand = order_.operands[i];
      stream_->DefineOurs("PHASE", absl::StrCat(i));
      switch (operand.kind) {
        case Operand::Kind::kText:
          m4.Expand(operand.source, order_.no_newline
                                        ? *operand.content
                                        : absl::StrCat(*operand.content, "\n"));
          break;
        case Operand::Kind::kFile:
          m4.Expand(operand.source, *operand.content);
          break;
        case Operand::Kind::kCache:
          TRY(PutCache(operand, host, position, i));
          break;
      }
    }
    stream_->PopHost(host);
    m4.Pop(options.Macro("U"));
    if (watch_unset_) LookForUnset(host);
    return absl::OkStatus();
  }

  // The recipe has a stream of its own: it is no part of the report.
  absl::Status PutCache(const Operand& operand, size_t host, size_t position,
                        size_t which) {
    TRY(MayUseCaches(streams_));
    TRY_ASSIGN(const std::string folder, work_.Path());
    const std::unique_ptr<Stream> recipe =
        streams_.New(absl::StrCat(which), Streams::Messages::kPassOn,
                     StreamSystem::Mode::kReal, nullptr);
    std::string made;
    TRY_ASSIGN(const Failure failure,
               RunCache(
                   streams_, operand, *recipe, host,
                   absl::StrCat(folder, "/recipe.", position, ".", which),
                   [&](Stream& s) {
                     s.DefineOurs("U", absl::StrCat(position));
                     s.DefineHost(host);
                   },
                   &made));
    if (failure.status != 0) {
      failed_ = true;
      streams_.voice().Warn(absl::StrCat(streams_.fleet().table.HostName(host),
                                         ": ", failure.why, " (", operand.given,
                                         " skipped)"));
      return absl::OkStatus();
    }
    stream_->system().Provide(kMade, std::move(made));
    stream_->m4().Expand(operand.source, kPutMade);
    return absl::OkStatus();
  }

  // What is diverted is not seen here.
  void LookForUnset(size_t host) {
    stream_->m4().Flush();
    const Table& table = streams_.fleet().table;
    const std::vector<std::string> unset = UnsetIn(of_host_, table, host);
    of_host_.clear();
    if (unset.empty()) return;
    unset_ = true;
    const std::string line = absl::StrCat(
        table.HostName(host), ": is not set: ", absl::StrJoin(unset, ", "));
    if (streams_.options().strict) {
      streams_.voice().Warn(line);
    } else {
      streams_.voice().Debug('M', line);
    }
  }

  const Streams& streams_;
  WorkFolder& work_;
  const ReportOrder& order_;
  std::unique_ptr<Stream> stream_;
  bool watch_unset_ = false, failed_ = false, unset_ = false;
  std::string of_host_;  // what was put out for the host that is at work
};

}  // namespace

absl::StatusOr<int> MakeReport(const Streams& streams, WorkFolder& work,
                               const ReportOrder& order) {
  return Report(streams, work, order).Run();
}

}  // namespace hosts
