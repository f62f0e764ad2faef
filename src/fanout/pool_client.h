// The client's side of a pool of tokens, on a loop (fanout/pool_protocol.h).
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sys/fd.h"
#include "sys/loop.h"

namespace fanout {

class PoolClient {
 public:
  struct Info {
    int count = 0;       // tokens of the pool
    std::string source;  // "iota", or a file's name: what %ft means
    std::vector<std::string> tokens;
    int group = 1;
  };
  struct Calls {
    // Once, before anything else; anything may be asked from then on.
    std::function<void(Info)> ready;
    // For each Ask and AskFree, in their order: the indexes; empty when there
    // will never be as many.
    std::function<void(std::vector<int> tokens)> granted;
    // The pool is gone, or makes no sense. Nothing is called after it.
    std::function<void(const absl::Status&)> lost;
  };
  // `connection`: of ConnectManager (fanout/stack.h). Nothing is called from
  // within this.
  static absl::StatusOr<std::unique_ptr<PoolClient>> Start(sys::Loop& loop,
                                                           sys::Fd connection,
                                                           Calls calls);
  // Gives everything back, even if somebody else has the connection open. May
  // wait for a moment.
  ~PoolClient();
  PoolClient(const PoolClient&) = delete;

  void Ask(int count);
  // As many as are free now, `most` at most; may be none. Of an original pool,
  // which cannot be asked this, none.
  void AskFree(int most);
  void GiveBack(int token);
  void AskForEnd();  // of a persistent pool
  // What a token that was granted is. A pool may have read another table since
  // it told its Info.
  const std::string& text(int token) const;
  int socket() const;

 private:
  struct State;
  explicit PoolClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace fanout
