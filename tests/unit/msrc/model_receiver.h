// Receivers of a model, one a host, behind a stand-in for ssh that relays to
// their sockets: what a receiver says is real, what it does is only noted.
#pragma once

#include <absl/strings/str_cat.h>
#include <absl/strings/string_view.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "keys/openssh_key.h"
#include "net/channel.h"
#include "scripted.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/loop.h"
#include "sys/signals.h"
#include "sys/socket.h"
#include "wire/content_stream.h"
#include "wire/parcel.h"

namespace msrc_test {

// How the receiver of a host behaves; what it has noted.
struct Behaviour {
  bool has_all = false;  // it needs nothing
  int exit_code = 0;     // of the utility
  std::string output = "", errors = "";
  int64_t flood = 0;    // so many more bytes of output
  std::string drop_at;  // "hello", "need", "applied", "ended": and
                        // then it is gone without a word
  int drop_after = 0;   // so many messages of contents; whole ones are kept
  bool refuses = false;
  bool answers_cancel = true;
  bool runs_for_ever = false;
  bool reads_input = false;

  int calls = 0, utilities = 0;
  std::map<std::string, std::string> files;
  std::set<std::string> kept;  // paths
  std::vector<std::string> words;
  std::string into, host, input;
  int cancelled = 0;
};

class ModelReceiver {
 public:
  ModelReceiver(sys::Loop& loop, sys::Fd fd, Behaviour& b) : b_(b) {
    net::ChannelEvents e;
    e.opened = [this](net::Channel&) {
      b_.calls++;
      if (Drops("hello")) return;
      Say(Hello());
    };
    e.parcel = [this](net::Channel&, absl::string_view p) { Take(p); };
    e.data = [this](net::Channel&, absl::string_view d) { TakeData(d); };
    e.drained = [this](net::Channel&) {
      if (!drops_) return Flood();
      channel_.reset();
      ended = true;
    };
    e.closed = [this](net::Channel&, const absl::Status&) { ended = true; };
    channel_ =
        net::Channel::Accept(loop, std::move(fd), net::Address::Carrier::kSsh,
                             "controller", {}, std::move(e));
  }
  bool ended = false;

 private:
  void Say(std::string message) { channel_->SendData(std::move(message)); }
  bool Drops(absl::string_view at) {
    if (b_.drop_at != at) return false;
    // As a cut line: what has not been sent yet is not sent.
    channel_.reset();
    ended = true;
    return true;
  }
  void Take(absl::string_view parcel) {
    wire::Receiver any;
    any.local_peer = "local:test";
    any.any_audience = true;
    any.trust = &nobody_;
    const auto opened = wire::Open(parcel, any, sys::WallNow());
    REQUIRE(opened.ok());
    switch (opened->header.kind) {
      case fleetbox::wire::MANIFEST:
        shared_ = *wire::Manifest::Decode(opened->body);
        shared_hash_ = wire::HashOf(parcel);
        return;
      case fleetbox::wire::DELIVERY:
        return Deliver(opened->body);
      case fleetbox::wire::UTILITY:
        return Run(*wire::Parse<fleetbox::wire::Utility>(opened->body));
      default:
        FAIL("a parcel of another kind");
    }
  }
  void Deliver(const std::string& body) {
    delivery_ = *wire::Parse<fleetbox::wire::Delivery>(body);
    CHECK(delivery_.nonce() == std::string(16, 'n'));
    if (!delivery_.shared().empty()) {
      CHECK(delivery_.shared_hash() ==
            std::string(shared_hash_.begin(), shared_hash_.end()));
    }
    b_.into = delivery_.into();
    b_.host = delivery_.host();
    if (b_.refuses) return Say(AppliedOf(Applied::REFUSED, 77, "not trusted"));
    manifest_ = *wire::Manifest::Merge(
        shared_, *wire::Manifest::FromMessage(delivery_.own()));
    need_ = b_.has_all ? wire::Need() : WithoutKept();
    if (Drops("need")) return;
    FromReceiver m;
    *m.mutable_need() = need_.ToMessage();
    Say(wire::Serialize(m));
    if (need_.empty()) return Apply();
    contents_.emplace(manifest_, need_);
  }
  wire::Need WithoutKept() const {
    std::vector<wire::Want> wants;
    const wire::Need all = wire::Need::Everything(manifest_);
    for (const wire::Want& w : all.wants()) {
      if (!b_.kept.contains(manifest_.entries()[w.entry].path)) {
        wants.push_back(w);
      }
    }
    return *wire::Need::Make(manifest_, std::move(wants));
  }
  void TakeData(absl::string_view bytes) {
    const auto m = *wire::Parse<FromController>(bytes);
    if (m.has_content()) {
      REQUIRE(contents_
                  ->Feed(m.content().bytes(),
                         [&](const wire::Piece& piece, absl::string_view b) {
                           const std::string& path =
                               manifest_.entries()[piece.entry].path;
                           if (piece.offset == 0) b_.files[path].clear();
                           b_.files[path] += std::string(b);
                           if (piece.last) b_.kept.insert(path);
                           return absl::OkStatus();
                         })
                  .ok());
      if (b_.drop_after > 0 && --b_.drop_after == 0) {
        channel_.reset();
        ended = true;
        return;
      }
      if (contents_->done()) Apply();
    } else if (m.has_cancel()) {
      b_.cancelled = static_cast<int>(m.cancel().signal());
      if (b_.answers_cancel) Say(EndedOf(0, m.cancel().signal()));
    } else if (m.has_input()) {
      b_.input += m.input().bytes();
      if (m.input().end()) Say(EndedOf(0));
    }
  }
  void Apply() {
    if (Drops("applied")) return;
    FromReceiver m;
    Applied& applied = *m.mutable_applied();
    if (delivery_.policy().check()) applied.set_outcome(Applied::COMPARED);
    for (const wire::Want& w : need_.wants()) applied.add_created(w.entry);
    applied.set_into("/there/" + delivery_.into());
    if (delivery_.policy().diff()) {
      auto* diff = applied.add_diff();
      diff->set_entry(0);
      diff->set_text("-a\n+b\n");
    }
    Say(wire::Serialize(m));
    if (delivery_.has_utility() && !delivery_.policy().check()) {
      Run(delivery_.utility());
    }
  }
  void Run(const fleetbox::wire::Utility& utility) {
    b_.utilities++;
    b_.words.assign(utility.word().begin(), utility.word().end());
    if (!b_.output.empty()) Say(OutputOf(1, b_.output));
    if (!b_.errors.empty()) Say(OutputOf(2, b_.errors));
    if (b_.runs_for_ever || b_.reads_input) return;
    left_ = b_.flood;
    if (left_ > 0) return Flood();
    End();
  }
  void Flood() {
    if (left_ == 0 || channel_ == nullptr) return;
    const int64_t now = std::min<int64_t>(left_, 1 << 20);
    left_ -= now;
    Say(OutputOf(1, std::string(static_cast<size_t>(now), 'f')));
    if (left_ == 0) End();
  }
  void End() {
    if (b_.drop_at == "ended") {
      drops_ = true;  // once what was said before is on its way
      return;
    }
    Say(EndedOf(static_cast<uint32_t>(b_.exit_code)));
  }

  class Nobody : public wire::Trust {
    absl::StatusOr<std::vector<std::string>> Principals(
        const wire::PublicKey&, absl::string_view, absl::Time) const override {
      return absl::PermissionDeniedError("unknown key");
    }
  } nobody_;
  Behaviour& b_;
  std::unique_ptr<net::Channel> channel_;
  wire::Manifest shared_, manifest_;
  wire::Hash shared_hash_{};
  fleetbox::wire::Delivery delivery_;
  wire::Need need_;
  std::optional<wire::ContentReceiver> contents_;
  int64_t left_ = 0;
  bool drops_ = false;
};

// Hosts by name, each a socket in a folder.
class ModelHosts {
 public:
  explicit ModelHosts(sys::Loop& loop) : loop_(loop) {
    sys::IgnoreSigpipe();
    // Noise first, as from a login shell. A host that is "down" has no socket.
    REQUIRE(sys::ReplaceFile(
                folder_.path() + "/ssh",
                absl::StrCat(
                    "#!/usr/bin/python3\n"
                    "import os, select, socket, sys\n"
                    "host = sys.argv[-2]\n"
                    "s = socket.socket(socket.AF_UNIX)\n"
                    "try: s.connect('",
                    folder_.path(),
                    "/' + host)\n"
                    "except OSError:\n"
                    "  print('ssh: no route to ' + host, file=sys.stderr)\n"
                    "  sys.exit(255)\n"
                    "os.write(1, b'Welcome to ' + host.encode() + b'\\n')\n"
                    "while True:\n"
                    "  r, _, _ = select.select([0, s], [], [])\n"
                    "  if 0 in r:\n"
                    "    b = os.read(0, 65536)\n"
                    "    if not b: break\n"
                    "    s.sendall(b)\n"
                    "  if s in r:\n"
                    "    b = s.recv(65536)\n"
                    "    if not b: break\n"
                    "    while b: b = b[os.write(1, b):]\n"),
                0755)
                .ok());
  }
  ~ModelHosts() {
    for (auto& [name, fd] : listeners_) loop_.Unwatch(fd.get());
  }
  std::vector<std::string> ssh() const { return {folder_.path() + "/ssh"}; }
  const std::string& path() const { return folder_.path(); }
  Behaviour& Add(const std::string& name) {
    Behaviour& b = behaviours_[name];
    auto fd = sys::ListenUnix(folder_.path() + "/" + name);
    REQUIRE(fd.ok());
    sys::Fd& kept = listeners_[name];
    kept = *std::move(fd);
    REQUIRE(loop_
                .Watch(kept.get(), EPOLLIN,
                       [this, &b, at = kept.get()](uint32_t) {
                         auto connection = sys::Accept(at, nullptr);
                         if (!connection.ok() || !*connection) return;
                         receivers_.push_back(std::make_unique<ModelReceiver>(
                             loop_, *std::move(connection), b));
                       })
                .ok());
    return b;
  }
  Behaviour& at(const std::string& name) { return behaviours_.at(name); }
  // Receivers that are still connected.
  size_t connected() const {
    size_t n = 0;
    for (const auto& r : receivers_) n += !r->ended;
    return n;
  }

 private:
  sys::Loop& loop_;
  sys::TemporaryFolder folder_ = *sys::TemporaryFolder::Make("hosts-");
  std::map<std::string, Behaviour> behaviours_;
  std::map<std::string, sys::Fd> listeners_;
  std::vector<std::unique_ptr<ModelReceiver>> receivers_;
};

}  // namespace msrc_test
