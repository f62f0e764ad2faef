#include "unit/text/slow_dicer.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

namespace text {
namespace {

using std::string;
using Strings = std::vector<string>;

// --- Characters -------------------------------------------------------------

int ByteAt(const string& s, size_t i) {
  return i < s.size() ? static_cast<unsigned char>(s[i]) : -1;
}

// RFC 3629, section 4, line by line; 0 where there is no character.
size_t Utf8Bytes(const string& s, size_t i) {
  const auto in = [&](size_t k, int low, int high) {
    return ByteAt(s, i + k) >= low && ByteAt(s, i + k) <= high;
  };
  const auto tail = [&](size_t k) { return in(k, 0x80, 0xBF); };
  if (in(0, 0x00, 0x7F)) return 1;
  if (in(0, 0xC2, 0xDF) && tail(1)) return 2;
  if (in(0, 0xE0, 0xE0) && in(1, 0xA0, 0xBF) && tail(2)) return 3;
  if (in(0, 0xE1, 0xEC) && tail(1) && tail(2)) return 3;
  if (in(0, 0xED, 0xED) && in(1, 0x80, 0x9F) && tail(2)) return 3;
  if (in(0, 0xEE, 0xEF) && tail(1) && tail(2)) return 3;
  if (in(0, 0xF0, 0xF0) && in(1, 0x90, 0xBF) && tail(2) && tail(3)) return 4;
  if (in(0, 0xF1, 0xF3) && tail(1) && tail(2) && tail(3)) return 4;
  if (in(0, 0xF4, 0xF4) && in(1, 0x80, 0x8F) && tail(2) && tail(3)) return 4;
  return 0;
}

Strings Characters(const string& s, bool utf8) {
  Strings characters, bytes;
  for (const char c : s) bytes.push_back(string(1, c));
  if (!utf8) return bytes;
  for (size_t i = 0; i < s.size(); i += characters.back().size()) {
    const size_t n = Utf8Bytes(s, i);
    if (n == 0) return bytes;
    characters.push_back(s.substr(i, n));
  }
  return characters;
}

bool Among(const string& set, char c) { return set.find(c) != string::npos; }
bool IsWhite(char c) { return Among(" \t\n\r\v\f", c); }
bool IsDigit(int c) { return c >= '0' && c <= '9'; }

string Joined(const Strings& list, const string& glue) {
  string all;
  for (size_t i = 0; i < list.size(); i++) all += (i ? glue : "") + list[i];
  return all;
}

// --- The grammar: each rule says where what it matches at `i` ends ----------

using End = std::optional<size_t>;

struct Grammar {
  const string& s;
  const TemplateSyntax& syntax;

  bool Has(size_t i, const string& what) const {
    return s.compare(i, what.size(), what) == 0;
  }
  size_t Digits(size_t i) const {
    while (IsDigit(ByteAt(s, i))) i++;
    return i;
  }

  End Form(size_t i) const {  // behind the escape
    if (i < s.size() && Among("qQW", s[i])) i++;
    if (Has(i, "+")) return i + 1;
    if (Has(i, "t+")) return i + 2;
    if (!Has(i, "(")) return Source(i);
    const End source = Source(i + 1);
    const End mixer = source ? Mixer(*source) : End();
    return mixer && Has(*mixer, ")") ? *mixer + 1 : End();
  }

  // Letters a reference may be, behind each class.
  static string Letters(char of) {
    return of == 'f' ? "$*uUtpc" : of == 't' ? "$*" : "$*uUpc";
  }

  End Source(size_t i) const {
    for (const char* ct : {"ct", "c{t}"}) {
      if (Has(i, ct)) return i + string(ct).size();
    }
    if (Has(i, "c[t")) return Chops(i + 3);
    char of = 0;
    if (i < s.size() && Among("ft", s[i])) of = s[i++];
    if (Has(i, "{")) {
      const size_t close = s.find('}', i);
      if (close == string::npos) return {};
      const string in = s.substr(i + 1, close - i - 1);
      if (in.empty()) return {};
      const bool number = std::all_of(in.begin(), in.end(), IsDigit);
      const bool letter = in.size() == 1 && Among(Letters(of), in[0]);
      const bool name = of == 0 && !IsDigit(in[0]) &&
                        std::all_of(in.begin(), in.end(), [](char c) {
                          return IsDigit(c) || (c >= 'a' && c <= 'z') ||
                                 (c >= 'A' && c <= 'Z') || c == '_';
                        });
      return number || letter || name ? close + 1 : End();
    }
    if (Has(i, "[")) {
      i++;
      if (Digits(i) > i) return Chops(Digits(i));
      return i < s.size() && Among(Letters(of), s[i]) ? Chops(i + 1) : End();
    }
    if (IsDigit(ByteAt(s, i))) return i + 1;
    return i < s.size() && Among(Letters(of), s[i]) ? i + 1 : End();
  }

  // With the bracket that closes.
  End Chops(size_t i) const {
    while (!Has(i, "]")) {
      const End sep = Separator(i);
      if (!sep) return {};
      i = Select(*sep);
    }
    return i + 1;
  }
  End Separator(size_t i) const {
    if (IsDigit(ByteAt(s, i))) return {};
    if (Has(i, " ")) return i + 1;
    if (Has(i, "\\")) i++;
    if (i >= s.size()) return {};
    const size_t n = syntax.utf8 ? Utf8Bytes(s, i) : 1;
    return i + (n ? n : 1);
  }
  size_t Select(size_t i) const {
    if (Has(i, "@")) return i + 1;
    if (Has(i, "-")) i++;
    return Has(i, "$") ? i + 1 : Digits(i);
  }

  // Up to the parenthesis that closes.
  End Mixer(size_t i) const {
    for (;;) {
      while (i < s.size() && Among(", \t", s[i])) i++;
      if (Has(i, ")") || i >= s.size()) return i;
      const End chain = Chain(i);
      if (!chain) return {};
      i = *chain;
      if (i < s.size() && !Among(", \t)", s[i])) return {};
    }
  }
  End Chain(size_t i) const {
    const size_t begin = i;
    while (const End group = Group(i)) i = *group;
    while (const End part = Part(i)) i = *part;
    return i > begin ? End(i) : End();
  }
  End Group(size_t i) const {
    if (!Has(i, "(")) return {};
    const End in = Mixer(i + 1);
    return in && Has(*in, ")") ? *in + 1 : End();
  }
  End Part(size_t i) const {
    if (const End text = Text(i)) return text;
    return Range(i);
  }
  End Text(size_t i) const {
    if (Has(i, "\"")) {
      const size_t end = s.find('"', i + 1);
      return end == string::npos ? End() : end + 1;
    }
    if (!Has(i, "`")) return {};
    size_t open = 0;
    do {
      if (i >= s.size()) return {};
      open += Has(i, "`") ? 1 : Has(i, "'") ? -1 : 0;
      i++;
    } while (open > 0);
    return i;
  }
  End Range(size_t i) const {
    if (Has(i, "*")) return i + 1;
    if (Has(i, "~*")) return i + 2;
    const End from = Pos(i);
    if (!from || !Has(*from, "-")) return from;
    if (Has(*from, "-*")) return *from + 2;
    return Pos(*from + 1);  // a "-" that nothing follows is wrong
  }
  End Pos(size_t i) const {
    if (Has(i, "~")) i++;
    if (Has(i, "$")) return i + 1;
    return Digits(i) > i ? End(Digits(i)) : End();
  }
};

// --- Values -----------------------------------------------------------------

// A number as written; what is more than a million is a million.
long Number(const string& digits) {
  const size_t first = digits.find_first_not_of('0');
  if (first == string::npos) return 0;
  return digits.size() - first > 6 ? 1'000'000
                                   : std::stol(digits.substr(first));
}

struct Separator {
  string text;
  bool white = false;  // then `text` is what joins
};

struct SplitValue {
  Strings fields;
  Strings gaps;  // behind each field but the last
  string trail;  // white space behind the last
};

SplitValue Split(const string& value, const Separator& sep) {
  SplitValue split{{""}, {}, ""};
  if (!sep.white) {
    for (size_t i = 0; i < value.size();) {
      if (value.compare(i, sep.text.size(), sep.text) == 0) {
        split.fields.push_back("");
        split.gaps.push_back(sep.text);
        i += sep.text.size();
      } else {
        split.fields.back() += value[i++];
      }
    }
    return split;
  }
  for (const char c : value) {
    if (IsWhite(c)) {
      split.trail += c;
      continue;
    }
    if (!split.trail.empty()) {
      split.gaps.push_back(split.trail);
      split.fields.push_back("");
      split.trail = "";
    }
    split.fields.back() += c;
  }
  return split;
}

string Removed(const string& value, size_t field, const Separator& sep) {
  SplitValue split = Split(value, sep);
  if (field > split.fields.size() || split.fields.size() == 1) return value;
  split.fields[field - 1] = "";
  const bool last = field == split.fields.size();
  string& gap = split.gaps[last ? field - 2 : field - 1];
  if (sep.white) {
    gap.erase(last ? gap.size() - 1 : 0, 1);
  } else {
    gap = "";
  }
  split.gaps.push_back(split.trail);
  string all;
  for (size_t i = 0; i < split.fields.size(); i++) {
    all += split.fields[i] + split.gaps[i];
  }
  return all;
}

// `chops` with the bracket that closes.
string SlowDice(const string& value, const string& chops,
                const TemplateSyntax& syntax) {
  if (chops == "]") return value;
  const Grammar g{chops, syntax};
  const size_t behind_sep = *g.Separator(0);
  const size_t behind = g.Select(behind_sep);
  Separator sep{chops.substr(0, behind_sep), chops[0] == ' '};
  if (chops[0] == '\\') sep.text = sep.text.substr(1);
  string select = chops.substr(behind_sep, behind - behind_sep);
  const string rest = chops.substr(behind);
  Strings fields = Split(value, sep).fields;
  if (select == "@") {
    while (!fields.empty() && fields.back().empty()) fields.pop_back();
    for (string& field : fields) field = SlowDice(field, rest, syntax);
    return Joined(fields, sep.text);
  }
  const bool remove = select.substr(0, 1) == "-";
  if (remove) select = select.substr(1);
  const size_t field =
      select == "$" ? fields.size() : std::max(1L, Number(select));
  const string kept = field <= fields.size() ? fields[field - 1] : "";
  return SlowDice(remove ? Removed(value, field, sep) : kept, rest, syntax);
}

// One position; n is the number of characters.
long Place(const string& pos, long n) {
  if (pos == "$" || pos == "*") return n;
  if (pos == "~$") return 1;
  if (pos[0] == '~') {
    return std::max(1L, n + 1 - std::max(1L, Number(pos.substr(1))));
  }
  return std::max(1L, Number(pos));
}

string RangeOf(const string& range, const string& value, bool utf8) {
  const Strings characters = Characters(value, utf8);
  const long n = static_cast<long>(characters.size());
  const size_t dash = range.find('-');
  string from = range.substr(0, dash);
  string to = dash == string::npos ? from : range.substr(dash + 1);
  if (range == "*") from = "~$", to = "$";
  if (range == "~*") from = "$", to = "~$";
  // Past the end there is nothing, wherever that is.
  const long a = std::min(Place(from, n), n + 2);
  const long b = std::min(Place(to, n), n + 2);
  string made;
  for (long p = a;; p += a <= b ? 1 : -1) {
    if (p >= 1 && p <= n) made += characters[p - 1];
    if (p == b) return made;
  }
}

string SlowMix(const string& value, const string& mixer,
               const TemplateSyntax& syntax) {
  const Grammar g{mixer, syntax};
  string made;
  bool empty = true;
  for (size_t i = 0; i < mixer.size();) {
    if (Among(", \t", mixer[i])) {
      i++;
      continue;
    }
    empty = false;
    string current = value;
    bool parts = false;
    const size_t end = *g.Chain(i);
    while (i < end) {
      const End group = parts ? End() : g.Group(i);
      const size_t next = group ? *group : *g.Part(i);
      const string what = mixer.substr(i, next - i);
      if (group) {
        current = SlowMix(current, what.substr(1, what.size() - 2), syntax);
      } else if (g.Text(i)) {
        made += what.substr(1, what.size() - 2);
      } else {
        made += RangeOf(what, current, syntax.utf8);
      }
      parts = parts || !group;
      i = next;
    }
    bool last = true;
    for (size_t k = i; k < mixer.size(); k++) {
      last = last && Among(", \t", mixer[k]);
    }
    if (!parts && last) made += current;
  }
  return empty ? value : made;
}

string SlowQuote(char quote, const string& value) {
  if (quote == 'W' && value.empty()) return "''";
  const std::map<char, string> sets = {{'q', "\"\\`$"},
                                       {'Q', "`$\\\"~*?[|&;()#='<>!{}^%]"},
                                       {'W', "`$\\\"~*?[|&;()#='<>!{}^%] \t"}};
  const auto set = sets.find(quote);
  if (set == sets.end()) return value;
  string made;
  for (const char c : value) {
    if (quote == 'W' && c == '\n') {
      made += "'\n'";
    } else {
      made += (Among(set->second, c) ? "\\" : "") + string(1, c);
    }
  }
  return made;
}

// --- A template -------------------------------------------------------------

struct World {
  Strings arguments, files, tokens;
  const TemplateValues* values;
  Strings all_tokens;
  size_t* used;  // by %t+
};

using Maybe = std::optional<string>;

class Slow {
 public:
  explicit Slow(const TemplateSyntax& syntax) : syntax_(syntax) {}

  SlowResult Run(const string& text, const World& world, bool with_tail) {
    SlowResult result;
    bool values_ok = true;
    const string e(1, syntax_.escape);
    for (size_t i = 0; i < text.size();) {
      if (text.substr(i, 1) != e) {
        result.text += text[i++];
      } else if (text.substr(i + 1, 1) == e) {
        result.text += e;
        i += 2;
      } else {
        const End end = Grammar{text, syntax_}.Form(i + 1);
        if (!end) return {SlowResult::Kind::kWrongTemplate, "", false, false};
        string form = text.substr(i + 1, *end - i - 1);
        i = *end;
        char quote = 0;
        if (Among("qQW", form[0])) {
          quote = form[0];
          form = form.substr(1);
        }
        Note(form, &result);
        if (syntax_.pack && Refers(form)) {
          if (quote || (form != "*" && form != "{*}" && form != "[*]")) {
            return {SlowResult::Kind::kWrongTemplate, "", false, false};
          }
          result.text += Packed(world);
          continue;
        }
        const Maybe value = values_ok ? FormOf(form, world) : Maybe();
        values_ok = value.has_value();
        if (value) result.text += SlowQuote(quote, *value);
      }
    }
    if (!values_ok) result.kind = SlowResult::Kind::kWrongValues;
    if (with_tail && !result.refers && !world.arguments.empty()) {
      if (!result.text.empty() && !IsWhite(result.text.back())) {
        result.text += " ";
      }
      result.text +=
          syntax_.pack ? Packed(world) : Joined(world.arguments, " ");
    }
    return result;
  }

 private:
  string Packed(const World& world) const {
    Strings words = world.arguments;
    for (string& word : words) word = SlowQuote('W', word);
    return Joined(words, " ");
  }

  // The form's class and first letter, whatever is around them.
  static string Core(const string& form) {
    string core;
    for (const char c : form) {
      if (!Among("([{", c)) core += c;
    }
    return core;
  }
  static bool Refers(const string& form) {
    if (form == "t+") return true;
    const char first = Core(form)[0];
    return IsDigit(first) || Among("$*+", first);
  }
  static void Note(const string& form, SlowResult* result) {
    const string core = Core(form);
    if (Refers(form)) result->refers = true;
    // %{t...} is a name.
    const bool name = form[0] == '{' || form.substr(0, 2) == "({";
    if (core[0] == 't' && !name) result->tokens = true;
  }

  Maybe FormOf(const string& form, const World& world) {
    if (form == "+") {
      if (world.arguments.empty()) return {};
      World inner = world;
      inner.arguments.erase(inner.arguments.begin());
      if (!inner.files.empty()) inner.files.erase(inner.files.begin());
      return Inner(world.arguments[0], inner);
    }
    if (form == "t+") {
      if (*world.used == world.all_tokens.size()) return {};
      const string text = world.all_tokens[(*world.used)++];
      World inner = world;
      inner.tokens = Strings(world.all_tokens.begin() + *world.used,
                             world.all_tokens.end());
      return Inner(text, inner);
    }
    if (form[0] != '(') return SourceOf(form, world);
    const size_t end = *Grammar{form, syntax_}.Source(1);
    const Maybe value = SourceOf(form.substr(1, end - 1), world);
    if (!value) return {};
    return SlowMix(*value, form.substr(end, form.size() - end - 1), syntax_);
  }

  Maybe Inner(const string& text, const World& world) {
    const SlowResult result = Run(text, world, true);
    if (result.kind != SlowResult::Kind::kText) return {};
    return result.text;
  }

  Maybe SourceOf(string source, const World& world) {
    const size_t bracket = source.find('[');
    if (source[0] != '{' && bracket <= 1) {
      // %f[12/1]: the reference is what %f{12} has.
      const size_t ref = bracket + 1;
      const size_t digits = Grammar{source, syntax_}.Digits(ref);
      const size_t behind = std::max(digits, ref + 1);
      const Maybe value = SourceOf(source.substr(0, bracket) + "{" +
                                       source.substr(ref, behind - ref) + "}",
                                   world);
      if (!value) return {};
      return SlowDice(*value, source.substr(behind), syntax_);
    }
    string reference;
    for (const char c : source) {
      if (!Among("{}", c)) reference += c;
    }
    const TemplateValues& v = *world.values;
    const auto view = [](absl::string_view s) { return Maybe(string(s)); };
    const auto script = [&](absl::string_view s) {
      return v.from_script ? view(s) : Maybe();
    };
    if (reference == "ct") return script(v.script_line);
    const bool name = source[0] == '{';
    if (!name && reference.size() > 1 && reference[0] == 'f') {
      const string of = reference.substr(1);
      if (of == "t") return view(v.token_source);
      if (of == "u" || of == "U") return view(v.counter_source);
      if (of == "p") return view(v.program);
      if (of == "c") return script(v.script_path);
      return v.from_files ? Item(of, world.files) : Maybe();
    }
    if (!name && reference.size() > 1 && reference[0] == 't') {
      return Item(reference.substr(1), world.tokens);
    }
    if (reference == "u" || reference == "U") return view(v.number);
    if (reference == "p") return view(v.pid);
    if (reference == "c") return script(v.script);
    if (IsDigit(reference[0]) && Number(reference) == 0) return "";
    if (IsDigit(reference[0]) || Among("$*", reference[0])) {
      return Item(reference, world.arguments);
    }
    for (const auto& [known, value] : v.named) {
      if (known == reference) return view(value);
    }
    return {};
  }

  static Maybe Item(const string& reference, const Strings& list) {
    if (reference == "*") return Joined(list, " ");
    const size_t index = reference == "$" ? list.size() : Number(reference);
    if (index < 1 || index > list.size()) return {};
    return list[index - 1];
  }

  const TemplateSyntax& syntax_;
};

}  // namespace

SlowResult SlowExpand(const string& text, const TemplateSyntax& syntax,
                      const TemplateValues& values, bool with_tail) {
  const auto copy = [](absl::Span<const string> list) {
    return Strings(list.begin(), list.end());
  };
  size_t used = 0;
  const World world{copy(values.arguments), copy(values.file_names),
                    copy(values.tokens),    &values,
                    copy(values.tokens),    &used};
  return Slow(syntax).Run(text, world, with_tail);
}

}  // namespace text
