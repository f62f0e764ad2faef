// The client's side of a collated stream: one section of it.
//
// After `agreed` the owner gathers what it has to write and reports how far it
// is; after `granted` it writes to the stream it got, or, inside a section of
// the same manager, to its own standard output; then it ends the section.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "fanout/collate.h"
#include "fanout/collate_protocol.h"
#include "sys/fd.h"
#include "sys/loop.h"

namespace fanout {

// What a manager is called in xcl_section (fanout/section.h) that was not found
// in the stack: the path of its socket, free of links where it is there.
std::string ManagerName(const std::string& path);
// The innermost section of the manager at `path` in a value of xcl_section, be
// the manager called there as here or by its ManagerName.
std::optional<int64_t> SectionOfManager(absl::string_view value,
                                        const std::string& path);

// How a section is to look; the manager is asked for what is not set here.
struct SectionStyle {
  std::optional<std::string> title, rule;
  std::optional<int64_t> cap_bytes;
  bool squeeze = false;
  bool quick = false;
};

class CollatorClient {
 public:
  struct Options {
    std::string name;  // at most kMaxSectionNameBytes; no NUL, newline or CR
    SectionStyle style;
    bool stream = true;  // wants the collated stream
    // The manager's input and error come with the stream (which is to be wanted
    // then), the widow stream and the working folder when it has agreed.
    bool input = false, error = false, widow = false, folder = false;
    // The section of this manager we are inside of (fanout/section.h).
    std::optional<int64_t> inside;
  };
  struct Agreed {
    SectionStyle style;
    int64_t section = 0;  // its number, for xcl_section
    sys::Fd widow, folder;
  };
  struct Granted {
    // Not open when the section is to be written to our own standard output.
    sys::Fd stream;
    int64_t number = 0;  // how many sections came out before
    sys::Fd input, error;
    // The manager takes what was reported as quick over `stream`, which ends
    // with its last byte; nothing else can be told any more.
    bool quick = false;
  };
  struct Calls {
    std::function<void(Agreed)> agreed;
    std::function<void(Granted)> granted;  // never unless the stream is wanted
    // The manager is gone, or makes no sense. Nothing is called after it, nor
    // is it called after `granted`.
    std::function<void(const absl::Status&)> lost;
  };

  // `connection` leads to a manager (ConnectManager of fanout/stack.h).
  static absl::StatusOr<std::unique_ptr<CollatorClient>> Start(
      sys::Loop& loop, sys::Fd connection, Options options, Calls calls);
  // Ends the section, as End does, if nobody did.
  ~CollatorClient();
  CollatorClient(const CollatorClient&) = delete;

  // How far the section is; may be told at any time. `quick`: it is finished,
  // and small enough to be left with the manager.
  void Report(Ready ready, bool quick = false);
  void Status(int status);  // of whatever wrote it
  void WriteFailed(int error_number);
  void AskForEnd();  // of a persistent manager
  // Sends what was told and hangs up: the next section may come. May wait for
  // a moment.
  void End();

 private:
  CollatorClient(sys::Loop& loop, Options options, Calls calls)
      : loop_(loop), options_(std::move(options)), calls_(std::move(calls)) {}
  void Ask();
  void OnSocket(uint32_t events);
  absl::Status Read();
  absl::Status Take(const Answer& answer, sys::Fd* fd);
  absl::Status TakeMessage(absl::string_view text, sys::Fd* fd);
  void Progress();
  void Lose(const absl::Status& why);
  void Send(absl::string_view bytes);
  void Flush();

  sys::Loop& loop_;
  Options options_;
  Calls calls_;
  sys::Fd socket_;
  AnswerReader reader_;
  std::string unsent_;
  enum class Stage { kGreeting, kSection, kAsked, kAgreed, kGranted, kOver };
  Stage stage_ = Stage::kGreeting;
  int texts_ = 0, flags_ = 0;  // answered so far
  Agreed agreed_;
  Granted granted_;
  bool has_stream_ = false;
  Ready ready_ = Ready::kNot, sent_ready_ = Ready::kNot;
  bool quick_ = false;
  int status_ = kStatusUnknown;
  // Others: calls that are under way, one of which may be our end.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace fanout
