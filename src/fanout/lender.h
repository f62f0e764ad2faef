// A pool of tokens: lends those of a table to clients that come over its socket
// (the protocol "ptbw 0.4", fanout/pool_protocol.h), and to holders within this
// process (xapply and its kin, which are their own manager).
//
// Who a client is comes from the socket's credentials; the process id it
// announces is only shown. Its tokens are free again when its connection is
// closed, however that comes about.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fanout/acceptor.h"
#include "fanout/pool_protocol.h"
#include "fanout/tokens.h"
#include "sys/fd.h"
#include "sys/loop.h"

namespace fanout {

struct LenderOptions {
  int group = 1;            // tokens a request is expected to be for
  bool persistent = false;  // ends when a client says so
  int utility_pid = 0;      // what "M" answers
  // A client is gone, or has asked for the end: time to look at idle().
  std::function<void()> changed = nullptr;
  // For holders within this process that hold tokens for others. A request is
  // for so many more tokens than are free: what is not in use may be released.
  std::function<void(int missing)> scarce = nullptr;
  // Tokens are free, and nobody waits. On the loop; may ask.
  std::function<void()> spare = nullptr;
};

class Lender {
 public:
  // The tokens of one that is within this process.
  using Holder = int64_t;
  using Granted = std::function<void(std::vector<int> tokens)>;

  Lender(sys::Loop& loop, TokenTable table, LenderOptions options);
  ~Lender();
  Lender(const Lender&) = delete;

  // Serves clients. `listener` is borrowed.
  absl::Status Listen(int listener);
  // Lets in who has come until now, and nobody else.
  void StopListening();

  // `granted` comes on the loop, never from within this; with fewer than `min`
  // tokens, none, when the table was replaced by one that has not as many.
  // ResourceExhausted when the table will never have as many as `min`.
  absl::StatusOr<Holder> Ask(int min, int max, Granted granted);
  // Gives back what it holds, or takes back the request.
  void Release(Holder holder);

  const Tokens& tokens() const { return tokens_; }
  void Replace(TokenTable table);
  void SetUtility(int pid) { options_.utility_pid = pid; }
  bool idle() const { return clients_.empty(); }       // no client is connected
  bool finish_asked() const { return finish_asked_; }  // of a persistent one
  // For --who: the process that has a token, by its credentials; ours for a
  // holder within it. 0 when nobody has it.
  int HolderPid(int token) const;

 private:
  struct Client;
  void Admit(sys::Fd fd);
  void Serve(Client& client, uint32_t events);
  void CarryAll(Client& client);
  void Carry(Client& client, const PoolRequest& request);
  void MakeRoom(int count);
  void Get(Client& client, int count);
  std::vector<int> GetFree(Client& client, int count);
  void Answer(Client& client, const std::string& bytes);
  void Send(Client& client);
  void Watch(Client& client);
  void EndOfRequests(Client& client);
  void Drop(Client& client);
  const Client* ClientOf(int token) const;
  void Later();
  void GrantAll();
  void Deliver(const Tokens::Grant& grant);
  void Tell(Client& client, const Tokens::Grant& grant);
  void TellIfGranted(Client& client);
  void TellChanged();

  sys::Loop& loop_;
  Tokens tokens_;
  LenderOptions options_;
  Acceptor acceptor_;
  std::map<int, std::unique_ptr<Client>> clients_;  // by descriptor
  std::map<Holder, Client*> clients_by_holder_;
  std::map<Holder, Granted> inner_;  // holders within this process
  Holder next_holder_ = 1;
  // Lent, and the holder is not told yet.
  std::deque<Tokens::Grant> granted_;
  bool later_ = false;
  bool finish_asked_ = false;
  // Others: calls that are under way, one of which may be our end.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace fanout
