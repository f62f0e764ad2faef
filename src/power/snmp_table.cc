#include "power/snmp_table.h"

#include <absl/algorithm/container.h>
#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <utility>
#include <vector>

#include "base/status.h"
#include "power/limits.h"
#include "text/utf8.h"

namespace power {
namespace {

using Kind = Setting::Value::Kind;

absl::Status Wrong(absl::string_view what) {
  return absl::InvalidArgumentError(what);
}

// Numbers and $1, $2, $3, of which none is left out, with dots between them.
bool IsObject(absl::string_view text) {
  absl::ConsumePrefix(&text, ".");
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '.');
  if (parts.size() > kMaxSnmpOidParts) return false;
  bool has[3] = {};
  for (const absl::string_view part : parts) {
    uint32_t number = 0;
    if (part.size() == 2 && part[0] == '$' && part[1] >= '1' &&
        part[1] <= '3') {
      has[part[1] - '1'] = true;
    } else if (part.empty() || !absl::c_all_of(part, absl::ascii_isdigit) ||
               !absl::SimpleAtoi(part, &number)) {
      return false;
    }
  }
  return (!has[2] || has[1]) && (!has[1] || has[0]);
}

class Reader {
 public:
  Reader(const SettingsBlock& block, SnmpTable& table) : table_(table) {
    // A line is a word and its values; `set` may stand behind those of `get`.
    for (const Setting& line : block.lines) {
      words_.push_back({Kind::kWord, line.name});
      words_.insert(words_.end(), line.values.begin(), line.values.end());
    }
  }

  absl::Status Read() {
    while (at_ < words_.size()) {
      const std::string what = words_[at_++].text;
      if (what != "get" && what != "set") {
        return Wrong(
            absl::StrCat("'", text::Clean(what), "' is neither get nor set"));
      }
      TRY_ASSIGN(const absl::string_view object, Object(what));
      TRY(what == "get" ? ReadGet(object) : ReadSet(object));
    }
    const SnmpFamily& family = table_.family;
    if (family.read.empty()) return Wrong("a table of SNMP wants a get");
    if (family.on.empty() || family.off.empty()) {
      return Wrong("get says neither what on is nor what off is");
    }
    return absl::OkStatus();
  }

 private:
  // Whether it begins another line.
  bool IsNext() const {
    return at_ == words_.size() || words_[at_].text == "get" ||
           words_[at_].text == "set";
  }

  absl::StatusOr<absl::string_view> Object(absl::string_view what) {
    if (at_ == words_.size() || words_[at_].kind != Kind::kString) {
      return Wrong(absl::StrCat(what, " wants an object in quotes"));
    }
    std::string text = words_[at_++].text;
    if (absl::StartsWith(text, "1.3.6.1.")) text.insert(0, ".");
    if (!IsObject(text)) {
      return Wrong(absl::StrCat("'", text::Clean(text), "' is no object"));
    }
    if (!absl::StrContains(text, "$1")) {
      return Wrong(absl::StrCat("the object of ", what, " names no plug: $1"));
    }
    return absl::string_view(table_.texts.emplace_back(std::move(text)));
  }

  absl::StatusOr<std::vector<int>> Numbers(const std::string& word) {
    std::vector<int> numbers;
    while (at_ < words_.size() && words_[at_].kind == Kind::kNumber) {
      int number = 0;
      if (!absl::SimpleAtoi(words_[at_++].text, &number)) {
        return Wrong(absl::StrCat(word, " wants whole numbers"));
      }
      numbers.push_back(number);
    }
    if (numbers.empty()) return Wrong(absl::StrCat(word, " wants a number"));
    return numbers;
  }

  absl::Status ReadGet(absl::string_view object) {
    SnmpFamily& family = table_.family;
    if (!family.read.empty()) return Wrong("a second get");
    family.read = object;
    while (!IsNext()) {
      const std::string word = words_[at_++].text;
      absl::string_view* state = word == "on"        ? &family.on
                                 : word == "off"     ? &family.off
                                 : word == "pending" ? &family.pending
                                                     : nullptr;
      if (state == nullptr || !state->empty()) return NoState("get", word);
      TRY_ASSIGN(const std::vector<int> numbers, Numbers(word));
      std::string& text = table_.texts.emplace_back();
      for (const int number : numbers) {
        absl::StrAppend(&text, text.empty() ? "" : " ", number);
      }
      *state = text;
    }
    return absl::OkStatus();
  }

  absl::Status ReadSet(absl::string_view object) {
    SnmpFamily& family = table_.family;
    while (!IsNext()) {
      const std::string word = words_[at_++].text;
      SnmpWrite* write = word == "on"      ? &family.turn_on
                         : word == "off"   ? &family.turn_off
                         : word == "cycle" ? &family.cycle
                                           : nullptr;
      if (write == nullptr || !write->object.empty()) {
        return NoState("set", word);
      }
      TRY_ASSIGN(const std::vector<int> numbers, Numbers(word));
      if (numbers.size() != 1) {
        return Wrong(absl::StrCat("set ", word, " wants one number"));
      }
      *write = {object, numbers[0]};
    }
    return absl::OkStatus();
  }

  static absl::Status NoState(absl::string_view what, const std::string& word) {
    return Wrong(absl::StrCat("'", text::Clean(word), "' is none of ", what,
                              "'s words, or is there twice"));
  }

  SnmpTable& table_;
  std::vector<Setting::Value> words_;
  size_t at_ = 0;
};

}  // namespace

bool IsSnmpTable(const SettingsBlock& block) {
  for (const Setting& line : block.lines) {
    if (line.name == "get" || line.name == "set") return true;
  }
  return false;
}

absl::StatusOr<std::shared_ptr<const SnmpTable>> ReadSnmpTable(
    const SettingsBlock& block, absl::string_view name) {
  auto table = std::make_shared<SnmpTable>();
  TRY(Reader(block, *table).Read());
  table->family.name = table->texts.emplace_back(name);
  return std::shared_ptr<const SnmpTable>(std::move(table));
}

}  // namespace power
