#include "fanout/pool_text.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_split.h>

#include <algorithm>

#include "base/bytes.h"
#include "text/json.h"
#include "text/utf8.h"
#include "text/words.h"

namespace fanout {
namespace {

void WriteBytes(absl::string_view bytes, text::JsonWriter& json) {
  if (text::IsUtf8(bytes)) {
    json.String(bytes);
  } else {
    json.BeginObject().Key("b64").String(base::Base64(bytes)).EndObject();
  }
}

}  // namespace

std::string PoolText(absl::string_view program, const PoolTable& table) {
  size_t longest = 0, space = 0;
  for (const PoolTable::Row& row : table.rows) {
    longest = std::max(longest, row.token.size());
    space += row.token.size() + 1;
  }
  std::string out = absl::StrCat(
      program, ": master has ", table.rows.size(), " tokens, max length ",
      longest, " (total space ", space, ")\n Master tokens from ",
      table.from_file ? "file" : "the internal function", ": ", table.source,
      "\n Index\tLock\tTokens (request in groups of ", table.group, ")\n");
  for (const PoolTable::Row& row : table.rows) {
    absl::StrAppendFormat(&out, "%6d\t%d\t%s\n", row.index, row.holder,
                          row.token);
  }
  return out;
}

std::string HoldersText(const PoolTable& table) {
  std::string out = " Index\tLock\tToken\tCommand\n";
  for (const PoolTable::Row& row : table.rows) {
    if (row.holder == 0) continue;
    absl::StrAppendFormat(&out, "%6d\t%d\t%s\t%s\n", row.index, row.holder,
                          row.token,
                          row.command.empty() ? "-" : text::Clean(row.command));
  }
  return out;
}

std::string PoolJson(const PoolTable& table, bool held_only,
                     bool with_commands) {
  text::JsonWriter json(text::JsonWriter::Layout::kPretty);
  json.BeginObject().Key("source");
  if (table.from_file) {
    WriteBytes(table.source, json);
  } else {
    json.Null();
  }
  json.Key("group").Int(table.group).Key("tokens").BeginArray();
  for (const PoolTable::Row& row : table.rows) {
    if (held_only && row.holder == 0) continue;
    json.BeginObject().Key("index").Int(row.index).Key("token");
    WriteBytes(row.token, json);
    json.Key("holder");
    if (row.holder != 0) {
      json.Int(row.holder);
    } else {
      json.Null();
    }
    if (with_commands) {
      json.Key("command");
      if (row.command.empty()) {
        json.Null();
      } else {
        WriteBytes(row.command, json);
      }
    }
    json.EndObject();
  }
  json.EndArray().EndObject();
  return json.Take();
}

std::string CommandLineText(absl::string_view cmdline) {
  if (!cmdline.empty() && cmdline.back() == '\0') cmdline.remove_suffix(1);
  if (cmdline.empty()) return "";
  const std::vector<std::string> words = absl::StrSplit(cmdline, '\0');
  return text::JoinWords(words);
}

}  // namespace fanout
