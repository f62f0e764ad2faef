// What a receiver lacks of a manifest's contents: the answer to a manifest, and
// the plan that sender and receiver of the content stream both follow.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <vector>

#include "wire/manifest.h"
#include "wire/messages.pb.h"

namespace wire {

struct ChunkRange {
  uint32_t first = 0, count = 0;
  friend bool operator==(const ChunkRange&, const ChunkRange&) = default;
};

// A file of the manifest that is not empty; all of it, or, for one that has
// chunks, some of them.
struct Want {
  uint32_t entry = 0;              // position in the manifest
  std::vector<ChunkRange> chunks;  // ascending, apart; empty: the whole content
  friend bool operator==(const Want&, const Want&) = default;
};

// A list of wants that fits its manifest: in the order of the manifest, every
// content, however many paths have it, at most once.
class Need {
 public:
  Need() = default;  // of nothing
  // InvalidArgument, naming the entry, when the wants do not fit.
  static absl::StatusOr<Need> Make(const Manifest& manifest,
                                   std::vector<Want> wants);
  static absl::StatusOr<Need> FromMessage(const Manifest& manifest,
                                          const fleetbox::wire::Need& message);
  static absl::StatusOr<Need> Decode(const Manifest& manifest,
                                     absl::string_view body);
  // Every content of the manifest, for a receiver that has nothing.
  static Need Everything(const Manifest& manifest);

  fleetbox::wire::Need ToMessage() const;
  std::string Encode() const;

  const std::vector<Want>& wants() const { return wants_; }
  bool empty() const { return wants_.empty(); }

  friend bool operator==(const Need&, const Need&) = default;

 private:
  std::vector<Want> wants_;
};

}  // namespace wire
