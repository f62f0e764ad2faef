#include "hosts/cache.h"

#include <absl/strings/str_cat.h>

#include "base/status.h"
#include "hosts/drive_outcome.h"
#include "hosts/run_command.h"
#include "sys/file.h"
#include "sys/signals.h"

namespace hosts {

std::string TargetFor(const Operand& cache, const Table& table, size_t host) {
  return cache.target.empty() ? std::string(table.HostName(host))
                              : cache.target;
}

Failure FailureOf(absl::string_view name, const sys::Ended& ended) {
  if (ended.signal != 0) {
    return {2000 + ended.signal,
            absl::StrCat(name, ": ended by ", sys::SignalName(ended.signal))};
  }
  if (ended.code != 0) {
    return {kExpansionFailed + ended.code,
            absl::StrCat(name, ": exits code ", ended.code)};
  }
  return {};
}

absl::Status MayUseCaches(const Streams& streams) {
  if (!streams.safe() || streams.options().allow_cache) {
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError(
      "cache directories are disabled in safe mode; --allow-cache allows them");
}

absl::StatusOr<Failure> RunCache(
    const Streams& streams, const Operand& cache, Stream& stream, size_t host,
    const std::string& recipe_path,
    const std::function<void(Stream&)>& define_host, std::string* output) {
  const std::string target = TargetFor(cache, streams.fleet().table, host);
  stream.DefineOurs("CACHE_RECIPE", recipe_path);
  stream.DefineOurs("CACHE_TARGET", target);
  stream.DefineOurs("CACHE_DIR", cache.folder);
  define_host(stream);
  stream.m4().Expand(cache.source, *cache.content);
  const int code = stream.Finish();
  if (code != 0) return FailureOf("m4", {code, 0});
  TRY(WritePrivateFile(recipe_path, stream.output(), FileLook()));
  if (streams.options().Debugs('C')) {
    streams.voice().Debug('C', absl::StrCat("make -s -f ", recipe_path, " ",
                                            target, "  # in ", cache.folder));
  }
  CommandOrder order;
  // A target of a host's name could be taken for an option or a macro; "--"
  // keeps off the former.
  order.argv = {"make", "-s", "-f", recipe_path, "--", target};
  order.folder = cache.folder;
  order.environment = &streams.environment();
  order.stop = [&streams] { return streams.WhyInterrupted(); };
  const absl::StatusOr<sys::Ended> ended = RunCommand(order, output);
  // Gone before anything else can fail.
  sys::RemoveFile(recipe_path).IgnoreError();
  TRY(ended.status());
  return FailureOf("make", *ended);
}

}  // namespace hosts
