#include "msrc/destination.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include "base/status.h"
#include "hosts/name.h"

namespace msrc {
namespace {

using absl::string_view;

constexpr string_view kSourcePart = "/msrc/";
constexpr string_view kPlatformPart = "/src/";
constexpr string_view kUsualPost = "__clean";

// Words that begin with "_" forbid the direct use of a recipe, and say why.
absl::Status Refusal(absl::Span<const std::string> words) {
  std::vector<string_view> said;
  for (const std::string& word : words) {
    string_view bare = word;
    absl::ConsumePrefix(&bare, "_");
    said.push_back(bare);
  }
  return absl::InvalidArgumentError(absl::StrJoin(said, " "));
}

}  // namespace

absl::StatusOr<Destination> ChooseInto(absl::Span<const std::string> words,
                                       string_view folder) {
  std::vector<std::string> named;
  bool dot = false;
  for (const std::string& word : words) {
    if (word == ".") dot = true;
    if (word != "." && word != "+++") named.push_back(word);
  }
  if (named.size() > 1) {
    if (named[0][0] == '_') return Refusal(named);
    return absl::InvalidArgumentError(absl::StrCat(
        "\"INTO\" should have exactly one value, not ", named.size()));
  }
  Destination into;
  if (!named.empty()) {
    into.path = named[0];
    return into;
  }
  if (dot) {
    into.path = ".";
    into.home = true;
    return into;
  }
  const size_t at = folder.find(kSourcePart);
  if (at == string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot deduce \"INTO\" not under \"msrc\": ", folder));
  }
  into.deduced = true;
  into.path = absl::StrCat(folder.substr(0, at), kPlatformPart,
                           folder.substr(at + kSourcePart.size()));
  return into;
}

string_view NameOf(Mode mode) {
  switch (mode) {
    case Mode::kAuto:
      return "auto";
    case Mode::kLocal:
      return "local";
    case Mode::kRemote:
      break;
  }
  return "remote";
}

absl::StatusOr<Mode> ReadMode(absl::Span<const std::string> words) {
  if (words.size() > 1) {
    return absl::FailedPreconditionError(absl::StrCat(
        "\"MODE\" should have at most one value, not ", words.size()));
  }
  if (words.empty()) return Mode::kAuto;
  switch (absl::ascii_tolower(static_cast<unsigned char>(words[0][0]))) {
    case 'a':
    case '.':
      return Mode::kAuto;
    case 'l':
      return Mode::kLocal;
    case 'r':
      return Mode::kRemote;
    default:
      return absl::FailedPreconditionError(absl::StrCat(
          "\"MODE\": '", words[0], "' is not auto, local or remote"));
  }
}

absl::StatusOr<Mode> ChooseMode(Mode recipe, bool local) {
  if (recipe == Mode::kRemote && local) {
    return absl::FailedPreconditionError(
        "the recipe's \"MODE\" is remote, which forbids -l");
  }
  if (recipe == Mode::kAuto) return local ? Mode::kLocal : Mode::kRemote;
  return recipe;
}

std::string IncludeText(
    absl::Span<const std::string> files,
    const std::function<std::optional<string_view>(string_view)>& environment) {
  std::string text;
  for (const std::string& file : files) {
    if (!text.empty() && text.back() != ' ') text += ' ';
    string_view rest = file;
    while (!rest.empty()) {
      const size_t end = rest.find('\n');
      const string_view line = rest.substr(0, end);
      rest.remove_prefix(end == string_view::npos ? rest.size() : end + 1);
      if (line.substr(0, 1) == "#") continue;
      const string_view name =
          absl::StripTrailingAsciiWhitespace(line.substr(line.empty() ? 0 : 1));
      if (line.substr(0, 1) == "$" && hosts::IsMacroName(name)) {
        absl::StrAppend(&text, environment(name).value_or(""));
      } else {
        absl::StrAppend(&text, line);
      }
      if (end != string_view::npos) text += ' ';
    }
  }
  return absl::StripAsciiWhitespace(text) == "--" ? "" : text;
}

Hook ReadHook(absl::Span<const std::string> values, string_view program,
              string_view usual) {
  Hook hook;
  hook.target = std::string(usual);
  for (const std::string& value : values) {
    const size_t colon = value.find(':');
    const string_view pre = string_view(value).substr(0, colon);
    if (value == "::") {
      hook = {absl::StrCat("__", program), ""};
      continue;
    }
    if (!pre.empty()) hook.target = std::string(pre);
    if (colon == std::string::npos) continue;
    const string_view post = string_view(value).substr(colon + 1);
    hook.post = std::string(post.empty() ? kUsualPost : post);
  }
  return hook;
}

std::string FormatHook(const Hook& hook) {
  return hook.post.empty() ? hook.target
                           : absl::StrCat(hook.target, ":", hook.post);
}

}  // namespace msrc
