#include "net/mail.h"

#include <absl/status/status.h>
#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/strip.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "sys/child.h"
#include "sys/file.h"
#include "sys/last_words.h"
#include "sys/signals.h"
#include "sys/socket.h"

namespace net {
namespace {

constexpr absl::Duration kLongest = absl::Minutes(1);
// RFC 5322, 2.1.1 recommends lines of at most 78; RFC 2047, 2 asks for encoded
// words of at most 75 and lines of at most 76.
constexpr size_t kLineBytes = 76;
constexpr absl::string_view kWordStart = "=?UTF-8?B?";
constexpr absl::string_view kWordEnd = "?=";
// Bytes that fit into one encoded word behind "Subject: ", base64 being 4
// for 3.
constexpr size_t kWordBytes = 39;

bool IsContinuation(char c) { return (static_cast<uint8_t>(c) & 0xc0) == 0x80; }

// RFC 2047, 5: an encoded word holds whole characters.
size_t WordLength(absl::string_view text) {
  if (text.size() <= kWordBytes) return text.size();
  size_t n = kWordBytes;
  while (n > kWordBytes - 4 && IsContinuation(text[n])) n--;
  // Not UTF-8 after all: anywhere will do.
  return IsContinuation(text[n]) ? kWordBytes : n;
}

std::string Subject(absl::string_view text) {
  const bool plain =
      text.size() + 9 <= kLineBytes && text.find("=?") == text.npos &&
      std::all_of(text.begin(), text.end(),
                  [](unsigned char c) { return absl::ascii_isprint(c); }) &&
      !absl::StartsWith(text, " ") && !absl::EndsWith(text, " ");
  if (plain) return std::string(text);
  std::string out;
  while (!text.empty()) {
    const size_t n = WordLength(text);
    absl::StrAppend(&out, out.empty() ? "" : "\n ", kWordStart,
                    base::Base64(text.substr(0, n)), kWordEnd);
    text.remove_prefix(n);
  }
  return out;
}

std::string AddressList(const std::vector<std::string>& addresses) {
  std::string out;
  size_t line = 4;  // "To: "
  for (size_t i = 0; i < addresses.size(); i++) {
    if (i != 0) {
      const bool fits = line + addresses[i].size() + 3 <= kLineBytes;
      out += fits ? ", " : ",\n ";
      line = fits ? line + 2 : 1;
    }
    out += addresses[i];
    line += addresses[i].size();
  }
  return out;
}

// Whether the body can travel as it is: RFC 2045, 2.8 limits the lines of 8bit
// to 998 bytes and forbids zero bytes and a lone CR.
bool Is8Bit(absl::string_view body) {
  size_t line = 0;
  for (char c : body) {
    if (c == '\0' || c == '\r') return false;
    line = c == '\n' ? 0 : line + 1;
    if (line > 998) return false;
  }
  return true;
}

std::string Base64Lines(absl::string_view body) {
  constexpr size_t kBytesPerLine = kLineBytes / 4 * 3;
  std::string out;
  for (; !body.empty();
       body.remove_prefix(std::min(kBytesPerLine, body.size()))) {
    absl::StrAppend(&out, base::Base64(body.substr(0, kBytesPerLine)), "\n");
  }
  return out;
}

// A letter on its way into the program. Shared by the loop's callbacks; gone
// once none of them is left.
struct Delivery : std::enable_shared_from_this<Delivery> {
  Delivery(sys::Loop& l, std::string t, std::function<void(absl::Status)> d)
      : loop(l), text(std::move(t)), done(std::move(d)) {}

  absl::Status Begin(const FedProgram& program);
  void Write();
  void ReadErrors();
  void Ended();
  void Finish(const absl::Status& status);

  sys::Loop& loop;
  std::string text;
  std::function<void(absl::Status)> done;
  std::string name;
  size_t written = 0;
  sys::Fd in, errors;
  std::string said;
  std::optional<sys::Child> child;
  sys::Loop::Timer timer = 0;
};

absl::Status Delivery::Begin(const FedProgram& program) {
  if (program.words.empty()) {
    return absl::InvalidArgumentError("no program to send mail with");
  }
  name = program.words[0];
  using Ends = std::pair<sys::Fd, sys::Fd>;
  TRY_ASSIGN(Ends to, sys::Pipe());
  TRY_ASSIGN(Ends from, sys::Pipe());
  TRY(sys::SetNonBlocking(to.second.get()));
  TRY(sys::SetNonBlocking(from.first.get()));
  sys::SpawnOptions options;
  options.in = to.first.get();
  options.err = from.second.get();
  options.executable = program.executable;
  options.environment = program.environment;
  options.folder = program.folder;
  options.own_group = true;
  TRY_ASSIGN(child, sys::Child::Spawn(program.words, options));
  in = std::move(to.second);
  errors = std::move(from.first);
  std::shared_ptr<Delivery> self = shared_from_this();
  timer = loop.After(kLongest, [self] {
    self->timer = 0;
    // What it started must not go on either: it will be tried again.
    self->child->SignalGroup(SIGKILL).IgnoreError();
    self->Finish(absl::DeadlineExceededError(
        absl::StrCat(self->name, ": took longer than a minute")));
  });
  TRY(loop.Watch(child->pidfd(), EPOLLIN, [self](uint32_t) { self->Ended(); }));
  TRY(loop.Watch(errors.get(), EPOLLIN,
                 [self](uint32_t) { self->ReadErrors(); }));
  return loop.Watch(in.get(), EPOLLOUT, [self](uint32_t) { self->Write(); });
}

void Delivery::Write() {
  const ssize_t n =
      write(in.get(), text.data() + written, text.size() - written);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n > 0) written += n;
  // A program that reads no further may still have taken what it wanted; its
  // exit tells.
  if (n > 0 && written < text.size()) return;
  loop.Unwatch(in.get());
  in.Reset();
}

void Delivery::ReadErrors() { sys::TakeLastWords(loop, &errors, &said); }

void Delivery::Ended() {
  const sys::Ended ended = child->Wait();
  ReadErrors();
  if (ended.signal == 0 && ended.code == 0) return Finish(absl::OkStatus());
  absl::string_view last = absl::StripAsciiWhitespace(said);
  const size_t line = last.rfind('\n');
  if (line != absl::string_view::npos) last.remove_prefix(line + 1);
  const std::string how =
      ended.signal != 0
          ? absl::StrCat("ended by ", sys::SignalName(ended.signal))
          : absl::StrCat("exited with ", ended.code);
  Finish(absl::UnavailableError(absl::StrCat(
      name, ": ", how, last.empty() ? "" : ": ", base::Escape(last))));
}

void Delivery::Finish(const absl::Status& status) {
  std::shared_ptr<Delivery> keep = shared_from_this();
  loop.Cancel(std::exchange(timer, 0));
  loop.Unwatch(in.get());
  loop.Unwatch(errors.get());
  if (child.has_value()) loop.Unwatch(child->pidfd());
  in.Reset();
  errors.Reset();
  child.reset();
  if (done) std::exchange(done, nullptr)(status);
}

}  // namespace

absl::Status CheckMailAddress(absl::string_view address) {
  if (address.empty()) return absl::InvalidArgumentError("an empty address");
  const std::string shown = base::Escape(address.substr(0, 100));
  if (address.size() > base::kMaxAddressBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("address '", shown, "...': too long"));
  }
  if (absl::StartsWith(address, "-")) {
    return absl::InvalidArgumentError(
        absl::StrCat("address '", shown, "': begins with '-'"));
  }
  for (unsigned char c : address) {
    // A comma would make two addresses of one in the header, and the others
    // comments, groups and names.
    if (!absl::ascii_isgraph(c) && c < 0x80) {
      return absl::InvalidArgumentError(
          absl::StrCat("address '", shown, "': a blank or control byte"));
    }
    if (c >= 0x80 ||
        absl::string_view(",;:<>()[]\\\"").find(c) != absl::string_view::npos) {
      return absl::InvalidArgumentError(absl::StrCat(
          "address '", shown, "': '", base::Escape({(const char*)&c, 1}),
          "' is not for addresses"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> FormatLetter(const Letter& letter) {
  if (letter.to.empty()) return absl::InvalidArgumentError("no addresses");
  for (const std::string& address : letter.to) TRY(CheckMailAddress(address));
  if (!letter.from.empty()) TRY(CheckMailAddress(letter.from));
  for (unsigned char c : letter.message_id) {
    if (!absl::ascii_isgraph(c) || c == '<' || c == '>') {
      return absl::InvalidArgumentError("not a message id");
    }
  }
  std::string out;
  if (!letter.from.empty()) absl::StrAppend(&out, "From: ", letter.from, "\n");
  absl::StrAppend(&out, "To: ", AddressList(letter.to), "\n");
  absl::StrAppend(&out, "Subject: ", Subject(letter.subject), "\n");
  absl::StrAppend(&out, "Date: ",
                  absl::FormatTime("%a, %d %b %Y %H:%M:%S +0000", letter.date,
                                   absl::UTCTimeZone()),
                  "\n");
  if (!letter.message_id.empty()) {
    absl::StrAppend(&out, "Message-ID: <", letter.message_id, ">\n");
  }
  const bool as_it_is = Is8Bit(letter.body);
  // RFC 3834, 5: vacation programs and the like keep quiet.
  absl::StrAppend(&out,
                  "Auto-Submitted: auto-generated\n"
                  "MIME-Version: 1.0\n"
                  "Content-Type: text/plain; charset=utf-8\n"
                  "Content-Transfer-Encoding: ",
                  as_it_is ? "8bit" : "base64", "\n\n",
                  as_it_is ? letter.body : Base64Lines(letter.body));
  if (out.back() != '\n') out += '\n';
  return out;
}

void SendLetter(sys::Loop& loop, const std::vector<std::string>& program,
                const Letter& letter, std::function<void(absl::Status)> done) {
  absl::StatusOr<std::string> text = FormatLetter(letter);
  auto delivery = std::make_shared<Delivery>(
      loop, text.ok() ? *std::move(text) : "", std::move(done));
  absl::Status begun = text.status();
  if (begun.ok()) begun = delivery->Begin({.words = program});
  if (begun.ok()) return;
  loop.Post([delivery, begun] { delivery->Finish(begun); });
}

void FeedProgram(sys::Loop& loop, const FedProgram& program, std::string text,
                 std::function<void(absl::Status)> done) {
  auto delivery =
      std::make_shared<Delivery>(loop, std::move(text), std::move(done));
  const absl::Status begun = delivery->Begin(program);
  if (begun.ok()) return;
  loop.Post([delivery, begun] { delivery->Finish(begun); });
}

}  // namespace net
