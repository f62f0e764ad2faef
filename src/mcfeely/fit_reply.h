// An answer that has to fit into a parcel.
#pragma once

#include <cstddef>

#include "wire/messages.pb.h"

namespace mcfeely {

// Of a job of a hundred thousand tasks the states matter most: what else there
// is to say of tasks is left out if all of it is more than `max_bytes`, and if
// that is still too much, all is replaced by an error.
void FitReply(size_t max_bytes, fleetbox::wire::Reply* reply);

}  // namespace mcfeely
