#include "hosts/operands.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <sys/stat.h>

#include <cstdlib>

#include "base/status.h"
#include "hosts/limits.h"
#include "sys/file.h"

namespace hosts {
namespace {

std::string BaseName(absl::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const size_t slash = path.rfind('/');
  return std::string(slash == absl::string_view::npos ? path
                                                      : path.substr(slash + 1));
}

Operand TextOperand(const std::string& text, size_t index) {
  Operand operand;
  operand.given = text;
  operand.content = std::make_shared<const std::string>(text);
  operand.source = absl::StrCat("operand ", index + 1);
  operand.output_name = absl::StrCat("text", index);
  return operand;
}

absl::Status ReadCache(const std::string& path, Operand& operand) {
  operand.kind = Operand::Kind::kCache;
  operand.folder = path;
  operand.source =
      absl::StrCat(path, path.back() == '/' ? "" : "/", kRecipeName);
  absl::StatusOr<std::string> recipe =
      sys::ReadFile(operand.source, kMaxOperandBytes);
  if (absl::IsNotFound(recipe.status())) {
    return absl::NotFoundError(
        absl::StrCat("cannot find file '", operand.source, "'"));
  }
  TRY(recipe.status());
  operand.content = std::make_shared<const std::string>(*std::move(recipe));
  TRY_ASSIGN(const sys::FileInfo info, sys::Stat(operand.source));
  operand.look.mode = static_cast<int>(info.mode & 0777);
  operand.target = CacheTarget(operand.given);
  operand.output_name = operand.target;
  return absl::OkStatus();
}

absl::StatusOr<Operand> ReadFileOperand(const std::string& given,
                                        const Search& search,
                                        StandardInput& input) {
  Operand operand;
  operand.kind = Operand::Kind::kFile;
  operand.given = given;
  std::string path;
  if (given == "-") {
    // The control may be read from there: then it is a program.
    TRY_ASSIGN(path, input.CopyFor("an operand", 0700));
  } else {
    TRY_ASSIGN(path, search.Find(given));
  }
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return base::SysError(path);
  if (S_ISDIR(info.st_mode)) {
    TRY(ReadCache(path, operand));
    return operand;
  }
  if (!S_ISREG(info.st_mode) && !S_ISFIFO(info.st_mode) &&
      !S_ISCHR(info.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": neither a file nor a pipe nor a directory"));
  }
  // Read once, whatever the number of hosts: of a pipe there is no second time.
  TRY_ASSIGN(std::string content, sys::ReadFile(path, kMaxOperandBytes));
  operand.content = std::make_shared<const std::string>(std::move(content));
  operand.source = path;
  operand.output_name = BaseName(path);
  operand.executable = (info.st_mode & 0111) != 0;
  if (S_ISREG(info.st_mode)) {
    operand.look.mode = static_cast<int>(info.st_mode & 0777);
    operand.look.uid = info.st_uid;
    operand.look.gid = info.st_gid;
  }
  return operand;
}

}  // namespace

std::string CacheTarget(absl::string_view operand) {
  const size_t slash = operand.rfind('/');
  absl::string_view name =
      slash == absl::string_view::npos ? operand : operand.substr(slash + 1);
  while (!name.empty() && name[0] == '.') name.remove_prefix(1);
  return std::string(name.substr(0, name.rfind('.')));
}

absl::StatusOr<std::vector<Operand>> ReadOperands(
    absl::Span<const std::string> given, int literals, const Search& search,
    StandardInput& input) {
  const auto count = static_cast<int64_t>(given.size());
  if (std::llabs(literals) > count) {
    return cli::UsageError(absl::StrCat("-F ", literals,
                                        ": more than the number of "
                                        "operands, ",
                                        count));
  }
  const int64_t first = literals < 0 ? count + literals : 0;
  const int64_t end = literals < 0 ? count : literals;
  std::vector<Operand> operands;
  std::vector<std::string> missing;
  for (int64_t i = 0; i < count; i++) {
    const std::string& text = given[static_cast<size_t>(i)];
    if (i >= first && i < end) {
      operands.push_back(TextOperand(text, static_cast<size_t>(i)));
      continue;
    }
    absl::StatusOr<Operand> operand = ReadFileOperand(text, search, input);
    if (absl::IsNotFound(operand.status())) {
      missing.emplace_back(operand.status().message());
    } else {
      TRY(operand.status());
      operands.push_back(*std::move(operand));
    }
  }
  if (!missing.empty()) {
    return absl::NotFoundError(absl::StrJoin(missing, "\n"));
  }
  return operands;
}

}  // namespace hosts
