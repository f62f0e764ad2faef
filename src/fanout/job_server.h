// GNU make's job server, as its server: --jobserver-export.
//
// A pipe holds a byte, the token, for each slot but one; the last slot is that
// of whoever made the pipe. A program that is told of it may run one command,
// takes a token for each further one that it runs at the same time, and writes
// the same byte back.
//
// There are two ways to tell of it, and no single one that all understand
// (measured, and from their documentation):
//
//                                   make 4.3   make 4.4   ninja 1.13   cargo
//   descriptors, --jobserver-auth=R,W  yes        yes        ignored     yes
//   FIFO, --jobserver-auth=fifo:PATH   ends with  yes        yes         yes
//                                      an error
//
// So it is a FIFO where the make on our PATH is one that knows it, or where
// there is none; else descriptors, which tasks inherit.
#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>

#include "fanout/make_flags.h"
#include "sys/environment.h"
#include "sys/fd.h"
#include "sys/file.h"

namespace fanout {

class JobServer {
 public:
  enum class Style { kDescriptors, kFifo };
  // The one for the make that is installed, which is asked. BLOCKS for a
  // millisecond, and for two seconds at most.
  static Style ChooseStyle();

  // For `slots` commands at once, so with slots - 1 tokens. The FIFO is in a
  // private folder that goes with this; a path that MAKEFLAGS could not hold
  // (one with a blank) makes it descriptors.
  static absl::StatusOr<JobServer> Make(int slots, Style style);

  // Replaces another server in MAKEFLAGS, and removes MFLAGS and
  // CARGO_MAKEFLAGS, which would come before it.
  void Announce(sys::Environment* environment) const;
  // Whether tasks have to be spawned with keep_descriptors. The two are the
  // only ones of ours that are not close-on-exec.
  bool needs_descriptors() const { return address_.fifo.empty(); }
  // For a JobClient of our own: our tasks take tokens like everybody else.
  const JobServerAddress& address() const { return address_; }

 private:
  JobServer(int slots, JobServerAddress address, sys::Fd read, sys::Fd write)
      : slots_(slots),
        address_(std::move(address)),
        read_(std::move(read)),
        write_(std::move(write)) {}
  static absl::StatusOr<JobServer> MakePipe(int slots);
  static absl::StatusOr<JobServer> MakeFifo(int slots,
                                            sys::TemporaryFolder folder);
  absl::Status Fill(int tokens);

  int slots_;
  JobServerAddress address_;
  sys::Fd read_, write_;  // of a FIFO only write_, which can read, too
  std::optional<sys::TemporaryFolder> folder_;
};

}  // namespace fanout
