// The tokens of a run (-t, -R, -J): from a pool of its own, announced to what
// the tasks run, or from one around it. A group of them makes a slot.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fanout/lender.h"
#include "fanout/pool_client.h"
#include "fanout/stack.h"
#include "sys/environment.h"
#include "sys/loop.h"

namespace fanout {

struct TokenGroupsOptions {
  int each = 1;              // tokens of a group
  int groups = 1;            // as many as may be of use
  std::optional<int> tasks;  // what a pool of our own is sized for; 0: as ptbw
  std::optional<std::string> source;  // a file, "-", or a socket
};

class TokenGroups {
 public:
  struct Calls {
    // A group is ours: comes on the loop, as the pool has them.
    std::function<void(std::vector<std::string> tokens)> granted;
    std::function<void(const absl::Status&)> lost;
    // A client of a pool of our own has gone: time to look at idle().
    std::function<void()> changed;
  };

  // Announces a pool of its own in `environment`. InvalidArgument (65) when
  // there are fewer tokens than one group, and no pool around for "-";
  // NotFound (66) for a file or a socket that is not there.
  static absl::StatusOr<std::unique_ptr<TokenGroups>> Make(
      sys::Loop& loop, const TokenGroupsOptions& options, Calls calls,
      sys::Environment* environment);
  ~TokenGroups();

  // Where tokens come from, as %ft has it. Of a pool around us only known when
  // the first group has been granted.
  const std::string& source() const { return source_; }
  // Nobody else uses a pool of our own.
  bool idle() const { return lender_ == nullptr || lender_->idle(); }
  // The group that was granted as the `n`-th, from 0, is not needed any more.
  void Release(size_t n);

 private:
  TokenGroups(sys::Loop& loop, const TokenGroupsOptions& options, Calls calls)
      : loop_(loop), options_(options), calls_(std::move(calls)) {}
  absl::Status MakeOwn(TokenTable table, sys::Environment* environment);
  absl::Status Connect(const std::string& path);
  void Ready(PoolClient::Info info);
  void Granted(std::vector<int> tokens);
  void AddGroup(std::vector<int> tokens);

  sys::Loop& loop_;
  TokenGroupsOptions options_;
  Calls calls_;
  std::string source_ = "iota";
  std::optional<Place> place_;
  std::unique_ptr<Lender> lender_;
  std::vector<Lender::Holder> holders_;  // one for each group, by its number
  std::unique_ptr<PoolClient> client_;
  int count_ = 0;    // its tokens
  int missing_ = 0;  // groups that are not granted yet
  bool asked_free_ = false;
  std::vector<std::vector<int>> held_;  // of a pool around us, by number
};

}  // namespace fanout
