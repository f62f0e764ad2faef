// How keys and their memories lie in a state file, which only grows.
// Differs: the original keeps them in a file of GDBM.
//
//   the header, kStateHeader
//   batches, one for each update:
//     4 bytes  "oueB"
//     le64     bytes of the content
//     le64     SipHash-2-4 of the content, keyed with where the batch begins
//     content  entries
//   an entry:  number of bytes of the key, the key, the same for the memory
//
// Numbers in entries are LEB128: seven bits a byte, the lowest first, the top
// bit set in all but the last. A key that comes again has a new memory.
//
// An update is one batch, and a batch counts whole or not at all. What stands
// behind the last whole one is what a crash left of an update, and the next
// one takes its place. If a whole batch stands behind something that is none,
// though, the file is damaged. A copy of a batch within a key is no batch: it
// lies elsewhere.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <functional>
#include <string>

namespace oue {

inline constexpr absl::string_view kStateHeader = "fleetbox oue state 1\n";

using VisitEntry =
    std::function<void(absl::string_view key, absl::string_view memory)>;

// Appends an entry to the content of a batch.
void PutEntry(absl::string_view key, absl::string_view memory,
              std::string* content);
// What stands in front of a batch's content when it begins at `offset`.
std::string BatchHead(absl::string_view content, uint64_t offset);

// Whether a file that begins so is ours: `begin` is its first bytes, at least
// kStateHeader.size() if it has so many. False for one that has no more than a
// part of the header, or zeros: a crash while it was made. FailedPrecondition
// for any other file; that of GDBM is named.
absl::StatusOr<bool> HasStateHeader(absl::string_view begin);

// Calls `visit` for each entry of the batches in `bytes`, which stand at
// `offset` in the file and reach to its end. Returns how many bytes the whole
// batches are. DataLoss, with the place, when the file is damaged; some
// entries may have been visited.
absl::StatusOr<uint64_t> ReadBatches(absl::string_view bytes, uint64_t offset,
                                     const VisitEntry& visit);

}  // namespace oue
