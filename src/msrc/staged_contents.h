// The contents of the files that a delivery writes: received, copied from where
// they are already, or put together of both, in a staging folder, and checked
// against the manifest before anybody sees them.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/status.h>
#include <absl/strings/string_view.h>

#include <atomic>
#include <map>
#include <memory>
#include <vector>

#include "msrc/comparison.h"
#include "msrc/staging.h"
#include "wire/content_stream.h"

namespace msrc {

class StagedContents {
 public:
  // All of it stays where it is as long as this lives; `stop` may be null. The
  // stream is what `need` asks for, which may be more than the comparison's:
  // what nobody lacks is checked and dropped. `left`: where something of a
  // target's content is already, as the comparison says.
  StagedContents(const wire::Manifest& manifest,
                 const std::vector<Target>& targets,
                 const Comparison& comparison, const wire::Need& need, int root,
                 Staging& staging, std::map<size_t, Staged> left,
                 const std::atomic<bool>* stop);
  ~StagedContents();

  // Bytes of the content stream, cut anywhere. The same failure again for
  // whatever follows one.
  absl::Status Feed(absl::string_view bytes);
  bool complete() const;  // all that was asked for has come

  // Once complete: makes the rest. Long. Aborted when a file that was to be
  // copied from has changed since it was looked at.
  absl::Status MakeOthers();
  // Where the content of a target is staged; it has one.
  const Staged& staged(size_t target) const { return staged_.at(target); }
  bool has(size_t target) const { return staged_.contains(target); }

 private:
  const wire::Entry& EntryOf(size_t target) const;
  absl::Status TakePiece(const wire::Piece& piece, absl::string_view bytes);
  absl::Status MakeOne(size_t target);
  absl::Status PutTogether(size_t target);
  absl::Status Copy(int from, size_t target);
  absl::StatusOr<sys::Fd> Begin(size_t target);
  absl::StatusOr<sys::Fd> BeginContent(size_t target);
  absl::Status Write(size_t target, int fd, int64_t offset,
                     absl::string_view bytes) const;
  absl::Status Stopped() const;

  const wire::Manifest& manifest_;
  const std::vector<Target>& targets_;
  const Comparison& comparison_;
  const int root_;
  Staging& staging_;
  const std::atomic<bool>* const stop_;
  wire::ContentReceiver receiver_;
  absl::flat_hash_map<wire::Hash, size_t> targets_of_;  // that lack it
  absl::flat_hash_map<size_t, Staged> staged_;
  const std::map<size_t, Staged> left_;
  sys::Fd open_;  // the one that pieces are coming for
};

}  // namespace msrc
