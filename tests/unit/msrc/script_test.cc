#include "msrc/script.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>

#include "msrc/command_line.h"
#include "msrc/transport.h"
#include "text/m4.h"

namespace {

using Macros = std::vector<std::pair<std::string, std::string>>;

std::string Expanded(absl::string_view source, const Macros& more = {}) {
  text::M4 m4({}, nullptr, {});
  m4.Define("HOST", "web1");
  for (int i = 0; i < 4; i++) {
    m4.Define(absl::StrCat("HXMD_", i), absl::StrCat("/w/0/", i));
  }
  for (const auto& [name, value] : more) m4.Define(name, value);
  const auto out = text::ExpandM4("t", source, m4.Definitions());
  REQUIRE(out.ok());
  return *out;
}

msrc::ScriptOrder Order() {
  msrc::ScriptOrder order;
  order.recipe = "Msrc.mk";
  order.into = "/srv/app";
  order.payload.send = {{"a", "a", 0644}, {"../b", "b", 0755}};
  order.payload.map = {{"c.host", "c", 0640}};
  order.payload.subdirs = {{"docs", 0755}};
  order.utility.words = {"make", "HOST"};
  return order;
}

const std::vector<msrc::Transport> kAll = {
    msrc::Transport::kTar, msrc::Transport::kRsync, msrc::Transport::kRdist};

}  // namespace

TEST_CASE("msrc script: sections stand in the order of their numbers",
          "[msrc]") {
  const Macros hooks = {{"INCLUDE_CMD", "include $1"},
                        {"INIT_CMD", "init"},
                        {"PRE_CMD", "pre"},
                        {"POST_CMD", "post"}};
  const std::string script =
      Expanded(msrc::RemoteScript(Order(), {msrc::Transport::kTar}), hooks);
  size_t at = 0;
  for (const char* text :
       {"#!/bin/sh\n", "set -- . Msrc.mk remote \"web1\" /srv/app \"$@\"",
        "\ninclude remote\n", "\ninit\n", "tar -cf - ./a -C", "\npre\n",
        "make HOST", "ssh \"${4}\" \"$msrc_command\"", "\npost\n"}) {
    INFO(text << " in " << script);
    const size_t found = script.find(text, at);
    REQUIRE(found != std::string::npos);
    at = found;
  }
}

TEST_CASE("msrc script: each host has the transport that is its own",
          "[msrc]") {
  const std::string source = msrc::RemoteScript(Order(), kAll);
  const auto has = [&](const char* transport, const char* text) {
    return absl::StrContains(Expanded(source, {{"MSRC_TRANSPORT", transport}}),
                             text);
  };
  CHECK(has("tar", "tar -cf"));
  CHECK_FALSE(has("tar", "rsync -"));
  CHECK(has("rsync", "rsync -"));
  CHECK_FALSE(has("rsync", "tar -cf"));
  CHECK(has("rdist", "rdist -P ssh -f \"/w/0/2\" myself || exit $?"));
  CHECK_FALSE(has("rdist", "tar -cf"));
  CHECK(absl::StrContains(Expanded(source), "tar -cf"));
}

TEST_CASE("msrc script: tar stands behind a transfer that it may replace",
          "[msrc]") {
  msrc::ScriptOrder order = Order();
  const auto built_in = [&] {
    return Expanded(msrc::RemoteScript(order, {msrc::Transport::kBuiltin}));
  };
  const std::string plain = built_in();
  CHECK(absl::StrContains(plain, "--step transfer \"$$\""));
  CHECK_FALSE(absl::StrContains(plain, "tar"));
  order.may_use_tar = true;
  const std::string script = built_in();
  size_t at = 0;
  for (const char* text :
       {"--step transfer-or-tar \"$$\"", "\n254) msrc_transport=tar",
        "if [ \"$msrc_transport\" = tar ]", "tar -cf - ./a -C", "\nfi\n",
        "if [ \"$msrc_transport\" = builtin ]", "--step utility",
        "ssh \"${4}\" \"$msrc_command\""}) {
    INFO(text << " in " << script);
    const size_t found = script.find(text, at);
    REQUIRE(found != std::string::npos);
    at = found;
  }
}

TEST_CASE("msrc script: a prefix and a key of the run's own", "[msrc]") {
  msrc::ScriptOrder order = Order();
  order.names = {"OUR_", "NAME"};
  text::M4 m4({}, nullptr, {});
  m4.Define("NAME", "db1");
  m4.Define("OUR_1", "/w/c");
  const auto out =
      text::ExpandM4("t", msrc::RemoteScript(order, {msrc::Transport::kTar}),
                     m4.Definitions());
  REQUIRE(out.ok());
  CHECK(absl::StrContains(*out, "remote \"db1\""));
  CHECK(absl::StrContains(*out, "cp -p \"/w/c\""));
}

TEST_CASE("msrc transport: who asks, and what is here, decide", "[msrc]") {
  using msrc::Transport;
  const auto here = [](absl::string_view p) { return p == "rdist"; };
  CHECK(msrc::ChooseTransport({}, here).transport == msrc::kUsualTransport);
  msrc::TransportFacts facts;
  facts.rdist_path = " rdist >/dev/null";
  CHECK(msrc::ChooseTransport(facts, here).transport == Transport::kRdist);
  facts.sdist = "/x/rdist -f";
  CHECK(msrc::ChooseTransport(facts, here).transport == Transport::kRdist);
  facts.rdist_path.reset();
  CHECK(msrc::ChooseTransport(facts, here).transport == Transport::kBuiltin);
  CHECK(msrc::ChooseTransport(facts, here).missing == "/x/rdist");
  facts.transport = "rsync\n";
  CHECK(msrc::ChooseTransport(facts, here).transport == Transport::kRsync);
  CHECK(msrc::ChooseTransport(facts, here).missing.empty());
  facts.transport = "x";
  CHECK(msrc::ChooseTransport(facts, here).unknown == "x");
  facts.asked = Transport::kTar;
  CHECK(msrc::ChooseTransport(facts, here).transport == Transport::kTar);
  CHECK(msrc::ChooseTransport(facts, here).unknown.empty());
}

TEST_CASE("msrc command line: names that follow from others", "[msrc]") {
  CHECK(msrc::ModeMacro("msrc") == "MSRC_MODE");
  CHECK(msrc::ModeMacro("my-push.2") == "MY_PUSH_2_MODE");
  CHECK(msrc::LocalNames("a.b.c") ==
        std::vector<std::string>{"a.b.c", "a.b", "a", "localhost.b.c",
                                 "localhost"});
  CHECK(msrc::LocalNames("a") == std::vector<std::string>{"a", "localhost"});
}
