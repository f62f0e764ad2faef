#include "msrc/bundle.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "base/ids.h"
#include "base/status.h"
#include "base/time.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/process.h"
#include "wire/message.h"
#include "wire/need.h"
#include "wire/parcel.h"

namespace msrc {
namespace {

absl::StatusOr<std::string> SealBundle(const RunShared& shared,
                                       const HostJob& job,
                                       const wire::Manifest& manifest,
                                       absl::Time valid_until) {
  fleetbox::wire::Delivery delivery;
  delivery.set_run(shared.run);
  delivery.set_host(job.name);
  delivery.set_into(job.into);
  *delivery.mutable_own() = manifest.ToMessage();
  *delivery.mutable_policy() = shared.policy;
  if (job.runs != HostJob::Runs::kNothing) {
    *delivery.mutable_utility() = job.utility;
  }
  delivery.set_valid_until_ms(absl::ToUnixMillis(valid_until));
  wire::Draft draft;
  draft.kind = fleetbox::wire::BUNDLE;
  draft.body = wire::Serialize(delivery);
  draft.id = base::ParcelId::From(sys::RandomBytes(16));
  draft.now = sys::WallNow();
  return wire::Seal(draft, *shared.signer);
}

absl::Status WriteTo(int fd, absl::string_view parcel, ContentFeed& feed) {
  TRY(sys::WriteAll(fd, parcel));
  while (!feed.AtEnd()) {
    TRY_ASSIGN(const FrameStore::Frame frame, feed.Next());
    TRY(sys::WriteAll(fd, *frame));
  }
  if (fsync(fd) != 0 && errno != EINVAL) return base::SysError("sync");
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteBundle(const RunShared& shared, const HostJob& job,
                         absl::Time valid_until, const std::string& file) {
  TRY_ASSIGN(const wire::Manifest manifest,
             wire::Manifest::Merge(*shared.manifest, job.own));
  TRY_ASSIGN(const std::string parcel,
             SealBundle(shared, job, manifest, valid_until));
  ContentFeed feed(*shared.contents, manifest, wire::Need::Everything(manifest),
                   job.own_places);
  const std::string part = absl::StrCat(file, ".", sys::MyPid(), ".part");
  TRY_ASSIGN(const sys::Fd fd,
             sys::Open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  absl::Status status = WriteTo(fd.get(), parcel, feed);
  if (status.ok() && rename(part.c_str(), file.c_str()) != 0) {
    status = base::SysError(file);
  }
  if (!status.ok()) unlink(part.c_str());
  return status;
}

}  // namespace msrc
