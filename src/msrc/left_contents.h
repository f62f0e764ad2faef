// What an interrupted delivery has left of contents that this one lacks.
//
// A delivery whose connection breaks leaves the contents that have come: in its
// staging folder in INTO or, if it had made INTO, which then goes again, beside
// that. The next one to the same INTO takes them, whatever it was sent by, if
// they have the hashes that were signed now, and asks for the rest. What it has
// no use for, and what is older than a day, is removed.
#pragma once

#include <absl/status/statusor.h>

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "msrc/comparison.h"
#include "msrc/staging.h"

namespace msrc {

// What of an entry's content is in a file, which gets no longer than that.
// Cancelled once `*stop`, which may be null.
absl::StatusOr<LeftContent> CheckLeft(int fd, const wire::Entry& entry,
                                      const std::atomic<bool>* stop);

// Changes the comparison accordingly. `into` is the absolute path of the root
// of `staging`. Where something is staged now, by target. Long.
absl::StatusOr<std::map<size_t, Staged>> TakeLeft(
    const wire::Manifest& manifest, const std::vector<Target>& targets,
    const std::string& into, Staging& staging, const std::atomic<bool>* stop,
    Comparison* comparison);

// Removes what is left of deliveries to `into`, and beside it.
void RemoveLeft(int root, const std::string& into);
// The same for whatever there is beside it, as room is lacking.
void MakeRoomBeside(const std::string& into);

}  // namespace msrc
