#include "hosts/listing.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>

#include "text/columns.h"
#include "text/json.h"

namespace hosts {
namespace {

std::string CsvField(absl::string_view text) {
  if (!text.empty() &&
      text.find_first_of(",\"\r\n") == absl::string_view::npos) {
    return std::string(text);
  }
  std::string out = "\"";
  for (char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

}  // namespace

std::vector<uint32_t> ListedNames(const Table& table,
                                  absl::Span<const size_t> elected,
                                  absl::string_view words) {
  std::vector<uint32_t> names = {0};
  std::vector<bool> listed(table.name_count());
  listed[0] = true;
  if (!words.empty()) {
    for (absl::string_view word :
         absl::StrSplit(words, absl::ByAnyChar(" \t\n,"), absl::SkipEmpty())) {
      const auto name = table.FindName(word);
      if (name && !listed[*name]) names.push_back(*name);
      if (name) listed[*name] = true;
    }
    return names;
  }
  for (size_t host : elected) {
    for (const Attribute& a : table.Attributes(host)) listed[a.name] = true;
  }
  for (uint32_t name = 1; name < listed.size(); name++) {
    if (listed[name]) names.push_back(name);
  }
  return names;
}

std::string JsonListing(const Table& table, absl::Span<const size_t> elected,
                        absl::Span<const uint32_t> names) {
  text::JsonWriter out(text::JsonWriter::Layout::kPretty);
  out.BeginArray();
  for (size_t host : elected) {
    out.BeginObject();
    for (uint32_t name : names) {
      const std::optional<absl::string_view> value =
          name == 0 ? table.HostName(host) : table.Get(host, name);
      if (value) out.Key(table.Name(name)).String(*value);
    }
    out.EndObject();
  }
  out.EndArray();
  return out.Take();
}

std::string CsvListing(const Table& table, absl::Span<const size_t> elected,
                       absl::Span<const uint32_t> names) {
  std::string out;
  for (size_t i = 0; i < names.size(); i++) {
    absl::StrAppend(&out, i == 0 ? "" : ",", table.Name(names[i]));
  }
  out += '\n';
  for (size_t host : elected) {
    for (size_t i = 0; i < names.size(); i++) {
      if (i > 0) out += ',';
      const auto value =
          names[i] == 0 ? table.HostName(host) : table.Get(host, names[i]);
      if (value) out += CsvField(*value);
    }
    out += '\n';
  }
  return out;
}

std::string TableListing(const Table& table, absl::Span<const size_t> elected,
                         absl::Span<const uint32_t> names) {
  std::vector<text::Cell> heads;
  for (uint32_t name : names) heads.push_back(table.Name(name));
  text::Columns columns(std::move(heads));
  for (size_t host : elected) {
    std::vector<text::Cell> row;
    for (uint32_t name : names) {
      const std::optional<absl::string_view> value =
          name == 0 ? table.HostName(host) : table.Get(host, name);
      row.push_back(value ? *value : absl::string_view("."));
    }
    columns.Add(std::move(row));
  }
  return columns.Text();
}

}  // namespace hosts
