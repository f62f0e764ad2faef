#include "msrc/sent_list.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <utility>

#include "base/bytes.h"
#include "base/status.h"
#include "msrc/receiver_limits.h"
#include "sys/file.h"
#include "wire/message.h"

namespace msrc {
namespace {

namespace pb = fleetbox::wire;

std::string ListName(const std::string& cache, absl::string_view into,
                     absl::string_view recipe) {
  const wire::Hash hash =
      wire::HashOf(absl::StrCat(into, absl::string_view("\0", 1), recipe));
  return absl::StrCat(cache, "/sent/",
                      base::Hex(absl::string_view(
                          reinterpret_cast<const char*>(hash.data()), 16)));
}

}  // namespace

absl::StatusOr<SentPaths> ParseSent(absl::string_view bytes,
                                    absl::string_view recipe) {
  TRY_ASSIGN(const pb::DeliveredFiles list,
             wire::Parse<pb::DeliveredFiles>(bytes, kMaxSentBytes));
  if (list.recipe() != recipe) {
    return absl::InvalidArgumentError("is of another recipe");
  }
  SentPaths paths;
  for (const std::string& path : list.path()) {
    absl::string_view plain = path;
    if (absl::EndsWith(plain, "/")) plain.remove_suffix(1);
    TRY(wire::CheckEntryPath(plain));
    paths.insert(path);
  }
  return paths;
}

SentPaths ReadSent(const std::string& cache, absl::string_view into,
                   absl::string_view recipe) {
  const absl::StatusOr<std::string> bytes =
      sys::ReadFile(ListName(cache, into, recipe), kMaxSentBytes);
  if (!bytes.ok()) return {};
  return ParseSent(*bytes, recipe).value_or(SentPaths());
}

absl::Status WriteSent(const std::string& cache, absl::string_view into,
                       absl::string_view recipe, const SentPaths& paths) {
  pb::DeliveredFiles list;
  list.set_recipe(std::string(recipe));
  for (const std::string& path : paths) list.add_path(path);
  const std::string name = ListName(cache, into, recipe);
  const std::string bytes = wire::Serialize(list);
  // What is there already need not be written each time.
  if (sys::ReadFile(name, kMaxSentBytes).value_or("") == bytes) {
    return absl::OkStatus();
  }
  TRY(sys::MakeFolders(absl::StrCat(cache, "/sent"), 0700));
  return sys::ReplaceFile(name, bytes, 0600);
}

SentPaths PathsOf(const wire::Manifest& manifest) {
  SentPaths paths;
  for (const wire::Entry& entry : manifest.entries()) {
    paths.insert(entry.type == wire::EntryType::kFolder ? entry.path + "/"
                                                        : entry.path);
  }
  return paths;
}

}  // namespace msrc
