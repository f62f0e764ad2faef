#include "power/ssh_words.h"

#include <absl/algorithm/container.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <catch2/catch.hpp>
#include <string>

namespace {

using power::FailureClass;
using power::SshQuestions;
using power::SshWords;
using Kind = SshQuestions::Answer::Kind;

power::Failure After(absl::string_view text, size_t packet = 1) {
  SshWords words;
  for (size_t at = 0; at < text.size(); at += packet) {
    words.Feed(text.substr(at, packet));
  }
  return words.Why();
}

TEST_CASE("ssh words: what it says at its end is a class of failures",
          "[power]") {
  const struct {
    const char* text;
    FailureClass expected;
  } kRows[] = {
      {"op@h: Permission denied (publickey,password).\r\n",
       FailureClass::kAuth},
      {"Received disconnect from 10.0.0.1 port 22:2: Too many authentication "
       "failures\r\nDisconnected from 10.0.0.1 port 22\r\n",
       FailureClass::kAuth},
      {"ssh: connect to host h port 22: Connection refused\r\n",
       FailureClass::kUnreachable},
      {"ssh: connect to host h port 22: No route to host\r\n",
       FailureClass::kUnreachable},
      {"ssh: Could not resolve hostname h: Name or service not known\r\n",
       FailureClass::kUnreachable},
      {"ssh: connect to host h port 22: Connection timed out\r\n",
       FailureClass::kTimeout},
      {"No ED25519 host key is known for h and you have requested strict "
       "checking.\r\nHost key verification failed.\r\n",
       FailureClass::kHostKey},
      {"@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\n",
       FailureClass::kHostKey},
      {"Unable to negotiate with 10.0.0.1 port 22: no matching cipher found. "
       "Their offer: 3des-cbc\r\n",
       FailureClass::kUnsupported},
      {"command-line: line 0: Bad configuration option: x\r\n",
       FailureClass::kConfig},
      {"kex_exchange_identification: Connection closed by remote host\r\n"
       "Connection closed by 10.0.0.1 port 22\r\n",
       FailureClass::kClosed},
      {"Received disconnect from 10.0.0.1 port 22:12: too many users\r\n",
       FailureClass::kBusy},
      {"something new\r\n", FailureClass::kClosed},
      {"", FailureClass::kClosed},
  };
  for (const auto& row : kRows) {
    INFO(row.text);
    CHECK(After(row.text).failure_class == row.expected);
    CHECK(After(row.text, 1000).failure_class == row.expected);
  }
}

TEST_CASE("ssh words: the frame of a warning is left out, be it all there is",
          "[power]") {
  SshWords words;
  words.Feed("@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\n");
  CHECK(words.Why().text ==
        "connect: WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!");
  // Only its first thousand bytes are kept.
  SshWords framed;
  framed.Feed(std::string(2000, '@') + "Permission denied (password).\n");
  CHECK(framed.Why().text == "connect: ");
}

TEST_CASE("ssh words: how far it is is told by its chatter", "[power]") {
  SshWords words;
  words.Feed(
      "OpenSSH_9.2p1\r\ndebug1: Connecting to h [10.0.0.1] port 22.\r\n");
  CHECK(words.phase() == SshWords::Phase::kConnecting);
  CHECK(words.Why().text == "connect: ssh ended without a word");
  words.Feed("debug1: Connection established.\r\n");
  CHECK(words.phase() == SshWords::Phase::kLogin);
  words.Feed("debug1: Server host key: ssh-rsa SHA256:abc\r\n");
  words.Feed("Authenticated to h ([10.0.0.1]:22) using \"password\".\r\n");
  CHECK(words.phase() == SshWords::Phase::kAuthenticated);
  CHECK(words.last().empty());
  words.Feed(std::string(1 << 20, 'x'));  // without an end
  CHECK(words.last().empty());
  words.Feed("\nHost key \033[2Jverification failed.\n");
  CHECK(words.last() == "Host key \\x1b[2Jverification failed.");
}

TEST_CASE("ssh questions: a password is given once", "[power]") {
  SshQuestions questions;
  CHECK(questions.On("(op@h) User Name: ", false, true).kind == Kind::kUser);
  CHECK(questions.On("op@h's password: ", false, true).kind == Kind::kSecret);
  const auto again = questions.On("(op@h) Password: ", false, true);
  CHECK(again.kind == Kind::kRefuse);
  REQUIRE(again.failure.has_value());
  CHECK(again.failure->failure_class == FailureClass::kAuth);
}

TEST_CASE("ssh questions: what is not asked of us is not answered", "[power]") {
  SshQuestions questions;
  CHECK(questions
            .On("Are you sure you want to continue connecting (yes/no)? ", true,
                true)
            .kind == Kind::kRefuse);
  CHECK(questions.On("Enter new password: ", false, true)
            .failure->failure_class == FailureClass::kAuth);
  CHECK(questions.On("Password: ", false, false).failure->failure_class ==
        FailureClass::kConfig);
  CHECK(questions.On("Password: ", false, true).kind == Kind::kSecret);
  CHECK(questions.On("Token: ", false, true).failure->failure_class ==
        FailureClass::kPrompt);
}

TEST_CASE(
    "ssh words: the command line names neither a secret nor what ssh "
    "would take for an option",
    "[power]") {
  power::SshCall call;
  call.host = "strip.example";
  call.address = "10.0.0.1";
  call.port = 2222;
  call.user = "op erator";
  call.known_hosts = {"/a b/known", "/home/x/.ssh/known_hosts"};
  CHECK_FALSE(power::CheckSshCall(call).has_value());
  const std::vector<std::string> words = power::SshCommand(call);
  const std::string text = absl::StrJoin(words, "|");
  CHECK(text.find("|UserKnownHostsFile=\"/a b/known\" "
                  "\"/home/x/.ssh/known_hosts\"|") != text.npos);
  CHECK(text.find("|HostKeyAlias=[strip.example]:2222|") != text.npos);
  CHECK(text.find("|StrictHostKeyChecking=yes|") != text.npos);
  CHECK(text.find("|-p|2222|-l|op erator|--|strip.example") != text.npos);
  CHECK(text.find("Kex") == text.npos);
  for (const char* odd : {"-oProxyCommand=x", "a b", "a;b", "a\nb"}) {
    call.host = odd;
    CHECK(power::CheckSshCall(call).has_value());
  }
  call.host = "h";
  call.user = "-v";
  CHECK(power::CheckSshCall(call).has_value());
}

TEST_CASE("ssh words: old algorithms are asked for only where ssh has them",
          "[power]") {
  const power::SshAlgorithms known = power::ParseSshAlgorithms(
      "# kex\ncurve25519-sha256\ndiffie-hellman-group1-sha1\n# key-sig\n"
      "ssh-rsa\n# cipher\n3des-cbc\naes128-cbc\n# mac\n");
  power::SshCall call;
  call.address = "10.0.0.1";
  call.legacy = &known;
  const std::vector<std::string> words = power::SshCommand(call);
  for (const char* word :
       {"KexAlgorithms=+diffie-hellman-group1-sha1",
        "HostKeyAlgorithms=+ssh-rsa", "PubkeyAcceptedAlgorithms=+ssh-rsa",
        "Ciphers=+aes128-cbc,3des-cbc"}) {
    INFO(word);
    CHECK(absl::c_linear_search(words, word));
  }
  CHECK(absl::c_none_of(
      words, [](const std::string& word) { return word.find("MACs") == 0; }));
}

}  // namespace
