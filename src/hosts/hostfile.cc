#include "hosts/hostfile.h"

#include <absl/strings/str_cat.h>

#include <optional>

#include "base/status.h"
#include "hosts/lexer.h"
#include "hosts/limits.h"

namespace hosts {
namespace {

using Kind = Token::Kind;

class HostFileReader {
 public:
  HostFileReader(absl::string_view file, absl::string_view text, Joiner& joiner,
                 Table& table, Remarks& remarks)
      : lexer_(file, text, &lexer_warnings_),
        joiner_(joiner),
        table_(table),
        remarks_(remarks) {}

  absl::Status Read() {
    absl::Status status = Lines();
    // A file that is all wrong need not say so on every line.
    constexpr size_t kMost = kMaxFileWarnings;
    if (lexer_warnings_.size() == kMost) {
      lexer_warnings_.push_back("more warnings of this kind are left out");
    }
    remarks_.warnings.insert(remarks_.warnings.end(), lexer_warnings_.begin(),
                             lexer_warnings_.end());
    if (no_key_ > kMost) {
      remarks_.warnings.push_back(
          absl::StrCat(no_key_ - kMost, " more rows with no ", table_.key()));
    }
    return status;
  }

  void Warn(int line, absl::string_view what) {
    remarks_.warnings.push_back(lexer_.At(line, what));
  }

 private:
  absl::Status Wrong(int line, absl::string_view what) const {
    return absl::InvalidArgumentError(lexer_.At(line, what));
  }
  absl::Status AtLine(int line, const absl::Status& status) const {
    return status.ok() ? status : Wrong(line, status.message());
  }
  static bool EndsLine(const Token& t) {
    return t.kind == Kind::kNewline || t.kind == Kind::kEnd;
  }

  absl::Status Lines() {
    for (;;) {
      Token token;
      TRY(lexer_.Next(&token));
      switch (token.kind) {
        case Kind::kEnd:
          return absl::OkStatus();
        case Kind::kNewline:
          break;
        case Kind::kHeader:
          TRY(Header());
          break;
        case Kind::kEquals:
          return Wrong(token.line, "stray operator '='");
        case Kind::kUnset:
        case Kind::kString:
        case Kind::kWord:
          TRY(RowOrAssignment(token));
          break;
      }
    }
  }

  absl::Status Header() {
    std::vector<uint32_t> columns;
    for (;;) {
      Token token;
      TRY(lexer_.Next(&token));
      if (EndsLine(token)) break;
      if (columns.size() == kMaxColumns) {
        return Wrong(token.line,
                     absl::StrCat("more than ", kMaxColumns, " columns"));
      }
      if (token.kind == Kind::kUnset) {
        columns.push_back(Joiner::kDropped);
      } else if (token.kind == Kind::kHeader) {
        columns.push_back(0);
      } else if (token.kind == Kind::kWord && token.is_name) {
        const absl::StatusOr<uint32_t> name = joiner_.Name(token.text);
        TRY(AtLine(token.line, name.status()));
        columns.push_back(*name);
      } else {
        return Wrong(
            token.line,
            absl::StrCat("a header must include only m4 macro names, not '",
                         token.kind == Kind::kEquals ? "=" : token.text, "'"));
      }
    }
    joiner_.Header(std::move(columns));
    return absl::OkStatus();
  }

  absl::Status RowOrAssignment(const Token& first) {
    // What a string's token points to is gone with the next one.
    const std::string text(first.text);
    Token next;
    TRY(lexer_.Next(&next));
    if (first.kind == Kind::kWord && next.kind == Kind::kEquals) {
      if (!first.is_name) {
        return Wrong(first.line, absl::StrCat("'", text,
                                              "' cannot be the name of a "
                                              "macro"));
      }
      return Assignment(text, first.line);
    }
    std::optional<absl::string_view> value;
    if (first.kind != Kind::kUnset) value = text;
    TRY(AddColumn(0, first.line, value));
    size_t column = 1;
    while (!EndsLine(next)) {
      if (next.kind == Kind::kEquals) {
        return Wrong(next.line, "extra field: a '=' in a row must be quoted");
      }
      if (next.kind == Kind::kHeader) {
        return Wrong(next.line,
                     "extra field: a '%' that begins a value must "
                     "be quoted");
      }
      value = std::nullopt;
      if (next.kind != Kind::kUnset) value = next.text;
      TRY(AddColumn(column++, next.line, value));
      TRY(lexer_.Next(&next));
    }
    const size_t columns = joiner_.columns().size();
    if (column < columns && remarks_.want_missing) {
      remarks_.missing.push_back(lexer_.At(
          first.line, absl::StrCat("the row of '", text, "' has ", column,
                                   " of ", columns, " columns")));
    }
    for (; column < columns; column++) joiner_.Column(column, std::nullopt);
    const absl::StatusOr<bool> added = joiner_.EndRow();
    TRY(AtLine(first.line, added.status()));
    if (!*added && ++no_key_ <= kMaxFileWarnings) {
      Warn(first.line, absl::StrCat("no ", table_.key(), " value defined"));
    }
    return absl::OkStatus();
  }

  absl::Status AddColumn(size_t column, int line,
                         std::optional<absl::string_view> value) {
    if (column == joiner_.columns().size()) {
      return absl::FailedPreconditionError(lexer_.At(
          line, absl::StrCat("out of columns for value '",
                             value ? *value : absl::string_view("."), "'")));
    }
    joiner_.Column(column, value);
    return absl::OkStatus();
  }

  absl::Status Assignment(const std::string& name, int line) {
    const absl::StatusOr<uint32_t> number = joiner_.Name(name);
    TRY(AtLine(line, number.status()));
    Token value;
    TRY(lexer_.Next(&value));
    switch (value.kind) {
      case Kind::kUnset:
        joiner_.Assign(*number, std::nullopt, line);
        break;
      case Kind::kString:
      case Kind::kWord:
        joiner_.Assign(*number, value.text, line);
        break;
      case Kind::kNewline:
      case Kind::kEnd:
        return Wrong(line, absl::StrCat(name,
                                        "=: a value is missing; `' is "
                                        "the empty one"));
      case Kind::kEquals:
      case Kind::kHeader:
        return Wrong(line, absl::StrCat(name, "=: a value that begins with '",
                                        value.kind == Kind::kHeader ? "%" : "=",
                                        "' must be quoted"));
    }
    // Differs: the original takes only the first value, and what follows for
    // another row.
    Token end;
    TRY(lexer_.Next(&end));
    if (EndsLine(end)) return absl::OkStatus();
    return Wrong(end.line, absl::StrCat(name,
                                        "=: only one value, please; one "
                                        "with blanks must be quoted"));
  }

  std::vector<std::string> lexer_warnings_;
  Lexer lexer_;
  Joiner& joiner_;
  Table& table_;
  Remarks& remarks_;
  size_t no_key_ = 0;
};

}  // namespace

absl::Status ReadHostFile(absl::string_view file, absl::string_view text,
                          FileKind kind, Joiner& joiner, Table& table,
                          Remarks& remarks) {
  joiner.BeginFile(kind);
  HostFileReader reader(file, text, joiner, table, remarks);
  TRY(reader.Read());
  for (const Joiner::LostDefault& lost : joiner.EndFile()) {
    reader.Warn(lost.line,
                absl::StrCat("the default of ", table.Name(lost.name),
                             " is lost, since it is a column of the last "
                             "header; end the rows with a line '%%'"));
  }
  return absl::OkStatus();
}

}  // namespace hosts
