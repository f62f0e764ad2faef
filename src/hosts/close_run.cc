#include "hosts/close_run.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <vector>

#include "base/status.h"
#include "fanout/pass_signals.h"
#include "fanout/wrapped.h"
#include "sys/child.h"
#include "sys/file.h"
#include "sys/loop.h"
#include "text/words.h"

namespace hosts {
namespace {

std::vector<std::string> ClosingWords(const sys::Environment& environment,
                                      const std::optional<std::string>& given,
                                      const std::string& text) {
  std::string shell = "/bin/sh";
  for (absl::string_view candidate :
       {environment.Get("HXMD_SHELL").value_or(""),
        given ? absl::string_view(*given) : "",
        environment.Get("SHELL").value_or("")}) {
    if (candidate.empty()) continue;
    shell = std::string(candidate);
    break;
  }
  return {shell, absl::StrContains(shell, "perl") ? "-e" : "-c", text};
}

}  // namespace

absl::StatusOr<int> RunClosing(Run& run, const ClosingOptions& closing_options,
                               const std::optional<std::string>& shell,
                               absl::Span<const int> statuses) {
  std::vector<std::string> operands;
  for (const Operand& operand : run.operands()) {
    operands.push_back(operand.given);
  }
  TRY_ASSIGN(const std::string folder, run.work().Path());
  const std::string path = absl::StrCat(folder, "/list");
  const Closing closing(run.streams(), closing_options, operands, path);
  TRY_ASSIGN(const std::string list, closing.List(run.elected(), statuses));
  TRY(run.work().Write("list", list).status());
  TRY_ASSIGN(const ClosingCommand command, closing.Command());
  const sys::Environment& environment = run.streams().environment();
  const std::vector<std::string> words =
      ClosingWords(environment, shell, command.text);
  if (run.options().Debugs('X')) {
    run.voice().Debug('X', text::JoinWords(words));
  }

  sys::Loop loop;
  fanout::PassSignals signals(loop, nullptr);
  sys::SpawnOptions options;
  sys::Fd input;
  if (command.list_as_input) {
    TRY_ASSIGN(input, sys::Open(path, O_RDONLY));
  }
  options.in = command.list_as_input ? input.get() : STDIN_FILENO;
  options.out = options.err = STDERR_FILENO;
  options.environment = &environment.entries();
  absl::StatusOr<sys::Child> child = sys::Child::Spawn(words, options);
  if (!child.ok()) return base::Context(child.status(), "closing command");
  signals.To(&*child);
  TRY(loop.Watch(child->pidfd(), EPOLLIN, [&](uint32_t) { loop.Stop(); }));
  loop.Run();
  signals.To(nullptr);
  return fanout::WrappedStatus(child->Wait());
}

}  // namespace hosts
