#include "text/columns.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "text/utf8.h"

namespace text {
namespace {

bool IsNumber(absl::string_view text) {
  if (text.empty() || text == "-") return true;
  if (text[0] == '-' || text[0] == '+') text.remove_prefix(1);
  return !text.empty() && text[0] >= '0' && text[0] <= '9' &&
         text.find_first_not_of("0123456789.,%") == absl::string_view::npos;
}

}  // namespace

void Columns::AlignColumn(size_t column, Align align) {
  if (aligns_.size() <= column) aligns_.resize(column + 1, Align::kAuto);
  aligns_[column] = align;
}

bool Columns::IsRight(size_t column) const {
  const Align align = column < aligns_.size() ? aligns_[column] : Align::kAuto;
  if (align != Align::kAuto) return align == Align::kRight;
  bool any = false;
  for (const std::vector<Cell>& row : rows_) {
    if (column >= row.size()) continue;
    if (!IsNumber(row[column].text)) return false;
    any = any ||
          row[column].text.find_first_of("0123456789") != std::string::npos;
  }
  return any;
}

std::string Columns::Text(size_t columns, size_t indent) const {
  std::vector<const std::vector<Cell>*> lines;
  if (!heads_.empty()) lines.push_back(&heads_);
  for (const std::vector<Cell>& row : rows_) lines.push_back(&row);

  std::vector<size_t> widths;
  for (const std::vector<Cell>* line : lines) {
    if (widths.size() < line->size()) widths.resize(line->size());
    for (size_t i = 0; i < line->size(); i++) {
      widths[i] = std::max(widths[i], Width(Clean((*line)[i].text)));
    }
  }
  std::vector<bool> right(widths.size());
  for (size_t i = 0; i < widths.size(); i++) right[i] = IsRight(i);

  std::string out;
  for (const std::vector<Cell>* line : lines) {
    // Blanks are owed until something follows them, so that none ends a line.
    size_t at = 0, owed = indent;
    for (size_t i = 0; i < line->size(); i++) {
      const std::string whole = Clean((*line)[i].text);
      const size_t pad = widths[i] - Width(whole);
      if (right[i]) owed += pad;
      if (!whole.empty()) {
        if (at + owed >= columns) break;
        const std::string text = Cut(whole, columns - at - owed);
        out.append(owed, ' ');
        at += owed + Width(text);
        owed = 0;
        if ((*line)[i].style.empty()) {
          out += text;
        } else {
          absl::StrAppend(&out, "\x1b[", (*line)[i].style, "m", text,
                          "\x1b[0m");
        }
      }
      if (!right[i]) owed += pad;
      owed += 2;
    }
    out += '\n';
  }
  return out;
}

}  // namespace text
