#include "base/status.h"
#include "cli/applet.h"
#include "cli/report.h"
#include "mcfeely/classic_client.h"

namespace {

absl::StatusOr<int> Run(const cli::Call& call);

constexpr auto kOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {0, "older", "TIME", "only jobs injected at least this long ago", "0"},
      {'S', "server", "ADDR", "the server to ask"},
      {0, "to", "PRINCIPAL", "the server's name", "server:mcfeely"},
      {'i', "identity", "FILE", "the key to sign with"},
      {0, "trust", "FILE", "whose keys are trusted"},
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
  TRY(call.NoOperands());
  fleetbox::wire::Query::Status which;
  TRY_ASSIGN(const absl::Duration older, call.Duration("older"));
  which.set_older_ms(absl::ToInt64Milliseconds(older));
  TRY_ASSIGN(auto client, mcfeely::Client::Make(
                              {.server = mcfeely::ServersOf(call.All("server")),
                               .server_principal = call.Get("to"),
                               .identity = call.Get("identity"),
                               .trust = call.Get("trust")}));
  TRY(mcfeely::ListClassic(*client, which, cli::Print));
  return 0;
}

}  // namespace
