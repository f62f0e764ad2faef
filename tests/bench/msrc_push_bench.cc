// A folder pushed to N hosts, which are this one: each has a home of its own,
// and ssh is a shell. What it costs beside N times nothing but that shell.
//
//   msrc_push_bench FLEETBOX [HOSTS [FILES]]
#include <absl/strings/str_cat.h>
#include <stdio.h>
#include <stdlib.h>

#include <deque>

#include "keys/openssh_key.h"
#include "msrc/delivery_run.h"
#include "sys/child.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/process.h"
#include "sys/signals.h"

namespace {

using namespace msrc;

class ListSupply : public HostSupply {
 public:
  absl::StatusOr<Got> Next(SuppliedHost* host) override {
    if (hosts.empty()) return Got::kEnd;
    *host = std::move(hosts.front());
    hosts.pop_front();
    return Got::kHost;
  }
  std::deque<SuppliedHost> hosts;
};

void Check(const absl::Status& status) {
  if (status.ok()) return;
  fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  exit(1);
}

template <typename T>
T Check(absl::StatusOr<T> value) {
  Check(value.status());
  return *std::move(value);
}

struct Push {
  double seconds = 0;
  int failed = 0;
  int64_t changes = 0;
};

Push PushTo(const std::string& folder, const std::string& fleetbox,
            const std::vector<SourceFile>& files, int hosts, int jobs) {
  const absl::Time began = sys::SteadyNow();
  sys::Loop loop;
  Sources sources = Check(ReadSources(files, {}));
  const wire::Manifest manifest = Check(wire::Manifest::Make(sources.entries));
  SharedContents contents(sources.places, 32 << 20);
  Executables executables = Check(Executables::Find("", fleetbox));
  const keys::KeyPair key = keys::NewKeyPair("bench");
  RunShared shared;
  shared.run = sys::RandomBytes(16);
  shared.manifest = &manifest;
  shared.signer = &key;
  shared.contents = &contents;
  shared.executables = &executables;
  Check(SealManifest(&shared));
  ListSupply supply;
  for (int i = 0; i < hosts; i++) {
    SuppliedHost h;
    h.position = static_cast<size_t>(i);
    h.job.name = absl::StrCat("h", i);
    h.job.ssh = {folder + "/ssh"};
    h.job.into = "app";
    h.job.runs = HostJob::Runs::kAtOnce;
    h.job.utility.add_word("true");
    supply.hosts.push_back(std::move(h));
  }
  DeliveryRunOptions options;
  options.hosts = static_cast<size_t>(hosts);
  options.waves.jobs = jobs;
  Push push;
  DeliveryRunEvents e;
  e.reported = [&](const HostReport& r) {
    if (r.status != 0 && push.failed++ == 0) {
      fprintf(stderr, "%s: %d %s %s\n", r.host.c_str(), r.status,
              r.phase.c_str(), r.error.c_str());
    }
    push.changes += static_cast<int64_t>(r.changes());
  };
  e.done = [&] { loop.Stop(); };
  auto run =
      Check(DeliveryRun::Start(loop, shared, supply, options, std::move(e)));
  loop.Run();
  push.seconds = absl::ToDoubleSeconds(sys::SteadyNow() - began);
  return push;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 64;
  sys::IgnoreSigpipe();
  sys::RaiseDescriptorLimit();
  const std::string fleetbox = argv[1];
  const int hosts = argc > 2 ? atoi(argv[2]) : 50;
  const int count = argc > 3 ? atoi(argv[3]) : 200;
  const auto temporary = Check(sys::TemporaryFolder::Make("push-"));
  const std::string& folder = temporary.path();
  Check(sys::MakeFolders(folder + "/from"));
  std::vector<SourceFile> files;
  for (int i = 0; i < count; i++) {
    const std::string name = absl::StrCat("f", i);
    std::string content;
    while (content.size() < 10'000)
      absl::StrAppend(&content, i, "/", content.size(), " ");
    Check(sys::ReplaceFile(absl::StrCat(folder, "/from/", name), content));
    files.push_back({name, absl::StrCat(folder, "/from/", name)});
  }
  Check(sys::ReplaceFile(
      folder + "/ssh",
      absl::StrCat("#!/bin/sh\nfor w; do host=$last; last=$w; done\nh=", folder,
                   "/homes/$host\n[ -d $h ] || mkdir -p $h\ncd $h || exit 255\n"
                   "exec env -i HOME=$h LOGNAME=me TMPDIR=$h "
                   "PATH=/usr/bin:/bin sh -c \"$last\"\n"),
      0755));
  const int jobs = 6;
  absl::Time began = sys::SteadyNow();
  for (int i = 0; i < hosts; i++) {
    Check(sys::RunProgram({folder + "/ssh", absl::StrCat("h", i), "true"}, "",
                          absl::Seconds(10)));
  }
  printf("%d hosts, %d files; a shell each, one at a time: %.3f s\n", hosts,
         count, absl::ToDoubleSeconds(sys::SteadyNow() - began));
  for (const char* what : {"first push", "no change", "no change again"}) {
    const Push p = PushTo(folder, fleetbox, files, hosts, jobs);
    printf("%s: %.3f s, %.1f ms a host, %d failed, %ld changes, %.1f MB\n",
           what, p.seconds, p.seconds * 1000 / hosts, p.failed,
           static_cast<long>(p.changes),
           static_cast<double>(sys::ResidentBytes()) / 1e6);
    fflush(stdout);
  }
  return 0;
}
