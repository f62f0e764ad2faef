// Hosts of a campaign that hang on other hosts, as blades do on their chassis:
// whose turn comes after whose, and what is not even tried. Pure.
//
//   on, cycle, reset   parents that are switched, too, come first; then each
//                      parent is looked at; its children follow if it is on
//   off, soft          parents are looked at; a child of one that is off is off
//                      already; then children come before their parents
//
// A parent that hangs on something that is off is off itself, and is on only
// when that is on.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "power/host_result.h"

namespace power {

struct CampaignFeed {
  size_t pcu = 0;  // of the campaign's
  std::string plug = {};
  bool operator==(const CampaignFeed&) const = default;
};

struct CampaignParent {
  std::string name;
  std::vector<CampaignFeed> feeds = {};
  std::optional<size_t> parent = {};  // of the campaign's, again
};

// Whether it makes a difference to the action what a host hangs on.
bool HeedsParents(Action action);
bool EndsOff(Action action);

class Hierarchy {
 public:
  // What is switched together.
  struct Unit {
    std::vector<CampaignFeed> feeds = {};  // no other unit has them
    std::vector<size_t> parents = {};      // of its hosts
    bool hangs_wholly = false;             // each of its hosts has one
  };
  // Steps are the units by their numbers and behind them, in the order of the
  // parents, a look at each of those.
  Hierarchy(Action action, std::vector<CampaignParent> parents,
            const std::vector<Unit>& units);

  // Whose turn has come since the last time.
  std::vector<size_t> TakeReady();
  // What comes of a step without asking anybody; nullopt: it is to be asked.
  std::optional<HostResult> Foregone(size_t step) const;
  void Ended(size_t step, const HostResult& result);
  // Nothing begins any more: the steps whose turn does not come.
  std::vector<size_t> TakeHeld();

 private:
  struct Step {
    std::vector<size_t> followers = {};  // that wait for it
    size_t waits_for = 0;
    bool was_taken = false;
    bool is_tangled = false;  // waits for itself, by way of others
    std::string awake = {};   // of a soft: a child that did not go off
  };
  struct Power {
    PlugState state = PlugState::kUnknown;
    std::string why = {};  // "its parent c1 is off"
  };

  void MakeSteps();
  void Wait(size_t step, size_t other);
  void LookInTurn();
  void FindTangles();
  bool IsLook(size_t step) const { return step >= units_.size(); }
  size_t LookAt(size_t parent) const { return units_.size() + parent; }
  const Power* AboveOf(size_t parent) const;
  std::optional<HostResult> ForegoneLook(size_t parent) const;
  Power PowerOf(size_t parent, const HostResult& result) const;

  const Action action_;
  const std::vector<CampaignParent> parents_;
  const std::vector<Unit> units_;
  std::vector<Step> steps_;
  std::vector<Power> power_;  // of the parents
  std::vector<size_t> ready_;
};

}  // namespace power
