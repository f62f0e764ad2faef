// Tables for people: columns that line up.
#pragma once

#include <absl/strings/string_view.h>

#include <string>
#include <vector>

namespace text {

struct Cell {
  std::string text;  // may hold anything: it is made Clean
  // Parameters of the terminal's "select graphic rendition" (ECMA-48, 8.3.117),
  // such as "1" or "31", put around the text; "" for none. See cli::Paint.
  absl::string_view style = "";

  Cell(std::string t, absl::string_view s = "")
      : text(std::move(t)), style(s) {}
  Cell(const char* t) : text(t) {}
  Cell(absl::string_view t) : text(t) {}
};

class Columns {
 public:
  enum class Align {
    kAuto,  // right if every cell of the column is a number (or "" or "-")
    kLeft,
    kRight,
  };
  static constexpr size_t kNoLimit = static_cast<size_t>(-1);

  // Without heads there is no head line; then rows say how many columns there
  // are.
  explicit Columns(std::vector<Cell> heads = {}) : heads_(std::move(heads)) {}
  void AlignColumn(size_t column, Align align);
  // Missing cells at the end are empty.
  void Add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }

  // Lines of cells with two blanks between columns and none at the end, each
  // line closed by '\n' and at most `columns` wide (longer ones end in "…").
  // `indent` blanks go in front of each line.
  std::string Text(size_t columns = kNoLimit, size_t indent = 0) const;

 private:
  bool IsRight(size_t column) const;

  std::vector<Cell> heads_;
  std::vector<std::vector<Cell>> rows_;
  std::vector<Align> aligns_;
};

}  // namespace text
