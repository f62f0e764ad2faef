#include "hosts/closing.h"

#include <absl/strings/str_cat.h>

#include "base/status.h"
#include "cli/applet.h"

namespace hosts {
namespace {

constexpr int kFailed = 70;

absl::Status CodeOf(const Streams& streams, absl::string_view which, int code) {
  if (code == 0) return absl::OkStatus();
  const std::string interrupted = streams.WhyInterrupted();
  if (!interrupted.empty()) return absl::AbortedError(interrupted);
  return cli::FailWith(kFailed,
                       absl::StrCat(which, " m4: failed with code ", code));
}

}  // namespace

Closing::Closing(const Streams& streams, const ClosingOptions& options,
                 absl::Span<const std::string> operands, std::string list_path)
    : streams_(streams),
      options_(options),
      operands_(operands),
      list_path_(std::move(list_path)) {}

void Closing::DefineAll(Stream& stream) const {
  stream.DefineOurs("0", list_path_);
  for (size_t i = 1; i < operands_.size(); i++) {
    stream.DefineOurs(absl::StrCat(i), operands_[i]);
  }
}

absl::StatusOr<std::string> Closing::List(
    absl::Span<const size_t> elected, absl::Span<const int> statuses) const {
  const std::unique_ptr<Stream> stream =
      streams_.New("redo", Streams::Messages::kPassOn);
  text::M4& m4 = stream->m4();
  const HostOptions& options = streams_.options();
  DefineAll(*stream);
  for (const std::string& ward : options_.wards) {
    m4.Expand("-Q", absl::StrCat(ward, "\n"));
  }
  const std::string usual = absl::StrCat(
      options.key, " ", options.Macro("STATUS"), " ", options.Macro("U"), "\n");
  for (size_t i = 0; i < elected.size() && !m4.ended(); i++) {
    m4.Push(options.Macro("STATUS"), absl::StrCat(statuses[i]));
    m4.Push(options.Macro("U"), absl::StrCat(i));
    const HostMacros more = options_.more ? options_.more(i) : HostMacros();
    for (const auto& [name, value] : more) m4.Push(options.Macro(name), value);
    stream->PushHost(elected[i]);
    if (options_.redo.empty()) m4.Expand("-r", usual);
    for (const std::string& redo : options_.redo) {
      m4.Expand("-r", absl::StrCat(redo, "\n"));
    }
    stream->PopHost(elected[i]);
    for (const auto& [name, value] : more) m4.Pop(options.Macro(name));
    m4.Pop(options.Macro("U"));
    m4.Pop(options.Macro("STATUS"));
  }
  TRY(CodeOf(streams_, "redo", stream->Finish()));
  return std::move(stream->output());
}

absl::StatusOr<ClosingCommand> Closing::Command() const {
  const std::unique_ptr<Stream> stream =
      streams_.New("filter", Streams::Messages::kPassOn);
  DefineAll(*stream);
  std::string filter;
  if (options_.filter) {
    filter = *options_.filter;
  } else {
    const auto pager = streams_.environment().Get("PAGER");
    filter = absl::StrCat(
        pager && !pager->empty() ? *pager : absl::string_view("more"), " ",
        streams_.options().Macro("0"));
  }
  stream->m4().Expand("-K", filter);
  TRY(CodeOf(streams_, "filter", stream->Finish()));
  ClosingCommand command;
  command.text = std::move(stream->output());
  if (!command.text.empty() && command.text[0] == '|') {
    command.list_as_input = true;
    command.text.erase(0, 1);
  }
  return command;
}

}  // namespace hosts
