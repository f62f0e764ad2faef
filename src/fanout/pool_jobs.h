// A pool of tokens as a job server of GNU make (fanout/job_server.h): each byte
// of its pipe stands for a token that we hold.
//
// What nobody holds and nobody waits for lies in the pipe, where make finds it
// without asking us. Whoever comes to the pool for more than is free gets it
// from there, as far as make has not taken it; the rest as make gives it back.
// So both sides lend the same tokens, and none is ever lent by both.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "fanout/job_server.h"
#include "fanout/lender.h"
#include "sys/environment.h"
#include "sys/fd.h"
#include "sys/loop.h"

namespace fanout {

class PoolJobs {
 public:
  // One token is taken for what runs with `environment`, which a program that
  // knows of a job server may always use. Both are borrowed.
  static absl::StatusOr<std::unique_ptr<PoolJobs>> Make(
      sys::Loop& loop, Lender& lender, sys::Environment* environment);
  ~PoolJobs();
  PoolJobs(const PoolJobs&) = delete;

  // For LenderOptions::scarce and ::spare.
  void MakeRoom(int missing);
  void Offer();

 private:
  PoolJobs(sys::Loop& loop, Lender& lender, JobServer server)
      : loop_(loop), lender_(lender), server_(std::move(server)) {}
  void Granted(int64_t number, bool any);
  bool TakeBack();
  void OnByte();

  sys::Loop& loop_;
  Lender& lender_;
  JobServer server_;
  sys::Fd pipe_;  // for both directions, and our own: it does not block
  std::optional<Lender::Holder> own_;
  // Of a byte each, or on the way to be; by our number.
  std::map<int64_t, Lender::Holder> lent_;
  int64_t next_ = 0;
  size_t bytes_ = 0;  // that went out and have not come back to us
};

}  // namespace fanout
