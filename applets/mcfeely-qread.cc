#include "base/status.h"
#include "cli/applet.h"
#include "cli/report.h"
#include "mcfeely/classic_client.h"
#include "mcfeely/client_options.h"

namespace {

absl::StatusOr<int> Run(const cli::Call& call);

constexpr auto kOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {0, "older", "TIME", "only jobs injected at least this long ago", "0"},
      mcfeely::kServerOption,
      mcfeely::kToOption,
      mcfeely::kIdentityOption,
      mcfeely::kTrustOption,
  });
});

}  // namespace

extern constinit const cli::Applet applet_mcfeely_qread = {
    .name = "mcfeely-qread",
    .summary = "list the queue, as the original printed it",
    .usage = "[OPTION ...]",
    .options = kOptions,
    .exits = "75  the server is away\n",
    .run = Run,
};

namespace {

absl::StatusOr<int> Run(const cli::Call& call) {
  TRY(mcfeely::ListClassic(call, cli::Print));
  return 0;
}

}  // namespace
