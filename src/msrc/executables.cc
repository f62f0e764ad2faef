#include "msrc/executables.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include "base/bytes.h"
#include "base/status.h"
#include "sys/file.h"
#include "sys/process.h"
#include "wire/compress.h"
#include "wire/content_hash.h"

namespace msrc {
namespace {

constexpr size_t kMaxExecutableBytes = 256 << 20;

// It becomes a word of a shell.
bool IsPlatform(absl::string_view text) {
  return !text.empty() && text.find_first_not_of(
                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST"
                              "UVWXYZ0123456789_. ") == absl::string_view::npos;
}

}  // namespace

absl::Status Executables::Add(std::string platform, std::string path) {
  TRY_ASSIGN(const std::string bytes, sys::ReadFile(path, kMaxExecutableBytes));
  const wire::Hash hash = wire::HashOf(bytes);
  list_.push_back(
      {std::move(platform),
       base::Hex({reinterpret_cast<const char*>(hash.data()), hash.size()})});
  files_.push_back({std::move(path), nullptr, nullptr});
  return absl::OkStatus();
}

absl::StatusOr<Executables> Executables::Find(const std::string& folder,
                                              const std::string& own) {
  Executables all;
  const std::string platform_here = sys::Platform();
  TRY(all.Add(platform_here, own));
  if (folder.empty()) return all;
  TRY_ASSIGN(const std::vector<std::string> names, sys::ListFolder(folder));
  for (const std::string& name : names) {
    const std::vector<std::string> parts =
        absl::StrSplit(name, absl::MaxSplits('-', 2));
    if (parts.size() != 3 || parts[0] != "fleetbox") continue;
    const std::string platform = absl::StrCat(parts[1], " ", parts[2]);
    if (platform == platform_here || !IsPlatform(platform)) continue;
    TRY(all.Add(platform, absl::StrCat(folder, "/", name)));
  }
  return all;
}

absl::StatusOr<Executables::Bytes> Executables::For(const std::string& platform,
                                                    bool zstd) {
  for (size_t i = 0; i < list_.size(); i++) {
    if (list_[i].platform != platform && !(i == 0 && platform == " ")) continue;
    File& file = files_[i];
    if (file.plain == nullptr) {
      TRY_ASSIGN(std::string bytes,
                 sys::ReadFile(file.path, kMaxExecutableBytes));
      file.plain = std::make_shared<const std::string>(std::move(bytes));
    }
    if (!zstd) return file.plain;
    if (file.packed == nullptr) {
      file.packed = std::make_shared<const std::string>(
          wire::CompressedFrame(*file.plain));
    }
    return file.packed;
  }
  return absl::NotFoundError(
      absl::StrCat("there is no fleetbox for ", base::Escape(platform)));
}

}  // namespace msrc
