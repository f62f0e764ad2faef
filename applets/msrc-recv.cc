#include "base/status.h"
#include "cli/applet.h"
#include "cli/report.h"
#include "msrc/receiver.h"
#include "msrc/relay_server.h"
#include "sys/log.h"

namespace {

absl::StatusOr<int> Run(const cli::Call& call);

constexpr auto kOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {0, "stdio", "", "serve the controller at standard input and output"},
      {0, "relay", "", "with --stdio: call hosts for the controller"},
      {0, "apply", "FILE", "do what a bundle made by msrc says"},
      {0, "require-signed", "", "let in only keys that the trust file names"},
      {'t', "trust", "FILE", "the trust file; lets in only keys it names"},
      {0, "principal", "NAME",
       "who we are: a parcel must be for us; else host:HOSTNAME"},
      {0, "no-cache", "", "keep nothing here, not even this executable"},
      {0, "wire-version", "", "print the version of the exchange"},
      {'v', "verbose", "", "say each step on standard error"},
  });
});

}  // namespace

extern constinit const cli::Applet applet_msrc_recv = {
    .name = "msrc-recv",
    .summary = "receive what msrc sends to a host",
    .usage =
        "[-v] [--require-signed] [-t FILE] [--principal NAME] "
        "[--no-cache] --stdio\n"
        "[-v] [--require-signed] [-t FILE] [--principal NAME] "
        "--apply FILE\n"
        "--relay [--no-cache] --stdio\n"
        "--wire-version",
    .options = kOptions,
    .exits =
        "65  --apply: the bundle is damaged\n"
        "73  --apply: there is no room, no permission, or something is "
        "in the way\n"
        "74  --apply: the disk fails\n"
        "75  --apply: somebody else delivers to the same folder\n"
        "76  --apply: a link is where a folder must be; --stdio: nobody there "
        "speaks as msrc does\n"
        "77  --apply: the bundle is refused\n"
        "other codes of --apply are the utility's\n",
    .run = Run,
};

namespace {

absl::StatusOr<int> Run(const cli::Call& call) {
  TRY(call.NoOperands());
  const int ways =
      call.Has("stdio") + call.Has("apply") + call.Has("wire-version");
  if (ways != 1) {
    return cli::UsageError("one of --stdio, --apply and --wire-version");
  }
  if (call.Has("wire-version")) {
    cli::Print("1\n");
    return 0;
  }
  if (call.Has("relay")) {
    // Who holds a key to deliveries lets nobody run anything else.
    if (!call.Has("stdio") || call.Has("require-signed") || call.Has("trust")) {
      return cli::UsageError("--relay: only with --stdio, and without trust");
    }
    return msrc::ServeRelay();
  }
  if (call.Has("verbose")) sys::SetLogLevel(sys::LogLevel::kStep);
  msrc::ReceiverOptions options;
  options.admission.require_signed = call.Has("require-signed");
  options.admission.trust = call.Get("trust");
  options.admission.principal = call.Get("principal");
  options.no_cache = call.Has("no-cache");
  if (call.Has("stdio")) return msrc::ServeStdio(options);
  return msrc::ApplyBundle(options, call.Get("apply"));
}

}  // namespace
