#include "isinit/table_order.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "isinit/attribute_values.h"

namespace isinit {
namespace {

// Names of a longer way around help nobody.
constexpr size_t kMostInCycle = 20;

std::vector<absl::string_view> NamesOf(const Levels& levels) {
  const absl::string_view text = levels.text;
  if (absl::StrContains(text, ',')) {
    return absl::StrSplit(text, ',', absl::SkipEmpty());
  }
  std::vector<absl::string_view> names;
  for (size_t i = 0; i < text.size(); i++) names.push_back(text.substr(i, 1));
  if (text.size() > 1) names.push_back(text);
  return names;
}

bool ShareLevel(const Levels& a, const Levels& b) {
  const std::vector<absl::string_view> names = NamesOf(a);
  return std::any_of(names.begin(), names.end(),
                     [&](absl::string_view name) { return b.Has(name); });
}

// One thing that an entry waits for: a tag of `after` or `needs`, or a level of
// a group.
struct Reference {
  enum class Kind { kAfter, kNeeds, kGroup };
  Kind kind = Kind::kAfter;
  std::string name;
  std::string level = {};

  absl::string_view key() const {
    return kind == Kind::kAfter ? "after" : "needs";
  }
};

std::vector<Reference> ReferencesOf(const Attributes& a) {
  using Kind = Reference::Kind;
  std::vector<Reference> all;
  for (const std::string& tag : a.after) all.push_back({Kind::kAfter, tag});
  for (const std::string& tag : a.needs) all.push_back({Kind::kNeeds, tag});
  for (const auto& [group, level] : a.needs_groups) {
    all.push_back({Kind::kGroup, group, level});
  }
  return all;
}

void Remove(Attributes& a, const Reference& reference) {
  switch (reference.kind) {
    case Reference::Kind::kAfter:
      std::erase(a.after, reference.name);
      return;
    case Reference::Kind::kNeeds:
      std::erase(a.needs, reference.name);
      return;
    case Reference::Kind::kGroup:
      std::erase(a.needs_groups,
                 std::make_pair(reference.name, reference.level));
      return;
  }
}

class OrderCheck {
 public:
  OrderCheck(Table& table, const ReadingNotes& notes, Problems& problems)
      : table_(table),
        entries_(table.entries),
        notes_(notes),
        problems_(problems) {
    for (size_t i = 0; i < entries_.size(); i++) {
      by_tag_.emplace(entries_[i].tag, i);
      by_group_[entries_[i].group].push_back(i);
    }
  }

  void Run() {
    for (Entry& entry : entries_) {
      for (const Reference& reference : ReferencesOf(entry.attributes)) {
        if (!Resolves(entry, reference)) Remove(entry.attributes, reference);
      }
      CheckLog(entry);
      CheckConsequence(entry, "on-give-up", entry.attributes.give_up);
      CheckConsequence(entry, "on-unhealthy",
                       entry.attributes.health.unhealthy);
    }
    BreakLogCycles();
    BreakCycles();
    BreakWaitsForLater();
    CheckBoot();
    CheckAllow();
  }

 private:
  // --- names

  void Error(const Entry& entry, absl::string_view key,
             absl::string_view text) {
    problems_.Error(notes_.LineOf(entry.tag, key, entry.line),
                    absl::StrCat(key, ": ", text));
  }
  void Warn(const Entry& entry, absl::string_view key, absl::string_view text) {
    problems_.Warn(notes_.LineOf(entry.tag, key, entry.line),
                   absl::StrCat(key, ": ", text));
  }

  const Entry* FindTag(absl::string_view tag) const {
    const auto found = by_tag_.find(tag);
    return found == by_tag_.end() ? nullptr : &entries_[found->second];
  }
  // In the order of the table.
  const std::vector<size_t>* FindGroup(absl::string_view group) const {
    const auto found = by_group_.find(group);
    return found == by_group_.end() ? nullptr : &found->second;
  }
  bool AnyHas(absl::string_view group, absl::string_view level) const {
    const std::vector<size_t>* const all = FindGroup(group);
    return all != nullptr &&
           std::any_of(all->begin(), all->end(),
                       [&](size_t i) { return entries_[i].levels.Has(level); });
  }

  bool Resolves(const Entry& entry, const Reference& reference) {
    return reference.kind == Reference::Kind::kGroup
               ? ResolvesGroup(entry, reference)
               : ResolvesTag(entry, reference);
  }

  bool ResolvesTag(const Entry& entry, const Reference& reference) {
    const auto wrong = [&](absl::string_view text) {
      Error(entry, reference.key(), text);
      return false;
    };
    const Entry* const other = FindTag(reference.name);
    if (other == nullptr) {
      if (notes_.lost_tags.contains(reference.name)) return false;
      return wrong(absl::StrCat("there is no entry ", Quoted(reference.name)));
    }
    if (other == &entry) {
      return wrong(absl::StrCat("'", entry.tag, "' names itself"));
    }
    if (other->group != entry.group) {
      return wrong(absl::StrCat("'", reference.name, "' is of the group '",
                                other->group, "': needs=group:", other->group,
                                "@LEVEL is for those"));
    }
    // While it is off, it is as if its line were a comment.
    if (other->mode == Mode::kOff) return false;
    if (!RunsInLevels(other->mode)) {
      return wrong(absl::StrCat("'", reference.name, "' is ",
                                ModeName(other->mode), ", which has no level"));
    }
    if (RunsInLevels(entry.mode) && !ShareLevel(entry.levels, other->levels)) {
      Warn(entry, reference.key(),
           absl::StrCat("'", entry.tag, "' and '", reference.name,
                        "' have no level in common"));
    }
    return true;
  }

  bool ResolvesGroup(const Entry& entry, const Reference& reference) {
    if (FindGroup(reference.name) == nullptr) {
      if (notes_.lost_groups.contains(reference.name)) return false;
      Error(entry, reference.key(),
            absl::StrCat("there is no group ", Quoted(reference.name)));
      return false;
    }
    if (!AnyHas(reference.name, reference.level)) {
      Warn(entry, reference.key(), NoLevel(reference.name, reference.level));
    }
    return true;
  }

  static std::string NoLevel(absl::string_view group, absl::string_view level) {
    return absl::StrCat("no entry of the group '", group, "' has the level '",
                        level, "'");
  }

  void CheckLog(Entry& entry) {
    LogTo& log = entry.attributes.log;
    if (log.kind != LogTo::Kind::kEntry) return;
    const bool itself = log.tag == entry.tag;
    if (!itself && FindTag(log.tag) != nullptr) return;
    if (itself) {
      Error(entry, "log", absl::StrCat("'", entry.tag, "' names itself"));
    } else if (!notes_.lost_tags.contains(log.tag)) {
      Error(entry, "log", absl::StrCat("there is no entry ", Quoted(log.tag)));
    }
    ToFile(log);
  }

  static void ToFile(LogTo& log) {
    log.kind = LogTo::Kind::kFile;
    log.tag.clear();
  }

  // Level 0 needs no entry: it is told in order to stop everything.
  void CheckConsequence(const Entry& entry, absl::string_view key,
                        const Consequence& consequence) {
    if (consequence.kind == Consequence::Kind::kLevel &&
        consequence.level != "0" && !AnyHas(entry.group, consequence.level)) {
      Warn(entry, key, NoLevel(entry.group, consequence.level));
    }
  }

  void CheckBoot() {
    absl::flat_hash_set<std::string> seen;
    std::erase_if(table_.boot, [&](const auto& boot) {
      const auto& [group, level] = boot;
      const int line = notes_.LineOf(group, "boot", 0);
      if (FindGroup(group) == nullptr) {
        if (notes_.lost_groups.contains(group)) return true;
        problems_.Error(
            line, absl::StrCat("boot: there is no group ", Quoted(group)));
        return true;
      }
      if (!seen.insert(group).second) {
        problems_.Error(line, absl::StrCat("boot: the group '", group,
                                           "' is given a level twice"));
        return true;
      }
      if (!AnyHas(group, level)) {
        problems_.Warn(line, absl::StrCat("boot: ", NoLevel(group, level)));
      }
      return false;
    });
  }

  void CheckAllow() {
    for (const Allow& allow : table_.allow) {
      if (allow.group == "*" || FindGroup(allow.group) != nullptr ||
          notes_.lost_groups.contains(allow.group)) {
        continue;
      }
      problems_.Warn(
          notes_.LineOf(allow.group, "allow", 0),
          absl::StrCat("allow: there is no group ", Quoted(allow.group)));
    }
  }

  // --- cycles

  // Each entry has one place its output goes to, so the ways are lines.
  void BreakLogCycles() {
    std::vector<size_t> walk(entries_.size(), 0);  // 0: not yet been there
    for (size_t i = 0; i < entries_.size(); i++) {
      size_t at = i;
      while (walk[at] == 0) {
        walk[at] = i + 1;
        Entry& entry = entries_[at];
        if (entry.attributes.log.kind != LogTo::Kind::kEntry) break;
        const size_t next = by_tag_.at(entry.attributes.log.tag);
        if (walk[next] == i + 1) {
          Error(entry, "log",
                absl::StrCat("'", entry.tag,
                             "' gets its own output, by way of others"));
          ToFile(entry.attributes.log);
          break;
        }
        at = next;
      }
    }
  }

  struct Edge {
    size_t to = 0;
    size_t reference = 0;  // of the frame's references
  };
  struct Frame {
    size_t entry = 0;
    std::vector<Reference> references = {};
    std::vector<Edge> edges = {};
    std::vector<bool> dropped = {};  // references that closed a cycle
    size_t next = 0;
  };

  // Those of a group's level that wait for something themselves; others end
  // no way around.
  const std::vector<size_t>& Waiting(const Reference& group) {
    auto [known, is_new] = waiting_.try_emplace({group.name, group.level});
    if (is_new) {
      for (const size_t i : *FindGroup(group.name)) {
        const Attributes& a = entries_[i].attributes;
        if (entries_[i].levels.Has(group.level) &&
            !(a.after.empty() && a.needs.empty() && a.needs_groups.empty())) {
          known->second.push_back(i);
        }
      }
    }
    return known->second;
  }

  Frame FrameOf(size_t entry) {
    Frame frame = {.entry = entry,
                   .references = ReferencesOf(entries_[entry].attributes)};
    for (size_t r = 0; r < frame.references.size(); r++) {
      const Reference& reference = frame.references[r];
      if (reference.kind != Reference::Kind::kGroup) {
        frame.edges.push_back({by_tag_.at(reference.name), r});
        continue;
      }
      for (const size_t to : Waiting(reference)) frame.edges.push_back({to, r});
    }
    frame.dropped.resize(frame.references.size());
    return frame;
  }

  // Depth first, without recursion: a chain may be as long as the table. What
  // closes a cycle is dropped, so what is left has none.
  void BreakCycles() {
    enum class Mark : char { kNew, kOnWay, kDone };
    std::vector<Mark> marks(entries_.size(), Mark::kNew);
    for (size_t start = 0; start < entries_.size(); start++) {
      if (marks[start] != Mark::kNew) continue;
      std::vector<Frame> way;
      way.push_back(FrameOf(start));
      marks[start] = Mark::kOnWay;
      while (!way.empty()) {
        Frame& frame = way.back();
        if (frame.next == frame.edges.size()) {
          marks[frame.entry] = Mark::kDone;
          finished_.push_back(frame.entry);
          for (size_t r = 0; r < frame.references.size(); r++) {
            if (frame.dropped[r]) {
              Remove(entries_[frame.entry].attributes, frame.references[r]);
            }
          }
          way.pop_back();
          continue;
        }
        const Edge edge = frame.edges[frame.next++];
        if (frame.dropped[edge.reference]) continue;
        if (marks[edge.to] == Mark::kOnWay) {
          frame.dropped[edge.reference] = true;
          TellCycle(way, edge);
        } else if (marks[edge.to] == Mark::kNew) {
          marks[edge.to] = Mark::kOnWay;
          way.push_back(FrameOf(edge.to));
        }
      }
    }
  }

  void TellCycle(const std::vector<Frame>& way, const Edge& edge) {
    std::vector<std::string> tags;
    const auto first =
        std::find_if(way.begin(), way.end(),
                     [&](const Frame& f) { return f.entry == edge.to; });
    for (auto f = first; f != way.end() && tags.size() < kMostInCycle; ++f) {
      tags.push_back(entries_[f->entry].tag);
    }
    if (static_cast<size_t>(way.end() - first) > tags.size()) {
      tags.push_back("...");
    }
    tags.push_back(entries_[edge.to].tag);
    const Frame& last = way.back();
    Error(entries_[last.entry], last.references[edge.reference].key(),
          absl::StrCat("a cycle, each waits for the next: ",
                       absl::StrJoin(tags, ", ")));
  }

  // A wait or a test holds up all that stands behind it, so it would wait for
  // ever for one of those. Groups are no matter here: who waits by way of
  // another group for a level of its own waits for itself, too.
  void BreakWaitsForLater() {
    std::vector<size_t> farthest(entries_.size());
    for (const size_t i : finished_) {
      farthest[i] = i;
      for (const size_t to : TagsOf(i)) {
        farthest[i] = std::max(farthest[i], farthest[to]);
      }
    }
    for (size_t i = 0; i < entries_.size(); i++) {
      if (!Blocks(entries_[i].mode) || farthest[i] == i) continue;
      for (const Reference& reference : ReferencesOf(entries_[i].attributes)) {
        if (reference.kind == Reference::Kind::kGroup) continue;
        const auto later = LaterOf(i, by_tag_.at(reference.name), farthest);
        if (!later) continue;
        Entry& entry = entries_[i];
        Error(
            entry, reference.key(),
            absl::StrCat("'", entry.tag, "' waits for '", entries_[*later].tag,
                         "', which stands behind it, and ",
                         ModeName(entry.mode), " holds that up"));
        Remove(entry.attributes, reference);
      }
    }
  }

  std::vector<size_t> TagsOf(size_t entry) const {
    std::vector<size_t> tags;
    const Attributes& a = entries_[entry].attributes;
    for (const std::string& tag : a.after) tags.push_back(by_tag_.at(tag));
    for (const std::string& tag : a.needs) tags.push_back(by_tag_.at(tag));
    return tags;
  }

  // An entry behind `entry`, of a level of it, that `from` is or waits for.
  std::optional<size_t> LaterOf(size_t entry, size_t from,
                                const std::vector<size_t>& farthest) const {
    absl::flat_hash_set<size_t> seen = {from};
    std::vector<size_t> to_do = {from};
    while (!to_do.empty()) {
      const size_t at = to_do.back();
      to_do.pop_back();
      if (farthest[at] <= entry) continue;
      if (at > entry &&
          ShareLevel(entries_[entry].levels, entries_[at].levels)) {
        return at;
      }
      for (const size_t next : TagsOf(at)) {
        if (seen.insert(next).second) to_do.push_back(next);
      }
    }
    return std::nullopt;
  }

  Table& table_;
  std::vector<Entry>& entries_;
  const ReadingNotes& notes_;
  Problems& problems_;
  absl::flat_hash_map<std::string, size_t> by_tag_;
  absl::flat_hash_map<std::string, std::vector<size_t>> by_group_;
  absl::flat_hash_map<std::pair<std::string, std::string>, std::vector<size_t>>
      waiting_;
  std::vector<size_t> finished_;  // each behind all that it waits for
};

}  // namespace

int ReadingNotes::LineOf(absl::string_view name, absl::string_view key,
                         int otherwise) const {
  const auto found = lines.find({std::string(name), std::string(key)});
  return found == lines.end() ? otherwise : found->second;
}

void CheckOrder(Table& table, const ReadingNotes& notes, Problems& problems) {
  OrderCheck(table, notes, problems).Run();
}

}  // namespace isinit
