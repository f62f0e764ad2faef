// How GNU make's job server is announced in MAKEFLAGS (make manual, "Sharing
// Job Slots with GNU make"; "POSIX Jobserver Interaction").
//
// The variable holds words: options, then perhaps "--" and definitions of
// variables. The first word may be letters of options without their dash. A
// blank or a backslash within a word has a backslash before it.
#pragma once

#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <string>

namespace fanout {

// Two descriptors that are inherited, or the path of a FIFO.
struct JobServerAddress {
  int read_fd = -1, write_fd = -1;  // when fifo is ""
  std::string fifo;
};

// The last announcement, which is the one that counts. NotFound when there is
// none; FailedPrecondition when it says that there is none for us (negative
// descriptors: make 4.4 to a recipe without "+"); InvalidArgument for what is
// neither descriptors nor a FIFO.
absl::StatusOr<JobServerAddress> FindJobServer(absl::string_view makeflags);

// `makeflags` with this server and `slots` instead of what it says of jobs.
std::string AnnounceJobServer(absl::string_view makeflags, int slots,
                              const JobServerAddress& address);

// Of what "make --version" prints: whether that make knows FIFOs, as GNU make
// does from 4.4 on. An older one ends with an error when it is told of one.
bool MakeKnowsFifo(absl::string_view version);

}  // namespace fanout
