#include "keys/allowed_signers.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <algorithm>
#include <numeric>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/time.h"
#include "keys/openssh_key.h"

namespace keys {
namespace {

constexpr absl::string_view kBlanks = " \t";
constexpr absl::string_view kOurType = "ssh-ed25519";

absl::Status Bad(absl::string_view why) {
  return absl::InvalidArgumentError(why);
}

std::string Quoted(absl::string_view text) {
  return absl::StrCat("'", base::Escape(text.substr(0, 80)), "'");
}

// A line is taken apart from its front.
class Line {
 public:
  explicit Line(absl::string_view text) : rest_(text) { SkipBlanks(); }

  bool AtEnd() const { return rest_.empty(); }
  absl::string_view rest() const { return rest_; }

  // The next word; blanks inside double quotes belong to it, and the quotes
  // too. A backslash keeps a quote from ending them.
  absl::StatusOr<absl::string_view> Word() {
    bool quoted = false;
    size_t n = 0;
    for (; n < rest_.size(); n++) {
      const char c = rest_[n];
      if (!quoted && absl::StrContains(kBlanks, c)) break;
      if (c == '\\' && n + 1 < rest_.size() && rest_[n + 1] == '"')
        n++;
      else if (c == '"')
        quoted = !quoted;
    }
    if (quoted) return Bad("a quote is not closed");
    const absl::string_view word = rest_.substr(0, n);
    rest_.remove_prefix(n);
    SkipBlanks();
    return word;
  }

 private:
  void SkipBlanks() {
    rest_.remove_prefix(
        std::min(rest_.find_first_not_of(kBlanks), rest_.size()));
  }
  absl::string_view rest_;
};

// Cuts at commas that are not inside quotes; the quotes stay.
std::vector<absl::string_view> SplitOptions(absl::string_view word) {
  std::vector<absl::string_view> parts;
  bool quoted = false;
  size_t begin = 0;
  for (size_t n = 0; n < word.size(); n++) {
    if (word[n] == '\\' && n + 1 < word.size() && word[n + 1] == '"') {
      n++;
    } else if (word[n] == '"') {
      quoted = !quoted;
    } else if (word[n] == ',' && !quoted) {
      parts.push_back(word.substr(begin, n - begin));
      begin = n + 1;
    }
  }
  parts.push_back(word.substr(begin));
  return parts;
}

// "text" without its quotes. OpenSSH insists on them, so we do.
absl::StatusOr<std::string> Unquote(absl::string_view value) {
  std::string out;
  if (value.size() < 2 || value[0] != '"') {
    return Bad("its value must stand in double quotes");
  }
  for (size_t n = 1; n < value.size(); n++) {
    if (value[n] == '\\' && n + 1 < value.size() && value[n + 1] == '"') {
      out += value[++n];
    } else if (value[n] == '"') {
      if (n + 1 != value.size()) return Bad("something follows its value");
      return out;
    } else {
      out += value[n];
    }
  }
  return Bad("a quote is not closed");
}

absl::StatusOr<std::vector<std::string>> ParsePrincipals(
    absl::string_view word) {
  std::string text(word);
  if (absl::StartsWith(word, "\"")) {
    TRY_ASSIGN(text, Unquote(word));
  } else if (absl::StrContains(word, "\"")) {
    return Bad("a quote inside the principals");
  }
  std::vector<std::string> principals = absl::StrSplit(text, ',');
  for (const std::string& p : principals) {
    if (p.empty()) return Bad("an empty principal");
    if (p.size() > base::kMaxPrincipalBytes) {
      return Bad(absl::StrCat("a principal of ", p.size(), " bytes, more than ",
                              base::kMaxPrincipalBytes));
    }
    if (std::any_of(p.begin(), p.end(),
                    [](unsigned char c) { return absl::ascii_iscntrl(c); })) {
      return Bad(absl::StrCat(Quoted(p), ": control characters in a name"));
    }
    if (p[0] == '!') {
      return Bad(
          absl::StrCat(Quoted(p), ": excluding a principal is not supported"));
    }
  }
  return principals;
}

absl::Status ParseOption(absl::string_view option, AllowedSigner& signer) {
  const size_t equals = std::min(option.find('='), option.size());
  const std::string name = absl::AsciiStrToLower(option.substr(0, equals));
  const absl::string_view value =
      option.substr(std::min(equals + 1, option.size()));
  if (name == "cert-authority") {
    return Bad("cert-authority: certificates are not supported");
  }
  if (name == "namespaces") {
    TRY_ASSIGN(const std::string list, Unquote(value));
    if (!signer.namespaces.empty()) return Bad("given twice");
    signer.namespaces = absl::StrSplit(list, ',');
    for (const std::string& n : signer.namespaces) {
      if (n.empty() || n == "!") return Bad("an empty namespace");
    }
    return absl::OkStatus();
  }
  if (name == "valid-after" || name == "valid-before") {
    TRY_ASSIGN(const std::string text, Unquote(value));
    TRY_ASSIGN(const absl::Time when, ParseSignerTime(text));
    std::optional<absl::Time>& moment =
        name == "valid-after" ? signer.valid_after : signer.valid_before;
    if (moment.has_value()) return Bad("given twice");
    moment = when;
    return absl::OkStatus();
  }
  return Bad("unknown option");
}

// Whether a word can be the type of a key. Options hold '=' or are
// cert-authority, types look like ssh-rsa or sk-ssh-ed25519@openssh.com.
bool IsKeyType(absl::string_view word) {
  for (absl::string_view type :
       {"ssh-ed25519", "ssh-rsa", "ssh-dss", "ssh-xmss@openssh.com",
        "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
        "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"}) {
    if (word == type) return true;
  }
  return absl::EndsWith(word, "-cert-v01@openssh.com");
}

// False when the line's key is of a type we pass over.
absl::StatusOr<bool> ParseLine(absl::string_view text, AllowedSigner& signer) {
  Line line(text);
  TRY_ASSIGN(const absl::string_view names, line.Word());
  TRY_ASSIGN(signer.principals, ParsePrincipals(names));
  TRY_ASSIGN(absl::string_view word, line.Word());
  if (!IsKeyType(word)) {
    if (word.empty()) return Bad("there is no key");
    for (absl::string_view option : SplitOptions(word)) {
      const absl::Status status = ParseOption(option, signer);
      if (!status.ok()) {
        return base::Context(status,
                             Quoted(option.substr(0, option.find('='))));
      }
    }
    TRY_ASSIGN(word, line.Word());
    if (word.empty()) return Bad("there is no key");
    if (!IsKeyType(word)) {
      return Bad(absl::StrCat(Quoted(word), " is not a type of key"));
    }
  }
  if (signer.valid_after && signer.valid_before &&
      *signer.valid_before <= *signer.valid_after) {
    return Bad("valid-before is not later than valid-after");
  }
  TRY_ASSIGN(const absl::string_view key, line.Word());
  if (key.empty()) return Bad("there is no key");
  if (word != kOurType) {
    if (!base::FromBase64(key).ok()) return Bad("the key is not base64");
    return false;
  }
  TRY_ASSIGN(signer.key,
             ParsePublicKeyLine(absl::StrCat(word, " ", key), nullptr));
  signer.comment = std::string(absl::StripTrailingAsciiWhitespace(line.rest()));
  return true;
}

}  // namespace

absl::StatusOr<absl::Time> ParseSignerTime(absl::string_view text) {
  absl::string_view digits = text;
  if (absl::EndsWithIgnoreCase(digits, "Z")) digits.remove_suffix(1);
  const bool all_digits =
      std::all_of(digits.begin(), digits.end(),
                  [](unsigned char c) { return absl::ascii_isdigit(c); });
  if (!all_digits ||
      (digits.size() != 8 && digits.size() != 12 && digits.size() != 14)) {
    return Bad(absl::StrCat(Quoted(text),
                            " is not a time: YYYYMMDD or YYYYMMDDHHMM[SS], "
                            "with or without Z"));
  }
  const auto field = [&](size_t at, size_t n) {
    int value = 0;
    if (at < digits.size()) {
      MUST(absl::SimpleAtoi(digits.substr(at, n), &value));
    }
    return value;
  };
  const absl::CivilSecond civil(field(0, 4), field(4, 2), field(6, 2),
                                field(8, 2), field(10, 2), field(12, 2));
  // CivilSecond carries the 31st of April over into May; a file that says so
  // is wrong.
  if (civil.month() != field(4, 2) || civil.day() != field(6, 2) ||
      civil.hour() != field(8, 2) || civil.minute() != field(10, 2) ||
      civil.second() != field(12, 2) || civil.year() < 1970) {
    return Bad(absl::StrCat(Quoted(text), " is no moment of the calendar"));
  }
  return absl::FromCivil(civil, absl::UTCTimeZone());
}

bool AllowedSigner::AllowsNamespace(absl::string_view name_space) const {
  bool allowed = namespaces.empty();
  for (absl::string_view pattern : namespaces) {
    const bool excluded = absl::ConsumePrefix(&pattern, "!");
    if (!base::GlobMatch(pattern, name_space)) continue;
    if (excluded) return false;
    allowed = true;
  }
  return allowed;
}

absl::StatusOr<std::string> FormatSigner(const AllowedSigner& signer) {
  for (const std::string& p : signer.principals) {
    if (p.empty() || p[0] == '#' || p[0] == '!' ||
        p.find_first_of("\",\\\n\r") != std::string::npos) {
      return Bad(absl::StrCat(Quoted(p), " cannot be a principal"));
    }
  }
  const auto stamp = [](absl::Time t) {
    return absl::FormatTime("%Y%m%d%H%M%SZ", t, absl::UTCTimeZone());
  };
  std::vector<std::string> options;
  if (!signer.namespaces.empty()) {
    options.push_back(absl::StrCat(
        "namespaces=\"", absl::StrJoin(signer.namespaces, ","), "\""));
  }
  if (signer.valid_after) {
    options.push_back(
        absl::StrCat("valid-after=\"", stamp(*signer.valid_after), "\""));
  }
  if (signer.valid_before) {
    options.push_back(
        absl::StrCat("valid-before=\"", stamp(*signer.valid_before), "\""));
  }
  std::string line = absl::StrJoin(signer.principals, ",");
  if (absl::StrContains(line, " ") || absl::StrContains(line, "\t")) {
    line = absl::StrCat("\"", line, "\"");
  }
  if (!options.empty())
    absl::StrAppend(&line, " ", absl::StrJoin(options, ","));
  absl::StrAppend(&line, " ", wire::SshLine(signer.key));
  if (!signer.comment.empty()) absl::StrAppend(&line, " ", signer.comment);

  line += '\n';

  // What cannot be written shows when it is read back.
  const absl::StatusOr<AllowedSigners> back = AllowedSigners::Parse(line);
  if (!back.ok()) {
    absl::string_view why = back.status().message();
    absl::ConsumePrefix(&why, "line 1: ");
    return Bad(why);
  }
  if (back->signers().size() != 1 ||
      back->signers()[0].principals != signer.principals ||
      back->signers()[0].namespaces != signer.namespaces ||
      back->signers()[0].key != signer.key) {
    return Bad(
        "a principal, namespace or comment that cannot stand in a line of "
        "allowed_signers");
  }
  return line;
}

absl::StatusOr<AllowedSigners> AllowedSigners::Parse(absl::string_view text) {
  if (text.size() > base::kMaxTrustFileBytes) {
    return Bad(absl::StrCat(text.size(), " bytes, more than ",
                            base::kMaxTrustFileBytes));
  }
  AllowedSigners file;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    number++;
    absl::ConsumeSuffix(&line, "\r");
    // Only blanks: what else Abseil takes for white space belongs to a name.
    const absl::string_view content =
        line.substr(std::min(line.find_first_not_of(kBlanks), line.size()));
    if (content.empty() || content[0] == '#') continue;
    AllowedSigner signer;
    signer.line = number;
    absl::StatusOr<bool> ours = false;
    if (line.size() > base::kMaxTrustLineBytes) {
      ours =
          Bad(absl::StrCat("longer than ", base::kMaxTrustLineBytes, " bytes"));
    } else if (absl::StrContains(line, '\0')) {
      ours = Bad("a zero byte");
    } else {
      ours = ParseLine(content, signer);
    }
    if (!ours.ok()) {
      return base::Context(Bad(ours.status().message()),
                           absl::StrCat("line ", number));
    }
    if (*ours) file.signers_.push_back(std::move(signer));
  }
  file.by_key_.resize(file.signers_.size());
  std::iota(file.by_key_.begin(), file.by_key_.end(), 0);
  std::stable_sort(file.by_key_.begin(), file.by_key_.end(),
                   [&](uint32_t a, uint32_t b) {
                     return file.signers_[a].key < file.signers_[b].key;
                   });
  return file;
}

absl::StatusOr<std::vector<std::string>> AllowedSigners::Principals(
    const wire::PublicKey& key, absl::string_view name_space,
    absl::Time when) const {
  std::vector<std::string> principals;
  // The reason that came closest to success is the one worth telling.
  std::string why;
  bool known = false, in_namespace = false;
  auto at = std::lower_bound(by_key_.begin(), by_key_.end(), key,
                             [&](uint32_t i, const wire::PublicKey& k) {
                               return signers_[i].key < k;
                             });
  for (; at != by_key_.end() && signers_[*at].key == key; ++at) {
    const AllowedSigner& signer = signers_[*at];
    known = true;
    if (!signer.AllowsNamespace(name_space)) {
      if (!in_namespace) {
        why = absl::StrCat("the key of ", absl::StrJoin(signer.principals, ","),
                           " is not trusted for ", name_space);
      }
      continue;
    }
    in_namespace = true;
    if (signer.valid_after && when < *signer.valid_after) {
      why = absl::StrCat("the key of ", absl::StrJoin(signer.principals, ","),
                         " is not valid before ",
                         base::FormatTime(*signer.valid_after));
      continue;
    }
    if (signer.valid_before && when > *signer.valid_before) {
      why =
          absl::StrCat("the key of ", absl::StrJoin(signer.principals, ","),
                       " expired at ", base::FormatTime(*signer.valid_before));
      continue;
    }
    for (const std::string& p : signer.principals) {
      if (std::find(principals.begin(), principals.end(), p) ==
          principals.end()) {
        principals.push_back(p);
      }
    }
  }
  if (!known) return absl::PermissionDeniedError("the key is not known");
  if (principals.empty()) return absl::PermissionDeniedError(why);
  return principals;
}

}  // namespace keys
