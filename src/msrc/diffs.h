// The differences between texts that are there and those that come.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/status.h>
#include <absl/strings/string_view.h>

#include <memory>
#include <string>
#include <vector>

#include "msrc/comparison.h"
#include "wire/content_stream.h"

namespace msrc {

class Diffs {
 public:
  Diffs(const wire::Manifest& manifest, const std::vector<Target>& targets,
        const Comparison& comparison, int root);
  ~Diffs();

  // Whether a target's difference is shown: a file that is created or changed,
  // whose new content is not longer than kMaxDiffBytes.
  bool Shows(size_t target) const;
  // Of what is there now and `content`; nothing unless both are texts.
  void Add(size_t target, absl::string_view content);

  // For whoever only looks: the wants whose contents are needed for that, and
  // their stream.
  wire::Need NeedOf() const;
  absl::Status Feed(const wire::Need& need, absl::string_view bytes);
  bool complete() const;
  // Those whose contents are already there; `have_come`: only the empty ones,
  // as the others have come all the same.
  void AddLocal(bool have_come);

  // In the order of the manifest.
  std::vector<std::pair<uint32_t, std::string>> Take();
  bool left_out() const { return left_out_; }

 private:
  const wire::Entry& EntryOf(size_t target) const;
  std::string ReadThere(const std::string& path) const;

  const wire::Manifest& manifest_;
  const std::vector<Target>& targets_;
  const Comparison& comparison_;
  const int root_;
  std::unique_ptr<wire::ContentReceiver> receiver_;
  std::vector<std::pair<uint32_t, std::string>> diffs_;
  size_t bytes_ = 0;
  bool left_out_ = false;
};

}  // namespace msrc
