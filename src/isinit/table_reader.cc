// ReadTable: lines, then entries with what is said of them elsewhere, then the
// whole. A line that is wrong is left out, and so is an entry of which
// something wrong is said: it might run as somebody else than was meant. A
// wrong default is left out alone.
#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>
#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <iterator>

#include "isinit/attribute_values.h"
#include "isinit/limits.h"
#include "isinit/table.h"
#include "isinit/table_entry.h"
#include "isinit/table_lines.h"
#include "isinit/table_order.h"
#include "isinit/table_special.h"
#include "text/words.h"

namespace isinit {
namespace {

using View = absl::string_view;

// What can only be said of one entry.
constexpr View kNoDefaults[] = {"after", "lazy", "listen", "needs"};

View KeyOf(View word) { return word.substr(0, word.find('=')); }

class Reader {
 public:
  Reading Read(View text, bool compat) {
    ReadLines(text, compat);
    Assemble();
    CheckOrder(*table_, notes_, problems_);
    return {.table = std::move(table_), .problems = problems_.Take()};
  }

  std::string ReadSocket(View text, bool compat) {
    entries_ = false;
    ReadLines(text, compat);
    return table_->socket;
  }

 private:
  void ReadLines(View text, bool compat) {
    if (text.size() > kMaxTableBytes) {
      problems_.Error(1, absl::StrCat("the table is longer than ",
                                      kMaxTableBytes, " bytes"));
      text = "";
    }
    for (const TableLine& line : SplitTable(text, compat, problems_)) {
      ReadLine(line);
    }
  }

  void ReadLine(const TableLine& line) {
    const std::vector<View> fields =
        absl::StrSplit(line.text, absl::MaxSplits(':', 4));
    const auto blank = [&](size_t i) {
      return absl::StripAsciiWhitespace(fields[i]).empty();
    };
    const bool nameless =
        fields.size() >= 4 && blank(0) && blank(1) && blank(2);
    if (nameless) {
      return ReadSpecial(line.number, absl::StripAsciiWhitespace(fields[3]),
                         fields.size() == 5 ? fields[4] : View());
    }
    if (fields.size() != 5) {
      const size_t colons = fields.size() - 1;
      return problems_.Error(
          line.number,
          absl::StrCat("the line has ", colons,
                       colons == 1 ? " colon" : " colons",
                       ": an entry is group:tag:levels:mode:command"));
    }
    const View mode = absl::StripAsciiWhitespace(fields[3]);
    if (mode == "socket" || mode == "initstat") {
      // IS::Init looked at the fourth field alone.
      problems_.Warn(line.number,
                     absl::StrCat("the line is read as ':::", mode, ":'"));
      return ReadSpecial(line.number, mode, fields[4]);
    }
    if (entries_) ReadEntry(line.number, fields);
  }

  // --- :::NAME:VALUE

  void ReadSpecial(int line, View name, View value) {
    value = absl::StripAsciiWhitespace(value);
    if (name == "opt") {
      if (entries_) ReadOptions(line, value);
      return;
    }
    if (!IsSpecial(name)) return problems_.Warn(line, UnknownSpecial(name));
    const size_t boots = table_->boot.size(), allows = table_->allow.size();
    const absl::Status status = SetSpecial(*table_, name, value);
    if (!status.ok()) {
      return problems_.Error(line, std::string(status.message()));
    }
    if (table_->boot.size() > boots) {
      notes_.lines[{table_->boot.back().first, "boot"}] = line;
    }
    if (table_->allow.size() > allows) {
      notes_.lines[{table_->allow.back().group, "allow"}] = line;
    }
    if (!IsGivenOnce(name)) return;
    int& before = given_[name];
    if (before != 0) {
      problems_.Warn(line, absl::StrCat(name, " is given again: line ", before,
                                        " does not count"));
    }
    before = line;
  }

  void ReadOptions(int line, View value) {
    const size_t end = std::min(value.find_first_of(" \t"), value.size());
    const View tag = value.substr(0, end);
    const auto wrong = [&](View text) {
      problems_.Error(line, absl::StrCat("opt: ", text));
      // Better not at all than in other ways than was meant.
      if (IsName(tag)) bad_tags_.insert(std::string(tag));
    };
    if (tag != "*" && !IsName(tag)) {
      return wrong(absl::StrCat(Quoted(tag), " is neither a tag nor *"));
    }
    // With the tag, so that an error's position is one in the value.
    const auto words = text::SplitWords(value);
    if (!words.ok()) return wrong(words.status().message());
    if (words->size() < 2) {
      return wrong(absl::StrCat("there is no attribute behind '", tag, "'"));
    }
    for (size_t i = 1; i < words->size(); i++) {
      if (tag == "*") {
        SetDefault(line, (*words)[i]);
      } else {
        options_[tag].push_back({line, (*words)[i]});
      }
    }
  }

  void SetDefault(int line, View word) {
    const View key = KeyOf(word);
    if (std::find(std::begin(kNoDefaults), std::end(kNoDefaults), key) !=
        std::end(kNoDefaults)) {
      return problems_.Error(
          line, absl::StrCat("opt: ", key, " cannot be the default of all"));
    }
    const absl::Status status = SetAttribute(defaults_, word);
    if (!status.ok()) problems_.Error(line, std::string(status.message()));
  }

  // --- entries

  void ReadEntry(int number, const std::vector<View>& fields) {
    if (lines_.size() == kMaxEntries) {
      if (!std::exchange(full_, true)) {
        problems_.Error(number,
                        absl::StrCat("more than ", kMaxEntries, " entries"));
      }
      return;
    }
    EntryLine line = ReadEntryLine(number, fields, problems_);
    if (!line.tag.empty()) {
      const auto [before, is_new] = line_of_tag_.try_emplace(line.tag, number);
      if (!is_new) {
        problems_.Error(number,
                        absl::StrCat("duplicate tag '", line.tag, "': line ",
                                     before->second, " has it"));
        notes_.lost_groups.insert(line.group);
        return;
      }
    }
    lines_.push_back(std::move(line));
  }

  void Assemble() {
    table_->entries.reserve(lines_.size());
    for (EntryLine& line : lines_) {
      Entry entry = {.group = std::move(line.group),
                     .tag = std::move(line.tag),
                     .levels = std::move(line.levels),
                     .mode = line.mode,
                     .command = std::move(line.command),
                     .attributes = defaults_,
                     .line = line.line};
      // Who gets the output of all has nobody to give his own to.
      LogTo& log = entry.attributes.log;
      if (log.tag == entry.tag) {
        log.kind = LogTo::Kind::kFile;
        log.tag.clear();
      }
      bool good = line.good && !bad_tags_.contains(entry.tag);
      good &= SetAll(entry, line.words);
      const auto options = options_.find(entry.tag);
      if (options != options_.end()) good &= SetAll(entry, options->second);
      if (good && CheckEntry(entry, defaults_, problems_)) {
        table_->entries.push_back(std::move(entry));
      } else {
        notes_.lost_tags.insert(entry.tag);
        notes_.lost_groups.insert(entry.group);
      }
    }
    for (const auto& [tag, words] : options_) {
      if (line_of_tag_.contains(tag)) continue;
      problems_.Error(words[0].line,
                      absl::StrCat("opt: there is no entry ", Quoted(tag)));
    }
  }

  bool SetAll(Entry& entry, const std::vector<AttributeWord>& words) {
    bool good = true;
    for (const AttributeWord& word : words) {
      const absl::Status status = SetAttribute(entry.attributes, word.text);
      if (!status.ok()) {
        problems_.Error(word.line, std::string(status.message()));
        good = false;
      } else if (word.line != entry.line) {
        notes_.lines[{entry.tag, std::string(KeyOf(word.text))}] = word.line;
      }
      // A test that is repeated is a look at what it tests.
      Health& health = entry.attributes.health;
      if (entry.mode == Mode::kTest && KeyOf(word.text) == "every" &&
          health.kind == Health::Kind::kNone) {
        health.kind = Health::Kind::kCommand;
        health.text = entry.command;
      }
    }
    return good;
  }

  Problems problems_;
  ReadingNotes notes_;
  std::shared_ptr<Table> table_ = std::make_shared<Table>();
  Attributes defaults_;
  std::vector<EntryLine> lines_;
  absl::flat_hash_map<std::string, int> line_of_tag_;
  absl::flat_hash_map<std::string, std::vector<AttributeWord>> options_;
  absl::flat_hash_set<std::string> bad_tags_;
  absl::flat_hash_map<std::string, int> given_;  // lines by name
  bool full_ = false;
  bool entries_ = true;  // and what is said of them
};

}  // namespace

Reading ReadTable(View text, bool compat) {
  return Reader().Read(text, compat);
}

std::string SocketIn(View text, bool compat) {
  return Reader().ReadSocket(text, compat);
}

}  // namespace isinit
