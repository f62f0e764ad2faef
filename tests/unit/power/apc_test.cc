// The five APC models against cards whose menus are as those are.
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>

#include "power/device_library.h"
#include "unit/power/apc_card.h"

namespace {

using namespace power_test;
using power::PlugState;
using power::Verb;

struct Firmware {
  const char* model;
  const char* path;
  bool control_menu;
  const char *on, *off, *reboot;
};
constexpr Firmware kFirmwares[] = {
    {"APCControl12p3", "12", false, "1", "2", "3"},
    {"APCControl1p4", "1", false, "1", "3", "4"},
    {"APCControl121p3", "121", false, "1", "2", "3"},
    {"APCControl121p1", "121", true, "1", "2", "3"},
    {"APCControl13p13", "13", true, "1", "2", "3"},
};

const power::Specification& Model(const std::string& name) {
  static const power::DeviceFile models = power::ReadBuiltInDevices().file;
  const power::Specification* spec = models.Find(name);
  REQUIRE(spec != nullptr);
  return *spec;
}

power::RunEnded Do(ApcCard& card, const char* model, Verb verb,
                   const std::string& plug, size_t packet = 0) {
  const power::DialogueDevice device = DeviceOf(Model(model));
  Line line(device, card, {.packet = packet, .telnet = true});
  card.closes = false;
  const power::RequestEnded ended = line.One(RunsOf(device, verb, {plug}));
  REQUIRE(ended.runs.size() == 1);
  if (ended.runs[0].failure) UNSCOPED_INFO(ended.runs[0].failure->text);
  return ended.runs[0];
}

TEST_CASE("apc: states are read, outlets switched, and nothing else is",
          "[power]") {
  for (const Firmware& f : kFirmwares) {
    for (const size_t packet : {0, 1, 7}) {
      INFO(f.model << ", packets of " << packet);
      ApcCard card(f.path, f.control_menu, f.on, f.off, f.reboot);
      const power::RunEnded status =
          Do(card, f.model, Verb::kStatus, "4", packet);
      CHECK_FALSE(status.failure.has_value());
      REQUIRE(status.plugs.size() == 4);
      CHECK(status.plugs[2].state == PlugState::kOn);
      CHECK(status.plugs[3].state == PlugState::kOff);
      CHECK(card.switched == 0);
      CHECK_FALSE(Do(card, f.model, Verb::kOn, "4", packet).failure);
      CHECK_FALSE(Do(card, f.model, Verb::kOff, "2", packet).failure);
      CHECK(card.outlets == std::vector<bool>{true, false, true, true});
      CHECK(card.switched == 2);
      CHECK_FALSE(Do(card, f.model, Verb::kCycle, "3", packet).failure);
      CHECK(card.switched == 3);
    }
  }
}

TEST_CASE("power 12: an APC card is asked, and told no, and is as it was",
          "[power]") {
  for (const Firmware& f : kFirmwares) {
    INFO(f.model);
    ApcCard card(f.path, f.control_menu, f.on, f.off, f.reboot);
    const power::RunEnded ended = Do(card, f.model, Verb::kVerify, "3");
    CHECK_FALSE(ended.failure.has_value());
    CHECK(ended.confirmation_reached);
    CHECK(card.switched == 0);
    CHECK(card.closes);  // logged out
  }
}

TEST_CASE("power 22: no key is pressed that the menu gives another name",
          "[power]") {
  for (const Firmware& f : kFirmwares) {
    INFO(f.model);
    ApcCard card(f.path, f.control_menu, f.on, f.off, f.reboot);
    card.renamed = true;
    for (const Verb verb : {Verb::kOn, Verb::kOff}) {
      const power::RunEnded ended = Do(card, f.model, verb, "3");
      REQUIRE(ended.failure.has_value());
      CHECK(ended.failure->failure_class == power::FailureClass::kPrompt);
      CHECK_FALSE(ended.failure->maybe_executed);
    }
    CHECK(card.switched == 0);
  }
}

TEST_CASE("apc: several outlets are switched in one session", "[power]") {
  ApcCard card("13", true, "1", "2", "3");
  const power::DialogueDevice device = DeviceOf(Model("APCControl13p13"));
  Line line(device, card, {.telnet = true});
  const power::RequestEnded ended =
      line.One(RunsOf(device, Verb::kOff, {"1", "2", "3"}));
  REQUIRE(ended.runs.size() == 3);
  for (const auto& run : ended.runs) CHECK_FALSE(run.failure.has_value());
  CHECK(card.outlets == std::vector<bool>(4, false));
  CHECK(card.switched == 3);
  CHECK(line.connects() == 1);
}

}  // namespace
