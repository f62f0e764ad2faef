#include "net/mail.h"

#include <absl/strings/str_split.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "fixture.h"

using net::FormatLetter;
using net::Letter;
using namespace net_test;

namespace {

Letter Good() {
  Letter letter;
  letter.from = "mcfeely@example.com";
  letter.to = {"ops@example.com"};
  letter.subject = "job 31 is done";
  letter.message_id = "31.1@example.com";
  letter.date = absl::FromUnixSeconds(1'738'318'504);
  letter.body = "all 3 tasks\n.\ndone\n";
  return letter;
}

// The header lines, continuation lines joined.
std::vector<std::string> Headers(const std::string& text) {
  std::vector<std::string> headers;
  const std::string head = text.substr(0, text.find("\n\n"));
  for (absl::string_view line : absl::StrSplit(head, '\n')) {
    CHECK(line.size() <= 998);
    if (line.substr(0, 1) == " ") {
      REQUIRE_FALSE(headers.empty());
      absl::StrAppend(&headers.back(), line);
    } else {
      headers.emplace_back(line);
    }
  }
  return headers;
}

std::string Value(const std::string& text, const std::string& name) {
  std::string found;
  int times = 0;
  for (const std::string& h : Headers(text)) {
    if (h.substr(0, name.size() + 2) != name + ": ") continue;
    found = h.substr(name.size() + 2);
    times++;
  }
  CHECK(times == 1);
  return found;
}

// What RFC 2047 encoded words say.
std::string Decoded(const std::string& value) {
  std::string out;
  for (absl::string_view word : absl::StrSplit(value, ' ')) {
    REQUIRE(word.size() <= 75);
    REQUIRE(word.substr(0, 10) == "=?UTF-8?B?");
    REQUIRE(word.substr(word.size() - 2) == "?=");
    out += *base::FromBase64(word.substr(10, word.size() - 12));
  }
  return out;
}

absl::Status Send(sys::Loop& loop, const std::vector<std::string>& program,
                  const Letter& letter) {
  absl::Status status = absl::UnknownError("no answer");
  bool done = false;
  net::SendLetter(loop, program, letter, [&](absl::Status s) {
    status = s;
    done = true;
  });
  CHECK_FALSE(done);
  REQUIRE(TurnUntil(loop, [&] { return done; }));
  return status;
}

}  // namespace

TEST_CASE("mail: a letter has the headers that are asked for, once", "[net]") {
  const auto text = FormatLetter(Good());
  REQUIRE(text.ok());
  CHECK(*text ==
        "From: mcfeely@example.com\n"
        "To: ops@example.com\n"
        "Subject: job 31 is done\n"
        "Date: Fri, 31 Jan 2025 10:15:04 +0000\n"
        "Message-ID: <31.1@example.com>\n"
        "Auto-Submitted: auto-generated\n"
        "MIME-Version: 1.0\n"
        "Content-Type: text/plain; charset=utf-8\n"
        "Content-Transfer-Encoding: 8bit\n"
        "\n"
        "all 3 tasks\n.\ndone\n");
}

TEST_CASE("mail: no subject adds a header or ends them", "[net]") {
  for (const std::string& subject : std::vector<std::string>{
           "x\nBcc: everybody@example.com", "x\r\nBcc: e@example.com",
           "x\n\nbody", "x\rBcc: y", "\n", std::string("a\0b", 3), "\x7f",
           "=?UTF-8?B?eA==?=", " leading", "trailing ",
           "Gr\xc3\xbc\xc3\x9f"
           "e",
           "\xff\xfe not utf-8", std::string(5000, 'x'),
           std::string(300, '\xa9')}) {
    Letter letter = Good();
    letter.subject = subject;
    const auto text = FormatLetter(letter);
    REQUIRE(text.ok());
    CHECK(Headers(*text).size() == 9);
    CHECK(Decoded(Value(*text, "Subject")) == subject);
  }
}

TEST_CASE("mail: encoded words hold whole characters", "[net]") {
  Letter letter = Good();
  letter.subject.clear();
  for (int i = 0; i < 100; i++) letter.subject += "\xe2\x82\xac";  // euros
  const auto text = FormatLetter(letter);
  REQUIRE(text.ok());
  for (absl::string_view word : absl::StrSplit(Value(*text, "Subject"), ' ')) {
    const auto part = base::FromBase64(word.substr(10, word.size() - 12));
    REQUIRE(part.ok());
    CHECK(part->size() % 3 == 0);
  }
}

TEST_CASE("mail: a hundred addresses are folded and stay a hundred", "[net]") {
  Letter letter = Good();
  letter.to.clear();
  for (int i = 0; i < 100; i++) {
    letter.to.push_back(absl::StrCat("person.number.", i, "@example.com"));
  }
  const auto text = FormatLetter(letter);
  REQUIRE(text.ok());
  for (absl::string_view line :
       absl::StrSplit(text->substr(0, text->find("\n\n")), '\n')) {
    CHECK(line.size() <= 78);
  }
  const std::string to = Value(*text, "To");
  CHECK(std::vector<std::string>(absl::StrSplit(to, ", ")) == letter.to);
}

TEST_CASE("mail: what is no address is refused wherever it stands", "[net]") {
  for (const std::string& bad : std::vector<std::string>{
           "", "-oQ/tmp/x", "a b@c", "a@b\nBcc: x@y", "a@b\r", "a\tb",
           std::string("a\0b", 3), "a@b,c@d", "a@b;c", "<a@b>", "a(x)@b",
           "\"a\"@b", "g:a@b", std::string(1025, 'a'), "\xc3\xbc@b", "a\x7f"}) {
    INFO(base::Escape(bad.substr(0, 40)));
    CHECK(net::CheckMailAddress(bad).code() ==
          absl::StatusCode::kInvalidArgument);
    Letter letter = Good();
    letter.to.push_back(bad);
    CHECK_FALSE(FormatLetter(letter).ok());
    if (bad.empty()) continue;
    letter = Good();
    letter.from = bad;
    CHECK_FALSE(FormatLetter(letter).ok());
  }
  for (const char* good : {"root", "a@b", "first.last+tag@example.com",
                           "user%host@relay", "a'b@c", "|pipe@b"}) {
    CHECK(net::CheckMailAddress(good).ok());
  }
  Letter letter = Good();
  letter.to.clear();
  CHECK_FALSE(FormatLetter(letter).ok());
  letter = Good();
  letter.message_id = "x>\nBcc: a@b";
  CHECK_FALSE(FormatLetter(letter).ok());
}

TEST_CASE("mail: any body arrives byte for byte", "[net]") {
  for (const std::string& body : std::vector<std::string>{
           "plain\n", ".\n..\nFrom here\n", "not utf-8: \xff\xfe\n",
           std::string("zero \0 byte\n", 12), "dos\r\nlines\r\n",
           std::string(5000, 'x') + "\n"}) {
    Letter letter = Good();
    letter.body = body;
    const auto text = FormatLetter(letter);
    REQUIRE(text.ok());
    const std::string sent = text->substr(text->find("\n\n") + 2);
    if (Value(*text, "Content-Transfer-Encoding") == "8bit") {
      CHECK(sent == body);
      continue;
    }
    std::string all;
    for (absl::string_view line : absl::StrSplit(sent, '\n')) {
      CHECK(line.size() <= 76);
      absl::StrAppend(&all, line);
    }
    CHECK(*base::FromBase64(all) == body);
  }
}

TEST_CASE("mail: the program gets the letter and no shell sees it", "[net]") {
  sys::IgnoreSigpipe();
  sys::Loop loop;
  const sys::TemporaryFolder folder = Folder();
  const std::string out = folder.path() + "/$(touch x) letter";
  Letter letter = Good();
  letter.body = std::string(1 << 20, 'x') + "\n";
  CHECK(Send(loop, {"dd", "status=none", "of=" + out}, letter).ok());
  const auto sent = sys::ReadFile(out);
  REQUIRE(sent.ok());
  CHECK(*sent == *FormatLetter(letter));
}

TEST_CASE("mail: a program that fails says why", "[net]") {
  sys::IgnoreSigpipe();
  sys::Loop loop;
  Letter letter = Good();
  letter.body = std::string(1 << 20, 'x');  // more than a pipe holds
  absl::Status status =
      Send(loop, {"sh", "-c", "echo no such user >&2; exit 67"}, letter);
  CHECK(status.code() == absl::StatusCode::kUnavailable);
  CHECK(status.message() == "sh: exited with 67: no such user");
  status = Send(loop, {"sh", "-c", "kill -9 $$"}, letter);
  CHECK(status.message() == "sh: ended by SIGKILL");
  CHECK(Send(loop, {"/nonexistent/sendmail"}, letter).code() ==
        absl::StatusCode::kNotFound);
  CHECK(Send(loop, {}, letter).code() == absl::StatusCode::kInvalidArgument);
  letter.to = {"-oX"};
  CHECK(Send(loop, {"true"}, letter).code() ==
        absl::StatusCode::kInvalidArgument);
  // One that takes the letter without reading all of it has still taken it.
  letter = Good();
  CHECK(Send(loop, {"true"}, letter).ok());
}
