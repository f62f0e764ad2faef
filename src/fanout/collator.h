// A manager of a collated stream: grants it to one section at a time.
//
// A section is written by a client that came over our socket (the protocol is
// in fanout/collate_protocol.h) or by this very process. Both take their turns
// by the same rules (fanout/collate.h), and both write to the same descriptor:
// a client's output is not copied by us. So we see our own failures to write,
// and those that our own kind of client reports; others' we cannot.
//
// Whoever runs inside a section may want sections of the same manager. To make
// them wait for the stream would make them wait for themselves, so they are
// granted at once, but take turns among themselves, and write to their own
// standard output, wherever the section has led that (fanout/section.h).
//
// Clients may send anything, or nothing, or never read: each is given little
// memory and few descriptors, and hurts only itself.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "fanout/acceptor.h"
#include "fanout/collate.h"
#include "fanout/collate_protocol.h"
#include "fanout/outlet.h"
#include "sys/fd.h"
#include "sys/loop.h"

namespace fanout {

struct CollatorOptions {
  CollateOrder order = CollateOrder::kFirstReady;
  // All borrowed, and none is made non-blocking: the collated stream, where
  // what belongs to no section goes, and what clients get by -I and -E (-1:
  // /dev/null).
  int output = 1, widow = 2, input = -1, error = 2;
  // What clients get that say nothing of their own.
  std::optional<std::string> title, rule;
  std::optional<int64_t> cap_bytes;
  bool squeeze = false;     // sections without output vanish
  bool quick = false;       // small finished ones may be left with us
  bool published = true;    // in the environment's stack
  bool persistent = false;  // until a client says that it is to end
  // Where the end of each section is told: its name and a NUL (a newline on a
  // terminal); with `notify_status`, "<status>," before. -1 for nowhere.
  int notify = -1;
  bool notify_status = false;
  // The stream took no more: the first failure, naming the section. Sections go
  // on being granted.
  std::function<void(const absl::Status&)> output_failed;
  // Something ended: time to look at idle() and finish_asked().
  std::function<void()> changed;
};

class Collator {
 public:
  // A section's number, as xcl_section has it; used once.
  using Section = int64_t;

  static absl::StatusOr<std::unique_ptr<Collator>> Make(
      sys::Loop& loop, CollatorOptions options);
  ~Collator();
  Collator(const Collator&) = delete;

  // Serves clients. `listener` is borrowed until StopListening.
  absl::Status Listen(int listener);
  void TakeIn();         // those that have connected already
  void StopListening();  // takes them in, and nobody after them
  // Sends a line of its own to where ends are told: the socket's path (-A).
  void Announce(const std::string& text);

  // The sections of this process. `granted` is called on the loop, never from
  // within these, when the stream is this section's: `number` is how many came
  // before. Its owner then writes to output(), and waits with poll or the loop
  // where that does not take more. `place`: see Collate.
  Section Open(std::string name, int64_t place,
               std::function<void(int64_t number)> granted);
  void Skip(int64_t place);
  void Report(Section section, Ready ready);
  void Close(Section section, int status);
  // The owner could not write (all of) the section, which is still to be
  // closed.
  void WriteFailed(Section section, const absl::Status& why);
  int output() const { return options_.output; }

  // No section is open, no client is connected, and all ends have been told.
  bool idle() const;
  // A client has asked for the end of a persistent manager.
  bool finish_asked() const { return finish_asked_; }
  // Sections whose output was lost, in part at least.
  int failed_sections() const { return failed_sections_; }

 private:
  struct Client;
  struct Group;
  struct State;
  Collator(sys::Loop& loop, CollatorOptions options);

  void Admit(sys::Fd fd);
  void Serve(Client& client, uint32_t events);
  void Carry(Client& client, const Request& request);
  void ReportOf(Client& client);
  void Capture(Client& client);
  void Answer(Client& client, std::string bytes, int fd = -1);
  void Send(Client& client);
  void Watch(Client& client);
  void Drop(Client& client);
  void SendInputAndError(Client& client);

  Section NewSection(std::string name);
  void Join(Section section, int64_t parent, int64_t place);
  void Leave(Section section, int status);
  void Grant(Section section);
  void Failed(Section section, const absl::Status& why);
  void Later();
  void GrantAll();
  void TellChanged();

  sys::Loop& loop_;
  CollatorOptions options_;
  Acceptor acceptor_;
  std::map<int, std::unique_ptr<Client>> clients_;  // by descriptor
  std::map<Section, State> sections_;
  // By the section they are inside of; kOutermost for the stream itself.
  std::map<int64_t, Group> groups_;
  std::set<int64_t> unsettled_;  // groups in which somebody may be granted
  Section next_section_ = 0;
  int64_t next_number_ = 0;
  size_t captured_bytes_ = 0;
  sys::Fd folder_, null_;
  bool folder_is_ours_ = false;
  std::unique_ptr<Outlet> notices_;
  bool notices_end_lines_ = false;
  bool granting_ = false, later_ = false, finish_asked_ = false;
  int failed_sections_ = 0;
  // Others: calls that are under way on the loop, which may outlive us.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace fanout
