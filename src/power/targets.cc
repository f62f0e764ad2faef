#include "power/targets.h"

#include <absl/algorithm/container.h>
#include <absl/container/flat_hash_set.h>
#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <map>

#include "power/limits.h"
#include "power/plug_range.h"
#include "text/utf8.h"

namespace power {
namespace {

absl::Status TooMany() {
  return absl::OutOfRangeError(
      absl::StrCat("more than ", kMaxTargets, " targets"));
}

// The targets that words mean, each once, and the words that mean nothing.
class Chooser {
 public:
  explicit Chooser(const Inventory& inventory) : inventory_(inventory) {}
  absl::Status Add(absl::string_view word);

  std::vector<Target> targets;
  std::vector<std::string> unknown;

 private:
  absl::Status AddName(const std::string& name, bool exact);
  absl::Status AddPcu(absl::string_view word);
  absl::Status AddHost(const std::string& name, bool exact);
  absl::Status AddHosts(absl::Span<const std::string> names);
  absl::Status AddOutlet(const Outlet& outlet);
  absl::Status Unknown(std::string name);

  const Inventory& inventory_;
  absl::flat_hash_map<std::string, size_t> places_;  // in targets
  absl::flat_hash_set<std::string> unknown_;
  size_t names_ = 0;  // that all words meant, also several times the same
};

// A comma ends a word only outside of brackets: what ExpandRange does, too, but
// here each part may be of another kind.
std::vector<absl::string_view> Parts(absl::string_view word) {
  std::vector<absl::string_view> parts;
  size_t begin = 0;
  bool inside = false;
  for (size_t at = 0; at <= word.size(); at++) {
    if (at == word.size() || (word[at] == ',' && !inside)) {
      parts.push_back(word.substr(begin, at - begin));
      begin = at + 1;
    } else if (word[at] == '[') {
      inside = true;
    } else if (word[at] == ']') {
      inside = false;
    }
  }
  return parts;
}

absl::Status Chooser::Add(absl::string_view word) {
  for (absl::string_view part : Parts(word)) {
    // Nobody writes so much by hand, and a message would hold all of it.
    if (part.size() > kMaxDeviceStringBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("a target of ", part.size(), " bytes"));
    }
    absl::string_view rest = part;
    const bool pcu = absl::ConsumePrefix(&rest, "pcu:");
    const auto names = ExpandRange(pcu ? rest : part, kMaxTargets);
    if (!names.ok()) return names.status();
    names_ += names->size();
    if (names_ > kMaxInventoryNames) return TooMany();
    const bool exact =
        names->size() == 1 && part.find('[') == absl::string_view::npos;
    for (const std::string& name : *names) {
      const absl::Status status = pcu ? AddPcu(name) : AddName(name, exact);
      if (!status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

absl::Status Chooser::AddName(const std::string& name, bool exact) {
  if (inventory_.FindHost(name) != nullptr) return AddHost(name, exact);
  if (const HostSet* alias = inventory_.FindAlias(name)) {
    return AddHosts(alias->hosts);
  }
  absl::string_view group = name;
  if (!absl::ConsumePrefix(&group, "@")) return Unknown(name);
  if (group == "all") {
    for (const PoweredHost& host : inventory_.hosts()) {
      const absl::Status status = AddHost(host.name, false);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }
  const HostSet* set = inventory_.FindGroup(group);
  return set != nullptr ? AddHosts(set->hosts) : Unknown(name);
}

// NAME or NAME/PLUG; a plug's name may hold slashes, a PCU's cannot.
absl::Status Chooser::AddPcu(absl::string_view word) {
  const size_t slash = word.find('/');
  const std::string name(word.substr(0, slash));
  const Pcu* pcu = inventory_.FindPcu(name);
  if (pcu == nullptr) return Unknown(absl::StrCat("pcu:", word));
  if (slash == absl::string_view::npos) {
    return AddHosts(inventory_.HostsOf(name));
  }
  const Outlet outlet = {name, std::string(word.substr(slash + 1))};
  if (!inventory_.HasOutlet(outlet)) {
    return Unknown(absl::StrCat("pcu:", word));
  }
  return AddOutlet(outlet);
}

absl::Status Chooser::AddHosts(absl::Span<const std::string> names) {
  for (const std::string& name : names) {
    const absl::Status status = AddHost(name, false);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Chooser::AddHost(const std::string& name, bool exact) {
  const auto [place, is_new] = places_.try_emplace(name, targets.size());
  if (!is_new) {
    targets[place->second].exact |= exact;
    return absl::OkStatus();
  }
  if (targets.size() >= kMaxTargets) return TooMany();
  const PoweredHost& host = *inventory_.FindHost(name);
  Target target;
  target.name = name;
  target.feeds = host.feeds;
  target.hosts = {name};
  target.exact = exact;
  target.is_protected = host.is_protected;
  targets.push_back(std::move(target));
  return absl::OkStatus();
}

absl::Status Chooser::AddOutlet(const Outlet& outlet) {
  Target target;
  // No host is called so: names hold no slash.
  target.name = absl::StrCat(outlet.pcu, "/", outlet.plug);
  if (!places_.try_emplace(target.name, targets.size()).second) {
    return absl::OkStatus();
  }
  if (targets.size() >= kMaxTargets) return TooMany();
  target.feeds = {outlet};
  const auto hosts = inventory_.HostsOn(outlet);
  target.hosts.assign(hosts.begin(), hosts.end());
  target.outlet = true;
  target.is_protected = absl::c_any_of(hosts, [&](const std::string& host) {
    return inventory_.FindHost(host)->is_protected;
  });
  targets.push_back(std::move(target));
  return absl::OkStatus();
}

absl::Status Chooser::Unknown(std::string name) {
  if (!unknown_.insert(name).second) return absl::OkStatus();
  if (unknown.size() >= kMaxTargets) return TooMany();
  unknown.push_back(std::move(name));
  return absl::OkStatus();
}

// What shall not be switched, whichever way it was meant: a host keeps its
// outlets from being switched, an outlet its hosts.
class Excluded {
 public:
  explicit Excluded(const std::vector<Target>& targets) {
    for (const Target& target : targets) {
      if (!target.outlet) {
        hosts_.insert(target.name);
        continue;
      }
      for (const Outlet& feed : target.feeds) {
        outlets_.emplace(feed.pcu, feed.plug);
      }
    }
  }
  bool Has(const Target& target) const {
    return absl::c_any_of(target.hosts,
                          [&](const std::string& host) {
                            return hosts_.contains(host);
                          }) ||
           absl::c_any_of(target.feeds, [&](const Outlet& feed) {
             return outlets_.contains(std::make_pair(feed.pcu, feed.plug));
           });
  }

 private:
  absl::flat_hash_set<std::string> hosts_;
  absl::flat_hash_set<std::pair<std::string, std::string>> outlets_;
};

// All of them, but in a message that somebody can read.
std::string UnknownText(const std::vector<std::string>& names) {
  std::vector<std::string> clean;
  for (const std::string& name : names) clean.push_back(text::Clean(name));
  return absl::StrCat("unknown: ", FoldHosts(std::move(clean)));
}

}  // namespace

absl::StatusOr<std::vector<Target>> ChooseTargets(const Inventory& inventory,
                                                  const TargetChoice& choice) {
  Chooser wanted(inventory), excluded(inventory);
  for (const std::string& word : choice.words) {
    if (const auto status = wanted.Add(word); !status.ok()) return status;
  }
  for (const std::string& word : choice.excluded) {
    if (const auto status = excluded.Add(word); !status.ok()) return status;
  }
  std::vector<std::string> unknown = std::move(wanted.unknown);
  for (std::string& name : excluded.unknown) {
    if (!absl::c_linear_search(unknown, name)) unknown.push_back(name);
  }
  for (const std::string& word : choice.words) {
    if (absl::StartsWith(word, "-")) {
      return absl::InvalidArgumentError(absl::StrCat(
          "'", text::Clean(word), "': options stand before the targets"));
    }
  }
  if (!unknown.empty() && !choice.ignore_unknown) {
    return absl::NotFoundError(UnknownText(unknown));
  }
  const Excluded without(excluded.targets);
  std::vector<Target> left;
  for (Target& target : wanted.targets) {
    if (!without.Has(target)) left.push_back(std::move(target));
  }
  if (left.empty()) return absl::InvalidArgumentError("no targets");
  return left;
}

absl::StatusOr<std::vector<std::string>> ParseTargetFile(
    absl::string_view text) {
  if (text.size() > kMaxTargetFileBytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("more than ", kMaxTargetFileBytes, " bytes of targets"));
  }
  std::vector<std::string> words;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = line.substr(0, line.find('#'));
    for (const absl::string_view word : absl::StrSplit(
             line, absl::ByAnyChar(" \t\r\v\f"), absl::SkipEmpty())) {
      words.emplace_back(word);
    }
  }
  return words;
}

std::vector<std::string> AlsoSwitched(const Inventory& inventory,
                                      absl::Span<const Target> targets) {
  absl::flat_hash_set<std::string> named;
  for (const Target& target : targets) {
    if (!target.outlet) named.insert(target.name);
  }
  std::vector<std::string> others;
  for (const Target& target : targets) {
    // Who names an outlet means whatever hangs on it, unless it is several.
    for (const Outlet& outlet : target.feeds) {
      const auto hosts = inventory.HostsOn(outlet);
      if (target.outlet && hosts.size() < 2) continue;
      for (const std::string& host : hosts) {
        if (named.insert(host).second) others.push_back(host);
      }
    }
  }
  return others;
}

std::string FoldHosts(std::vector<std::string> names) {
  // What FoldRange sees has its number at its end; domains are put back.
  std::map<std::string, std::vector<std::string>> by_domain;
  for (std::string& name : names) {
    const size_t dot = name.find('/') == std::string::npos ? name.find('.')
                                                           : std::string::npos;
    const std::string domain = dot == std::string::npos ? "" : name.substr(dot);
    by_domain[domain].push_back(name.substr(0, dot));
  }
  std::string out;
  for (auto& [domain, short_names] : by_domain) {
    std::sort(short_names.begin(), short_names.end());
    short_names.erase(std::unique(short_names.begin(), short_names.end()),
                      short_names.end());
    const std::string folded = FoldRange(std::move(short_names));
    for (const absl::string_view part : Parts(folded)) {
      absl::StrAppend(&out, out.empty() ? "" : ",", part, domain);
    }
  }
  return out;
}

}  // namespace power
