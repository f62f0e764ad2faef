#include "base/status.h"
#include "cli/applet.h"
#include "cli/report.h"
#include "mcfeely/classic_client.h"
#include "mcfeely/client_options.h"

namespace {

absl::StatusOr<int> Run(const cli::Call& call);

constexpr auto kOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {0, "older", "TIME", "another time than an hour", "1h"},
      mcfeely::kServerOption,
      mcfeely::kToOption,
      mcfeely::kIdentityOption,
      mcfeely::kTrustOption,
  });
});

}  // namespace

extern constinit const cli::Applet applet_mcfeely_qwatch = {
    .name = "mcfeely-qwatch",
    .summary = "list the jobs that have been in the queue for an hour",
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
