// A delivery at the place where it lands: from a manifest and a policy to a
// folder that is as it says, or as it was.
//
// The steps are called in this order, each once; the long ones may be called on
// any thread, one at a time:
//
//   Open      finds or makes the folder and locks it; Unavailable while
//   somebody
//             else has it, and may be called again
//   Compare   long: looks at what is there; need() says what is lacking
//   Feed      the content stream, as it comes, until fed()
//   Finish    long: puts all in place
//
// Whatever fails, the folder is as it was; applied() says what happened, and is
// what the controller is told. Where it is the connection that failed, Leave
// lets what has come be of use for the next one (msrc/left_contents.h).
#pragma once

#include <absl/status/status.h>
#include <absl/strings/string_view.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "msrc/apply.h"
#include "msrc/comparison.h"
#include "msrc/diffs.h"
#include "msrc/hash_cache.h"
#include "msrc/into.h"
#include "msrc/prune.h"
#include "msrc/staged_contents.h"
#include "msrc/staging.h"

namespace msrc {

struct DeliveryOrder {
  std::string run_hex;
  std::string into;  // the path, as IntoPath gives it
  wire::Manifest manifest;
  Policy policy;
  bool everything = false;         // all contents come, whether needed or not
  std::string cache;               // CacheFolder(); empty: nothing is kept
  std::vector<std::string> homes;  // nothing unlisted is removed from these
  std::function<void()> before = nullptr;  // see Staging
};

class DeliveryWork {
 public:
  explicit DeliveryWork(DeliveryOrder order);
  ~DeliveryWork();

  absl::Status Open();
  absl::Status Compare();
  const wire::Need& need() const { return need_; }
  absl::Status Feed(absl::string_view bytes);
  bool fed() const;
  absl::Status Finish();

  // Instead of going on, when no thread is at it: contents stay for the next
  // delivery, unless nothing is to stay here (no cache).
  void Leave();

  // From any thread: whatever is long ends soon, with Cancelled.
  void Stop() { stop_ = true; }
  // Whatever failed, with `status` and `error`, or all went well.
  fleetbox::wire::Applied applied(const absl::Status& status) const;
  // The folder, absolute and free of links; once it is open.
  const std::string& into() const { return into_path_; }

 private:
  absl::Status OpenForCheck();
  absl::Status DecidePruning();
  absl::Status Look();
  absl::Status FinishAll();
  absl::Status Stage();
  absl::Status PutInPlace();
  absl::Status RunSteps(int root, const std::vector<Step>& steps);
  absl::Status MakeDiffs();
  bool KeepsList() const;
  absl::Status KeepSent(bool before);
  int root() const { return open_ ? open_->root() : -1; }

  const DeliveryOrder order_;
  const std::vector<Target> targets_;
  std::atomic<bool> stop_ = false;
  std::optional<Into> open_;
  std::string into_path_;
  Sight sight_;
  Comparison comparison_;
  wire::Need need_;  // for a check, only what differences are shown of
  Pruning pruning_;
  std::unique_ptr<Staging> staging_;
  std::unique_ptr<StagedContents> contents_;
  std::unique_ptr<Application> application_;
  std::unique_ptr<Diffs> diffs_;
  std::optional<HashCache> hashes_;
  std::vector<std::string> warnings_;
  enum class Reached {
    kNothing,
    kCompared,
    kDone
  } reached_ = Reached::kNothing;
};

// What a host ends with when a delivery to it has failed so (msrc-recv(8)).
int DeliveryExitCode(const absl::Status& status);

}  // namespace msrc
