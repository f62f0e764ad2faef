#include "power/inventory_lines.h"

#include <absl/strings/str_cat.h>

#include "power/limits.h"
#include "power/pcu_block.h"
#include "power/statement_parser.h"

namespace power {
namespace {

// What device files do not have, and `node`, which may say more here.
constexpr absl::string_view kItems[] = {"pcu", "node", "group", "parent",
                                        "protect"};

class LineReader {
 public:
  explicit LineReader(InventoryLines& lines) : lines_(lines) {}
  void Read(const DeviceToken& word, TokenStream& in);

 private:
  void ReadPcu(const Where& where, TokenStream& in);
  void ReadHosts(const Where& where, TokenStream& in);
  void ReadSet(const DeviceToken& word, TokenStream& in);
  std::vector<SetLine>& LinesOf(const DeviceToken& word);
  InventoryLines& lines_;
};

void LineReader::Read(const DeviceToken& word, TokenStream& in) {
  if (word.Is("pcu")) return ReadPcu(word.where, in);
  if (word.Is("node")) return ReadHosts(word.where, in);
  ReadSet(word, in);
}

void LineReader::ReadPcu(const Where& where, TokenStream& in) {
  Pcu pcu;
  pcu.where = where;
  const auto name = in.String("pcu");
  pcu.name = name.value_or("");
  std::vector<AssignmentLine> hosts;
  ReadPcuBlock(in, pcu, hosts);
  // What has no name was told already.
  if (!name) return;
  if (lines_.pcus.size() >= kMaxPcus) {
    if (lines_.pcus.size() == kMaxPcus) {
      in.problems().Error(where, "size",
                          absl::StrCat("more than ", kMaxPcus, " PCUs"));
    }
    return;
  }
  lines_.pcus.push_back(std::move(pcu));
  for (AssignmentLine& line : hosts) lines_.hosts.push_back(std::move(line));
}

void LineReader::ReadHosts(const Where& where, TokenStream& in) {
  AssignmentLine line;
  line.where = where;
  const auto names = in.String("node");
  if (!names) return;
  line.names = *names;
  if (in.TakeWord("feeds")) {
    while (in.token().kind == DeviceToken::Kind::kString) {
      line.feeds.push_back(in.Take().text);
    }
    if (line.feeds.empty()) return in.Missing("\"PCU/PLUG\"", "feeds");
  } else {
    const auto pcu = in.String("the names");
    if (!pcu) return;
    line.pcu = *pcu;
    if (in.token().kind == DeviceToken::Kind::kString) {
      line.plugs = in.Take().text;
    }
  }
  lines_.hosts.push_back(std::move(line));
}

std::vector<SetLine>& LineReader::LinesOf(const DeviceToken& word) {
  if (word.Is("group")) return lines_.groups;
  return word.Is("parent") ? lines_.parents : lines_.protects;
}

void LineReader::ReadSet(const DeviceToken& word, TokenStream& in) {
  const bool named = !word.Is("protect");
  SetLine line;
  line.where = word.where;
  if (named) {
    const auto name = in.String(word.text);
    if (!name) return;
    line.name = *name;
  }
  while (in.token().kind == DeviceToken::Kind::kString) {
    line.members.push_back(in.Take().text);
  }
  if (line.members.empty()) {
    return in.Missing(
        "a string",
        named ? absl::StrCat("the name of the ", word.text) : word.text);
  }
  std::vector<SetLine>& lines = LinesOf(word);
  if (lines.size() < kMaxHostSets) {
    lines.push_back(std::move(line));
  } else if (lines.size() == kMaxHostSets) {
    in.problems().Error(
        word.where, "size",
        absl::StrCat("more than ", kMaxHostSets, " lines of this kind"));
  }
}

}  // namespace

InventoryLines ReadInventoryLines(absl::string_view name,
                                  absl::string_view text, IncludeFile include) {
  InventoryLines lines;
  LineReader reader(lines);
  OtherItems others;
  others.words = kItems;
  others.read = [&](const DeviceToken& word, TokenStream& in) {
    reader.Read(word, in);
  };
  DeviceReading reading =
      ReadDeviceFile(name, text, std::move(include), others);
  lines.file = std::move(reading.file);
  lines.problems = std::move(reading.problems);
  return lines;
}

}  // namespace power
