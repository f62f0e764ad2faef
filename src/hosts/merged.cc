#include "hosts/merged.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>

#include <optional>

#include "hosts/name.h"

namespace hosts {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n'; }
bool IsSpace(char c) {
  return absl::ascii_isspace(static_cast<unsigned char>(c));
}
bool IsControl(char c) {
  return absl::ascii_iscntrl(static_cast<unsigned char>(c));
}

// The first column of a line, or any, may be `value` as it is.
bool IsBare(absl::string_view value) {
  // Differs: the original writes a leading % bare, which is a header's when
  // it is read.
  if (value.empty() || value[0] == '.' || value[0] == '%') return false;
  for (char c : value) {
    if (IsSpace(c) || IsControl(c) ||
        absl::string_view("=#\"'`\\").find(c) != absl::string_view::npos) {
      return false;
    }
  }
  return true;
}

// Whether quotes in it nest, so that `value' ends where it should.
// Differs: the original only counts them, so that '` passes.
bool Nests(absl::string_view value) {
  int depth = 0;
  for (char c : value) {
    if (c == '`') depth++;
    if (c == '\'' && --depth < 0) return false;
    if (IsControl(c) && !IsSpace(c)) return false;
    // A carriage return is easily lost on the way.
    if (c == '\r') return false;
  }
  return depth == 0;
}

std::string CString(absl::string_view value) {
  std::string out = "\"";
  for (char c : value) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (IsControl(c)) {
      const int byte = static_cast<unsigned char>(c);
      out += {'\\', static_cast<char>('0' + byte / 64),
              static_cast<char>('0' + byte / 8 % 8),
              static_cast<char>('0' + byte % 8)};
    } else {
      out += c;
    }
  }
  return out + '"';
}

// A column: pieces of text and, between them, names of attributes.
struct MergedColumn {
  std::string before;  // blanks that stand in front of it
  std::string header;
  struct Part {
    std::string text;
    bool is_name = false;
    std::optional<uint32_t> name;  // none: nobody has it
  };
  std::vector<Part> parts;
  bool is_key = false;
};

std::vector<MergedColumn> ParseColumns(const Table& table,
                                       absl::string_view words) {
  std::vector<MergedColumn> columns;
  size_t at = 0;
  for (;;) {
    MergedColumn column;
    while (at < words.size() && IsBlank(words[at])) {
      // A newline would end the header.
      column.before += words[at] == '\n' ? ' ' : words[at];
      at++;
    }
    if (at == words.size()) return columns;
    if (words[at] >= '0' && words[at] <= '9') column.header = "d";
    while (at < words.size() && !IsBlank(words[at])) {
      const bool is_name = IsNameByte(words[at]);
      const size_t begin = at;
      while (at < words.size() && !IsBlank(words[at]) &&
             IsNameByte(words[at]) == is_name) {
        at++;
      }
      const absl::string_view text = words.substr(begin, at - begin);
      absl::StrAppend(&column.header, is_name ? text : absl::string_view("_"));
      column.parts.push_back({std::string(text), is_name,
                              is_name ? table.FindName(text) : std::nullopt});
    }
    column.is_key = column.parts.size() == 1 && column.header == table.key();
    columns.push_back(std::move(column));
  }
}

// A header unsets what was assigned in front of it. So a column that is also
// defined on the command line holds that value, for hosts without one.
std::optional<absl::string_view> Defined(
    absl::Span<const Definition> definitions, absl::string_view name) {
  std::optional<absl::string_view> value;
  for (const Definition& d : definitions) {
    if (d.name != name) continue;
    value.reset();
    if (!d.undefine && !d.secret) value = d.value;
  }
  return value;
}

std::string CellOf(const Table& table, size_t host, const MergedColumn& column,
                   absl::Span<const Definition> definitions) {
  if (column.is_key) return QuoteValue(table.HostName(host));
  std::string value;
  bool any = false;
  for (const MergedColumn::Part& part : column.parts) {
    if (!part.is_name) {
      value += part.text;
      continue;
    }
    auto of_host = part.name ? table.Get(host, *part.name)
                             : std::optional<absl::string_view>();
    if (!of_host && column.parts.size() == 1) {
      of_host = Defined(definitions, part.text);
    }
    any = any || of_host;
    absl::StrAppend(&value, of_host ? *of_host : absl::string_view("."));
  }
  return any ? QuoteValue(value) : ".";
}

}  // namespace

std::string QuoteValue(absl::string_view value) {
  if (IsBare(value)) return std::string(value);
  if (Nests(value)) return absl::StrCat("`", value, "'");
  return CString(value);
}

std::string MergedFile(const Table& table, absl::Span<const size_t> elected,
                       absl::string_view words,
                       absl::Span<const Definition> definitions) {
  std::string out;
  for (const Definition& d : definitions) {
    if (d.undefine) continue;
    if (d.secret || !IsMacroName(d.name)) {
      // Not even the name may break the line it stands on.
      out += '#';
      for (char c : d.name) out += IsControl(c) ? '_' : c;
      out += '\n';
    } else {
      absl::StrAppend(&out, d.name, "=", QuoteValue(d.value), "\n");
    }
  }
  std::vector<MergedColumn> columns = ParseColumns(table, words);
  bool has_key = false;
  for (const MergedColumn& c : columns) has_key = has_key || c.is_key;
  if (!has_key) {
    MergedColumn key;
    key.header = std::string(table.key());
    key.is_key = true;
    if (!columns.empty() && columns[0].before.empty()) {
      columns[0].before = columns.size() > 1 ? columns[1].before : " ";
    }
    columns.insert(columns.begin(), std::move(key));
  } else {
    columns[0].before.clear();
  }
  out += '%';
  for (const MergedColumn& c : columns) {
    absl::StrAppend(&out, c.before, c.header);
  }
  out += '\n';
  for (size_t host : elected) {
    for (const MergedColumn& c : columns) {
      absl::StrAppend(&out, c.before, CellOf(table, host, c, definitions));
    }
    out += '\n';
  }
  return out;
}

}  // namespace hosts
