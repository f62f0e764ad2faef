// The other end of a receiver's session in a test: it signs what it is told to,
// hears everything, and sends the contents that are asked for.
#pragma once

#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "msrc/receiver_session.h"
#include "sys/clock.h"
#include "sys/process.h"
#include "sys/signals.h"
#include "unit/msrc/deliver.h"
#include "unit/wire/testing.h"
#include "wire/message.h"

namespace msrc_test {

struct Talk {
  World world;
  wire_test::NumberedSigner key{1};
  std::string trust_file = world.dir + "/trust/allowed_signers";
  msrc::ReceiverConfig config;
  sys::Loop loop;
  std::unique_ptr<msrc::ReceiverSession> session;

  // What was heard.
  std::optional<pb::ReceiverHello> hello;
  std::optional<pb::Need> need;
  std::optional<pb::Applied> applied;
  std::optional<pb::Ended> ended;
  std::string out, err;
  bool said_all = false, over = false, paused = false;
  size_t waiting = 0;  // what the session is told

  pb::Delivery delivery;
  wire::Manifest manifest;

  Talk() {
    sys::IgnoreSigpipe();  // as every main of ours does
    // Where there is no trust file, unless a test makes one.
    setenv("FLEETBOX_TRUST", trust_file.c_str(), 1);
    config.cache = world.cache;
    config.home = world.dir + "/home";
    delivery.set_run(std::string(16, 'r'));
    delivery.set_host("web1");
    delivery.set_into(world.into);
  }
  ~Talk() { session.reset(); }

  // A trust file in which the key `number` may do what `options` say.
  void Trust(int number, const std::string& options = "") {
    const wire_test::NumberedSigner signer(static_cast<uint8_t>(number));
    REQUIRE(sys::MakeFolders(world.dir + "/trust").ok());
    REQUIRE(
        sys::ReplaceFile(trust_file,
                         absl::StrCat("ops", number, "@example.com ", options,
                                      options.empty() ? "" : " ",
                                      wire::SshLine(signer.public_key()), "\n"))
            .ok());
    config.admission.principal = "host:web1";
  }

  void Start() {
    msrc::ReceiverCalls calls;
    calls.send = [this](const pb::FromReceiver& m) { Hear(m); };
    calls.pause = [this](bool p) { paused = p; };
    calls.waiting = [this] { return waiting; };
    calls.said_all = [this] { said_all = true; };
    calls.over = [this] { over = true; };
    session =
        std::make_unique<msrc::ReceiverSession>(loop, config, std::move(calls));
    session->Begin();
    REQUIRE(hello.has_value());
    delivery.set_nonce(hello->nonce());
  }

  void Hear(const pb::FromReceiver& message) {
    if (message.has_hello()) hello = message.hello();
    if (message.has_need()) need = message.need();
    if (message.has_applied()) applied = message.applied();
    if (message.has_ended()) ended = message.ended();
    if (message.has_output()) {
      (message.output().stream() == 2 ? err : out) += message.output().bytes();
    }
  }

  absl::Duration skew = absl::ZeroDuration();  // our clock is so far ahead
  std::string Seal(wire::Kind kind, const google::protobuf::MessageLite& body,
                   const std::string& audience = "host:web1") {
    return *wire::Seal({.kind = kind,
                        .body = wire::Serialize(body),
                        .audience = audience,
                        .id = base::ParcelId::From(sys::RandomBytes(16)),
                        .now = sys::WallNow() + skew},
                       key);
  }
  // The delivery with all of the world's entries as its own.
  std::string Delivery() {
    manifest = *wire::Manifest::Make(world.entries);
    *delivery.mutable_own() = manifest.ToMessage();
    *delivery.mutable_policy() = world.policy;
    return Seal(pb::DELIVERY, delivery);
  }

  void Until(const std::function<bool()>& done,
             absl::Duration longest = absl::Seconds(20)) {
    const absl::Time end = sys::SteadyNow() + longest;
    while (!done() && sys::SteadyNow() < end) {
      loop.Turn(absl::Milliseconds(20));
    }
    REQUIRE(done());
  }
  void Send(const pb::FromController& message) {
    session->OnMessage(wire::Serialize(message));
  }
  void SendContents() {
    const auto asked = wire::Need::FromMessage(manifest, *need);
    REQUIRE(asked.ok());
    for (const std::string& frame :
         wire_test::Frames(manifest, *asked, world.sent)) {
      pb::FromController message;
      message.mutable_content()->set_bytes(frame);
      Send(message);
    }
  }
  // From the delivery to what became of it.
  void Deliver(const std::string& parcel) {
    session->OnParcel(parcel);
    Until([this] { return need.has_value() || applied.has_value(); });
    if (!applied) SendContents();
    Until([this] { return applied.has_value(); });
  }
  void Run(const std::string& command) {
    delivery.mutable_utility()->add_word(command);
  }
  void ToTheEnd() {
    Until([this] { return over; });
    CHECK(said_all);
  }
};

}  // namespace msrc_test
