// RIBCL against a model of a card, in simulated time.
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "fakes/ribcl_model.h"
#include "power/limits.h"
#include "power/markup_scan.h"
#include "power/ribcl_protocol.h"
#include "unit/power/web_sim.h"

namespace {

using fakes::RibclModel;
using power::Action;
using power::PlugResult;
using power::PlugState;
using power::RibclMemory;
using power_test::WebSim;

struct Card {
  PlugResult One(Action action) {
    auto protocol = std::make_unique<power::RibclProtocol>(account, memory);
    power::RibclProtocol& ribcl = *protocol;
    power::WebJob job({{.action = action, .plug = "1"}}, absl::Seconds(60),
                      WebSim::Link(account), std::move(protocol));
    const PlugResult result = sim.Run(job)[0];
    memory = ribcl.memory();
    return result;
  }

  RibclModel model;
  WebSim sim{model};
  power::WebAccount account = WebSim::Account("Administrator", "ABCDEFGH");
  RibclMemory memory;
};

std::string TextOf(const PlugResult& result) {
  return result.failure.has_value()
             ? absl::StrCat(power::Word(result.failure->failure_class), ": ",
                            result.failure->text)
             : std::string(power::Word(*result.outcome));
}

}  // namespace

TEST_CASE(
    "ribcl: power 45: several documents in one answer, with and without HTTP",
    "[power]") {
  for (const bool is_http : {false, true}) {
    for (const size_t piece : {0, 1, 40}) {
      Card card;
      card.model.is_http = is_http;
      card.sim.piece = piece;
      CHECK(card.One(Action::kStatus).after == PlugState::kOn);
      CHECK(card.memory.way ==
            (is_http ? RibclMemory::Way::kHttp : RibclMemory::Way::kRaw));
      CHECK(card.memory.processor == "iLO2");
      CHECK(TextOf(card.One(Action::kOff)) == "done");
      CHECK(TextOf(card.One(Action::kReset)) == "already");
      CHECK(TextOf(card.One(Action::kCycle)) == "done");
      CHECK(TextOf(card.One(Action::kReset)) == "done");
      CHECK(TextOf(card.One(Action::kIdentifyOn)) == "accepted");
      CHECK(TextOf(card.One(Action::kBootPxe)) ==
            "unsupported: it has no way to do 'bootdev pxe'");
      CHECK(TextOf(card.One(Action::kSoft)) == "done");
      CHECK(card.model.asked ==
            std::vector<std::string>{"HOLD_PWR_BTN TOGGLE=\"yes\"",
                                     "HOST_POWER=\"Yes\"", "RESET_SERVER",
                                     "UID_CONTROL", "PRESS_PWR_BTN"});
    }
  }
}

TEST_CASE("ribcl: a card is switched off as its firmware wants it", "[power]") {
  const auto off = [](const std::string& version, const std::string& processor,
                      const std::string& firmware) {
    Card card;
    card.model.version = version;
    card.model.processor = processor;
    card.model.firmware = firmware;
    CHECK(TextOf(card.One(Action::kOff)) == "done");
    REQUIRE(card.model.asked.size() == 1);
    return card.model.asked[0];
  };
  CHECK(off("2.22", "iLO2", "1.30") == "HOLD_PWR_BTN TOGGLE=\"yes\"");
  CHECK(off("2.22", "iLO2", "1.29") == "HOLD_PWR_BTN/");
  CHECK(off("2.23", "iLO4", "2.50") == "HOLD_PWR_BTN/");
  CHECK(off("2.20", "iLO", "1.80") == "HOST_POWER=\"No\"");
}

TEST_CASE("ribcl: power 45: a login that is refused is tried once", "[power]") {
  for (const bool is_http : {false, true}) {
    Card card;
    card.model.is_http = is_http;
    card.account = WebSim::Account("Administrator", "wrong");
    CHECK(TextOf(card.One(Action::kOff)) ==
          "auth: Login credentials rejected.");
    CHECK(card.model.logins == 1);
    CHECK(card.model.asked.empty());
  }
  Card card;
  card.model.may_switch = false;
  CHECK(absl::StartsWith(TextOf(card.One(Action::kOff)), "privilege: User "));
}

TEST_CASE("ribcl: power 45: half a document, then closed", "[power]") {
  for (const bool is_http : {false, true}) {
    for (size_t bytes = 0; bytes < 600; bytes += 37) {
      Card card;
      card.model.is_http = is_http;
      CHECK(TextOf(card.One(Action::kStatus)) == "done");
      card.model.half_after = bytes;
      const PlugResult status = card.One(Action::kStatus);
      INFO(bytes << " " << TextOf(status));
      CHECK(status.failure.has_value() ==
            (status.after == PlugState::kUnknown));
      card.model.asked.clear();
      const PlugResult reset = card.One(Action::kReset);
      if (!card.model.asked.empty() && reset.failure.has_value()) {
        CHECK(reset.failure->maybe_executed);
      }
      CHECK(card.model.asked.size() <= 1);
    }
  }
}

TEST_CASE("ribcl: power 11: a trial switches nothing, wherever it is cut",
          "[power]") {
  for (const bool is_http : {false, true}) {
    for (size_t bytes = 0; bytes < 1200; bytes += 37) {
      Card card;
      card.model.is_http = is_http;
      if (bytes > 0) card.model.half_after = bytes;
      card.One(Action::kVerify);
      CHECK(card.model.asked.empty());
      CHECK(card.model.is_on);
    }
  }
}

TEST_CASE("ribcl: a card that forgets to hang up is not waited for",
          "[power]") {
  Card card;
  card.model.forgets_to_close = true;
  CHECK(card.One(Action::kStatus).after == PlugState::kOn);
  CHECK(card.sim.took() < absl::Seconds(4));
  Card silent;
  silent.model.answers_http = false;
  CHECK(silent.One(Action::kStatus).after == PlugState::kOn);
}

TEST_CASE("ribcl: power 16: credentials in attributes", "[power]") {
  Card card;
  card.account = WebSim::Account("O'Neil", "a\"<b>&'c %s$HOME\\");
  card.model.user = "O&apos;Neil";
  card.model.password = "a&quot;&lt;b&gt;&amp;&apos;c %s$HOME\\";
  CHECK(TextOf(card.One(Action::kStatus)) == "done");
  for (const std::string& line : card.sim.trace()) {
    CHECK_FALSE(absl::StrContains(line, "HOME"));
  }
  for (const std::string& password :
       {std::string("12345678901234567890"),
        std::string("123456789012345678901"),
        std::string("gr\xc3\xbc\xc3\x9f dich"), std::string()}) {
    INFO(password);
    Card other;
    other.account = WebSim::Account("Administrator", password);
    other.model.password = password;
    CHECK(TextOf(other.One(Action::kStatus)) == "done");
  }
}

TEST_CASE("markup: elements, attributes and texts out of anything", "[power]") {
  const auto items = power::ScanMarkup(
      "<?xml version='1.0'?><!DOCTYPE x><!-- <no/> --><a:One b = \"1 > 0\" "
      "C='&lt;&#65;&#x42;&bad;&' d=e f/>text &amp; more<Two><![CDATA[<x>]]>"
      "</Two></One><half a=\"");
  REQUIRE(items.size() == 6);
  CHECK(items[0].name == "One");
  CHECK(items[0].is_empty);
  CHECK(items[0].Find("B") == "1 > 0");
  CHECK(items[0].Find("c") == "<AB&bad;&");
  CHECK(items[0].Find("d") == "e");
  CHECK(items[0].Find("none").empty());
  CHECK(items[1].text == "text & more");
  CHECK(power::MarkupText(items, "two") == "<x>");
  CHECK(power::MarkupText(items, "one").empty());
  for (const std::string text : {"", "<", "<<<<", "</", "<>", "&", "<a", "<!--",
                                 "<![CDATA[", "<a b=\"", "<a b='c'"}) {
    power::ScanMarkup(text);
  }
  std::string many;
  for (int i = 0; i < 200'000; ++i) many += "<a>";
  CHECK(power::ScanMarkup(many).size() == power::kMaxMarkupItems);
}
