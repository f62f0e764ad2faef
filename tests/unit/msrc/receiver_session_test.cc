#include "msrc/receiver_session.h"

#include <absl/strings/match.h>
#include <signal.h>

#include <map>

#include "base/limits.h"
#include "unit/msrc/controller.h"

using namespace msrc_test;  // NOLINT: it is this test's other half

namespace {

bool IsAlive(const std::string& pid) { return kill(std::stoi(pid), 0) == 0; }

}  // namespace

TEST_CASE_METHOD(Talk, "receiver: a delivery and its utility, in one go",
                 "[msrc]") {
  world.File("a", "hello\n");
  Run("cat a; echo err >&2; exit 3");
  Start();
  CHECK(hello->protocol() == 2);
  CHECK(hello->uid() == getuid());
  CHECK(hello->nonce().size() == 16);
  CHECK(!hello->strict());
  CHECK(hello->principal().empty());
  Deliver(Delivery());
  CHECK(applied->outcome() == pb::Applied::APPLIED);
  CHECK(applied->created_size() == 1);
  ToTheEnd();
  CHECK(out == "hello\n");
  CHECK(err == "err\n");
  REQUIRE(ended);
  CHECK(ended->exit_code() == 3);
  CHECK(ended->signal() == 0);
  CHECK(ended->wall_us() > 0);
  CHECK(ended->max_memory_bytes() > 100'000);
  CHECK(world.Names() == Strings{"a"});
}

TEST_CASE_METHOD(Talk, "receiver: what all hosts share is found by its hash",
                 "[msrc]") {
  world.File("shared", "for all");
  const std::string shared =
      Seal(pb::MANIFEST, wire::Manifest::Make(world.entries)->ToMessage(), "");
  delivery.set_shared(wire::ParseHeader(shared)->id.view().data(), 16);
  const wire::Hash hash = wire::HashOf(shared);
  delivery.set_shared_hash(hash.data(), hash.size());
  Start();
  const wire::Manifest both =
      *wire::Manifest::Make({world.entries[0], wire_test::File("own", "mine")});
  world.sent["own"] = "mine";
  *delivery.mutable_own() =
      wire::Manifest::Make({wire_test::File("own", "mine")})->ToMessage();
  manifest = both;
  SECTION("as it was named") {
    session->OnParcel(shared);
    Deliver(Seal(pb::DELIVERY, delivery));
    CHECK(applied->outcome() == pb::Applied::APPLIED);
    CHECK(world.Names() == Strings{"own", "shared"});
  }
  SECTION("another is refused") {
    session->OnParcel(Seal(
        pb::MANIFEST,
        wire::Manifest::Make({wire_test::File("shared", "evil")})->ToMessage(),
        ""));
    Deliver(Seal(pb::DELIVERY, delivery));
    CHECK(applied->outcome() == pb::Applied::REFUSED);
    CHECK(applied->status() == 77);
    CHECK(!sys::Stat(world.into)->exists);
  }
  SECTION("none at all is refused") {
    Deliver(Seal(pb::DELIVERY, delivery));
    CHECK(applied->status() == 77);
  }
  ToTheEnd();
}

TEST_CASE_METHOD(Talk, "receiver: without a trust file any key will do",
                 "[msrc]") {
  world.File("a", "x");
  Start();
  std::string parcel = Delivery();
  SECTION("but it must be the one that signed") {
    parcel[parcel.size() / 2] ^= 1;
    Deliver(parcel);
    CHECK(applied->status() == 77);
    CHECK(!sys::Stat(world.into)->exists);
  }
  SECTION("as it stands") {
    Deliver(parcel);
    CHECK(applied->outcome() == pb::Applied::APPLIED);
  }
}

TEST_CASE_METHOD(Talk, "msrc M33: who is not listed for it is refused",
                 "[msrc]") {
  world.File("a", "x");
  Trust(1, "namespaces=\"bundle@fleetbox\"");
  Start();
  CHECK(hello->strict());
  CHECK(hello->principal() == "host:web1");
  const auto refused = [&](const std::string& parcel) {
    Deliver(parcel);
    CHECK(applied->outcome() == pb::Applied::REFUSED);
    CHECK(applied->status() == 77);
    CHECK(applied->error() == "refused");
    ToTheEnd();
    CHECK(!sys::Stat(world.into)->exists);
  };
  SECTION("a key that is listed is let in") {
    Deliver(Delivery());
    CHECK(applied->outcome() == pb::Applied::APPLIED);
  }
  SECTION("an unlisted key") {
    key = wire_test::NumberedSigner(2);
    refused(Delivery());
  }
  SECTION("a key for another namespace") {
    Trust(1, "namespaces=\"inject@fleetbox\"");
    refused(Delivery());
  }
  SECTION("a flipped bit, anywhere") {
    const size_t at = GENERATE(range(0, 600, 37));
    std::string parcel = Delivery();
    parcel[at % parcel.size()] ^= 0x10;
    refused(parcel);
  }
  SECTION("one for another host") {
    (void)Delivery();
    refused(Seal(pb::DELIVERY, delivery, "host:web2"));
  }
  SECTION("one for anybody") {
    (void)Delivery();
    refused(Seal(pb::DELIVERY, delivery, ""));
  }
  SECTION("the answer to another hello") {
    delivery.set_nonce(std::string(16, 'n'));
    refused(Delivery());
  }
  SECTION("a key that has expired") {
    Trust(1, "valid-before=\"20200101\"");
    refused(Delivery());
  }
  SECTION("no trust file, but signatures required") {
    REQUIRE(sys::RemoveFile(trust_file).ok());
    config.admission.require_signed = true;
    hello.reset();
    Start();
    CHECK(hello->strict());
    refused(Delivery());
  }
  SECTION("a file that does not parse") {
    REQUIRE(sys::ReplaceFile(trust_file, "nonsense\n").ok());
    refused(Delivery());
  }
}

TEST_CASE_METHOD(Talk, "receiver: clocks may differ by some minutes, not more",
                 "[msrc]") {
  world.File("a", "x");
  Start();
  SECTION("ahead") { skew = absl::Minutes(4); }
  SECTION("behind") { skew = -absl::Minutes(4); }
  SECTION("far ahead") { skew = absl::Hours(3); }
  SECTION("far behind") { skew = -absl::Hours(3); }
  Deliver(Delivery());
  if (absl::AbsDuration(skew) < base::kMaxClockAhead) {
    CHECK(applied->outcome() == pb::Applied::APPLIED);
    return;
  }
  CHECK(applied->outcome() == pb::Applied::REFUSED);
  CHECK(applied->status() == 77);
  INFO(applied->error());
  CHECK(applied->error().find("clock") != std::string::npos);
  CHECK(!sys::Stat(world.into)->exists);
}

TEST_CASE_METHOD(Talk, "receiver: attacks by way of the manifest are refused",
                 "[msrc]") {
  Start();
  using Change = std::function<void(pb::ManifestEntry&)>;
  const std::map<std::string, Change> attacks = {
      {"above", [](auto& e) { e.set_path("../a"); }},
      {"above, later", [](auto& e) { e.set_path("d/../../a"); }},
      {"absolute", [](auto& e) { e.set_path("/etc/passwd"); }},
      {"NUL", [](auto& e) { e.set_path(std::string("a\0b", 3)); }},
      {"device",
       [](auto& e) { e.set_type(static_cast<pb::ManifestEntry::Type>(7)); }},
      {"mode", [](auto& e) { e.set_mode(0100755); }},
      {"size", [](auto& e) { e.set_size(uint64_t{1} << 63); }},
      {"chunks", [](auto& e) { e.add_chunk_bytes(0xffffffff); }},
  };
  const std::string name = GENERATE("above", "above, later", "absolute", "NUL",
                                    "device", "mode", "size", "chunks");
  world.File("a", "x");
  (void)Delivery();
  attacks.at(name)(*delivery.mutable_own()->mutable_entry(0));
  Deliver(Seal(pb::DELIVERY, delivery));
  INFO(name);
  CHECK(applied->outcome() == pb::Applied::REFUSED);
  CHECK(applied->status() == 65);
  CHECK(!sys::Stat(world.into)->exists);
}

TEST_CASE_METHOD(Talk, "receiver: an INTO that leads elsewhere is refused",
                 "[msrc]") {
  world.File("a", "x");
  Start();
  delivery.set_into(world.into + "/../../x");
  Deliver(Delivery());
  CHECK(applied->status() == 76);
}

TEST_CASE_METHOD(Talk, "receiver: INTO may be below the home folder",
                 "[msrc]") {
  world.File("a", "x");
  Start();
  delivery.set_into("src/app");
  Deliver(Delivery());
  CHECK(applied->outcome() == pb::Applied::APPLIED);
  CHECK(*sys::ReadFile(world.dir + "/home/src/app/a") == "x");
  CHECK(applied->into() == world.dir + "/home/src/app");
}

TEST_CASE_METHOD(Talk, "receiver: limits beside the trust file hold",
                 "[msrc]") {
  world.File("a", "x");
  Trust(1);
  const auto limits = [&](const std::string& text) {
    REQUIRE(sys::ReplaceFile(world.dir + "/trust/msrc-limits", text).ok());
  };
  Run("echo hi");
  SECTION("what a rule allows") {
    limits(
        absl::StrCat("allow ops1@* into ", world.dir, " run true 'echo hi'\n"));
    Start();
    delivery.mutable_utility()->clear_word();
    delivery.mutable_utility()->add_word("echo");
    delivery.mutable_utility()->add_word("hi");
    Deliver(Delivery());
    CHECK(applied->outcome() == pb::Applied::APPLIED);
    ToTheEnd();
    CHECK(out == "hi\n");
    return;
  }
  SECTION("another utility") {
    limits(absl::StrCat("allow * into ", world.dir, " run true\n"));
  }
  SECTION("another folder") { limits("allow * into /srv run ...\n"); }
  SECTION("somebody else") {
    limits(absl::StrCat("allow ops2@* into ", world.dir, " run ...\n"));
  }
  SECTION("a folder that a link leads to") {
    REQUIRE(sys::MakeFolders(world.dir + "/allowed").ok());
    REQUIRE(sys::MakeFolders(world.dir + "/other").ok());
    REQUIRE(symlink("../other", (world.dir + "/allowed/l").c_str()) == 0);
    limits(absl::StrCat("allow * into ", world.dir, "/allowed run ...\n"));
    delivery.set_into(world.dir + "/allowed/l");
  }
  SECTION("a file that is wrong lets nobody in") { limits("permit all\n"); }
  Start();
  Deliver(Delivery());
  CHECK(applied->outcome() == pb::Applied::REFUSED);
  CHECK(applied->status() == 77);
  CHECK(!sys::Stat(world.into)->exists);
}

TEST_CASE_METHOD(Talk, "receiver: a utility may follow once all is in place",
                 "[msrc]") {
  world.File("a", "x");
  delivery.set_utility_follows(true);
  Start();
  const std::string parcel = Delivery();
  Deliver(parcel);
  CHECK(applied->outcome() == pb::Applied::APPLIED);
  CHECK(!over);
  pb::Utility utility;
  utility.set_delivery(wire::ParseHeader(parcel)->id.view().data(), 16);
  utility.add_word("echo follows");
  SECTION("and is run") {
    session->OnParcel(Seal(pb::UTILITY, utility));
    ToTheEnd();
    CHECK(out == "follows\n");
    CHECK(ended->exit_code() == 0);
  }
  SECTION("but not that of another delivery") {
    utility.set_delivery(std::string(16, 'x'));
    session->OnParcel(Seal(pb::UTILITY, utility));
    ToTheEnd();
    CHECK(ended->exit_code() == 77);
    CHECK(out.empty());
  }
  SECTION("nor somebody else's") {
    key = wire_test::NumberedSigner(2);
    session->OnParcel(Seal(pb::UTILITY, utility));
    ToTheEnd();
    CHECK(ended->exit_code() == 77);
  }
  SECTION("or none comes") {
    pb::FromController message;
    message.set_done(true);
    Send(message);
    ToTheEnd();
    CHECK(!ended);
  }
}

TEST_CASE_METHOD(Talk, "receiver: after a failure the utility is not run",
                 "[msrc]") {
  REQUIRE(sys::MakeFolders(world.into + "/a/b").ok());
  world.File("a", "x");
  Run("touch " + world.dir + "/was-run");
  Start();
  Deliver(Delivery());
  CHECK(applied->status() == 73);
  ToTheEnd();
  CHECK(!ended);
  CHECK(!sys::Stat(world.dir + "/was-run")->exists);
}

TEST_CASE_METHOD(Talk, "receiver: a check runs nothing", "[msrc]") {
  world.File("a", "x\n");
  world.policy.set_check(true);
  world.policy.set_diff(true);
  Run("touch " + world.dir + "/was-run");
  Start();
  Deliver(Delivery());
  CHECK(applied->outcome() == pb::Applied::COMPARED);
  CHECK(applied->diff_size() == 1);
  ToTheEnd();
  CHECK(!sys::Stat(world.into)->exists);
  CHECK(!sys::Stat(world.dir + "/was-run")->exists);
}

TEST_CASE_METHOD(Talk, "msrc M19: words as they are, or a shell's", "[msrc]") {
  pb::Utility& utility = *delivery.mutable_utility();
  SECTION("executed as they are") {
    for (const char* word : {"sh", "-c", "echo \"$1\"; exit 7", "x", "a  b"}) {
      utility.add_word(word);
    }
    utility.set_argv(true);
    Start();
    Deliver(Delivery());
    ToTheEnd();
    CHECK(out == "a  b\n");
    CHECK(ended->exit_code() == 7);
  }
  SECTION("joined, and evaluated once") {
    for (const char* word : {"echo", "'*.md'", "$((1+2))", ";", "exit 5"}) {
      utility.add_word(word);
    }
    Start();
    Deliver(Delivery());
    ToTheEnd();
    CHECK(out == "*.md 3\n");
    CHECK(ended->exit_code() == 5);
  }
  SECTION("a program that is not there") {
    utility.add_word("/no/such/program");
    utility.set_argv(true);
    Start();
    Deliver(Delivery());
    ToTheEnd();
    CHECK(ended->exit_code() == 127);
    CHECK(!ended->error().empty());
  }
}

TEST_CASE_METHOD(Talk, "receiver: definitions are read before the utility",
                 "[msrc]") {
  REQUIRE(sys::MakeFolders(config.home).ok());
  REQUIRE(sys::ReplaceFile(config.home + "/defs", "WORD=defined\n").ok());
  world.File("a", "x");
  pb::Utility& utility = *delivery.mutable_utility();
  utility.set_defs("defs");
  SECTION("with a shell") {
    Run("echo $WORD \"$*\"; pwd");
    Start();
    Deliver(Delivery());
    ToTheEnd();
    CHECK(out == "defined \n" + world.into + "\n");
  }
  SECTION("without one") {
    for (const char* word : {"printenv", "MSRC_INTO"}) utility.add_word(word);
    utility.set_argv(true);
    Start();
    Deliver(Delivery());
    ToTheEnd();
    CHECK(out == world.into + "\n");
  }
  SECTION("and when they fail, nothing is run") {
    utility.set_defs("none");
    Run("echo not run");
    Start();
    Deliver(Delivery());
    ToTheEnd();
    CHECK(out.empty());
    CHECK(ended->exit_code() != 0);
  }
}

TEST_CASE_METHOD(Talk, "receiver: a utility knows where it is, and for whom",
                 "[msrc]") {
  world.File("a", "x");
  delivery.mutable_utility()->add_environment("OWN=a b=c");
  Run("echo \"$MSRC_HOST $MSRC_INTO $MSRC_RUN $OWN\"; cat; pwd");
  Start();
  Deliver(Delivery());
  ToTheEnd();
  CHECK(out == absl::StrCat("web1 ", world.into, " ",
                            base::Hex(std::string(16, 'r')), " a b=c\n",
                            world.into, "\n"));
}

TEST_CASE_METHOD(Talk, "receiver: input comes as it is sent", "[msrc]") {
  delivery.mutable_utility()->set_input(true);
  Run("wc -c");
  Start();
  Deliver(Delivery());
  pb::FromController message;
  for (int i = 0; i < 40; i++) {
    Until([this] { return !paused; });
    message.mutable_input()->set_bytes(std::string(100'000, 'x'));
    message.mutable_input()->set_end(i == 39);
    Send(message);
  }
  ToTheEnd();
  CHECK(absl::StrContains(out, "4000000"));
}

TEST_CASE_METHOD(Talk, "receiver: input that is not read waits outside",
                 "[msrc]") {
  delivery.mutable_utility()->set_input(true);
  Run("sleep 100");
  Start();
  Deliver(Delivery());
  pb::FromController message;
  message.mutable_input()->set_bytes(std::string(600'000, 'x'));
  for (int i = 0; i < 3; i++) Send(message);
  CHECK(paused);
  pb::FromController cancel;
  cancel.mutable_cancel()->set_signal(SIGTERM);
  Send(cancel);
  ToTheEnd();
  CHECK(ended->signal() == SIGTERM);
  CHECK(!paused);
}

TEST_CASE_METHOD(Talk, "receiver: output waits for whoever reads it",
                 "[msrc]") {
  Run("head -c 50000000 /dev/zero");
  Start();
  waiting = 2 << 20;  // the connection takes nothing
  Deliver(Delivery());
  Until([this] { return !out.empty(); });
  for (int i = 0; i < 20; i++) loop.Turn(absl::Milliseconds(10));
  CHECK(out.size() < (1 << 20));
  waiting = 0;
  session->OnDrained();
  ToTheEnd();
  CHECK(out.size() == 50'000'000);
  CHECK(ended->exit_code() == 0);
}

TEST_CASE_METHOD(Talk, "msrc M35: an interrupt ends the utility and its kin",
                 "[msrc]") {
  Run("trap 'echo got TERM; exit 9' TERM; sleep 1000 & echo $!; wait");
  Start();
  Deliver(Delivery());
  Until([this] { return absl::EndsWith(out, "\n"); });
  const std::string child = out;
  pb::FromController message;
  message.mutable_cancel()->set_signal(SIGTERM);
  Send(message);
  ToTheEnd();
  CHECK(absl::EndsWith(out, "got TERM\n"));
  CHECK(ended->exit_code() == 9);
  Until([&] { return !IsAlive(child); });
  CHECK(world.Names().empty());
}

TEST_CASE_METHOD(Talk, "receiver: kin that will not end is killed in the end",
                 "[msrc]") {
  Run("(trap '' TERM; echo $$; exec sleep 1000) & trap 'exit 3' TERM; "
      "sleep 0.1; echo \"pid $!\"; wait");
  Start();
  Deliver(Delivery());
  Until([this] { return absl::StrContains(out, "pid "); });
  const std::string kin = out.substr(out.find("pid ") + 4);
  pb::FromController message;
  message.mutable_cancel()->set_signal(SIGTERM);
  Send(message);
  ToTheEnd();
  CHECK(ended->exit_code() == 3);
  Until([&] { return !IsAlive(kin); });
}

TEST_CASE_METHOD(Talk, "receiver: a signal that is none of a controller's",
                 "[msrc]") {
  Run("sleep 1000");
  Start();
  Deliver(Delivery());
  pb::FromController message;
  message.mutable_cancel()->set_signal(SIGSTOP);
  Send(message);
  ToTheEnd();
  CHECK(ended->exit_code() == 76);
}

TEST_CASE_METHOD(Talk, "receiver: who takes too long is ended", "[msrc]") {
  Run("sleep 1000");
  delivery.mutable_utility()->set_timeout_ms(100);
  Start();
  Deliver(Delivery());
  ToTheEnd();
  CHECK(ended->timed_out());
  CHECK(ended->signal() == SIGTERM);
}

TEST_CASE_METHOD(Talk, "receiver: what is left running holds nothing up",
                 "[msrc]") {
  Run("sleep 100 & echo $!");
  Start();
  Deliver(Delivery());
  ToTheEnd();
  CHECK(ended->exit_code() == 0);
  REQUIRE(absl::EndsWith(out, "\n"));
  CHECK(IsAlive(out));
  kill(std::stoi(out), SIGKILL);
}

TEST_CASE_METHOD(Talk, "receiver: without its connection a utility hangs up",
                 "[msrc]") {
  Run("trap 'echo HUP >hup; exit' HUP; echo up; while :; do sleep 0.1; done");
  Start();
  Deliver(Delivery());
  Until([this] { return !out.empty(); });
  session->OnLost();
  ToTheEnd();
  CHECK(world.Read("hup") == "HUP\n");
  CHECK(!ended);
}

TEST_CASE_METHOD(Talk,
                 "receiver: of a connection that is lost contents are left, of "
                 "one that was cancelled nothing",
                 "[msrc]") {
  world.File("a", Noise(3 << 20));
  world.File("b", "x");
  Start();
  session->OnParcel(Delivery());
  Until([this] { return need.has_value(); });
  pb::FromController message;
  message.mutable_content()->set_bytes(wire_test::Frames(
      manifest, *wire::Need::FromMessage(manifest, *need), world.sent)[0]);
  Send(message);
  size_t left = 1;
  SECTION("lost") {
    session->OnLost();
    left = 2;
  }
  SECTION("cancelled") {
    pb::FromController cancel;
    cancel.mutable_cancel()->set_signal(SIGTERM);
    Send(cancel);
    CHECK(applied->outcome() == pb::Applied::ROLLED_BACK);
    CHECK(applied->status() == 75);
  }
  ToTheEnd();
  CHECK(!sys::Stat(world.into)->exists);
  CHECK(sys::ListFolder(world.dir)->size() == left);
}

TEST_CASE_METHOD(Talk, "receiver: messages out of their order are refused",
                 "[msrc]") {
  world.File("a", "x");
  Start();
  SECTION("contents before a delivery") {
    pb::FromController message;
    message.mutable_content()->set_bytes("x");
    Send(message);
  }
  SECTION("a utility before a delivery") {
    session->OnParcel(Seal(pb::UTILITY, pb::Utility()));
  }
  SECTION("what is no message") { session->OnMessage("\xff\xff"); }
  SECTION("a parcel that nobody asked for") {
    session->OnParcel(Seal(pb::TELL, pb::IsinitRequest()));
  }
  ToTheEnd();
  REQUIRE(applied);
  CHECK(applied->outcome() == pb::Applied::REFUSED);
  CHECK(applied->status() == 76);
}

TEST_CASE_METHOD(Talk, "receiver: a stranger's contents do no harm", "[msrc]") {
  world.File("a", "wanted");
  Start();
  session->OnParcel(Delivery());
  Until([this] { return need.has_value(); });
  pb::FromController message;
  message.mutable_content()->set_bytes("no zstd at all");
  Send(message);
  ToTheEnd();
  CHECK(applied->outcome() == pb::Applied::ROLLED_BACK);
  CHECK(applied->status() == 65);
  CHECK(!sys::Stat(world.into)->exists);
}

TEST_CASE_METHOD(Talk,
                 "receiver: the second of two deliveries waits, or gives up",
                 "[msrc]") {
  world.File("a", "x");
  Talk other;
  other.world.File("a", "x");
  other.delivery.set_into(world.into);
  setenv("FLEETBOX_TRUST", trust_file.c_str(), 1);
  Start();
  session->OnParcel(Delivery());
  Until([this] { return need.has_value(); });
  SECTION("gives up") {
    other.world.policy.set_lock_wait_ms(100);
    other.Start();
    other.Deliver(other.Delivery());
    CHECK(other.applied->status() == 75);
    CHECK(other.applied->outcome() == pb::Applied::REFUSED);
  }
  SECTION("waits") {
    other.Start();
    other.session->OnParcel(other.Delivery());
    for (int i = 0; i < 5; i++) other.loop.Turn(absl::Milliseconds(20));
    CHECK(!other.need);
    SendContents();
    Until([this] { return applied.has_value(); });
    other.Until([&other] { return other.applied.has_value(); });
    CHECK(other.applied->outcome() == pb::Applied::APPLIED);
    CHECK(other.applied->created_size() == 0);
  }
}

TEST_CASE_METHOD(Talk, "receiver: a utility that runs on is asked for later",
                 "[msrc]") {
  world.File("a", "x");
  delivery.mutable_utility()->set_detach(true);
  Run("echo one; echo two >&2; sleep 0.4; echo three; exit 4");
  Start();
  Deliver(Delivery());
  Until([this] { return said_all; });
  REQUIRE(ended);
  CHECK(ended->detached());
  CHECK(!over);  // somebody has to note its end
  CHECK(out.empty());
  session->OnLost();

  Talk later;
  later.config = config;
  later.delivery.set_attach(true);
  later.delivery.set_into(world.into);
  setenv("FLEETBOX_TRUST", trust_file.c_str(), 1);
  later.Start();
  later.session->OnParcel(later.Delivery());
  const absl::Time end = sys::SteadyNow() + absl::Seconds(10);
  while (!later.over && sys::SteadyNow() < end) {
    loop.Turn(absl::Milliseconds(10));
    later.loop.Turn(absl::Milliseconds(10));
  }
  CHECK(later.out == "one\nthree\n");
  CHECK(later.err == "two\n");
  REQUIRE(later.ended);
  CHECK(later.ended->exit_code() == 4);
  CHECK(over);
  CHECK(sys::ListFolder(world.cache + "/runs")->empty());

  Talk again;
  again.config = config;
  again.delivery.set_attach(true);
  again.delivery.set_into(world.into);
  again.Start();
  again.session->OnParcel(again.Delivery());
  again.ToTheEnd();
  CHECK(again.ended->exit_code() == 66);
}
