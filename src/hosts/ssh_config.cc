#include <absl/container/flat_hash_set.h>
#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <optional>

#include "base/status.h"
#include "base/strings.h"
#include "hosts/inventory.h"
#include "hosts/limits.h"

namespace hosts {
namespace {

// What is looked for, and what it becomes.
constexpr struct {
  absl::string_view keyword, attribute;
} kSettings[] = {
    {"hostname", "HOSTNAME"}, {"user", "ENTRY_LOGIN"}, {"port", "PORT"}};
constexpr size_t kSettingCount = 3;
constexpr size_t kHostName = 0;

// A Host or Match line, or the place before the first; what is included stands
// inside the block that includes it.
struct Block {
  enum class Kind { kAlways, kNever, kHost, kMatchHost, kMatchOriginalHost };
  Kind kind = Kind::kAlways;
  std::vector<std::string> patterns;
  size_t outer = 0;  // block 0 is the root
};

struct Setting {
  size_t block, which;
  std::string value;
};

bool Matches(absl::Span<const std::string> patterns, absl::string_view name) {
  const std::string folded = absl::AsciiStrToLower(name);
  bool matches = false;
  for (const std::string& pattern : patterns) {
    const bool negated = pattern[0] == '!';
    const std::string glob =
        absl::AsciiStrToLower(absl::string_view(pattern).substr(negated));
    if (!base::GlobMatch(glob, folded)) continue;
    if (negated) return false;
    matches = true;
  }
  return matches;
}

class SshConfigReader {
 public:
  explicit SshConfigReader(const FindIncluded& find_included)
      : find_included_(find_included) {
    blocks_.emplace_back();
  }

  absl::Status ReadFile(absl::string_view file, absl::string_view text,
                        size_t outer, int depth) {
    if (depth > kMaxIncludeDepth) {
      from_below_ = true;
      return absl::InvalidArgumentError(
          absl::StrCat(file, ": files include each other more than ",
                       kMaxIncludeDepth, " deep"));
    }
    if (++files_ > kMaxIncludedFiles) {
      from_below_ = true;
      return absl::InvalidArgumentError(
          absl::StrCat(file, ": more than ", kMaxIncludedFiles, " files"));
    }
    size_t block = outer;
    int number = 0;
    for (absl::string_view line : absl::StrSplit(text, '\n')) {
      number++;
      const absl::Status status = Line(line, outer, depth, block);
      if (!status.ok()) {
        // What an included file says has its own place in front already.
        if (from_below_) return status;
        from_below_ = depth > 0;
        return absl::InvalidArgumentError(
            absl::StrCat(file, ":", number, ": ", status.message()));
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<InventoryHost>> Hosts() {
    if (names_.size() * (blocks_.size() + settings_.size()) >
        kMaxInventorySteps * 40) {
      return absl::InvalidArgumentError("too many hosts and settings");
    }
    std::vector<InventoryHost> hosts;
    std::vector<signed char> holds;
    for (const std::string& name : names_) hosts.push_back(HostOf(name, holds));
    return hosts;
  }

 private:
  // The words of a line: blanks, or one '=' behind the first, separate them,
  // and "..." groups.
  static absl::StatusOr<std::vector<std::string>> Words(
      absl::string_view line) {
    std::vector<std::string> words;
    size_t i = 0;
    const auto skip = [&] {
      while (i < line.size() &&
             absl::ascii_isspace(static_cast<unsigned char>(line[i]))) {
        i++;
      }
    };
    for (;;) {
      skip();
      if (words.size() == 1 && i < line.size() && line[i] == '=') {
        i++;
        skip();
      }
      if (i == line.size() || line[i] == '#') return words;
      std::string word;
      if (line[i] == '"') {
        const size_t end = line.find('"', i + 1);
        if (end == absl::string_view::npos) {
          return absl::InvalidArgumentError("the \" is never closed");
        }
        word = std::string(line.substr(i + 1, end - i - 1));
        i = end + 1;
      } else {
        while (i < line.size() &&
               !absl::ascii_isspace(static_cast<unsigned char>(line[i])) &&
               !(words.empty() && line[i] == '=')) {
          word += line[i++];
        }
      }
      words.push_back(std::move(word));
    }
  }

  absl::Status Line(absl::string_view line, size_t outer, int depth,
                    size_t& block) {
    if (line.find('\0') != absl::string_view::npos) {
      return absl::InvalidArgumentError("a NUL");
    }
    TRY_ASSIGN(std::vector<std::string> words, Words(line));
    if (words.empty()) return absl::OkStatus();
    const std::string keyword = absl::AsciiStrToLower(words[0]);
    words.erase(words.begin());
    const bool known = keyword == "host" || keyword == "match" ||
                       keyword == "include" || IndexOf(keyword).has_value();
    if (!known) return absl::OkStatus();
    if (words.empty() || words[0].empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat(keyword, ": a value is missing"));
    }
    if (keyword == "host") {
      for (const std::string& name : words) {
        if (name.empty()) return absl::InvalidArgumentError("an empty name");
        if (name.find_first_of("*?!") == std::string::npos &&
            known_.insert(absl::AsciiStrToLower(name)).second) {
          if (names_.size() == kMaxHosts) {
            return absl::InvalidArgumentError("too many hosts");
          }
          names_.push_back(name);
        }
      }
      blocks_.push_back({Block::Kind::kHost, std::move(words), outer});
      block = blocks_.size() - 1;
    } else if (keyword == "match") {
      blocks_.push_back(MatchBlock(words, outer));
      block = blocks_.size() - 1;
    } else if (keyword == "include") {
      for (const std::string& pattern : words) {
        TRY_ASSIGN(const std::vector<IncludedFile> files,
                   find_included_(pattern));
        for (const IncludedFile& file : files) {
          TRY(ReadFile(file.name, file.text, block, depth + 1));
        }
      }
    } else {
      settings_.push_back({block, *IndexOf(keyword), std::move(words[0])});
    }
    return absl::OkStatus();
  }

  static std::optional<size_t> IndexOf(absl::string_view keyword) {
    for (size_t i = 0; i < kSettingCount; i++) {
      if (kSettings[i].keyword == keyword) return i;
    }
    return std::nullopt;
  }

  static Block MatchBlock(absl::Span<const std::string> words, size_t outer) {
    Block block;
    block.outer = outer;
    block.kind = Block::Kind::kNever;
    const std::string criterion = absl::AsciiStrToLower(words[0]);
    if (words.size() == 1 && criterion == "all") {
      block.kind = Block::Kind::kAlways;
    } else if (words.size() == 2 &&
               (criterion == "host" || criterion == "originalhost")) {
      block.kind = criterion == "host" ? Block::Kind::kMatchHost
                                       : Block::Kind::kMatchOriginalHost;
      block.patterns = absl::StrSplit(words[1], ',', absl::SkipEmpty());
    }
    return block;
  }

  InventoryHost HostOf(const std::string& name,
                       std::vector<signed char>& holds) const {
    std::optional<std::string> found[kSettingCount];
    const auto current_name = [&] {
      return found[kHostName] ? *found[kHostName] : name;
    };
    // By block; -1 as long as it is not known. A block stands behind the one it
    // is in, and conditions are looked at in the order of the lines, since
    // `Match host` depends on what was found by then.
    holds.assign(blocks_.size(), -1);
    const auto block_holds = [&](size_t at) {
      // Outermost first, without recursion: blocks nest as files do.
      std::vector<size_t> chain;
      for (size_t b = at; holds[b] < 0; b = blocks_[b].outer) {
        chain.push_back(b);
        if (b == 0) break;
      }
      for (; !chain.empty(); chain.pop_back()) {
        const size_t b = chain.back();
        const Block& block = blocks_[b];
        bool is = b == 0 || holds[block.outer] == 1;
        switch (block.kind) {
          case Block::Kind::kAlways:
            break;
          case Block::Kind::kNever:
            is = false;
            break;
          case Block::Kind::kHost:
          case Block::Kind::kMatchOriginalHost:
            is = is && Matches(block.patterns, name);
            break;
          case Block::Kind::kMatchHost:
            is = is && Matches(block.patterns, current_name());
            break;
        }
        holds[b] = is;
      }
      return holds[at] == 1;
    };
    for (const Setting& setting : settings_) {
      if (found[setting.which] || !block_holds(setting.block)) continue;
      found[setting.which] = setting.value;
      if (setting.which == kHostName) {
        found[kHostName] =
            absl::StrReplaceAll(setting.value, {{"%h", name}, {"%%", "%"}});
      }
    }
    InventoryHost host;
    host.name = name;
    for (size_t i = 0; i < kSettingCount; i++) {
      if (found[i]) {
        host.attributes.emplace_back(kSettings[i].attribute, *found[i]);
      }
    }
    return host;
  }

  const FindIncluded& find_included_;
  size_t files_ = 0;
  bool from_below_ = false;
  std::vector<Block> blocks_;
  std::vector<Setting> settings_;
  std::vector<std::string> names_;
  absl::flat_hash_set<std::string> known_;
};

}  // namespace

absl::StatusOr<std::vector<InventoryHost>> ReadSshConfig(
    absl::string_view file, absl::string_view text,
    const FindIncluded& find_included) {
  SshConfigReader reader(find_included);
  TRY(reader.ReadFile(file, text, 0, 0));
  return reader.Hosts();
}

}  // namespace hosts
