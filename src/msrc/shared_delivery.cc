#include "msrc/shared_delivery.h"

#include <absl/strings/str_cat.h>

#include <utility>

#include "base/status.h"
#include "cli/applet.h"
#include "fanout/readings.h"
#include "keys/identity.h"
#include "keys/openssh_key.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/process.h"
#include "wire/content_hash.h"

namespace msrc {
namespace {

constexpr int kBadConfiguration = 78;  // <sysexits.h>
// Of frames, which are made once for all hosts; what is over goes to a file.
constexpr size_t kFrameMemory = 16 << 20;

}  // namespace

absl::StatusOr<std::unique_ptr<SharedDelivery>> SharedDelivery::Make(
    const Plan& plan, const DeliveryOptions& options,
    const sys::Environment& environment, const hosts::Voice& voice) {
  std::unique_ptr<SharedDelivery> made(new SharedDelivery(plan, options));
  RunShared& shared = made->shared_;
  made->began_ = sys::WallNow();
  shared.run = options.run;
  TRY(made->FindSigner());
  TRY(made->ReadShared(voice));
  TRY(made->MakePolicy());
  TRY_ASSIGN(Executables executables,
             Executables::Find(
                 std::string(environment.Get("MSRC_RECV_DIR").value_or(""))));
  made->executables_.emplace(std::move(executables));
  shared.executables = &*made->executables_;
  shared.no_cache = options.no_cache;
  shared.bootstrap_only = options.bootstrap_only;
  shared.attach = options.attach;
  shared.limits = options.limits;
  if (options.mux) TRY(made->MakeMuxFolder(environment));
  TRY(SealManifest(&shared));
  return made;
}

absl::Status SharedDelivery::FindSigner() {
  auto found = keys::UserIdentity(options_.identity);
  if (found.ok()) {
    signer_ = *std::move(found);
  } else if (!absl::IsNotFound(found.status()) || !options_.identity.empty()) {
    return found.status();
  } else if (options_.strict) {
    return cli::FailWith(kBadConfiguration, found.status().message());
  } else {
    // A host that wants to know the key says so.
    signer_ = std::make_unique<keys::KeyPair>(keys::NewKeyPair("msrc"));
    shared_.ephemeral = true;
  }
  shared_.signer = signer_.get();
  return absl::OkStatus();
}

absl::Status SharedDelivery::ReadShared(const hosts::Voice& voice) {
  std::vector<SourceFile> files;
  for (const PayloadFile& f : plan_.payload.send) {
    files.push_back({f.target, f.source, f.folder});
  }
  for (const Payload::Folder& f : plan_.payload.subdirs) {
    files.push_back({f.name, f.name, false});
  }
  SourceOptions read;
  read.links = options_.links;
  read.owners = options_.policy.owners();
  read.threads = static_cast<int>(fanout::Processors());
  TRY_ASSIGN(Sources sources, ReadSources(files, read));
  for (const std::string& note : sources.notes) voice.Warn(note);
  TRY_ASSIGN(manifest_, wire::Manifest::Make(std::move(sources.entries)));
  contents_ =
      std::make_unique<SharedContents>(std::move(sources.places), kFrameMemory);
  shared_.manifest = &manifest_;
  shared_.contents = contents_.get();
  return absl::OkStatus();
}

absl::Status SharedDelivery::MakePolicy() {
  shared_.policy = options_.policy;
  for (const std::string& name : plan_.payload.ignore) {
    shared_.policy.add_ignore(name);
  }
  // What the list of sent files belongs to: this recipe, in this folder.
  TRY_ASSIGN(const std::string recipe, sys::AbsolutePath(plan_.recipe.file));
  shared_.policy.set_recipe(recipe);
  TRY_ASSIGN(const sys::FileInfo here, sys::Stat("."));
  shared_.policy.set_folder_mode(here.mode & 0777);
  return absl::OkStatus();
}

absl::Status SharedDelivery::MakeMuxFolder(
    const sys::Environment& environment) {
  const auto runtime = environment.Get("XDG_RUNTIME_DIR");
  const std::string folder =
      runtime && !runtime->empty()
          ? absl::StrCat(*runtime, "/fleetbox")
          : absl::StrCat("/tmp/fleetbox-ssh-", sys::MyUid());
  // Who could put a socket there could speak for the hosts.
  TRY(sys::MakeFolders(folder, 0700));
  TRY_ASSIGN(const sys::FileInfo info, sys::Stat(folder));
  if (info.symlink || info.uid != sys::MyUid() || (info.mode & 0077) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(folder, ": is not ours alone"));
  }
  shared_.mux_folder = folder;
  return absl::OkStatus();
}

absl::Status SharedDelivery::AddOwn(absl::Span<const std::string> paths,
                                    HostJob* job) const {
  std::vector<SourceFile> files;
  for (size_t i = 0; i < paths.size(); i++) {
    files.push_back({plan_.payload.map[i].target, paths[i], false});
  }
  if (files.empty()) return absl::OkStatus();
  SourceOptions read;
  read.links = SourceOptions::Links::kFollow;
  read.owners = options_.policy.owners();
  read.mtime = began_;
  TRY_ASSIGN(Sources sources, ReadSources(files, read));
  TRY_ASSIGN(job->own, wire::Manifest::Make(std::move(sources.entries)));
  job->own_places = std::move(sources.places);
  return absl::OkStatus();
}

}  // namespace msrc
