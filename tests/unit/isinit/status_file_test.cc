#include "isinit/status_file.h"

#include <catch2/catch.hpp>

namespace {

using isinit::GroupState;
using isinit::GroupView;

GroupView Group(absl::string_view name, absl::string_view level,
                GroupState state) {
  GroupView group;
  group.name = std::string(name);
  group.level = std::string(level);
  group.state = state;
  return group;
}

TEST_CASE("isinit 17: initstat is the original's text between its two ids",
          "[isinit]") {
  const std::vector<GroupView> groups = {
      Group("a", "1", GroupState::kUp),
      Group("a-name-longer-than-15", "level", GroupState::kStarting),
      Group("b", "", GroupState::kIdle),
  };
  CHECK(isinit::InitstatText(groups, 0.317528821851255) ==
        "!startid 0.317528821851255\n"
        "a               run             1              \n"
        "a-name-longer-than-15 start           level          \n"
        "b               stopped                        \n"
        "!endid 0.317528821851255\n");
  CHECK(isinit::InitstatText({}, 0) == "!startid 0\n!endid 0\n");
}

TEST_CASE("isinit 19: a line of clstat for each group that was told a level",
          "[isinit]") {
  const std::vector<GroupView> groups = {
      Group("a", "", GroupState::kIdle),
      Group("g", "1", GroupState::kUp),
      Group("h", "stop", GroupState::kStopping),
  };
  CHECK(isinit::ClstatText(groups) ==
        "Cluster::Init::Group g 1 DONE\n"
        "Cluster::Init::Group h stop STOPPING\n");
  CHECK(isinit::ClstatText({}) == "");
}

TEST_CASE("status file: the words of both originals", "[isinit]") {
  const auto words = [](GroupState state, bool checking = false,
                        bool all_tests = false, bool degraded = false) {
    GroupView group = Group("g", "1", state);
    group.checking = checking;
    group.all_tests = all_tests;
    group.degraded = degraded;
    return std::make_pair(std::string(isinit::InitstatWord(group)),
                          std::string(isinit::ClstatWord(group)));
  };
  using Words = std::pair<std::string, std::string>;
  CHECK(words(GroupState::kIdle) == Words{"stopped", ""});
  CHECK(words(GroupState::kStarting) == Words{"start", "STARTING"});
  CHECK(words(GroupState::kStarting, true) == Words{"start", "CHECKING"});
  CHECK(words(GroupState::kStopping) == Words{"start", "STOPPING"});
  CHECK(words(GroupState::kUp) == Words{"run", "DONE"});
  CHECK(words(GroupState::kUp, false, true) == Words{"run", "PASSED"});
  CHECK(words(GroupState::kUp, false, false, true) == Words{"run", "DONE"});
  CHECK(words(GroupState::kFailed) == Words{"fail", "FAILED"});
  CHECK(words(GroupState::kHalting) == Words{"stopping", "HALTING"});
}

TEST_CASE("status file: it is written again after 30 to 45 seconds",
          "[isinit]") {
  CHECK(isinit::Heartbeat(0) == absl::Seconds(30));
  CHECK(isinit::Heartbeat(0.5) == absl::Milliseconds(37'500));
  CHECK(isinit::Heartbeat(0.999) < absl::Seconds(45));
}

}  // namespace
