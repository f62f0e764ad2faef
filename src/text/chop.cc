#include "text/chop.h"

#include <algorithm>

#include "base/limits.h"
#include "base/status.h"

namespace text {
namespace {

constexpr absl::string_view kWhite = " \t\n\r\v\f";
constexpr size_t npos = absl::string_view::npos;

// A walk through the fields of a value, which is not empty.
class Fields {
 public:
  Fields(absl::string_view value, absl::string_view separator)
      : value_(value), separator_(separator) {
    FindEnd();
  }

  size_t begin() const { return begin_; }
  size_t end() const { return end_; }
  size_t number() const { return number_; }
  bool AtLast() const { return next_ == npos; }
  // What goes away with a field that is removed.
  size_t separator_bytes() const {
    return separator_.empty() ? 1 : separator_.size();
  }
  absl::string_view field() const {
    return value_.substr(begin_, end_ - begin_);
  }

  void Next() {
    begin_ = next_;
    number_++;
    FindEnd();
  }

 private:
  void FindEnd() {
    end_ = separator_.empty() ? value_.find_first_of(kWhite, begin_)
                              : value_.find(separator_, begin_);
    if (end_ == npos) {
      end_ = value_.size();
      next_ = npos;
    } else {
      next_ = separator_.empty() ? value_.find_first_not_of(kWhite, end_)
                                 : end_ + separator_.size();
    }
  }

  absl::string_view value_, separator_;
  size_t begin_ = 0, end_ = 0, next_ = npos, number_ = 1;
};

// Without the empty fields at its end.
absl::string_view Stripped(absl::string_view value,
                           absl::string_view separator) {
  if (separator.empty()) {
    return value.substr(0, value.find_last_not_of(kWhite) + 1);
  }
  while (value.size() >= separator.size() &&
         value.substr(value.size() - separator.size()) == separator) {
    value.remove_suffix(separator.size());
  }
  return value;
}

// The value without the field of `at`. It may be a part of *scratch already,
// which assign() allows.
absl::string_view Without(const Fields& at, absl::string_view value,
                          std::string* scratch) {
  if (at.AtLast() && at.number() == 1) return value;
  const size_t separator = at.separator_bytes();
  const size_t from = at.AtLast() ? at.begin() - separator : at.begin();
  const size_t to = at.AtLast() ? at.end() : at.end() + separator;
  // The last field is not always the end: white space may follow.
  if (to == value.size()) return value.substr(0, from);
  if (from == 0) return value.substr(to);
  scratch->assign(value.data(), value.size());
  scratch->erase(from, to - from);
  return *scratch;
}

// The results of `chops` on each field. `value` may be a part of *scratch,
// which is therefore written last.
absl::string_view DiceEach(absl::string_view value, absl::string_view separator,
                           absl::Span<const Chop> chops, std::string* scratch) {
  value = Stripped(value, separator);
  if (value.empty()) return value;
  const absl::string_view glue = separator.empty() ? " " : separator;
  std::string joined, made;
  for (Fields fields(value, separator);; fields.Next()) {
    const absl::string_view result = Dice(fields.field(), chops, &made);
    joined.append(result.data(), result.size());
    if (fields.AtLast()) break;
    joined.append(glue.data(), glue.size());
  }
  *scratch = std::move(joined);
  return *scratch;
}

}  // namespace

absl::Status ReadChops(TemplateScanner& in, std::vector<Chop>* chops) {
  while (!in.TakeIf(']')) {
    if (in.AtDigit()) return in.Fail("a digit as separator needs a backslash");
    Chop chop;
    if (!in.TakeIf(' ')) {
      in.TakeIf('\\');
      chop.separator = in.TakeCharacter();
      if (chop.separator.empty()) {
        // Differs: the original took the rest of the template for pairs.
        return in.Fail("missing close bracket (])");
      }
    }
    if (in.TakeIf('@')) {
      chop.select = Chop::Select::kEach;
    } else {
      if (in.TakeIf('-')) chop.select = Chop::Select::kRemove;
      if (in.TakeIf('$')) {
        chop.field = Chop::kLast;
      } else if (in.AtDigit()) {
        chop.field = std::max<size_t>(in.TakeNumber(), 1);
      }
    }
    if (chops->size() == base::kMaxTemplateDepth) {
      return in.Fail("too many separators");
    }
    chops->push_back(chop);
  }
  return absl::OkStatus();
}

absl::string_view Dice(absl::string_view value, absl::Span<const Chop> chops,
                       std::string* scratch) {
  for (size_t i = 0; i < chops.size() && !value.empty(); i++) {
    const Chop& chop = chops[i];
    if (chop.select == Chop::Select::kEach) {
      return DiceEach(value, chop.separator, chops.subspan(i + 1), scratch);
    }
    Fields at(value, chop.separator);
    while (at.number() < chop.field && !at.AtLast()) at.Next();
    const bool found = at.number() == chop.field || chop.field == Chop::kLast;
    if (chop.select == Chop::Select::kKeep) {
      value = found ? at.field() : "";
    } else if (found) {
      value = Without(at, value, scratch);
    }
  }
  return value;
}

}  // namespace text
