#include "keys/ssh_agent.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <poll.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <functional>
#include <thread>

#include "base/bytes.h"
#include "base/limits.h"
#include "keys/identity.h"
#include "keys/openssh_key.h"
#include "sys/child.h"
#include "sys/file.h"
#include "sys/socket.h"
#include "unit/wire/testing.h"

namespace {

using wire_test::NumberedSigner;

std::string Message(uint8_t type, absl::string_view content) {
  std::string message;
  base::PutSshString(
      message, absl::StrCat(std::string(1, static_cast<char>(type)), content));
  return message;
}

std::string List(std::initializer_list<std::pair<std::string, std::string>> l) {
  std::string content;
  base::PutBe32(content, static_cast<uint32_t>(l.size()));
  for (const auto& [blob, comment] : l) {
    base::PutSshString(content, blob);
    base::PutSshString(content, comment);
  }
  return Message(12, content);
}

// Answers each request (its content, type first) with what a function says,
// until it is destroyed.
class FakeAgent {
 public:
  using Answer = std::function<std::string(absl::string_view request)>;

  explicit FakeAgent(Answer answer)
      : listener_(sys::ListenUnix(path()).value()),
        stop_(sys::Pipe().value()),
        thread_([this, answer] { Serve(answer); }) {}
  ~FakeAgent() {
    stop_.second.Reset();
    thread_.join();
  }
  std::string path() const { return folder_.path() + "/agent"; }

 private:
  bool Readable(int fd) {
    pollfd p[2] = {{fd, POLLIN, 0}, {stop_.first.get(), POLLIN, 0}};
    return poll(p, 2, 10'000) > 0 && p[1].revents == 0;
  }
  std::string Take(int fd, size_t n) {
    std::string bytes;
    while (bytes.size() < n && Readable(fd)) {
      char byte;
      if (read(fd, &byte, 1) != 1) break;
      bytes += byte;
    }
    return bytes;
  }
  void Serve(const Answer& answer) {
    while (Readable(listener_.get())) {
      const sys::Fd fd = sys::Accept(listener_.get(), nullptr).value();
      const std::string length = Take(fd.get(), 4);
      if (length.size() != 4) continue;
      const std::string reply =
          answer(Take(fd.get(), base::Be32(length.data())));
      if (write(fd.get(), reply.data(), reply.size()) < 0) continue;
    }
  }

  sys::TemporaryFolder folder_ = sys::TemporaryFolder::Make("agent").value();
  sys::Fd listener_;
  std::pair<sys::Fd, sys::Fd> stop_;
  std::thread thread_;
};

absl::StatusCode ListCode(const std::string& answer) {
  FakeAgent agent([&](absl::string_view) { return answer; });
  return keys::ListAgentKeys(agent.path()).status().code();
}

std::string Wrapped(absl::string_view type, absl::string_view signature) {
  std::string inner, outer;
  base::PutSshString(inner, type);
  base::PutSshString(inner, signature);
  base::PutSshString(outer, inner);
  return Message(14, outer);
}

}  // namespace

TEST_CASE("ssh agent: its Ed25519 keys are listed in its order", "[keys]") {
  const wire::PublicKey one = NumberedSigner(1).public_key();
  const wire::PublicKey two = NumberedSigner(2).public_key();
  std::string rsa;
  base::PutSshString(rsa, "ssh-rsa");
  base::PutSshString(rsa, "e");
  FakeAgent agent([&](absl::string_view request) {
    CHECK(request == "\x0b");
    return List({{wire::SshBlob(two), "second"},
                 {rsa, "other type"},
                 {wire::SshBlob(one), "first"}});
  });
  const std::vector<keys::AgentKey> held =
      keys::ListAgentKeys(agent.path()).value();
  REQUIRE(held.size() == 2);
  CHECK(held[0].key == two);
  CHECK(held[0].comment == "second");
  CHECK(held[1].key == one);
}

TEST_CASE("ssh agent: it signs what it is asked to", "[keys]") {
  const NumberedSigner inside(1);
  FakeAgent agent([&](absl::string_view request) {
    base::Reader in(request);
    CHECK(in.U8() == 13);
    CHECK(in.SshString() == wire::SshBlob(inside.public_key()));
    const absl::string_view data = in.SshString();
    CHECK(in.Be32() == 0);
    CHECK(in.AtEnd());
    return Wrapped("ssh-ed25519", *inside.Sign(data));
  });
  const std::unique_ptr<wire::Signer> signer =
      keys::NewAgentSigner(agent.path(), inside.public_key());
  const std::string sig = *wire::SshsigSign(*signer, "message", "a@fleetbox");
  CHECK(wire::SshsigVerify(inside.public_key(), "message", "a@fleetbox", sig));
}

TEST_CASE("ssh agent: a refusal and a wrong kind of signature are told",
          "[keys]") {
  std::string answer = Message(5, "");
  FakeAgent agent([&](absl::string_view) { return answer; });
  const std::unique_ptr<wire::Signer> signer =
      keys::NewAgentSigner(agent.path(), NumberedSigner(1).public_key());
  CHECK(signer->Sign("data").status() ==
        absl::PermissionDeniedError(absl::StrCat("ssh agent ", agent.path(),
                                                 ": it refused the request")));
  for (const std::string& garbled :
       {Wrapped("ssh-rsa", std::string(64, 's')),
        Wrapped("ssh-ed25519", std::string(63, 's')), Message(14, ""),
        Message(14, "\xff\xff\xff\xff"), Message(6, "")}) {
    answer = garbled;
    CHECK(absl::IsDataLoss(signer->Sign("data").status()));
  }
}

TEST_CASE("ssh agent: garbled, short and boundless answers are refused",
          "[keys]") {
  const std::string blob = wire::SshBlob(NumberedSigner(1).public_key());
  CHECK(ListCode(List({})) == absl::StatusCode::kOk);
  CHECK(ListCode("") == absl::StatusCode::kDataLoss);
  CHECK(ListCode("\1\2") == absl::StatusCode::kDataLoss);
  CHECK(ListCode(std::string(4, '\0') + "x") == absl::StatusCode::kDataLoss);
  CHECK(ListCode("\xff\xff\xff\xff\x0c") == absl::StatusCode::kDataLoss);
  CHECK(ListCode(Message(99, "x")) == absl::StatusCode::kDataLoss);
  CHECK(ListCode(Message(12, "")) == absl::StatusCode::kDataLoss);
  CHECK(ListCode(Message(12, "\xff\xff\xff\xff")) ==
        absl::StatusCode::kDataLoss);
  CHECK(ListCode(Message(12, std::string("\0\0\0\5", 4))) ==
        absl::StatusCode::kDataLoss);
  std::string list = List({{blob, "c"}});
  list.pop_back();
  CHECK(ListCode(list) == absl::StatusCode::kDataLoss);
  list = List({{blob, "c"}});
  list[3] += 1;
  CHECK(ListCode(list + "x") == absl::StatusCode::kDataLoss);
}

TEST_CASE("ssh agent: OpenSSH's own lists and signs", "[keys]") {
  const sys::TemporaryFolder folder =
      sys::TemporaryFolder::Make("agent").value();
  const std::string socket = folder.path() + "/agent";
  const std::string file = folder.path() + "/k";
  const keys::KeyPair pair = keys::NewKeyPair("inside");
  REQUIRE(keys::WriteKeyFiles(file, pair, false).ok());
  absl::StatusOr<sys::Child> agent =
      sys::Child::Spawn({"ssh-agent", "-D", "-a", socket}, {});
  REQUIRE(agent.ok());
  setenv("SSH_AUTH_SOCK", socket.c_str(), 1);
  // ssh-add fails as long as the agent is not there yet.
  bool added = false;
  for (int i = 0; i < 200 && !added; i++) {
    added =
        sys::RunProgram({"ssh-add", "-q", file}, "", absl::Seconds(10)).ok();
    if (!added) poll(nullptr, 0, 20);
  }
  unsetenv("SSH_AUTH_SOCK");
  REQUIRE(added);

  const std::vector<keys::AgentKey> held = keys::ListAgentKeys(socket).value();
  REQUIRE(held.size() == 1);
  CHECK(held[0].key == pair.public_key());
  CHECK(held[0].comment == "inside");
  const std::unique_ptr<wire::Signer> signer =
      keys::NewAgentSigner(socket, held[0].key);
  const std::string parcel = *wire::Seal(wire_test::JobDraft(), *signer);
  const wire_test::TrustsEverybody trust;
  CHECK(wire::Open(parcel, {.principals = {"server:mcfeely"}, .trust = &trust},
                   wire_test::SigningTime())
            .ok());
  // A key that it does not have.
  CHECK(absl::IsPermissionDenied(
      keys::NewAgentSigner(socket, NumberedSigner(1).public_key())
          ->Sign("data")
          .status()));
}

TEST_CASE("ssh agent: nobody at the socket is unavailable", "[keys]") {
  CHECK(
      absl::IsUnavailable(keys::ListAgentKeys("/nonexistent/socket").status()));
}

TEST_CASE(
    "identity: the file asked for, then FLEETBOX_IDENTITY, then the "
    "agent, then ~/.ssh",
    "[keys]") {
  const sys::TemporaryFolder home = sys::TemporaryFolder::Make("home").value();
  setenv("HOME", home.path().c_str(), 1);
  unsetenv("SSH_AUTH_SOCK");
  unsetenv("FLEETBOX_IDENTITY");
  const auto who = [](const std::string& file) {
    return keys::UserIdentity(file).value()->public_key();
  };

  const absl::Status none = keys::UserIdentity("").status();
  CHECK(absl::IsNotFound(none));
  CHECK(absl::StartsWith(none.message(), "no identity: "));

  REQUIRE(sys::MakeFolders(home.path() + "/.ssh", 0700).ok());
  const keys::KeyPair at_home = keys::NewKeyPair("home");
  const std::string home_file = home.path() + "/.ssh/id_ed25519";
  REQUIRE(keys::WriteKeyFiles(home_file, at_home, false).ok());
  CHECK(who("") == at_home.public_key());

  setenv("SSH_AUTH_SOCK", "/nonexistent/socket", 1);
  CHECK(who("") == at_home.public_key());
  const wire::PublicKey held = NumberedSigner(3).public_key();
  FakeAgent agent([&](absl::string_view) {
    return List({{wire::SshBlob(held), "c"}});
  });
  setenv("SSH_AUTH_SOCK", agent.path().c_str(), 1);
  CHECK(who("") == held);

  const keys::KeyPair named = keys::NewKeyPair("named");
  const std::string file = home.path() + "/named";
  REQUIRE(keys::WriteKeyFiles(file, named, false).ok());
  setenv("FLEETBOX_IDENTITY", file.c_str(), 1);
  CHECK(who("") == named.public_key());
  CHECK(who(home_file) == at_home.public_key());
  CHECK(keys::HostIdentity(file).value()->public_key() == named.public_key());
  CHECK(absl::IsNotFound(keys::HostIdentity(file + "x").status()));

  // A public key names the one in the agent, as for ssh.
  const std::string public_file = home.path() + "/held.pub";
  REQUIRE(sys::ReplaceFile(public_file, wire::SshLine(held) + "\n").ok());
  CHECK(who(public_file) == held);
  unsetenv("SSH_AUTH_SOCK");
  CHECK_FALSE(keys::UserIdentity(public_file).ok());
  unsetenv("FLEETBOX_IDENTITY");
}

TEST_CASE("identity: a protected key needs its agent, and says so", "[keys]") {
  const sys::TemporaryFolder home = sys::TemporaryFolder::Make("home").value();
  setenv("HOME", home.path().c_str(), 1);
  unsetenv("SSH_AUTH_SOCK");
  REQUIRE(sys::MakeFolders(home.path() + "/.ssh", 0700).ok());
  const std::string file = home.path() + "/.ssh/id_ed25519";
  REQUIRE(
      sys::ReplaceFile(file, wire_test::Fixture("keys/protected"), 0600).ok());
  const std::string line = wire_test::Fixture("keys/protected.pub");
  REQUIRE(sys::ReplaceFile(file + ".pub", line).ok());
  const absl::Status status = keys::UserIdentity("").status();
  CHECK(absl::IsFailedPrecondition(status));
  CHECK(absl::StrContains(status.message(), "ssh-add"));

  const wire::PublicKey key = *keys::ParsePublicKeyLine(line, nullptr);
  FakeAgent agent([&](absl::string_view) {
    return List({{wire::SshBlob(NumberedSigner(1).public_key()), "other"},
                 {wire::SshBlob(key), "c"}});
  });
  setenv("SSH_AUTH_SOCK", agent.path().c_str(), 1);
  CHECK(keys::UserIdentity(file).value()->public_key() == key);
  unsetenv("SSH_AUTH_SOCK");
}
