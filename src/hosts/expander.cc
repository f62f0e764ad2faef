#include "hosts/expander.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_replace.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "hosts/name.h"
#include "sys/file.h"

namespace hosts {
namespace {

// --strict skips a host whose control holds a macro that was not set.
constexpr int kUnsetStatus = 1065;

bool IsInCapitals(absl::string_view word) {
  bool letter = false;
  for (char c : word) {
    if (absl::ascii_islower(static_cast<unsigned char>(c))) return false;
    letter = letter || c != '_';
  }
  return letter && word.size() > 1;
}

}  // namespace

std::vector<std::string> UnsetIn(absl::string_view text, const Table& table,
                                 size_t host) {
  std::vector<std::string> unset;
  for (size_t i = 0; i < text.size();) {
    if (!IsNameByte(text[i])) {
      i++;
      continue;
    }
    const size_t begin = i;
    while (i < text.size() && IsNameByte(text[i])) i++;
    const absl::string_view word = text.substr(begin, i - begin);
    if (!IsInCapitals(word)) continue;
    const std::optional<uint32_t> name = table.FindName(word);
    if (!name || table.Get(host, *name)) continue;
    if (std::find(unset.begin(), unset.end(), word) == unset.end()) {
      unset.emplace_back(word);
    }
  }
  return unset;
}

HostTexts::HostTexts(HostTexts&& other) noexcept { *this = std::move(other); }
HostTexts& HostTexts::operator=(HostTexts&& other) noexcept {
  failure = std::move(other.failure);
  words = std::move(other.words);
  messages = std::move(other.messages);
  unset = std::move(other.unset);
  std::swap(folder_, other.folder_);
  return *this;
}
HostTexts::~HostTexts() {
  if (!folder_.empty()) sys::RemoveTree(folder_).IgnoreError();
}

Expander::Expander(const Streams& streams, absl::Span<const Operand> operands,
                   std::string work)
    : streams_(streams), operands_(operands), work_(std::move(work)) {
  for (size_t i = 0; i < operands_.size(); i++) {
    size_t same = 0;
    for (size_t j = 0; j < i; j++) {
      // The target of a cache may become any name.
      same += operands_[j].output_name == operands_[i].output_name ||
              operands_[j].output_name.empty() ||
              operands_[i].output_name.empty();
    }
    folder_of_.push_back(same);
  }
}

std::string Expander::PathFor(size_t operand, size_t host,
                              size_t position) const {
  std::string name = operands_[operand].output_name;
  if (name.empty()) {
    name = TargetFor(operands_[operand], streams_.fleet().table, host);
    // A host's name is no path.
    name = absl::StrReplaceAll(name, {{"/", "_"}});
    if (name == "." || name == "..") name = "_";
  }
  const std::string between =
      folder_of_[operand] == 0 ? "" : absl::StrCat(folder_of_[operand], "/");
  return absl::StrCat(work_, "/", position, "/", between, name);
}

void Expander::DefineAll(Stream& stream, size_t host, size_t position) const {
  for (size_t i = 0; i < operands_.size(); i++) {
    stream.DefineOurs(absl::StrCat(i), PathFor(i, host, position));
  }
  stream.DefineOurs("U", absl::StrCat(position));
  stream.DefineHost(host);
}

absl::Status Expander::WriteOutput(size_t which, size_t host, size_t position,
                                   absl::string_view text,
                                   HostTexts& texts) const {
  const std::string path = PathFor(which, host, position);
  const std::string folder = path.substr(0, path.rfind('/'));
  texts.folder_ = absl::StrCat(work_, "/", position);
  TRY(sys::MakeFolders(folder, 0700));
  FileLook look = operands_[which].look;
  if (which == 0) look.mode |= 0100;
  if (streams_.options().Debugs('T') &&
      operands_[which].kind == Operand::Kind::kText) {
    absl::StrAppend(&texts.messages, "-dT: ", path, "\n");
  }
  return WritePrivateFile(path, text, look);
}

// What one operand becomes: its text. A failure is in `texts`.
absl::StatusOr<std::string> Expander::ExpandOne(StreamSystem::Mode mode,
                                                size_t which, size_t host,
                                                size_t position,
                                                HostTexts& texts,
                                                bool* void_result) const {
  const Operand& operand = operands_[which];
  if (operand.kind == Operand::Kind::kCache) {
    if (mode == StreamSystem::Mode::kTrial) {
      *void_result = true;
      return "";
    }
    TRY(MayUseCaches(streams_));
  }
  const std::unique_ptr<Stream> stream =
      streams_.New(absl::StrCat(which), Streams::Messages::kKeep, mode);
  std::string text;
  if (operand.kind == Operand::Kind::kCache) {
    const std::string recipe =
        absl::StrCat(work_, "/recipe.", position, ".", which);
    TRY_ASSIGN(texts.failure,
               RunCache(
                   streams_, operand, *stream, host, recipe,
                   [&](Stream& s) { DefineAll(s, host, position); }, &text));
  } else {
    DefineAll(*stream, host, position);
    stream->m4().Expand(operand.source, *operand.content);
    const int code = stream->Finish();
    if (code != 0) texts.failure = FailureOf("m4", {code, 0});
    text = std::move(stream->output());
  }
  *void_result = *void_result || stream->system().wants_effects();
  texts.messages += stream->messages();
  const std::string interrupted = streams_.WhyInterrupted();
  if (!interrupted.empty()) return absl::AbortedError(interrupted);
  return text;
}

absl::StatusOr<HostTexts> Expander::ExpandIn(StreamSystem::Mode mode,
                                             size_t host, size_t position,
                                             bool* void_result) const {
  HostTexts texts;
  // What is a text among the operands needs a file only for whoever goes by its
  // name: a text made later, or a command that one runs.
  const std::string own_files = absl::StrCat(work_, "/", position, "/");
  bool named = false;
  std::vector<size_t> unwritten;
  for (size_t i = 0; i < operands_.size(); i++) {
    TRY_ASSIGN(std::string text,
               ExpandOne(mode, i, host, position, texts, void_result));
    if (*void_result) return texts;
    if (texts.failure.status != 0) {
      texts.words.clear();
      return texts;
    }
    if (i == 0) texts.unset = UnsetIn(text, streams_.fleet().table, host);
    named = named || absl::StrContains(text, own_files);
    if (operands_[i].kind != Operand::Kind::kText) {
      TRY(WriteOutput(i, host, position, text, texts));
      texts.words.push_back(PathFor(i, host, position));
      continue;
    }
    if (mode == StreamSystem::Mode::kReal && i + 1 < operands_.size()) {
      TRY(WriteOutput(i, host, position, text, texts));
    } else {
      unwritten.push_back(i);
    }
    texts.words.push_back(std::move(text));
  }
  for (size_t i : unwritten) {
    if (!named) break;
    TRY(WriteOutput(i, host, position, texts.words[i], texts));
  }
  if (streams_.options().strict && !texts.unset.empty()) {
    texts.failure = {
        kUnsetStatus,
        absl::StrCat("is not set: ", absl::StrJoin(texts.unset, ", "))};
    texts.words.clear();
  }
  return texts;
}

absl::StatusOr<HostTexts> Expander::Expand(size_t host, size_t position) const {
  bool void_result = false;
  return ExpandIn(StreamSystem::Mode::kReal, host, position, &void_result);
}

std::optional<absl::StatusOr<HostTexts>> Expander::Try(size_t host,
                                                       size_t position) const {
  bool void_result = false;
  absl::StatusOr<HostTexts> texts =
      ExpandIn(StreamSystem::Mode::kTrial, host, position, &void_result);
  if (void_result) return std::nullopt;
  return texts;
}

}  // namespace hosts
