#include "wire/need.h"

#include <absl/container/flat_hash_set.h>
#include <absl/strings/str_cat.h>

#include <utility>

#include "base/limits.h"
#include "base/status.h"
#include "wire/message.h"

namespace wire {
namespace {

namespace pb = fleetbox::wire;

absl::Status Bad(absl::string_view why) {
  return absl::InvalidArgumentError(why);
}

absl::Status CheckChunks(const Entry& entry,
                         const std::vector<ChunkRange>& ranges) {
  uint64_t from = 0;
  for (const ChunkRange& range : ranges) {
    if (range.count == 0) return Bad("a range of no chunks");
    if (range.first < from) return Bad("its chunks are not in order");
    from = uint64_t{range.first} + range.count;
    if (from > entry.chunks.size()) {
      return Bad(absl::StrCat("it has ", entry.chunks.size(), " chunks, but ",
                              from, " are asked for"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Need> Need::Make(const Manifest& manifest,
                                std::vector<Want> wants) {
  const std::vector<Entry>& entries = manifest.entries();
  absl::flat_hash_set<Hash> asked;
  for (size_t i = 0; i < wants.size(); i++) {
    const Want& want = wants[i];
    if (want.entry >= entries.size()) {
      return Bad(
          absl::StrCat("need: entry ", want.entry, " of ", entries.size()));
    }
    const Entry& entry = entries[want.entry];
    absl::Status status = CheckChunks(entry, want.chunks);
    if (entry.type != EntryType::kFile || entry.bytes == 0) {
      status = Bad("it has no content to ask for");
    } else if (i > 0 && want.entry <= wants[i - 1].entry) {
      status = Bad("it is not in the order of the manifest");
    } else if (!asked.insert(entry.hash).second) {
      status = Bad("its content is asked for twice");
    }
    TRY(base::Context(
        status, absl::StrCat("need: ", EntryName(want.entry, entry.path))));
  }
  Need need;
  need.wants_ = std::move(wants);
  return need;
}

absl::StatusOr<Need> Need::FromMessage(const Manifest& manifest,
                                       const pb::Need& message) {
  std::vector<Want> wants;
  wants.reserve(static_cast<size_t>(message.want_size()));
  for (const pb::Need::Want& from : message.want()) {
    Want want = {.entry = from.entry(), .chunks = {}};
    if (from.chunk_size() % 2 != 0) {
      return Bad(absl::StrCat("need: entry ", from.entry(),
                              ": an odd number of chunk numbers"));
    }
    want.chunks.reserve(static_cast<size_t>(from.chunk_size()) / 2);
    for (int i = 0; i < from.chunk_size(); i += 2) {
      want.chunks.push_back({from.chunk(i), from.chunk(i + 1)});
    }
    wants.push_back(std::move(want));
  }
  return Make(manifest, std::move(wants));
}

absl::StatusOr<Need> Need::Decode(const Manifest& manifest,
                                  absl::string_view body) {
  const absl::StatusOr<pb::Need> message = Parse<pb::Need>(body);
  if (!message.ok()) return base::Context(message.status(), "need");
  return FromMessage(manifest, *message);
}

Need Need::Everything(const Manifest& manifest) {
  Need need;
  absl::flat_hash_set<Hash> asked;
  const std::vector<Entry>& entries = manifest.entries();
  for (size_t i = 0; i < entries.size(); i++) {
    if (entries[i].bytes > 0 && asked.insert(entries[i].hash).second) {
      need.wants_.push_back({.entry = static_cast<uint32_t>(i), .chunks = {}});
    }
  }
  return need;
}

pb::Need Need::ToMessage() const {
  pb::Need message;
  for (const Want& want : wants_) {
    pb::Need::Want& to = *message.add_want();
    to.set_entry(want.entry);
    for (const ChunkRange& range : want.chunks) {
      to.add_chunk(range.first);
      to.add_chunk(range.count);
    }
  }
  return message;
}

std::string Need::Encode() const { return Serialize(ToMessage()); }

}  // namespace wire
