#include "fanout/collator.h"

#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <sys/epoll.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "fanout/client_limit.h"
#include "sys/file.h"
#include "sys/pass_fd.h"
#include "sys/terminal.h"

namespace fanout {
namespace {

constexpr int64_t kOutermost = -1;
constexpr size_t kReadBytes = 4096;
// Answers for a client that does not read; it is not read from either then.
constexpr size_t kMaxUnsentBytes = 64 << 10;
// Ends that nobody takes; nobody new is let in then.
constexpr size_t kMaxNoticeBytes = 1 << 20;
// Of small finished sections that wait here for their turn, all together.
constexpr size_t kMaxCapturedBytes = 4 << 20;
constexpr absl::Duration kNameTime = absl::Seconds(10);

}  // namespace

struct Collator::Client {
  struct Unsent {
    std::string bytes;
    int fd;  // goes with the first of them; -1 for none
  };
  explicit Client(sys::Fd f) : fd(std::move(f)) {}
  sys::Fd fd;
  sys::Loop::Timer name_timer = 0;
  RequestReader reader;
  std::optional<Section> section;  // once it has said its name
  std::deque<Unsent> unsent;
  size_t unsent_bytes = 0;
  Ready ready = Ready::kNot;  // reported before it asked for the stream
  bool joined = false;        // asked for it
  bool nested = false;        // asked for a turn inside a section
  bool granted = false;
  bool wants_input = false, wants_error = false;
  bool had_widow = false, had_folder = false;  // once each
  int status = 0;
  // A small finished section: what it wrote, until its turn comes.
  bool captures = false, captured_all = false;
  std::string captured;
  std::unique_ptr<Outlet> captured_out;
};

struct Collator::Group {
  explicit Group(CollateOrder order) : collate(order) {}
  Collate collate;
  std::map<Collate::Section, Section> members;
};

struct Collator::State {
  std::string name;
  int64_t parent = kOutermost;
  std::optional<Collate::Section> member;  // of the parent's group
  std::function<void(int64_t)> granted;    // of ours
  Client* client = nullptr;                // or of a client
  bool failed = false;
};

absl::StatusOr<std::unique_ptr<Collator>> Collator::Make(
    sys::Loop& loop, CollatorOptions options) {
  std::unique_ptr<Collator> c(new Collator(loop, std::move(options)));
  if (c->options_.input < 0 || c->options_.error < 0) {
    TRY_ASSIGN(c->null_, sys::Open("/dev/null", O_RDWR));
    if (c->options_.input < 0) c->options_.input = c->null_.get();
    if (c->options_.error < 0) c->options_.error = c->null_.get();
  }
  if (c->options_.notify >= 0) {
    c->notices_end_lines_ = sys::IsTerminal(c->options_.notify);
    TRY_ASSIGN(c->notices_,
               Outlet::Open(
                   loop, c->options_.notify,
                   [c = c.get()] {
                     c->acceptor_.Resume();
                     c->TellChanged();
                   },
                   [c = c.get()](const absl::Status&) { c->TellChanged(); }));
  }
  return c;
}

Collator::Collator(sys::Loop& loop, CollatorOptions options)
    : loop_(loop),
      options_(std::move(options)),
      acceptor_(
          loop,
          [this] {
            // All descriptors may be theirs: the one whose turn it is may come
            // last.
            return RoomForClient(clients_.size(), 1) &&
                   (notices_ == nullptr ||
                    notices_->kept_bytes() <= kMaxNoticeBytes);
          },
          [this](sys::Fd fd) { Admit(std::move(fd)); }) {
  groups_.try_emplace(kOutermost, options_.order);
}

Collator::~Collator() {
  *alive_ = false;
  for (auto& [fd, client] : clients_) {
    loop_.Cancel(client->name_timer);
    loop_.Unwatch(fd);
  }
}

// --- clients ----------------------------------------------------------------

absl::Status Collator::Listen(int listener) {
  return acceptor_.Listen(listener);
}

void Collator::TakeIn() { acceptor_.TakeIn(); }

void Collator::StopListening() { acceptor_.Stop(); }

void Collator::Admit(sys::Fd fd) {
  const int number = fd.get();
  auto owned = std::make_unique<Client>(std::move(fd));
  Client& client = *owned;
  const absl::Status watching =
      loop_.Watch(number, EPOLLIN,
                  [this, &client](uint32_t events) { Serve(client, events); });
  if (!watching.ok()) return;
  clients_[number] = std::move(owned);
  client.name_timer = loop_.After(kNameTime, [this, &client] { Drop(client); });
  Answer(client, std::string(kProtocolVersion) + '\0');
}

void Collator::Serve(Client& client, uint32_t events) {
  constexpr uint32_t kGone = EPOLLHUP | EPOLLERR;
  if (events & (EPOLLOUT | kGone)) Send(client);
  if ((events & (EPOLLIN | kGone)) && client.reader.rest_bytes() < kReadBytes) {
    // Descriptors that came along are closed by going out of scope.
    const absl::StatusOr<sys::Received> received =
        sys::ReceiveWithFd(client.fd.get(), kReadBytes);
    if (!received.ok() || received->closed) {
      client.captured_all = client.captures && received.ok();
      if (client.captured_all && client.section) {
        Capture(client);
      } else {
        Drop(client);
      }
      return;
    }
    client.reader.Feed(received->bytes);
  }
  if (client.captures) {
    Capture(client);
    return;
  }
  while (client.unsent_bytes < kMaxUnsentBytes) {
    const absl::StatusOr<std::optional<Request>> request = client.reader.Next();
    if (!request.ok()) {
      Drop(client);
      return;
    }
    if (!*request) break;
    Carry(client, **request);
    if (!client.fd) return;
    if (client.captures) {
      Capture(client);
      return;
    }
  }
  Watch(client);
}

void Collator::Carry(Client& client, const Request& request) {
  using Kind = Request::Kind;
  const auto flag = [&](bool set, char letter) {
    Answer(client, std::string{set ? letter : '-', '\0'});
  };
  switch (request.kind) {
    case Kind::kName:
      loop_.Cancel(std::exchange(client.name_timer, 0));
      client.section = NewSection(request.text);
      sections_[*client.section].client = &client;
      Answer(client, absl::StrCat(*client.section, "\n"));
      return;
    case Kind::kTitle:
      return Answer(client, TextAnswer(options_.title));
    case Kind::kRule:
      return Answer(client, TextAnswer(options_.rule));
    case Kind::kCap:
      return Answer(client, options_.cap_bytes
                                ? absl::StrCat(*options_.cap_bytes, "\n")
                                : ".");
    case Kind::kSqueeze:
      return flag(options_.squeeze, 's');
    case Kind::kQuick:
      return flag(options_.quick || options_.squeeze, 'q');
    case Kind::kPublished:
      return flag(options_.published, 'd');
    case Kind::kPersistent:
      return flag(options_.persistent, finish_asked_ ? 'Q' : ':');
    case Kind::kVersion:
      return Answer(client, std::string(kProtocolVersion) + '\0');
    case Kind::kStream:
    case Kind::kInside: {
      if (client.joined) return;
      client.joined = true;
      // Differs: in the original a section inside a section waited for itself.
      client.nested = request.kind == Kind::kInside &&
                      request.number != *client.section &&
                      sections_.count(request.number) != 0;
      const int64_t parent = client.nested ? request.number : kOutermost;
      Join(*client.section, parent, Collate::kNoPlace);
      return ReportOf(client);
    }
    case Kind::kInput:
      client.wants_input = true;
      return SendInputAndError(client);
    case Kind::kError:
      client.wants_error = true;
      return SendInputAndError(client);
    case Kind::kWidow:
      // Descriptors under way are counted per user: nobody gets more than one
      // of each without taking them out of the socket.
      if (!std::exchange(client.had_widow, true)) {
        Answer(client, "widow\n", options_.widow);
      }
      return;
    case Kind::kFolder:
      if (std::exchange(client.had_folder, true)) return;
      if (!folder_) {
        auto folder = sys::Open(".", O_RDONLY | O_DIRECTORY);
        folder_is_ours_ = folder.ok();
        if (!folder.ok()) folder = sys::Open("/", O_RDONLY | O_DIRECTORY);
        if (!folder.ok()) return Drop(client);
        folder_ = *std::move(folder);
      }
      return Answer(client, folder_is_ours_ ? ".\n" : "/\n", folder_.get());
    case Kind::kReport: {
      client.ready = std::max(client.ready, request.ready);
      if (!client.joined) return;
      const bool held = groups_.at(kOutermost).collate.holder().has_value();
      if (request.quick && options_.quick && held && !client.nested &&
          !client.granted && captured_bytes_ < kMaxCapturedBytes) {
        client.captures = true;
        client.captured = client.reader.TakeRest();
        captured_bytes_ += client.captured.size();
        Answer(client, "quick\n", options_.widow);
      }
      return ReportOf(client);
    }
    case Kind::kStatus:
      client.status = static_cast<int>(request.number);
      return;
    case Kind::kFinish:
      // Differs: it made the original forget its utility.
      if (!options_.persistent || finish_asked_) return;
      finish_asked_ = true;
      return TellChanged();
    case Kind::kGoodbye:
      return Drop(client);
    case Kind::kWriteFailed:
      if (client.granted && !client.nested) {
        Failed(*client.section,
               absl::DataLossError(strerror(static_cast<int>(request.number))));
      }
      return;
    case Kind::kOther:
      return;
  }
}

// Clients cannot put aside what they have until they are finished: where only
// finished sections have their turn, theirs count as such.
void Collator::ReportOf(Client& client) {
  const bool counts = options_.order == CollateOrder::kFinished &&
                      !client.nested && client.ready != Ready::kNot;
  Report(*client.section, counts ? Ready::kFinished : client.ready);
}

// Takes what a quick client sends, and once its turn has come passes it on.
void Collator::Capture(Client& client) {
  const size_t before = client.captured.size();
  client.captured += client.reader.TakeRest();
  captured_bytes_ += client.captured.size() - before;
  if (client.granted) {
    captured_bytes_ -= client.captured.size();
    client.captured_out->Write(std::exchange(client.captured, {}));
    if (client.captured_all && client.captured_out->kept_bytes() == 0) {
      return Drop(client);
    }
  }
  Watch(client);
}

void Collator::Answer(Client& client, std::string bytes, int fd) {
  if (!client.fd) return;
  client.unsent_bytes += bytes.size();
  client.unsent.push_back({std::move(bytes), fd});
  if (client.unsent.size() == 1) Send(client);
}

void Collator::Send(Client& client) {
  while (!client.unsent.empty()) {
    Client::Unsent& first = client.unsent.front();
    const absl::StatusOr<size_t> sent =
        sys::SendWithFd(client.fd.get(), first.bytes, first.fd);
    if (!sent.ok() && absl::IsResourceExhausted(sent.status())) break;
    if (!sent.ok()) {
      // It is gone; but what it has told us before is still to be read.
      client.unsent.clear();
      client.unsent_bytes = 0;
      break;
    }
    if (*sent == 0) break;
    first.fd = -1;
    client.unsent_bytes -= *sent;
    first.bytes.erase(0, *sent);
    if (!first.bytes.empty()) break;
    client.unsent.pop_front();
  }
  Watch(client);
}

void Collator::Watch(Client& client) {
  if (!client.fd) return;
  // What a quick client may leave with us before its turn, and what the stream
  // has not taken, is bounded like everything.
  const bool full =
      client.captures
          ? client.captured_all || client.captured.size() >= kMaxUnsentBytes ||
                (!client.granted && captured_bytes_ >= kMaxCapturedBytes) ||
                (client.captured_out != nullptr &&
                 client.captured_out->kept_bytes() >= kMaxUnsentBytes)
          : client.unsent_bytes >= kMaxUnsentBytes;
  uint32_t events = full ? 0 : uint32_t{EPOLLIN};
  if (!client.unsent.empty() && !client.captured_all) events |= EPOLLOUT;
  loop_.Rewatch(client.fd.get(), events);
}

void Collator::Drop(Client& client) {
  if (!client.fd) return;
  loop_.Cancel(client.name_timer);
  loop_.Unwatch(client.fd.get());
  captured_bytes_ -= client.captured.size();
  const auto found = clients_.find(client.fd.get());
  client.fd.Reset();
  loop_.DeleteAtEndOfTurn(std::move(found->second));
  clients_.erase(found);
  if (client.section) Leave(*client.section, client.status);
  acceptor_.Resume();
  TellChanged();
}

void Collator::SendInputAndError(Client& client) {
  if (!client.granted) return;
  if (std::exchange(client.wants_error, false)) {
    Answer(client, "err\n", options_.error);
  }
  if (std::exchange(client.wants_input, false)) {
    Answer(client, "in\n", options_.input);
  }
}

// --- sections ---------------------------------------------------------------

Collator::Section Collator::Open(std::string name, int64_t place,
                                 std::function<void(int64_t)> granted) {
  const Section section = NewSection(std::move(name));
  sections_[section].granted = std::move(granted);
  Join(section, kOutermost, place);
  return section;
}

void Collator::Skip(int64_t place) {
  groups_.at(kOutermost).collate.Skip(place);
  unsettled_.insert(kOutermost);
  Later();
}

void Collator::Report(Section section, Ready ready) {
  const auto found = sections_.find(section);
  if (found == sections_.end() || !found->second.member) return;
  const State& state = found->second;
  groups_.at(state.parent).collate.Report(*state.member, ready);
  unsettled_.insert(state.parent);
  Later();
}

void Collator::Close(Section section, int status) {
  MUST(sections_.count(section) != 0);
  Leave(section, status);
  TellChanged();
}

void Collator::WriteFailed(Section section, const absl::Status& why) {
  Failed(section, why);
}

void Collator::Announce(const std::string& text) {
  if (notices_ == nullptr) return;
  notices_->Write(text + (notices_end_lines_ ? '\n' : '\0'));
}

bool Collator::idle() const {
  return sections_.empty() && clients_.empty() &&
         (notices_ == nullptr || notices_->kept_bytes() == 0);
}

Collator::Section Collator::NewSection(std::string name) {
  const Section section = next_section_++;
  sections_[section].name = std::move(name);
  return section;
}

void Collator::Join(Section section, int64_t parent, int64_t place) {
  auto group = groups_.find(parent);
  if (group == groups_.end()) {
    group = groups_.try_emplace(parent, CollateOrder::kFirstReady).first;
  }
  State& state = sections_.at(section);
  state.parent = parent;
  state.member = group->second.collate.Open(place);
  group->second.members[*state.member] = section;
}

void Collator::Leave(Section section, int status) {
  const auto found = sections_.find(section);
  const State state = std::move(found->second);
  sections_.erase(found);
  if (state.member) {
    const auto group = groups_.find(state.parent);
    group->second.collate.Close(*state.member);
    group->second.members.erase(*state.member);
    if (state.parent != kOutermost && group->second.collate.empty()) {
      groups_.erase(group);
    } else {
      unsettled_.insert(state.parent);
      Later();
    }
  }
  if (notices_ == nullptr) return;
  Announce(options_.notify_status ? absl::StrCat(status, ",", state.name)
                                  : state.name);
}

void Collator::Failed(Section section, const absl::Status& why) {
  const auto found = sections_.find(section);
  if (found == sections_.end() || found->second.failed) return;
  found->second.failed = true;
  if (++failed_sections_ != 1 || !options_.output_failed) return;
  options_.output_failed(base::Context(
      why, absl::StrCat("section '", base::Escape(found->second.name), "'")));
}

void Collator::Later() {
  if (granting_ || later_) return;
  later_ = true;
  loop_.AtEndOfTurn([this, alive = alive_] {
    if (*alive) GrantAll();
  });
}

// Who is granted may write, close and open at once, which may free the stream
// for the next: until nothing changes any more.
void Collator::GrantAll() {
  later_ = false;
  granting_ = true;
  const std::shared_ptr<bool> alive = alive_;
  while (*alive && !unsettled_.empty()) {
    const int64_t parent = *unsettled_.begin();
    const auto group = groups_.find(parent);
    std::optional<Collate::Section> next;
    if (group != groups_.end()) next = group->second.collate.Next();
    if (next) {
      Grant(group->second.members.at(*next));
    } else {
      unsettled_.erase(parent);
    }
  }
  if (*alive) granting_ = false;
}

void Collator::Grant(Section section) {
  State& state = sections_.at(section);
  // Differs: the original counted connections.
  const int64_t number = next_number_++;
  if (state.client == nullptr) {
    // It may close itself.
    if (const auto granted = state.granted) granted(number);
    return;
  }
  Client& client = *state.client;
  client.granted = true;
  if (client.captures) {
    auto out = Outlet::Open(
        loop_, options_.output, [this, &client] { Capture(client); },
        [this, &client, section](const absl::Status& why) {
          Failed(section, why);
          Drop(client);
        });
    if (!out.ok()) {
      Failed(section, out.status());
      return Drop(client);
    }
    client.captured_out = *std::move(out);
    return Capture(client);
  }
  if (client.nested) {
    Answer(client, absl::StrCat("own ", number, "\n"));
  } else {
    Answer(client, absl::StrCat("out ", number, "\n"), options_.output);
  }
  SendInputAndError(client);
}

void Collator::TellChanged() {
  loop_.AtEndOfTurn([this, alive = alive_] {
    if (*alive && options_.changed) options_.changed();
  });
}

}  // namespace fanout
